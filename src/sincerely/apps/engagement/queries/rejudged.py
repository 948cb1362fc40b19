"""Where the stored verdicts and events differ from what the signals say when judged again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sincerely.apps.engagement.models import Event, Signal
from sincerely.apps.engagement.queries.facts import Run, SignalFacts, current_verdicts, judged
from sincerely.apps.engagement.queries.watermarks import kept_from, position
from sincerely.apps.engagement.rules.counting import event_of
from sincerely.apps.engagement.rules.verdict import Judgement

SLICE = 1_000
Wrong = tuple[int, str, str]  # signal, what is stored, what it must be


def wrong_verdicts() -> Iterator[Wrong]:
    """Yield every signal whose verdict or event is not what judging it from raw gives.

    Signals too near to the ones that retention has deleted are passed over: what they were seen
    with may be gone.
    """
    last, since = 0, kept_from()
    while True:
        ids = Signal.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        through = list(ids[:SLICE])
        if not through:
            return
        yield from _wrong_in(Run(last, through[-1]), since)
        last = through[-1]


def _wrong_in(run: Run, since: datetime) -> Iterator[Wrong]:
    soon, final = position("round 2"), position("round 3")
    stored = current_verdicts(run)
    events = {
        signal_id: (kind, verdict)
        for signal_id, kind, verdict in Event.objects.filter(
            signal_id__gt=run.after_id, signal_id__lte=run.through_id
        ).values_list("signal_id", "kind", "verdict")
    }
    by_round = {number: judged(run, number=number) for number in (2, 3)}
    for (signal, second), (_same, third) in zip(by_round[2], by_round[3], strict=True):
        if signal.hit.at < since:
            continue
        counts = signal.id <= soon or signal.hit.is_simulated
        found = third if signal.id <= final else second
        verdict = stored.get(signal.id, (0, "none", 0.0))[1]
        wanted = found.verdict if counts else "none"
        if verdict != wanted:
            yield signal.id, verdict, wanted
        event = _event_wanted(signal, found) if counts else None
        if events.get(signal.id) != event:
            yield signal.id, str(events.get(signal.id)), str(event)


def _event_wanted(signal: SignalFacts, found: Judgement) -> tuple[str, str] | None:
    kind = event_of(signal.hit.kind, signal.link.role if signal.link else None)
    return (kind, found.verdict) if kind else None
