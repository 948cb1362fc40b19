"""Learning from clicks: evidence per day, and the label itself once there is enough of it.

Called inside the folder's transaction, after the events of the batch are written. Evidence is
taken as deltas, so a re-judged click is subtracted again; counts equal a rebuild from events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.models import Event, EventKind, Verdict
from sincerely.apps.engagement.rules.counting import TELLING_ROLES
from sincerely.apps.interests.actions.giving import give_by_clicks
from sincerely.apps.interests.models import ContactLabel, LabelChange, LabelDay, Route
from sincerely.apps.interests.rules.clicks import ClickDelta, DayDelta, DayKey, by_day
from sincerely.apps.labels.models import Label
from sincerely.apps.team.queries import organisation

DAYS = sql.Scratch(
    "fold_label_day",
    (
        "contact_id bigint", "label_id bigint", "day date", "mailing_id bigint",
        "human_count integer", "undecided_count integer", "last_at timestamptz",
    ),
)  # fmt: skip
# What was counted on the same day and mailing is added up.
ADD_UP = """
ON CONFLICT (contact_id, label_id, day, mailing_id) DO UPDATE
SET human_count = interests_labelday.human_count + excluded.human_count,
    undecided_count = interests_labelday.undecided_count + excluded.undecided_count,
    last_at = CASE WHEN interests_labelday.last_at IS NULL
                     OR interests_labelday.last_at < excluded.last_at
                   THEN COALESCE(excluded.last_at, interests_labelday.last_at)
                   ELSE interests_labelday.last_at END
"""
_GROW = f"""
INSERT INTO interests_labelday
  (contact_id, label_id, day, mailing_id, human_count, undecided_count, last_at)
SELECT contact_id, label_id, day, mailing_id, human_count, undecided_count, last_at
FROM fold_label_day WHERE TRUE
{ADD_UP}"""  # noqa: S608 -- constants
# A row cannot be made with less than nothing, so what shrinks is made first and changed then.
_MAKE = """
INSERT INTO interests_labelday
  (contact_id, label_id, day, mailing_id, human_count, undecided_count, last_at)
VALUES (%s, %s, %s, %s, 0, 0, NULL)
ON CONFLICT (contact_id, label_id, day, mailing_id) DO NOTHING
"""
_ADD = """
UPDATE interests_labelday
SET human_count = human_count + %s, undecided_count = undecided_count + %s,
    last_at = CASE WHEN last_at IS NULL OR last_at < %s THEN COALESCE(%s, last_at) ELSE last_at END
WHERE contact_id = %s AND label_id = %s AND day = %s AND mailing_id = %s
"""


@transaction.atomic(savepoint=False)
def learn(clicks: Sequence[ClickDelta], *, now: datetime) -> int:
    """Add the deltas to the evidence; give labels that now have enough human clicks.

    Returns how many labels were given. A label that its contact removed is not given back: the
    count grows and `ask_again_at` is set. Labels are not taken away when a click is taken back
    after the automation verdict, unless no human click at all is left under it.
    """
    days = by_day(clicks)
    if not days:
        return 0
    alive = _current_labels({key.label_id for key in days})
    growing = {k: d for k, d in days.items() if d.human >= 0 and d.undecided >= 0}
    if growing:
        DAYS.fill(_day_rows(growing))
        sql.run(_GROW)
    shrinking = {key: delta for key, delta in days.items() if key not in growing}
    sql.run_many(_MAKE, map(_key, shrinking))
    sql.run_many(_ADD, [_change(key, delta) for key, delta in shrinking.items()])
    taken = [key for key, delta in days.items() if delta.is_taken_back]
    _reset_last(taken)
    _sweep(shrinking)
    _take_back({(key.contact_id, key.label_id) for key in taken}, now=now)
    return _give([c for c in clicks if c.human > 0 and c.label_id in alive], now=now)


def _day_rows(days: dict[DayKey, DayDelta]) -> Iterator[tuple[object, ...]]:
    stored_as = sql.adapter()
    for key, delta in days.items():
        last = delta.last_at and stored_as(delta.last_at)
        yield (*_key(key), delta.human, delta.undecided, last)


def _key(key: DayKey) -> tuple[object, ...]:
    return (key.contact_id, key.label_id, str(key.day), key.mailing_id)


def _change(key: DayKey, delta: DayDelta) -> tuple[object, ...]:
    last = sql.at(delta.last_at)
    return (delta.human, delta.undecided, last, last, *_key(key))


def _current_labels(label_ids: Iterable[int]) -> set[int]:
    rows = Label.objects.filter(pk__in=list(label_ids), archived_at=None, merged_into=None)
    return set(rows.values_list("pk", flat=True))


def _events(contact_ids: Iterable[int]) -> defaultdict[DayKey, DayDelta]:
    """Return the evidence that the events of these contacts hold now."""
    rows = Event.objects.filter(
        contact_id__in=list(contact_ids),
        kind=EventKind.CLICKED,
        link__label__isnull=False,
        link__role__in=TELLING_ROLES,
    ).exclude(verdict=Verdict.MACHINE)
    deltas = [
        ClickDelta(
            contact_id=contact_id,
            label_id=label_id,
            mailing_id=mailing_id or 0,
            at=at,
            human=int(verdict == Verdict.HUMAN),
            undecided=int(verdict == Verdict.UNDECIDED),
        )
        for contact_id, label_id, mailing_id, at, verdict in rows.values_list(
            "contact_id", "link__label_id", "mailing_id", "at", "verdict"
        )
    ]
    return defaultdict(DayDelta, by_day(deltas))


def _reset_last(keys: Sequence[DayKey]) -> None:
    """Where a human click was taken back, read the time of the last one from the events."""
    if not keys:
        return
    now_held = _events({key.contact_id for key in keys})
    for key in keys:
        LabelDay.objects.filter(
            contact_id=key.contact_id,
            label_id=key.label_id,
            day=key.day,
            mailing_id=key.mailing_id,
        ).update(last_at=now_held[key].last_at)


def _sweep(days: dict[DayKey, DayDelta]) -> None:
    """Drop rows that hold nothing any more, as a rebuild would not make them."""
    shrunk = [k for k, d in days.items() if d.human <= 0 and d.undecided <= 0]
    for key in shrunk:
        LabelDay.objects.filter(
            contact_id=key.contact_id,
            label_id=key.label_id,
            day=key.day,
            mailing_id=key.mailing_id,
            human_count=0,
            undecided_count=0,
        ).delete()


def _take_back(pairs: set[tuple[int, int]], *, now: datetime) -> None:
    """Take labels that only clicks gave and under which no human click is left."""
    for contact_id, label_id in sorted(pairs):
        held = ContactLabel.objects.filter(
            contact_id=contact_id, label_id=label_id, is_held=True, route=Route.CLICK
        ).first()
        if held is None or _total(contact_id, label_id) > 0:
            continue
        ContactLabel.objects.filter(pk=held.pk).update(is_held=False, since=now)
        LabelChange.objects.create(
            contact_id=contact_id, label_id=label_id, is_added=False, route=Route.CLICK, at=now
        )


def _total(contact_id: int, label_id: int) -> int:
    rows = LabelDay.objects.filter(contact_id=contact_id, label_id=label_id)
    return int(rows.aggregate(total=Sum("human_count"))["total"] or 0)


def _give(clicks: Sequence[ClickDelta], *, now: datetime) -> int:
    """Give labels to those who have enough clicks, each by the last click that speaks for it."""
    last: dict[tuple[int, int], ClickDelta] = {}
    for click in clicks:
        pair = (click.contact_id, click.label_id)
        if pair not in last or click.at >= last[pair].at:
            last[pair] = click
    house = organisation()
    minimum = house.label_minimum_clicks if house else 1
    if minimum > 1:
        totals = _totals(last)
        last = {pair: click for pair, click in last.items() if totals.get(pair, 0) >= minimum}
    return give_by_clicks(last, now=now)


def _totals(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    wanted = list(pairs)
    rows = LabelDay.objects.filter(
        contact_id__in={c for c, _label in wanted}, label_id__in={label for _c, label in wanted}
    ).values_list("contact_id", "label_id")
    return {(c, label): n for c, label, n in rows.annotate(n=Sum("human_count")).order_by()}


@transaction.atomic
def rebuild(contact_ids: Sequence[int]) -> None:
    """Make the click evidence of these contacts anew from the events; imported rows stay."""
    LabelDay.objects.filter(contact_id__in=contact_ids).exclude(mailing_id=0).delete()
    LabelDay.objects.bulk_create(
        LabelDay(
            contact_id=key.contact_id,
            label_id=key.label_id,
            day=key.day,
            mailing_id=key.mailing_id,
            human_count=delta.human,
            undecided_count=delta.undecided,
            last_at=delta.last_at,
        )
        for key, delta in _events(contact_ids).items()
    )
