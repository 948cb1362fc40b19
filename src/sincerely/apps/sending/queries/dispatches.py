"""Where a mailing stands: its tally by state and reason, and whether it is finished."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q

from sincerely.apps.sending.models import Dispatch, Hold, Message, State
from sincerely.apps.sending.queries.sql import rows

# What places these lifts them too, as soon as what they wait for has come.
BY_ITSELF = ("readiness",)
OPEN_STATES = (State.PLANNED, State.CLAIMED, State.DIALLING, State.DEFERRED)
# A count of one state walks along its part of the index; groups would be compared row by row, at
# four times the cost on SQLite. Only what has a reason, which is little, is grouped.
_OF_MAILING = "FROM sending_message WHERE mailing_id = %s AND state"
TALLY = "".join(
    f"SELECT '{state}' AS state, '' AS reason, COUNT(*) AS n {_OF_MAILING} = '{state}' UNION ALL "
    for state in State.values
) + (
    f"SELECT state, reason, COUNT(*) AS n {_OF_MAILING} IN {tuple(State.values)}"
    " AND reason > '' GROUP BY state, reason"
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages of one mailing by state, and the reasons of those that did not leave or wait."""

    by_state: dict[str, int] = field(default_factory=dict)
    by_reason: dict[str, int] = field(default_factory=dict)
    waiting_by_reason: dict[str, int] = field(default_factory=dict)

    @property
    def audience_count(self) -> int:
        """Everybody whom the plan looked at."""
        return sum(self.by_state.values())

    @property
    def accepted_count(self) -> int:
        """Taken by the receiving server."""
        return self.by_state.get(State.ACCEPTED, 0)

    @property
    def open_count(self) -> int:
        """Messages without a terminal state."""
        return sum(self.by_state.get(state, 0) for state in OPEN_STATES)

    @property
    def left_out_count(self) -> int:
        """Stopped by the gate: at planning, or just before the hand-over."""
        return self.by_state.get(State.SKIPPED, 0) + self.by_state.get(State.REFUSED, 0)

    @property
    def cancelled_count(self) -> int:
        """Ended by a member before they were handed over."""
        return self.by_state.get(State.CANCELLED, 0)

    @property
    def unknown_count(self) -> int:
        """Of these nobody can know whether they arrived, decided or not."""
        return self.by_state.get(State.UNKNOWN, 0)

    @property
    def handed_over_count(self) -> int:
        """Given to a mail server, whatever it said."""
        ended = (State.ACCEPTED, State.FAILED, State.UNKNOWN)
        return sum(self.by_state.get(state, 0) for state in ended)

    @property
    def mailable_count(self) -> int:
        """Messages that nothing but time or a member keeps from leaving."""
        return self.audience_count - self.left_out_count


def dispatch_of(mailing_id: int) -> Dispatch | None:
    """Return how a mailing leaves, or None while it has not been opened."""
    return (
        Dispatch.objects.select_related("sender", "transport", "mailing")
        .filter(pk=mailing_id)
        .first()
    )


def tally(mailing_id: int) -> Tally:
    """Count the messages of a mailing by state and by reason (one walk along its index)."""
    by_state: dict[str, int] = {}
    by_reason: dict[str, int] = {}
    waiting: dict[str, int] = {}
    for state, reason, n in rows(TALLY, [mailing_id] * (len(State) + 1)):
        if not reason:
            by_state |= {state: n} if n else {}
            continue
        reasons = waiting if state in OPEN_STATES else by_reason
        reasons[reason] = reasons.get(reason, 0) + n
    return Tally(by_state, by_reason, waiting)


def undecided_count(mailing_id: int) -> int:
    """Count the unknown messages of which no member has said yet that they are left as they are."""
    unknown = Message.objects.filter(mailing_id=mailing_id, state=State.UNKNOWN)
    left_at = Dispatch.objects.filter(pk=mailing_id).values_list("unknown_left_at", flat=True)
    through = left_at.first()
    return (unknown.filter(finished_at__gt=through) if through else unknown).count()


def is_finished(mailing_id: int) -> bool:
    """Say whether planning is over and no message is without a terminal state: always a query."""
    dispatch = Dispatch.objects.filter(pk=mailing_id).only("is_planned", "state").first()
    if dispatch is None or (not dispatch.is_planned and dispatch.state != "cancelled"):
        return False
    return not Message.objects.filter(mailing_id=mailing_id, state__in=OPEN_STATES).exists()


def holds_of(mailing_id: int) -> list[Hold]:
    """Return the holds that keep a mailing waiting, its own and those on all."""
    mine = Q(mailing_id=mailing_id) | Q(mailing_id=None)
    return list(Hold.objects.filter(mine, lifted_at=None).order_by("placed_at"))


def waiting_because(mailing_id: int) -> list[str]:
    """Return the reasons of the holds that keep a mailing waiting."""
    return [hold.words for hold in holds_of(mailing_id)]


def holds() -> list[Hold]:
    """Return every hold that a member may release, with its mailing, the oldest first."""
    found = Hold.objects.filter(lifted_at=None).exclude(placed_by__in=BY_ITSELF)
    return list(found.select_related("mailing").order_by("placed_at", "pk"))


def is_restored() -> bool:
    """Say whether mailings still wait because the installation was restored from a backup."""
    return Hold.objects.filter(lifted_at=None, placed_by="restore").exists()
