"""The sender against Postfix' `smtp-sink`: killed again and again, and broken by its switches.

Unlike our own servers it was not written by who wrote the client, and its dump is a ledger that we
have no hand in.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pytest

from sincerely.apps.sending.models import Dispatch, Message
from sincerely.apps.sending.queries import is_finished, tally
from tests.apps.sending import people
from tests.cast import Cast
from tests.crash.nursery import Nursery
from tests.crash.scale import goals, seeded, sized, write_down
from tests.crash.sinks import Sink, needs_sink, sinks
from tests.engines.sending_world import Server, mailing_to, relay, sending, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
    needs_sink,
]
CONNECTIONS = 4
# What the sink does to all its mail, and what must follow for each.
FOLLOWS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((), "accepted"),
    (("-p",), "accepted"),
    (("-8", "-E", "-N", "-F", "-h", "mx.example"), "accepted"),
    (("-Q", "CONNECT"), "planned"),
    (("-q", "MAIL"), "deferred"),
    (("-Q", "RCPT"), "deferred"),
    (("-r", "RCPT"), "deferred"),
    (("-f", "RCPT"), "failed"),
    (("-q", "DATA"), "deferred"),
    (("-r", "DATA"), "deferred"),
    (("-A", "0"), "failed"),
    (("-r", "."), "deferred"),
    (("-f", "."), "failed"),
    (("-Q", "."), "deferred"),
    (("-q", "."), "unknown"),
    # Step by step: while it holds back its answer, it answers the verbs behind the content.
    (("-p", "-W", ".:3600"), "unknown"),
)
REFUSED_AFTER_IT = (("-r", "."), ("-f", "."), ("-Q", "."))
# It closes with the content unread: the reset may overtake its 550, and then nobody can know.
CUTS_OFF = ("-A", "0")


def _mailing(cast: Cast, sink: Sink, count: int, *, now: datetime) -> Dispatch:
    """A mailing by way of a sink to people of its own."""
    some = people.opted_in(count, now=now, kind=people.marketing(now))
    transport = relay(Server(port=sink.port), cast, now=now, connections=CONNECTIONS)
    return mailing_to(people.between(some[0], some[-1]), cast, transport, now=now)


def test_killed_and_started_again(cast: Cast, now: datetime, nursery: Nursery) -> None:
    """Nobody twice, nobody lost, by the ledger of a server that is not ours."""
    chance = seeded(5)
    kills, count = sized(2, 50, 500), sized(160, 10_000, 100_000)
    with sinks([()]) as (sink,):
        mailing = _mailing(cast, sink, count, now=now)
        for goal in goals(kills, count, connections=CONNECTIONS):
            with nursery.running("sender"):
                until(lambda goal=goal: sink.ledger.total() >= goal, seconds=300)  # type: ignore[misc]
                time.sleep(chance.random() * 0.05)
        with nursery.running("sender"):
            until(lambda: is_finished(mailing.pk), seconds=600)
        ledger = sink.ledger
    states = dict(Message.objects.values_list("contact__address", "state"))
    assert len(states) == count
    assert set(states.values()) <= {"accepted", "unknown"}
    assert max(ledger.values()) == 1, "somebody was sent content twice"
    assert {to for to, state in states.items() if state == "accepted"} <= set(ledger) <= set(states)
    unknown = list(states.values()).count("unknown")
    assert unknown <= kills * CONNECTIONS
    write_down(
        1,
        "SIGKILL of the sender, smtp-sink's ledger",
        done=count,
        kills=kills,
        lost=0,
        twice=0,
        unknown=unknown,
    )


def _open_ones(mailings: Sequence[Dispatch]) -> set[int]:
    """The mailings that are still on their way, that of the server without a greeting apart."""
    started = [m.pk for m, (_, state) in zip(mailings, FOLLOWS, strict=True) if state != "planned"]
    way = Message.objects.filter(mailing_id__in=started)
    way = way.filter(state__in=["planned", "claimed", "dialling"])
    return set(way.values_list("mailing_id", flat=True))


def _ends(mailing: Dispatch, switches: tuple[str, ...]) -> Counter[str]:
    """How many mails of a mailing are in each state."""
    found = Counter(tally(mailing.pk).by_state)
    if switches == CUTS_OFF:
        found["failed"] += found.pop("unknown", 0)
    return found


@pytest.mark.usefixtures("hurry")
def test_each_switch_has_its_end(cast: Cast, now: datetime) -> None:
    """All of these servers at once; later the same ports belong to servers that work."""
    each = sized(2, 40, 400)
    with sinks([switches for switches, _ in FOLLOWS]) as made:
        mailings = [_mailing(cast, sink, each, now=now) for sink in made]
        with sending():
            until(lambda: not _open_ones(mailings), seconds=600)
        for mailing, (switches, state) in zip(mailings, FOLLOWS, strict=True):
            assert _ends(mailing, switches) == {state: each}, switches
        for sink in made:
            sink.stop()
            sink.start()
        Message.objects.filter(state="deferred").update(due_at=now)
        with sending():
            until(lambda: all(is_finished(mailing.pk) for mailing in mailings), seconds=600)
        heard = [sink.ledger for sink in made]
    for mailing, ledger, (switches, state) in zip(mailings, heard, FOLLOWS, strict=True):
        end = state if state in ("failed", "unknown") else "accepted"
        assert _ends(mailing, switches) == {end: each}, switches
        # Content that was heard out and refused for now is heard once more, and nobody else's is.
        wanted = {"failed": 0, "unknown": 1, "accepted": 1}[end] + (switches in REFUSED_AFTER_IT)
        assert set(ledger.values()) <= {wanted}, switches
        assert len(ledger) == (each if wanted else 0), switches
    total = each * len(FOLLOWS)
    unknown = sum(tally(mailing.pk).by_state.get("unknown", 0) for mailing in mailings)
    write_down(2, "smtp-sink's switches", done=total, kills=0, lost=0, twice=0, unknown=unknown)
