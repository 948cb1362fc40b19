"""Disk full, database locked or restarted, mail server down, clock wrong: it goes on by itself.

And the campaign's page says meanwhile why it waits.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection, connections
from django.test import Client

from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.operation.actions import Life, beat
from sincerely.apps.sending.models import Dispatch, Message, Transport
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.engines.sender import lane, loop
from sincerely.wire import clock
from tests.apps.campaigns import desk
from tests.cast import Cast
from tests.crash.full_disk import full_disk, large_table
from tests.crash.nursery import Nursery
from tests.crash.scale import sized, write_down
from tests.engines.sending_world import Server, planned, sending, serving, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
]
COUNT = sized(120, 1_000, 5_000)


def _judge(server: Server, dispatch: Dispatch, *, unknown: int = 0) -> None:
    """Everybody once; at most so many of whom nobody can know."""
    assert max(Counter(server.content_began).values()) == 1
    found = tally(dispatch.pk).by_state
    assert found.get("unknown", 0) <= unknown
    assert found["accepted"] + found.get("unknown", 0) == COUNT


def _page(dispatch: Dispatch, cast: Cast, *, now: datetime) -> str:
    """The page of the campaign that this mailing belongs to."""
    return _asking(dispatch, cast, now=now)()


def _asking(dispatch: Dispatch, cast: Cast, *, now: datetime) -> Callable[[], str]:
    """How to ask for that page later, without writing anything."""
    campaign = Campaign.objects.filter(mailing_id=dispatch.pk).first()
    if campaign is None:
        campaign = desk.draft(cast, now=now)
        Campaign.objects.filter(pk=campaign.pk).update(
            mailing_id=dispatch.pk, stage=Stage.LAUNCHED, launched_at=now
        )
    browser = Client()
    browser.force_login(cast.alice)
    address = f"/mail/campaigns/{campaign.pk}/send/"

    def ask() -> str:
        return browser.get(address).content.decode()

    return ask


@contextmanager
def _locked(seconds: float, *, mode: str = "ACCESS EXCLUSIVE") -> Iterator[threading.Thread]:
    """Nobody can write for so long at least, as under a foreign tool or a long migration."""
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        if connection.vendor == "sqlite":
            with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=30)) as other:
                other.execute("BEGIN IMMEDIATE")
                is_held.set()
                time.sleep(seconds)
                is_over.wait(60)
                other.execute("ROLLBACK")
            return
        with psycopg.connect(_conninfo()) as session:
            session.execute(f"LOCK TABLE sending_message IN {mode} MODE")
            is_held.set()
            time.sleep(seconds)
            is_over.wait(60)
            session.rollback()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(60)
    try:
        yield thread
    finally:
        is_over.set()
        thread.join()


def _conninfo() -> str:
    wanted = connection.settings_dict
    return psycopg.conninfo.make_conninfo(
        dbname=wanted["NAME"], user=wanted["USER"], host=wanted["HOST"], port=wanted["PORT"]
    )


def test_a_locked_database_is_waited_for(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than a statement waits, so that statements fail and are tried again."""
    seconds = sized(3, 60, 60)
    if connection.vendor == "sqlite":
        options = connections.settings["default"]["OPTIONS"]
        monkeypatch.setitem(options, "timeout", 0.5)
    with serving(Server(delay_seconds=0.005)) as server:
        dispatch = planned(cast, server, COUNT, now=now)
        with sending():
            ask = _asking(dispatch, cast, now=now)
            until(lambda: len(server.content_began) > COUNT // 8, seconds=120)
            with _locked(0, mode="EXCLUSIVE"):  # who reads, such as the page, gets on
                time.sleep(1.5)  # shorter waits are ordinary
                page = ask()
            assert "The database is locked by another program" in page
            assert "No sender is at work" not in page
            until(lambda: len(server.content_began) > COUNT // 4, seconds=120)
            with _locked(seconds):
                pass
            until(lambda: is_finished(dispatch.pk), seconds=600)
    _judge(server, dispatch)
    write_down(
        7, f"database locked for {seconds} s", done=COUNT, kills=0, lost=0, twice=0, unknown=0
    )


def test_a_database_that_restarts_loses_nothing(cast: Cast, now: datetime) -> None:
    """All sessions end at once, the one that proves that the sender lives among them."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no sessions to lose")
    rounds = sized(2, 20, 100)
    with serving(Server(delay_seconds=0.01)) as server:
        dispatch = planned(cast, server, COUNT, now=now, connections=4)
        for number in range(1, rounds + 1):
            goal = number * COUNT // (rounds + 2)
            with sending():
                until(lambda goal=goal: len(server.content_began) >= goal, seconds=120)  # type: ignore[misc]
                with psycopg.connect(_conninfo(), autocommit=True) as session:
                    session.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                connection.close()
                capture_store().close()
        with sending():
            until(lambda: is_finished(dispatch.pk), seconds=600)
    _judge(server, dispatch, unknown=rounds * 4)
    unknown = tally(dispatch.pk).by_state.get("unknown", 0)
    write_down(
        7,
        "sessions cut, sender at work",
        done=COUNT,
        kills=rounds,
        lost=0,
        twice=0,
        unknown=unknown,
    )


def test_a_full_disk_is_waited_for(cast: Cast, now: datetime, nursery: Nursery) -> None:
    """Whoever writes the database's files may not make them larger; later they may again."""
    with serving(Server(delay_seconds=0.03)) as server:
        dispatch = planned(cast, server, COUNT, now=now)
        ask = _asking(dispatch, cast, now=now)
        with large_table(dispatch.pk) if connection.vendor == "postgresql" else nullcontext():
            number = nursery.start("sender")
            until(lambda: len(server.content_began) > COUNT // 4, seconds=120)
            with full_disk(number):
                stood = -1
                while stood != len(server.content_began):  # what was granted still leaves
                    stood = len(server.content_began)
                    time.sleep(1.0)
                assert stood < COUNT
                assert nursery.lives(number)
                if connection.vendor == "sqlite":  # of this process too: it looks as a page does
                    with full_disk(os.getpid()):
                        page = ask()
                    assert "The disk is full" in page
                    assert "No sender is at work" not in page
            until(lambda: is_finished(dispatch.pk), seconds=600)
            nursery.stop(number)
    _judge(server, dispatch)
    write_down(7, "disk full", done=COUNT, kills=0, lost=0, twice=0, unknown=0)


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(lane, "LONGEST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(loop, "TAKE_OVER_SECONDS", 0.1)


@pytest.mark.usefixtures("turned", "_hurried")
def test_a_mail_server_that_is_down_for_hours(cast: Cast, now: datetime) -> None:
    """Nobody is given up, and the page says what the network says."""
    now = clock.now()
    with closing(socket.socket()) as taken:  # a port at which nobody listens
        taken.bind(("127.0.0.1", 0))
        server = Server(port=taken.getsockname()[1])
    dispatch = planned(cast, server, COUNT, now=now)
    _says_that_it_lives(now)
    with sending():
        until(lambda: bool(Transport.objects.exclude(trouble="").count()), seconds=60)
        page = _page(dispatch, cast, now=now)
        assert "The mail server does not take mail at the moment" in page
        assert "The server takes no connections at this port." in page
        for hours in (1, 5, 12):
            clock.set_offset(timedelta(hours=hours))
            time.sleep(0.5)
        assert not {"accepted", "failed", "unknown"} & set(tally(dispatch.pk).by_state)
        with serving(server):
            until(lambda: is_finished(dispatch.pk), seconds=600)
            until(lambda: not Transport.objects.exclude(trouble="").count(), seconds=60)
            _judge(server, dispatch)
    assert "The mail server does not take" not in _page(dispatch, cast, now=now)
    write_down(7, "mail server down for 12 h", done=COUNT, kills=0, lost=0, twice=0, unknown=0)


@pytest.mark.usefixtures("turned")
@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_an_hour_off_and_comes_back(cast: Cast, now: datetime, hours: int) -> None:
    """Planned and partly deferred under a wrong clock; nobody is lost, nobody mailed twice."""
    seen: Counter[str] = Counter()

    def answer(recipient: str) -> str:
        seen[recipient] += 1
        return "451 4.2.0 later" if seen[recipient] == 1 and len(seen) % 3 == 0 else "250 ok"

    clock.set_offset(timedelta(hours=hours))
    with serving(Server(answer=answer)) as server:
        dispatch = planned(cast, server, COUNT, now=clock.now())
        with sending():
            until(lambda: len(server.content_began) > COUNT // 3, seconds=120)
            clock.set_offset(timedelta(0))
            until(lambda: not {"claimed", "dialling"} & set(tally(dispatch.pk).by_state))
            _says_that_it_lives(clock.now())
            if Message.objects.filter(state__in=["planned", "deferred"]).exists():
                assert "It waits for its time" in _page(dispatch, cast, now=now)
            clock.set_offset(timedelta(hours=2))  # due under the wrong clock; some are put off now
            waiting = {"planned", "claimed", "dialling"}
            until(lambda: not waiting & set(tally(dispatch.pk).by_state), seconds=600)
            clock.set_offset(timedelta(hours=4))
            until(lambda: is_finished(dispatch.pk), seconds=600)
    assert tally(dispatch.pk).by_state == {"accepted": COUNT}
    assert max(Counter(address for address, _ in server.kept).values()) == 1
    write_down(7, f"clock {hours:+} h, then right", done=COUNT, kills=0, lost=0, twice=0, unknown=0)


def test_the_page_says_when_no_sender_is_at_work_or_cannot_work(cast: Cast, now: datetime) -> None:
    """The database is asked as soon as a sign of life is late; words of the log stay in the log."""
    with serving(Server()) as server:
        dispatch = planned(cast, server, COUNT, now=clock.now())
    assert "No sender is at work" in _page(dispatch, cast, now=now)
    _says_that_it_lives(now, trouble="session broke (KeyError)")
    page = _page(dispatch, cast, now=now)
    assert "No sender is at work" not in page
    assert "The sender cannot go on at the moment" in page
    assert "KeyError" not in page
    _says_that_it_lives(now, trouble="outcomes cannot be written (DiskFull)")
    assert "The disk is full" in _page(dispatch, cast, now=now)


def _says_that_it_lives(now: datetime, *, trouble: str = "") -> None:
    """A sign of life of a sender, in real time."""
    real = datetime.now(UTC)
    life = Life("sender", "here", 1, real, real, 1, 0, trouble, real if trouble else None)
    beat(life, now=real)
