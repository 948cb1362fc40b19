"""The connections of a transport, shared out among the senders that live."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.sending.queries import is_finished, tally
from sincerely.engines.sender import line, loop, owner
from sincerely.engines.sender.seats import Seats, part
from tests.cast import Cast
from tests.engines.sending_world import Server, planned, sending, serving, until

engine = pytest.mark.engines


@given(total=st.integers(0, 200), count=st.integers(1, 50))
def test_the_parts_are_the_whole(total: int, count: int) -> None:
    parts = [part(total, place=place, of=count) for place in range(count)]
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


@given(names=st.sets(st.text(min_size=1), min_size=1), total=st.integers(0, 30))
def test_senders_that_see_each_other_never_take_more_than_there_is(
    names: set[str], total: int
) -> None:
    taken = 0
    for name in names:
        seats = Seats(name)
        assert seats.of(total) == total, "alone until it has looked"
        seats.share_with(names - {name})
        taken += seats.of(total)
    assert taken == total


@engine
@pytest.mark.django_db(transaction=True)
def test_two_senders_share_what_the_server_allows(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "BATCH", 10)
    monkeypatch.setattr(line, "AHEAD", 20)
    with serving(Server(delay_seconds=0.02)) as server:
        dispatch = planned(cast, server, 400, now=now, connections=3)
        with sending():
            until(lambda: len(server.kept) > 20)
            assert server.most_sessions == 3
            with sending():
                until(lambda: server.session_count > 3 and len(server.sessions) <= 3)
                until(lambda: len(server.sessions) == 3)
                server.most_sessions = 3
                before = len(server.kept)
                until(lambda: len(server.kept) > before + 60)
                assert server.most_sessions == 3
                server.delay_seconds = 0.2  # so that mail is left for the first alone
            until(lambda: len(server.sessions) == 3)
            server.delay_seconds = 0
            until(lambda: is_finished(dispatch.pk))
    assert tally(dispatch.pk).by_state == {"accepted": 400}
    assert set(Counter(recipient for recipient, _ in server.kept).values()) == {1}


@engine
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("names", ["ab", "ba"])
def test_one_seat_serves_one_sender_and_the_other_gives_its_mail_back(
    cast: Cast, now: datetime, names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    suffix = iter(names)
    monkeypatch.setattr(owner.secrets, "token_hex", lambda _size: next(suffix))
    with serving(Server(delay_seconds=0.01)) as server:
        dispatch = planned(cast, server, 150, now=now, connections=1)
        with sending():
            until(lambda: len(server.kept) > 5)
            with sending():
                until(lambda: is_finished(dispatch.pk))
    assert server.session_count <= 3, "one gives up its seat, the other takes it"
    assert tally(dispatch.pk).by_state == {"accepted": 150}
    assert set(Counter(recipient for recipient, _ in server.kept).values()) == {1}
