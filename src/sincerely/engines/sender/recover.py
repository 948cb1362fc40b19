"""Taking over from senders that ended in the middle: what they claimed and began."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from sincerely.apps.engagement.models import MailingTag
from sincerely.apps.sending.actions import outbox
from sincerely.apps.sending.actions.dispatches import sweep_cancelled
from sincerely.apps.sending.actions.outbox import Claimed
from sincerely.apps.sending.queries.outbox import dialling, owners_at_work
from sincerely.engines.sender.journal import Key, Ledger
from sincerely.engines.sender.owner import death_of, drop_journal, names_left, take_journal
from sincerely.engines.sender.settling import Settling

log = structlog.get_logger("sender")


def take_over(own_name: str, *, now: datetime) -> set[str]:
    """Recover the rows of dead senders, end what is left of cancelled mailings.

    Returns the other senders that live.
    """
    alive: set[str] = set()
    for name in {*owners_at_work(), *names_left()} - {own_name}:
        with death_of(name) as is_dead:
            if is_dead:
                returned, unknown = recover_from(name, now=now)
                log.warning("took over from a dead sender", returned=returned, unknown=unknown)
            else:
                alive.add(name)
    sweep_cancelled(now=now)
    return alive


def recover_from(name: str, *, now: datetime) -> tuple[int, int]:
    """Settle what a sender heard, give back what it had not begun: (rows given back, unknown).

    Its journal goes when all that is in the messages; from the moment at which it is taken, the
    sender can begin nothing more, should it live after all.
    """
    with transaction.atomic():
        ledger = take_journal(name)
        if ledger is not None:
            _settle(name, ledger, now=now)
        begun = None if ledger is None else ledger.begun
        recovered = outbox.recover(name, now=now, begun=begun)
    drop_journal(name)
    return recovered


def _settle(name: str, ledger: Ledger, *, now: datetime) -> None:
    """Write the outcomes that the sender heard and did not live to write."""
    settling = Settling(now)
    for *claimed, tag in dialling(name, [key.id for key in ledger.heard]):
        message, is_repeatable = Claimed._make(claimed), tag == MailingTag.TRANSACTIONAL
        if (outcome := ledger.heard.get(Key(message.id, message.fence))) is not None:
            settling.sort(message, outcome, is_repeatable=is_repeatable)
    settling.hold_and_settle()
    outbox.let_go(settling.returned)
    settling.count()
