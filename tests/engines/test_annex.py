"""The annex: the same letters as written in the sender, and a sender that does without it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.sending.letters import Address, Letterhead, Press
from sincerely.apps.sending.models import Dispatch
from sincerely.engines.sender import prepare
from sincerely.engines.sender.annex import AT_ONCE, Annex, AnnexGone, Order
from sincerely.engines.sender.desk import Desk, Job, Spoilt
from sincerely.engines.sender.prepare import PressRoom
from sincerely.engines.sender.ready import Ready
from sincerely.wire.dkim import Signing, make_key
from tests.cast import Cast
from tests.engines.sending_world import Server, planned

pytestmark = pytest.mark.engines
KEYS = b"k" * 32
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
HEAD = Letterhead("Ann", "ann@shop.example", tracker_url="https://t.example")
SLOT = {"slot": {"path": ["contact", "first_name"], "filters": []}, "as": "html"}
MAIL = Compiled(subject=["News"], preheader=[], html=["<p>", SLOT, "</p>"], text=["Hello"])


def jobs(count: int) -> list[Job]:
    """One of them to an address that cannot stand in a header."""
    return [
        Job(
            Address(n, 1, b"123456", f"person{n}@example.com" if n != 3 else "a\r\nb@example.com"),
            {"first_name": f"Åsa{n}"},
            frozenset(),
        )
        for n in range(1, count + 1)
    ]


def long_job(number: int) -> Job:
    to = Address(number, 1, b"123456", f"person{number}@example.com")
    return Job(to, {"first_name": f"Åsa {number} " * 1_000}, frozenset())


def written(annex: Annex, order: Order, asked: Sequence[Job]) -> list[bytes | Spoilt]:
    return annex.collect(annex.begin(order, MAIL, asked, now=NOW))


@pytest.fixture
def annex() -> Iterator[Annex]:
    there = Annex(KEYS, signing_threads=2)
    yield there
    there.close()


@pytest.mark.parametrize("is_signed", [False, True])
def test_it_writes_what_the_sender_would_write(annex: Annex, *, is_signed: bool) -> None:
    signing = Signing("shop.example", "s1", make_key().private_pem) if is_signed else None
    order, asked = Order(1, HEAD, signing), jobs(AT_ONCE + 5)
    signer = signing.signer() if signing else None
    with ThreadPoolExecutor(1) as pool:
        here = list(Desk(Press(MAIL, HEAD, KEYS), signer, pool=pool).write(asked, now=NOW))
    assert written(annex, order, asked) == here
    assert written(annex, order, asked[:4]) == here[:4]
    assert [n for n, mail in enumerate(here, 1) if isinstance(mail, Spoilt)] == [3]


def test_one_that_has_ended_says_so_and_is_started_again(annex: Annex) -> None:
    order, asked = Order(1, HEAD, None), jobs(2)
    first = written(annex, order, asked)
    assert annex.program_id
    _end(annex)
    with pytest.raises(AnnexGone):
        written(annex, order, asked)
    assert written(annex, order, asked) == first


def test_what_one_that_has_ended_had_begun_is_not_asked_of_the_next(annex: Annex) -> None:
    order = Order(1, HEAD, None)
    lost = annex.begin(order, MAIL, jobs(2), now=NOW)
    annex.close()
    kept = annex.begin(order, MAIL, jobs(4), now=NOW)
    with pytest.raises(AnnexGone):
        annex.collect(lost)
    assert len(annex.collect(kept)) == 4


def test_letters_are_ordered_while_others_are_on_their_way(annex: Annex) -> None:
    """More than the line between the two holds, in both directions."""
    order, asked = Order(1, HEAD, None), [long_job(n) for n in range(400)]
    tickets = [annex.begin(order, MAIL, asked, now=NOW) for _ in range(3)]
    assert [len(annex.collect(ticket)) for ticket in tickets] == [400, 400, 400]


@pytest.mark.django_db(transaction=True)
def test_a_sender_writes_itself_where_the_annex_has_ended(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "LARGE_BATCH", 6)
    dispatch = planned(cast, Server(port=9), 24, now=now)
    room = PressRoom(owner="me")
    try:
        first = _filled(room, dispatch, now)
        assert room.annex.program_id is None, "the first letters are compared with the reference"
        second = _filled(room, dispatch, now)
        assert room.annex.program_id is not None
        _end(room.annex)
        third = _filled(room, dispatch, now)
    finally:
        room.close()
    assert len({mail.recipient for mail in (*first, *second, *third)}) == 18
    assert all(mail.recipient.encode() in mail.content for mail in (*first, *second, *third))


def _filled(room: PressRoom, dispatch: Dispatch, now: datetime) -> Sequence[Ready]:
    dispatch = Dispatch.objects.select_related("sender__brand", "transport", "mailing").get(
        pk=dispatch.pk
    )
    return [mail for batch in room.begin(dispatch, now=now, limit=6) for mail in room.finish(batch)]


def _end(annex: Annex) -> None:
    assert annex.program_id is not None
    os.kill(annex.program_id, signal.SIGKILL)
