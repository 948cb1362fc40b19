"""The steps of the fold; each is one short transaction that moves its watermark with it.

Killed anywhere, a step has happened or has not. A step returns how many rows it took and whether
more are waiting, so that the loop knows when to rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from sincerely.apps.consent import actions as consent
from sincerely.apps.consent.models import Channel
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts.queries import contacts_by_id
from sincerely.apps.engagement import actions as engagement
from sincerely.apps.engagement.models import EventKind
from sincerely.apps.engagement.queries.watermarks import CAPTURE, capture_store, position
from sincerely.apps.engagement.rules.changes import ClickChange
from sincerely.apps.engagement.rules.facts import OneClick
from sincerely.apps.interests.actions import learn
from sincerely.apps.interests.rules.clicks import ClickDelta
from sincerely.engines.folder import queries
from sincerely.engines.folder.ahead import read_ahead
from sincerely.engines.folder.confirmations import settle_confirmations
from sincerely.wire.sqlite.turnstile import somebody_waits
from sincerely.wire.unflushed import unflushed

ATTEMPTS = "attempts"
TRIMMED = "captures trimmed"
HORIZON = queries.Horizon()
SLICE = 500
KEEP_CAPTURES = timedelta(days=3)  # a main database restored from a backup folds them again

# A commit touches pages all over the indexes, each once however many slices share it.
LONGEST_TURN_SECONDS = 0.8
# Nothing is written while a turn's first slice is read: of large slices it is a part.
LARGE, FIRST_PART = 1_000, 0.25


class Step(NamedTuple):
    """What a step did, and for how many seconds it kept others from writing."""

    taken: int
    is_more: bool
    seconds: float = 0.0  # of a slice, its share of the commit included
    is_awaited: bool = False  # somebody else waits to write


@dataclass(slots=True)
class Turn:
    """A fold's transaction: from the moment that it is this one's turn until it is committed."""

    since: float = 0.0
    seconds: float = 0.0
    is_awaited: bool = False

    def may_go_on(self) -> bool:
        """Say whether another slice may share this commit: nobody waits, and it is not late."""
        return time.monotonic() - self.since < LONGEST_TURN_SECONDS and not somebody_waits()

    def done(self, taken: int, *, is_more: bool, slices: float = 1.0) -> Step:
        """Return what was done in this turn, once it is over."""
        return Step(taken, is_more, self.seconds / slices, self.is_awaited)


@contextmanager
def a_turn(now: datetime) -> Iterator[Turn]:
    """Hold the fold's turn for the length of the block, in one transaction.

    A turn that a power cut undoes is taken again: what it folded is still there, and the position
    that it moved is undone with it. So nobody waits for the disk.
    """
    turn = Turn()
    with unflushed():
        engagement.take_turn(now)
        turn.since = time.monotonic()
        yield turn
        turn.is_awaited = somebody_waits()
    turn.seconds = time.monotonic() - turn.since


def fold_outcomes(*, now: datetime, limit: int = SLICE) -> Step:
    """Turn outcomes at the wire into events: sent, delivered, bounced."""
    with a_turn(now) as turn:
        mark = position(ATTEMPTS)
        count, last = queries.gather_outcomes(mark, limit, through_id=HORIZON.look())
        if not count:
            return Step(0, is_more=False)
        engagement.record_happened()
        engagement.move(ATTEMPTS, last, now=now)
    return turn.done(count, is_more=count == limit)


def fold_captures(*, now: datetime, limit: int = SLICE) -> Step:
    """Turn captures into signals, withdraw for one-click unsubscribes, learn what is sure."""
    store = capture_store()
    captures = store.read(position(CAPTURE), limit)
    if not captures:
        return Step(0, is_more=False)
    with a_turn(now) as turn:
        mark = position(CAPTURE)
        mine = [stored for stored in captures if stored.id > mark]
        if not mine:  # another folder was here in the meantime
            return Step(0, is_more=True)
        messages = queries.messages_of({stored.capture.message_id for stored in mine})
        taken = engagement.take(mine, messages, now=now)
        _withdraw_all(taken.one_clicks, now=now)
        learn(deltas_of(taken.clicks), now=now)
        settle_confirmations(taken.clicks, now=now)
        engagement.move(CAPTURE, mine[-1].id, now=now)
    return turn.done(len(mine), is_more=len(captures) == limit)


def settle(*, now: datetime, limit: int = SLICE) -> Step:
    """Judge again what is due: after 90 seconds for automation, after 24 hours for good.

    Labels learn, and people on the confirm button's click stay.
    """
    count, slices, is_more = 0, 0.0, False
    part = FIRST_PART if limit >= LARGE else 1.0
    with a_turn(now) as turn:
        until = _taken_until(now)
        due = engagement.looks(now=now, taken_until=until, first=int(limit * part), limit=limit)
        reading = read_ahead(due, goes_on=turn.may_go_on, lets_go=somebody_waits)
        with closing(reading) as read:
            for looks in read:
                for look in looks:
                    _write(look, now=now)
                count += sum(look.count for look in looks)
                is_more = any(look.is_more for look in looks)
                slices += 1.0 if slices else part
    return turn.done(count, is_more=is_more, slices=slices or 1.0)


def _taken_until(now: datetime) -> datetime:
    """Return the moment up to which all captures are signals: now, but for a backlog.

    A folder that was down must not judge a click alone whose company waits in the next slice.
    """
    waiting = capture_store().read(position(CAPTURE), 1)
    return engagement.when(waiting[0].capture, now) if waiting else now


def _write(look: engagement.Look, *, now: datetime) -> None:
    clicks = engagement.settle(look, now=now)
    learn(deltas_of(clicks), now=now)
    settle_confirmations(clicks, now=now)


STEPS: tuple[Callable[..., Step], ...] = (
    fold_outcomes,
    fold_captures,
    settle,
)


def fold_all(*, now: datetime) -> int:
    """Take every step until nothing is due; return how many rows were taken.

    What one step has done may be what another waited for.
    """
    count = 0
    while taken := sum(step(now=now).taken for step in STEPS):
        count += taken
    return count


def trim_captures(*, now: datetime, limit: int = 5_000) -> int:
    """Delete captures that were folded some days ago; signals hold what they said.

    Not before these signals are on the disk, as they are with this commit.
    """
    with transaction.atomic():
        through_id = position(CAPTURE)
        engagement.move(TRIMMED, through_id, now=now)
    before = int((now - KEEP_CAPTURES).timestamp() * 1_000_000)
    return capture_store().trim(through_id, limit, before_us=before)


def deltas_of(changes: Sequence[ClickChange]) -> list[ClickDelta]:
    """Return what changed verdicts add to and take from the evidence for labels."""
    deltas = []
    for change in changes:
        if change.label_id is None:
            continue
        human = (change.after == "human") - (change.before == "human")
        undecided = (change.after == "undecided") - (change.before == "undecided")
        if human or undecided:
            deltas.append(
                ClickDelta(
                    contact_id=change.contact_id,
                    label_id=change.label_id,
                    mailing_id=change.mailing_id,
                    at=change.at,
                    human=human,
                    undecided=undecided,
                    message_id=change.message_id,
                )
            )
    return deltas


def _withdraw_all(one_clicks: Sequence[OneClick], *, now: datetime) -> None:
    people = contacts_by_id({one_click.contact_id for one_click in one_clicks})
    for one_click in one_clicks:
        _withdraw(one_click, address=people[one_click.contact_id].address, now=now)


def _withdraw(one_click: OneClick, *, address: str, now: datetime) -> None:
    record = consent.withdraw(
        one_click.contact_id,
        subscription_type_id=one_click.subscription_type_id,
        channel=Channel.ONE_CLICK,
        now=now,
        at=one_click.at,
        cause="one-click unsubscribe",
        message_id=one_click.message_id,
        proof=Proof(address=address, ip=one_click.ip, user_agent=one_click.user_agent),
    )
    if record is not None:
        engagement.record(
            EventKind.UNSUBSCRIBED,
            one_click.contact_id,
            at=one_click.at,
            mailing_id=one_click.mailing_id,
            message_id=one_click.message_id,
            detail="one-click",
        )
