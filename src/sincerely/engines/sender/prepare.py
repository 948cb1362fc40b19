"""Preparing: claims a batch, reads its people once, has the letters written and signed.

While the annex writes one batch, the next is claimed and read.

What concerns one contact (a mail that cannot be made) is refused for that contact; what concerns
all (a broken block, a letter that differs from the reference) holds the mailing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import transaction

from sincerely.apps.content.models import ContentVersion
from sincerely.apps.content.queries.people import people_facts, shown_blocks
from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.engagement.models import MailingTag
from sincerely.apps.sending.actions import outbox, place_hold
from sincerely.apps.sending.actions.outbox import Claimed
from sincerely.apps.sending.actions.pressure import claim_free
from sincerely.apps.sending.actions.senders import signing_of
from sincerely.apps.sending.letters import Address, Letter, LetterWrong, Press
from sincerely.apps.sending.models import Dispatch, TransportKind
from sincerely.apps.sending.queries.letterheads import letterhead_of, recipients
from sincerely.apps.sending.rules.holds import Why, reason_of
from sincerely.engines.sender.annex import Annex, AnnexGone, Order, Ticket
from sincerely.engines.sender.desk import Desk, Job, Spoilt
from sincerely.engines.sender.ready import Ready
from sincerely.wire.dkim import Signer, Signing

log = structlog.get_logger("sender")
PROOFREAD_COUNT = 5
SIGNERS = max(2, os.cpu_count() or 2)  # a signature holds no lock of the interpreter
MOST_PRESSES = 16
LARGE_BATCH = 200  # letters that are worth a second process


class NoContent(Exception):
    """Nothing was written for this mailing."""


class Batch(NamedTuple):
    """Claimed messages of one version, whose letters are being written."""

    dispatch: Dispatch
    version_id: int
    messages: Sequence[Claimed]
    jobs: Sequence[Job]
    press: Press
    now: datetime
    ticket: Ticket | None  # of the annex; None: they are written here when the batch is finished


class PressRoom:
    """Turns claims into ready mail, on one thread; signs on several."""

    def __init__(self, *, owner: str) -> None:
        self._owner = owner
        self._presses: dict[int, Press] = {}
        self._signers: dict[Signing, Signer] = {}
        self._signings: dict[int, Signing | None] = {}
        self._proofread: dict[int, int] = {}
        self._pool = ThreadPoolExecutor(SIGNERS, thread_name_prefix="signer")
        self.annex = Annex(settings.TOKEN_KEY, signing_threads=SIGNERS)

    def begin(self, dispatch: Dispatch, *, now: datetime, limit: int) -> list[Batch]:
        """Claim at most `limit` messages of a mailing and have their letters written.

        Finish each batch, in this order. Where the database fails in between, call `forget`.
        """
        claimed = claim_free(dispatch.pk, owner=self._owner, now=now, limit=limit)
        begun: list[Batch] = []
        by_version: dict[int | None, list[Claimed]] = {}
        for message in claimed:
            by_version.setdefault(message.version_id, []).append(message)
        for version_id, group in by_version.items():
            try:
                begun.append(self._begun(dispatch, version_id, group, now=now))
            except (NoContent, ValueError) as problem:
                self._hold(dispatch, group, _reason(problem), now=now)
        return begun

    def finish(self, batch: Batch) -> list[Ready]:
        """Return what is ready to leave."""
        try:
            mails = self._mails(batch)
        except (LetterWrong, ValueError) as problem:
            self._hold(batch.dispatch, batch.messages, _reason(problem), now=batch.now)
            return []
        ready: list[Ready] = []
        spoilt: list[tuple[Claimed, str]] = []
        sender = batch.dispatch.sender.address
        is_repeatable = batch.dispatch.mailing.tag == MailingTag.TRANSACTIONAL
        for message, job, mail in zip(batch.messages, batch.jobs, mails, strict=True):
            if isinstance(mail, Spoilt):
                log.warning("mail cannot be made", message=message.id, problem=mail.problem)
                spoilt.append((message, "render_failed"))
                continue
            shown = ",".join(map(str, sorted(job.shown)))
            ready.append(Ready(message, sender, job.address.recipient, mail, shown, is_repeatable))
        if spoilt:
            with transaction.atomic():
                outbox.refuse(spoilt, now=batch.now)
        return ready

    def forget(self) -> None:
        """Let go of batches that are not finished: what is claimed by now is claimed again."""
        self.annex.close()
        outbox.let_go_of_all(self._owner)

    def close(self) -> None:
        """End the signing threads and the annex."""
        self._pool.shutdown()
        self.annex.close()

    def _hold(
        self, dispatch: Dispatch, group: Sequence[Claimed], reason: str, *, now: datetime
    ) -> None:
        log.error("mailing held", mailing=dispatch.pk, reason=reason)
        with transaction.atomic():
            place_hold(mailing_id=dispatch.pk, reason=reason, placed_by="sender", now=now)
            outbox.let_go(group)

    def _begun(
        self,
        dispatch: Dispatch,
        version_id: int | None,
        group: Sequence[Claimed],
        *,
        now: datetime,
    ) -> Batch:
        """Read what letters say, and have them written by the annex where there are many.

        The first letters of each version are written here, to be compared.
        """
        if version_id is None:
            raise NoContent
        press, version = self._press(dispatch, version_id)
        work = _jobs(dispatch, group, press, version=version, now=now)
        messages, jobs = list(work), list(work.values())
        ticket = None
        if self._is_proven(version_id) and len(jobs) >= LARGE_BATCH:
            order = Order(version_id, press.letterhead, self._signing(dispatch))
            with _doing_without():
                ticket = self.annex.begin(order, press.renderer.compiled, jobs, now=now)
        return Batch(dispatch, version_id, messages, jobs, press, now, ticket)

    def _mails(self, batch: Batch) -> Iterable[bytes | Spoilt]:
        """Take the letters from the annex, or write them here where it has none."""
        if batch.ticket is not None:
            with _doing_without():
                return self.annex.collect(batch.ticket)
        press, version_id = batch.press, batch.version_id

        def compare(letter: Letter, job: Job) -> None:
            """The first letters of a version are compared with the reference renderer."""
            if not self._is_proven(version_id):
                press.proofread(letter, job.address, job.person, shown=job.shown)
                self._proofread[version_id] = self._proofread.get(version_id, 0) + 1

        signer = self._signer(self._signing(batch.dispatch))
        check = None if self._is_proven(version_id) else compare
        return Desk(press, signer, pool=self._pool).write(batch.jobs, now=batch.now, check=check)

    def _is_proven(self, version_id: int) -> bool:
        return self._proofread.get(version_id, 0) >= PROOFREAD_COUNT

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

    def _signing(self, dispatch: Dispatch) -> Signing | None:
        """We sign what a relay takes as it is; a provider signs itself; a test mailbox may ask."""
        kind, options = dispatch.transport.kind, dispatch.transport.options
        if not options.get("sign", kind == TransportKind.SMTP):
            return None
        if dispatch.sender_id not in self._signings:
            self._signings[dispatch.sender_id] = signing_of(dispatch.sender)
        return self._signings[dispatch.sender_id]

    def _signer(self, signing: Signing | None) -> Signer | None:
        if signing is None:
            return None
        if signing not in self._signers:
            self._signers[signing] = signing.signer()
        return self._signers[signing]


@contextmanager
def _doing_without() -> Iterator[None]:
    """Go on without the annex where it ended: letters are written here."""
    try:
        yield
    except AnnexGone as gone:
        log.warning("the annex ended: letters are written here", reason=str(gone)[:200])


def _jobs(
    dispatch: Dispatch,
    group: Sequence[Claimed],
    press: Press,
    *,
    version: ContentVersion,
    now: datetime,
) -> dict[Claimed, Job]:
    """Read what the letters of a batch say of their contacts, once for all.

    Whoever was erased since the claim has taken the message along.
    """
    ids = [message.contact_id for message in group]
    people = people_facts(ids, press.renderer.fields, now=now)
    shown = shown_blocks(version.block_rules, ids, now=now) if version.block_rules else {}
    where = recipients(ids)
    known = people.keys() & where.keys()
    return {
        message: Job(
            Address(message.id, dispatch.pk, message.nonce, *where[message.contact_id]),
            people[message.contact_id],
            shown.get(message.contact_id, frozenset()),
        )
        for message in group
        if message.contact_id in known
    }


def _reason(problem: NoContent | LetterWrong | ValueError) -> str:
    """Return why the whole mailing has to wait for a member."""
    match problem:
        case NoContent():
            return reason_of(Why.NO_CONTENT)
        case LetterWrong():
            return reason_of(Why.DIFFERS, problem.part)
    return reason_of(Why.CANNOT_BE_MADE, str(problem))
