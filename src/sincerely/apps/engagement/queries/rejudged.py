"""Where the stored verdicts and events differ from what the signals say when judged again."""

from __future__ import annotations

from collections.abc import Iterator

from sincerely.apps.engagement.models import Event, Signal
from sincerely.apps.engagement.queries.facts import (
    SignalFacts,
    current_verdicts,
    signals_of,
)
from sincerely.apps.engagement.queries.watermarks import position
from sincerely.apps.engagement.rules.counting import event_of
from sincerely.apps.engagement.rules.verdict import WINDOWS, Judgement, judge_hit

SLICE = 1_000
Wrong = tuple[int, str, str]  # signal, what is stored, what it must be


def wrong_verdicts() -> Iterator[Wrong]:
    """Yield every signal whose verdict or event is not what judging it from raw gives."""
    last = 0
    while True:
        rows = list(
            Signal.objects.filter(pk__gt=last, kind__in=("open", "click"))
            .order_by("pk")
            .values_list("pk", "message_id")[:SLICE]
        )
        if not rows:
            return
        yield from _wrong_in(dict(rows))
        last = rows[-1][0]


def _wrong_in(messages: dict[int, int]) -> Iterator[Wrong]:
    soon, final = position("round 2"), position("round 3")
    stored = current_verdicts(messages)
    events = {
        signal_id: (kind, verdict)
        for signal_id, kind, verdict in Event.objects.filter(signal_id__in=messages).values_list(
            "signal_id", "kind", "verdict"
        )
    }
    for message in signals_of(set(messages.values())).values():
        for signal in message.signals:
            if signal.id not in messages:
                continue
            number = 3 if signal.id <= final else 2 if signal.id <= soon else 1
            found = judge_hit(
                signal.hit, message.hits, message.circumstances, window=WINDOWS[number]
            )
            verdict = stored.get(signal.id, (0, "none", 0.0))[1]
            if verdict != found.verdict:
                yield signal.id, verdict, found.verdict
            counts = number > 1 or signal.hit.is_simulated
            wanted = _event_wanted(signal, found) if counts else None
            if events.get(signal.id) != wanted:
                yield signal.id, str(events.get(signal.id)), str(wanted)


def _event_wanted(signal: SignalFacts, found: Judgement) -> tuple[str, str] | None:
    kind = event_of(signal.hit.kind, signal.link.role if signal.link else None)
    return (kind, found.verdict) if kind else None
