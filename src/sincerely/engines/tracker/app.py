"""The tracker's answers, as a bare RSGI application.

`/c/<token>/<number>` redirects to the stored target, or to the message's thank-you page where that
is the target; `/o/<token>.gif` is one transparent pixel;
`/u/<token>` shows the way to the contact's page on GET and withdraws on a one-click POST (RFC 8058:
no cookies, no login, no redirect). What a genuine token asks is captured durably before the answer.

Overload policy: when the capture store is slow, locked or full, redirects, pixels and pages answer
all the same: after two seconds, and once somebody has waited in vain, at once. What they ask waits
in memory, 50,000 captures at most, and is stored when the store is back; beyond that it is lost.
`/health` says so meanwhile. A one-click POST answers 503, so that the mailbox provider tries again:
200 means that it is stored. A GET or HEAD never changes anything.
A link whose target nobody knows while the main database does not answer is 503, never 404.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sincerely.apps.engagement.rules.tokens import (
    CONFIRM_PAGE,
    Keys,
    Purpose,
    TokenFacts,
    is_simulated,
    mint,
    open_token,
)
from sincerely.engines.tracker.targets import Targets, Unreadable
from sincerely.wire.capture import CLICK, OPEN, UNSUBSCRIBE, Capture, GroupWriter, Overloaded
from sincerely.wire.peers import address_of

PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
MOST_BODY_BYTES = 1_000
KEPT_HEADERS = ("purpose", "sec-purpose", "x-purpose", "x-moz")
COMMON = [
    ("cache-control", "no-store, private"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-robots-tag", "noindex, nofollow"),
]
PLAIN = [*COMMON, ("content-type", "text/plain; charset=utf-8")]
IMAGE = [*COMMON, ("content-type", "image/gif")]
NOT_FOUND = b"Not found"
LATER = b"Please try again"
TAKEN = b"You are unsubscribed."


@dataclass(slots=True)
class Tracker:
    """The application: keys, targets, the way out to the pages, and the writer of captures."""

    keys: Keys
    targets: Targets
    page_url: str
    now: Callable[[], datetime]
    writer: GroupWriter | None
    trusted_proxies: tuple[str, ...] = ()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        path: str = scope.path
        if scope.proto != "http":
            return
        if path.startswith("/c/"):
            await self._click(scope, protocol, path[3:])
        elif path.startswith("/o/") and path.endswith(".gif"):
            await self._open(scope, protocol, path[3:-4])
        elif path.startswith("/u/"):
            await self._leave(scope, protocol, path[3:])
        elif path == "/health":
            self._health(scope, protocol)
        else:
            _answer(scope, protocol, 404, headers=PLAIN, body=NOT_FOUND)

    async def _click(self, scope: Any, protocol: Any, rest: str) -> None:
        token, _, number = rest.partition("/")
        facts = open_token(self.keys, Purpose.CLICK, token)
        target = None
        if facts is not None and number.isascii() and number.isdecimal() and len(number) <= 5:
            try:
                target = await self.targets.find(facts.mailing_id, int(number))
            except Unreadable:
                _later(scope, protocol, seconds=5)
                return
        if facts is not None and target == CONFIRM_PAGE:
            target = self._confirm_page(facts)
        if facts is None or target is None:
            _answer(scope, protocol, 404, headers=PLAIN, body=NOT_FOUND)
        elif scope.method not in ("GET", "HEAD"):
            _answer(scope, protocol, 405, headers=[*PLAIN, ("allow", "GET, HEAD")], body=b"")
        else:
            await self._keep(
                self._capture(scope, CLICK, token, facts=facts, link_number=int(number))
            )
            _answer(scope, protocol, 302, headers=[*COMMON, ("location", target)], body=b"")

    def _confirm_page(self, facts: TokenFacts) -> str:
        """Return the message's own thank-you page; its token opens that page and nothing else."""
        token = mint(
            self.keys,
            Purpose.CONFIRM,
            mailing_id=facts.mailing_id,
            message_id=facts.message_id,
            nonce=facts.nonce,
        )
        return f"{self.page_url}/p/confirm/{token}"

    async def _open(self, scope: Any, protocol: Any, token: str) -> None:
        facts = open_token(self.keys, Purpose.OPEN, token)
        if facts is None:
            _answer(scope, protocol, 404, headers=PLAIN, body=NOT_FOUND)
        else:
            await self._keep(self._capture(scope, OPEN, token, facts=facts))
            _answer(scope, protocol, 200, headers=IMAGE, body=PIXEL)

    async def _leave(self, scope: Any, protocol: Any, token: str) -> None:
        facts = open_token(self.keys, Purpose.UNSUBSCRIBE, token)
        if facts is None:
            _answer(scope, protocol, 404, headers=PLAIN, body=NOT_FOUND)
        elif scope.method in ("GET", "HEAD"):
            await self._keep(self._capture(scope, CLICK, token, facts=facts))
            page = f"{self.page_url}/p/unsubscribe/{token}"
            _answer(scope, protocol, 302, headers=[*COMMON, ("location", page)], body=b"")
        elif scope.method != "POST":
            _answer(scope, protocol, 405, headers=[*PLAIN, ("allow", "GET, HEAD, POST")], body=b"")
        elif not await _is_one_click(scope, protocol):
            _answer(
                scope, protocol, 400, headers=PLAIN, body=b"List-Unsubscribe=One-Click is missing"
            )
        elif await self._keep(self._capture(scope, UNSUBSCRIBE, token, facts=facts)):
            _answer(scope, protocol, 200, headers=PLAIN, body=TAKEN)
        else:
            _later(scope, protocol, seconds=30)

    def _health(self, scope: Any, protocol: Any) -> None:
        writer = self.writer
        failing = writer is not None and (writer.is_failing or writer.is_behind)
        body = b"captures cannot be stored" if failing else b"ok"
        _answer(scope, protocol, 503 if failing else 200, headers=PLAIN, body=body)

    async def _keep(self, capture: Capture) -> bool:
        """Wait until the capture is durable; False when it is not, in reasonable time."""
        if self.writer is None:
            return False
        try:
            stored = self.writer.put(capture)
            if self.writer.is_behind and capture.kind != UNSUBSCRIBE:
                stored.cancel()  # nobody waits; the capture stays in its batch
                return False
            await stored
        except Overloaded:
            return False
        return True

    def _capture(
        self, scope: Any, kind: int, token: str, *, facts: TokenFacts, link_number: int = 0
    ) -> Capture:
        headers = scope.headers
        query: str = scope.query_string
        kept = {name: headers.get(name) for name in KEPT_HEADERS if name in headers}
        return Capture(
            at_us=int(self.now().timestamp() * 1_000_000),
            kind=kind,
            mailing_id=facts.mailing_id,
            message_id=facts.message_id,
            nonce=facts.nonce,
            link_number=link_number,
            ip=address_of(scope.client, headers.get("x-forwarded-for"), self.trusted_proxies),
            user_agent=(headers.get("user-agent") or "")[:400],
            method=scope.method,
            headers=json.dumps(kept) if kept else "",
            is_simulated=query.startswith("simulated=")
            and is_simulated(self.keys, token, query[10:]),
        )


async def _is_one_click(scope: Any, protocol: Any) -> bool:
    """Read the body, never more than a little of it, and look for the one agreed field."""
    if int(scope.headers.get("content-length") or 0) > MOST_BODY_BYTES:
        return False
    body = b""
    async for chunk in protocol:
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            return False
    return b"list-unsubscribe=one-click" in body.lower() or (
        b'name="list-unsubscribe"' in body.lower() and b"one-click" in body.lower()
    )


def _later(scope: Any, protocol: Any, *, seconds: int) -> None:
    headers = [*PLAIN, ("retry-after", str(seconds))]
    _answer(scope, protocol, 503, headers=headers, body=LATER)


def _answer(
    scope: Any, protocol: Any, status: int, *, headers: list[tuple[str, str]], body: bytes
) -> None:
    if scope.method == "HEAD" or not body:
        protocol.response_empty(status, headers)
    else:
        protocol.response_bytes(status, headers, body)
