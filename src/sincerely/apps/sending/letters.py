"""Letters: the bytes of one mail for one contact, from a frozen version and a message.

`Press` does once per mailing what is the same for all; `write` fills in one contact. `proofread`
compares a letter with the reference renderer, part by part, as the email package reads it: the
sender does that with the first letters of each mailing before anything leaves.
"""

from __future__ import annotations

import email
from dataclasses import dataclass
from datetime import UTC, datetime
from email.policy import default as modern
from email.utils import format_datetime
from typing import Any

from sincerely.apps.content.renderer import Renderer
from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.engagement.rules.tokens import Keys, Purpose, mint
from sincerely.apps.sending.rules import headers
from sincerely.apps.sending.rules.message_id import message_id


class LetterWrong(Exception):
    """The mail as made differs from what the reference renderer says."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one letter goes, and whose it is."""

    message_id: int
    mailing_id: int
    nonce: bytes
    recipient: str
    tracking_tier: str = "full"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all letters of a mailing share besides their content."""

    from_name: str
    from_address: str
    reply_to: str = ""
    tag: str = "campaign"
    list_name: str = ""
    tracker_url: str = ""
    public_url: str = ""
    brand_id: int = 0

    @property
    def domain(self) -> str:
        """The domain mail comes from."""
        return self.from_address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Letter:
    """Header block (without the signature) and body; together a mail."""

    head: bytes
    body: bytes

    def mail(self, signature: bytes = b"") -> bytes:
        """Return the mail as it goes over the wire."""
        return b"".join((signature, self.head, b"\r\n", self.body))


class Press:
    """Writes the letters of one content version under one letterhead; not shared by threads."""

    def __init__(self, compiled: Compiled, letterhead: Letterhead, keys: Keys) -> None:
        self.renderer = Renderer(compiled)
        self.letterhead = letterhead
        self._keys = keys
        self._from = headers.mailbox_value("From", letterhead.from_name, letterhead.from_address)
        self._dates: dict[int, bytes] = {}

    @property
    def is_marketing(self) -> bool:
        """Transactional mail has no List-Unsubscribe."""
        return self.letterhead.tag != "transactional"

    def write(
        self,
        address: Address,
        person: dict[str, Any],
        *,
        shown: frozenset[int],
        now: datetime,
    ) -> Letter:
        """Return the letter; raises content.renderer.RenderProblem or headers.BadHeader."""
        urls = self._urls(address)
        rendered = self.renderer.render(person, shown=shown, **urls)
        boundary = b"=_%b" % address.nonce.hex().encode()
        head = self._head(
            address,
            subject=rendered.subject_header,
            boundary=boundary,
            unsubscribe_url=urls["unsubscribe_url"],
            now=now,
        )
        return Letter(head, headers.both_parts(boundary, rendered.text_qp, rendered.html_qp))

    def proofread(
        self, letter: Letter, address: Address, person: dict[str, Any], *, shown: frozenset[int]
    ) -> None:
        """Raise LetterWrong unless the letter says exactly what the reference renderer says."""
        from sincerely.apps.content import reference  # noqa: PLC0415 -- liquid: 0.06 s at each start

        wanted = reference.render(
            self.renderer.compiled, person, shown=shown, **self._urls(address)
        )
        mail = email.message_from_bytes(letter.mail(), policy=modern)
        found = {
            part.get_content_type(): _plain(part.get_content())  # type: ignore[attr-defined]
            for part in mail.walk()
            if not part.is_multipart()
        }
        if " ".join(str(mail["Subject"]).split()) != " ".join(wanted.subject.split()):
            raise LetterWrong("The subject differs from the reference.")
        if found.get("text/plain") != _plain(wanted.text):
            raise LetterWrong("The text part differs from the reference.")
        if found.get("text/html") != _plain(wanted.html):
            raise LetterWrong("The HTML part differs from the reference.")

    def _urls(self, address: Address) -> dict[str, Any]:
        """The addresses of this message, each with a token for its one purpose."""
        facts: dict[str, Any] = {
            "mailing_id": address.mailing_id,
            "message_id": address.message_id,
            "nonce": address.nonce,
        }
        base, public = self.letterhead.tracker_url, self.letterhead.public_url
        is_tracked = address.tracking_tier != "none"
        click = f"{base}/c/{mint(self._keys, Purpose.CLICK, **facts)}/" if is_tracked else ""
        preferences = mint(self._keys, Purpose.PREFERENCES, **facts)
        confirm = "" if is_tracked else mint(self._keys, Purpose.CONFIRM, **facts)
        return {
            "link_url": click if is_tracked else None,
            "open_url": f"{base}/o/{mint(self._keys, Purpose.OPEN, **facts)}.gif"
            if is_tracked
            else None,
            "unsubscribe_url": f"{base}/u/{mint(self._keys, Purpose.UNSUBSCRIBE, **facts)}",
            "preferences_url": f"{public}/p/preferences/{preferences}",
            "view_url": f"{public}/p/view/{mint(self._keys, Purpose.VIEW, **facts)}",
            "confirm_url": "" if is_tracked else f"{public}/p/confirm/{confirm}",
        }

    def _head(
        self,
        address: Address,
        *,
        subject: bytes,
        boundary: bytes,
        unsubscribe_url: str,
        now: datetime,
    ) -> bytes:
        head = self.letterhead
        number = message_id(address.message_id, address.nonce, domain=head.domain)
        fields = [
            (b"From", self._from),
            (b"To", headers.mailbox_value("To", "", address.recipient)),
            (b"Subject", subject),
            (b"Date", self._date(now)),
            (b"Message-ID", headers.ascii_value(number)),
        ]
        if head.reply_to:
            fields.append((b"Reply-To", headers.mailbox_value("Reply-To", "", head.reply_to)))
        if self.is_marketing:
            fields += [
                (b"List-ID", headers.ascii_value(f"<{head.brand_id}.list.{head.domain}>")),
                (b"List-Unsubscribe", headers.ascii_value(f"<{unsubscribe_url}>")),
                (b"List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"),
            ]
        feedback = f"{address.mailing_id}:{head.brand_id}:{head.tag}:sincerely"
        fields += [
            (b"Feedback-ID", headers.ascii_value(feedback)),
            (b"MIME-Version", b"1.0"),
            (b"Content-Type", b'multipart/alternative; boundary="%b"' % boundary),
        ]
        return headers.block(fields)

    def _date(self, now: datetime) -> bytes:
        second = int(now.timestamp())
        known = self._dates.get(second)
        if known is None:
            self._dates = {second: format_datetime(now.astimezone(UTC)).encode()}
            known = self._dates[second]
        return known


def _plain(text: str) -> str:
    """Line ends as one sign, and none at the end: the email package adds one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
