"""Preparing: claims a batch, reads its people once, writes and signs the letters.

What concerns one contact (a mail that cannot be made) is refused for that contact; what concerns
all (a broken block, a letter that differs from the reference) holds the mailing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from sincerely.apps.content.models import ContentVersion
from sincerely.apps.content.queries.people import people_facts, shown_blocks
from sincerely.apps.content.renderer import RenderProblem
from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.engagement.models import MailingTag
from sincerely.apps.sending.actions import outbox, place_hold
from sincerely.apps.sending.actions.outbox import Claimed
from sincerely.apps.sending.actions.pressure import claim_free
from sincerely.apps.sending.actions.senders import signer_of
from sincerely.apps.sending.letters import Address, Letter, LetterWrong, Press
from sincerely.apps.sending.models import Dispatch, TransportKind
from sincerely.apps.sending.queries.letterheads import letterhead_of, recipients
from sincerely.apps.sending.rules.headers import BadHeader
from sincerely.apps.sending.rules.holds import Why, reason_of
from sincerely.engines.sender.ready import Ready
from sincerely.wire.dkim import Signer

log = structlog.get_logger("sender")
PROOFREAD_COUNT = 5
MOST_PRESSES = 16


class NoContent(Exception):
    """Nothing was written for this mailing."""


class PressRoom:
    """Turns claims into ready mail, on one thread; signs on several."""

    def __init__(self, *, owner: str, signing_threads: int = 2) -> None:
        self._owner = owner
        self._presses: dict[int, Press] = {}
        self._signers: dict[int, Signer | None] = {}
        self._proofread: dict[int, int] = {}
        self._pool = ThreadPoolExecutor(signing_threads, thread_name_prefix="signer")

    def fill(self, dispatch: Dispatch, *, now: datetime, limit: int) -> list[Ready]:
        """Claim at most `limit` messages of a mailing and return what is ready to leave."""
        claimed = claim_free(dispatch.pk, owner=self._owner, now=now, limit=limit)
        ready: list[Ready] = []
        by_version: dict[int | None, list[Claimed]] = {}
        for message in claimed:
            by_version.setdefault(message.version_id, []).append(message)
        for version_id, group in by_version.items():
            try:
                ready += self._write(dispatch, version_id, group, now=now)
            except (NoContent, LetterWrong, ValueError) as problem:
                self._hold(dispatch, group, _reason(problem), now=now)
        return ready

    def close(self) -> None:
        """End the signing threads."""
        self._pool.shutdown()

    def _hold(
        self, dispatch: Dispatch, group: Sequence[Claimed], reason: str, *, now: datetime
    ) -> None:
        log.error("mailing held", mailing=dispatch.pk, reason=reason)
        with transaction.atomic():
            place_hold(mailing_id=dispatch.pk, reason=reason, placed_by="sender", now=now)
            outbox.let_go(group)

    def _write(
        self,
        dispatch: Dispatch,
        version_id: int | None,
        group: Sequence[Claimed],
        *,
        now: datetime,
    ) -> list[Ready]:
        if version_id is None:
            raise NoContent
        press, version = self._press(dispatch, version_id)
        ids = [message.contact_id for message in group]
        people = people_facts(ids, press.renderer.fields, now=now)
        shown = shown_blocks(version.block_rules, ids, now=now) if version.block_rules else {}
        letters: list[tuple[Claimed, str, str, Letter]] = []
        failed: list[tuple[Claimed, str]] = []
        where = recipients(ids)
        for message in group:
            recipient, tier = where[message.contact_id]
            blocks = shown.get(message.contact_id, frozenset())
            address = Address(message.id, dispatch.pk, message.nonce, recipient, tier)
            person = people[message.contact_id]
            try:
                letter = press.write(address, person, shown=blocks, now=now)
            except (RenderProblem, BadHeader) as problem:
                log.warning("mail cannot be made", message=message.id, problem=str(problem)[:200])
                failed.append((message, "render_failed"))
                continue
            self._compare(version_id, letter, address, press=press, person=person, shown=blocks)
            letters.append((message, recipient, ",".join(map(str, sorted(blocks))), letter))
        if failed:
            with transaction.atomic():
                outbox.refuse(failed, now=now)
        return self._signed(dispatch, letters)

    def _compare(
        self,
        version_id: int,
        letter: Letter,
        address: Address,
        *,
        press: Press,
        person: dict[str, Any],
        shown: frozenset[int],
    ) -> None:
        """The first letters of each version are compared with the reference renderer."""
        seen = self._proofread.get(version_id, 0)
        if seen < PROOFREAD_COUNT:
            press.proofread(letter, address, person, shown=shown)
            self._proofread[version_id] = seen + 1

    def _press(self, dispatch: Dispatch, version_id: int) -> tuple[Press, ContentVersion]:
        """Return the press of a version; letterheads are read afresh with each batch."""
        version = ContentVersion.objects.only("id", "block_rules", "content_hash").get(
            pk=version_id
        )
        press = self._presses.get(version_id)
        letterhead = letterhead_of(dispatch)
        if press is None or press.letterhead != letterhead:
            if len(self._presses) >= MOST_PRESSES:
                self._presses.clear()
            compiled = Compiled.from_json(ContentVersion.objects.get(pk=version_id).compiled)
            press = self._presses[version_id] = Press(compiled, letterhead, settings.TOKEN_KEY)
        return press, version

    def _signed(
        self, dispatch: Dispatch, letters: Sequence[tuple[Claimed, str, str, Letter]]
    ) -> list[Ready]:
        signer = self._signer(dispatch)
        signatures: list[bytes] = [b""] * len(letters)
        if signer is not None:
            signatures = list(
                self._pool.map(lambda item: signer.sign(item[3].head, item[3].body), letters)
            )
        is_repeatable = dispatch.mailing.tag == MailingTag.TRANSACTIONAL
        return [
            Ready(
                message,
                dispatch.sender.address,
                recipient,
                letter.mail(signature),
                shown,
                is_repeatable,
            )
            for (message, recipient, shown, letter), signature in zip(
                letters, signatures, strict=True
            )
        ]

    def _signer(self, dispatch: Dispatch) -> Signer | None:
        """We sign what a relay takes as it is; a provider signs itself; a test mailbox may ask."""
        kind, options = dispatch.transport.kind, dispatch.transport.options
        if not options.get("sign", kind == TransportKind.SMTP):
            return None
        if dispatch.sender_id not in self._signers:
            self._signers[dispatch.sender_id] = signer_of(dispatch.sender)
        return self._signers[dispatch.sender_id]


def _reason(problem: NoContent | LetterWrong | ValueError) -> str:
    """Return why the whole mailing has to wait for a member."""
    match problem:
        case NoContent():
            return reason_of(Why.NO_CONTENT)
        case LetterWrong():
            return reason_of(Why.DIFFERS, problem.part)
    return reason_of(Why.CANNOT_BE_MADE, str(problem))
