"""The receiving server breaks: each recipient ends in the right state, nobody else is touched."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial

import pytest

from sincerely.apps.consent.models import Suppression
from sincerely.apps.sending.models import Attempt, Message
from sincerely.apps.sending.queries import is_finished, tally
from tests.cast import Cast
from tests.crash.broken_server import (
    CLOSE,
    CONTENT,
    DATA,
    DOT,
    RECIPIENT,
    RESET,
    STALL,
    BrokenServer,
    Fault,
)
from tests.crash.scale import sized, write_down
from tests.engines.sending_world import planned, sending, serving, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
    pytest.mark.usefixtures("hurry"),
]
# What a server may do to one mail, and what must follow. Before the first byte of content nothing
# is in doubt; after it, silence is.
FOLLOWS: tuple[tuple[Fault, str], ...] = (
    (Fault(RECIPIENT, "450 4.2.1 later"), "deferred"),
    (Fault(RECIPIENT, "550 5.1.1 no such user"), "failed"),
    (Fault(RECIPIENT, "421 4.7.0 enough"), "deferred"),
    (Fault(RECIPIENT, CLOSE), "deferred"),
    (Fault(RECIPIENT, STALL), "deferred"),
    (Fault(DATA, "451 4.3.0 later"), "deferred"),
    (Fault(DATA, "554 5.7.1 not you"), "failed"),
    (Fault(DATA, CLOSE), "deferred"),
    (Fault(DATA, RESET), "deferred"),
    (Fault(CONTENT, CLOSE), "unknown"),
    (Fault(CONTENT, RESET), "unknown"),
    (Fault(CONTENT, STALL), "unknown"),
    (Fault(DOT, "451 4.2.0 greylisted"), "deferred"),
    (Fault(DOT, "552 5.2.2 full"), "failed"),
    (Fault(DOT, "421 4.3.2 going down"), "deferred"),
    (Fault(DOT, CLOSE), "unknown"),
    (Fault(DOT, STALL), "unknown"),
)
EVERY = 3  # of so many recipients one has a fault


def number_of(recipient: str) -> int:
    return int(recipient.removeprefix("person").partition("@")[0])


def fault_of(recipient: str) -> tuple[Fault, str] | None:
    number, rest = divmod(number_of(recipient), EVERY)
    return None if rest else FOLLOWS[number % len(FOLLOWS)]


def broken(recipient: str) -> Fault | None:
    found = fault_of(recipient)
    return found[0] if found else None


@pytest.mark.parametrize("features", [("PIPELINING",), ("SIZE 1000000",)])
def test_each_fault_concerns_its_own_recipient_only(
    cast: Cast, now: datetime, features: tuple[str, ...]
) -> None:
    count = sized(2 * EVERY * len(FOLLOWS), 2_000, 20_000)
    server = BrokenServer(features=features, faults=broken)
    with serving(server):
        dispatch = planned(cast, server, count, now=now, connections=sized(4, 10, 20))
        with sending():
            until(lambda: _is_quiet(dispatch.pk), seconds=3_600)
        expected = Counter(_expected(address) for address in _addresses())
        assert tally(dispatch.pk).by_state == expected
        _judge(server)
        server.faults = lambda _recipient: None
        Message.objects.filter(state="deferred").update(due_at=now)
        with sending():
            until(lambda: is_finished(dispatch.pk), seconds=3_600)
    expected["accepted"] += expected.pop("deferred")
    assert tally(dispatch.pk).by_state == expected
    assert max(Counter(address for address, _ in server.kept).values()) == 1
    write_down(
        2,
        f"server breaks, {'pipelined' if features[0] == 'PIPELINING' else 'step by step'}",
        done=count,
        kills=sum(fault_of(address) is not None for address in _addresses()),
        lost=0,
        twice=0,
        unknown=expected["unknown"],
    )


def _is_quiet(mailing_id: int) -> bool:
    return not {"planned", "claimed", "dialling"} & set(tally(mailing_id).by_state)


def _addresses() -> list[str]:
    return list(Message.objects.values_list("contact__address", flat=True))


def _expected(address: str) -> str:
    found = fault_of(address)
    return found[1] if found else "accepted"


def _judge(server: BrokenServer) -> None:
    """Each one stands as its own fault says, after one attempt; the others never noticed."""
    arrived = Counter(address for address, _ in server.kept)
    for message in Message.objects.select_related("contact"):
        address = message.contact.address
        assert message.state == _expected(address), (address, fault_of(address))
        assert message.attempt_count == 1
        assert arrived[address] == (message.state == "accepted")
    assert Attempt.objects.count() == len(_addresses())
    dead = sum(broken(address) == FOLLOWS[1][0] for address in _addresses())
    assert Suppression.objects.filter(reason="hard_bounce").count() == dead


def test_a_storm_of_421_delays_and_loses_nobody(cast: Cast, now: datetime) -> None:
    """Two sessions of three are refused, and sessions that began are ended again and again."""
    ends = iter(range(1_000_000))

    def ended(recipient: str, server: BrokenServer) -> Fault | None:
        is_ended = next(ends) % 11 == 0 and server.tried.count(recipient) < 2
        return Fault(RECIPIENT, "421 4.7.0 too busy") if is_ended else None

    count = sized(120, 2_000, 10_000)
    server = BrokenServer(greet=lambda n: "220 hi" if n % 3 == 0 else "421 4.7.0 too busy")
    server.faults = partial(ended, server=server)
    with serving(server):
        dispatch = planned(cast, server, count, now=now, connections=3)
        with sending():
            until(lambda: _is_quiet(dispatch.pk), seconds=3_600)
            Message.objects.filter(state="deferred").update(due_at=now)
            until(lambda: is_finished(dispatch.pk), seconds=3_600)
    assert tally(dispatch.pk).by_state == {"accepted": count}
    assert max(Counter(address for address, _ in server.kept).values()) == 1
    refused = server.session_count * 2 // 3
    write_down(
        2, "storm of 421", done=count, kills=0, lost=0, twice=0, unknown=0, refused_sessions=refused
    )
