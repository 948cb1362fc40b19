"""The power is cut at random moments: what was acknowledged before is on the disk.

Engines run with the settings of an installation, `synchronous=FULL`; see `power.py` for the disk.
The folder does not wait for it, so what it folded last may be undone: it is folded again.
PostgreSQL's own tests answer for its order of writes.
"""

from __future__ import annotations

import http.client
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from sincerely.apps.consent.models import ConsentRecord
from sincerely.apps.engagement.models import Event, Signal
from sincerely.apps.engagement.queries.rebuilt import contact_slices, differences
from sincerely.apps.engagement.queries.rejudged import wrong_verdicts
from sincerely.apps.sending.queries import is_finished
from sincerely.apps.team import actions
from sincerely.apps.team.rules import Capability
from sincerely.engines.folder.steps import fold_all
from sincerely.engines.sender import journal_file
from sincerely.engines.sender.journal import Key, Ledger, ledger_of
from sincerely.wire import clock
from sincerely.wire.capture import SqliteStore, Store
from tests.apps.engagement.world import World
from tests.apps.sending.people import marketing
from tests.cast import Cast
from tests.crash.api_caller import plan_path
from tests.crash.nursery import Nursery
from tests.crash.power import Record, needs_strace, real_time, recorded
from tests.crash.scale import sized, write_down
from tests.crash.test_signals_kill import Reader, something_happens
from tests.engines.sending_world import Server, planned, serving, until
from tests.present import now, on_monday  # strace writes down the system's times

__all__ = ["now", "on_monday"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
    pytest.mark.xdist_group("power"),
    needs_strace,
]
POINTS = sized(6, 100, 1_000)
CONNECTIONS = 4
# Of a database file and a moment: how many things it lacks that were acknowledged before.
Lacks = Callable[[Path, float], int]


@pytest.fixture(scope="module")
def durable(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Nursery]:
    """A nursery whose engines flush as those of an installation do."""
    with django_db_blocker.unblock():
        if connection.vendor != "sqlite":
            pytest.skip("the files are PostgreSQL's own affair")
        made = Nursery(is_durable=True)
    yield made
    made.close()


def _file() -> Path:
    return Path(connection.settings_dict["NAME"])


def _judge(
    record: Record,
    lacks: Lacks,
    place: Path,
    *,
    begin: float,
    end: float,
    liars: Sequence[str] = ("",),
) -> None:
    """Nothing is missing after any cut; a disk that lies about flushes would be found out.

    Also one on which only files with these ends lie.
    """
    chance = random.Random(9)
    moments = [end, *(chance.uniform(begin, end) for _ in range(POINTS - 1))]
    for number, moment in enumerate(moments):
        file = record.image(moment, place / str(number), chance)
        with closing(sqlite3.connect(file)) as found:
            assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert lacks(file, moment) == 0
        for each in file.parent.iterdir():
            each.unlink()
    for number, liar in enumerate(liars):
        places = (place / f"lies-{number}-{again}" for again in range(20))
        assert any(lacks(record.image(end, one, chance, lies=liar), end) for one in places)


def test_nobody_whose_content_began_is_sent_it_again(
    cast: Cast, now: datetime, durable: Nursery, tmp_path: Path
) -> None:
    count = sized(40, 600, 6_000)
    began: dict[str, float] = {}

    def lacks(file: Path, moment: float) -> int:
        """Count whom a successor would mail again: by the messages, and then by the journal."""
        with closing(sqlite3.connect(file)) as found:
            try:
                rows = {to: (state, Key(*key)) for to, state, *key in found.execute(STATES)}
            except sqlite3.DatabaseError:  # a disk that lies
                return 1
        ledger = _ledger(file.parent)
        dialling = {key for state, key in rows.values() if state == "dialling"}
        begun = dialling if ledger is None else dialling & ledger.begun
        assert ledger is None or len(begun) <= CONNECTIONS
        known = begun if ledger is None else begun | ledger.heard.keys()
        again = {key for state, key in rows.values() if state in ("planned", "claimed", "deferred")}
        before = [to for to, at in began.items() if at <= moment]
        return sum(rows[to][1] in again | (dialling - known) for to in before)

    folder = settings.HOME / "senders"
    with serving(Server(delay_seconds=0.002)) as server:
        dispatch = planned(cast, server, count, now=now, connections=CONNECTIONS)
        with (
            recorded(durable.number, _file(), beside=folder) as record,
            durable.running("sender"),
        ):
            until(lambda: is_finished(dispatch.pk), seconds=600)
    began |= {to: real_time(at) for to, at in server.began_at.items()}
    moments = began.values()
    liars = ("", ".journal")
    _judge(record, lacks, tmp_path, begin=min(moments), end=max(moments), liars=liars)
    write_down(10, "power cut, sender", done=count, kills=POINTS, lost=0, twice=0)


def _ledger(place: Path) -> Ledger | None:
    """What the journal says of which the disk holds an image."""
    for path in place.glob("*.journal"):
        records = journal_file.take(path)
        return None if records is None else ledger_of(records)
    return None


STATES = """
SELECT c.address, m.state, m.id, m.fence
FROM sending_message m JOIN contacts_contact c ON c.id = m.contact_id"""


def test_what_the_tracker_answered_is_stored(
    now: datetime, durable: Nursery, captures: Store, tmp_path: Path
) -> None:
    count = sized(60, 2_000, 20_000)
    marketing(now)
    world = World(now)
    reader = Reader(durable.tracker_port, [world.message() for _ in range(5)], 1)
    answered: list[float] = []
    before = len(captures.read(0, 10_000_000))

    def lacks(file: Path, moment: float) -> int:
        with closing(SqliteStore(file)) as found:
            try:
                stored = len(found.read(0, 10_000_000)) - before
            except (sqlite3.DatabaseError, TypeError):  # a disk that lies
                stored = 0
        return max(0, sum(at <= moment for at in answered) - stored)

    with recorded(durable.number, settings.CAPTURE_PATH) as record, durable.running("tracker"):
        while len(answered) < count:
            asked = http.client.HTTPConnection("127.0.0.1", reader.port, timeout=10)
            with closing(asked), suppress(OSError):  # it does not listen yet
                reader.ask(asked)
            answered += [time.time()] * (reader.answered.total() - len(answered))
    _judge(record, lacks, tmp_path, begin=answered[0], end=answered[-1])
    write_down(10, "power cut, tracker", done=count, kills=POINTS, lost=0, twice=0)


def test_a_write_that_the_api_acknowledged_is_kept(
    cast: Cast, durable: Nursery, tmp_path: Path
) -> None:
    count = sized(20, 300, 3_000)
    _key, secret = actions.create_key(
        "caller",
        member_id=cast.alice.pk,
        scopes=(Capability.VIEW, Capability.EDIT_SETTINGS),
        now=clock.now(),
        actor=cast.actor,
    )
    answers = tmp_path / "answers"
    names = [f"call {number}" for number in range(count)]
    plan = {"authorization": f"Bearer {secret}", "names": names, "answers": str(answers)}
    plan_path().write_text(json.dumps(plan))

    def acknowledged() -> dict[str, float]:
        lines = answers.read_text().splitlines() if answers.exists() else []
        return {name: float(at) for at, _, name in (line.partition(" ") for line in lines)}

    def lacks(file: Path, moment: float) -> int:
        with closing(sqlite3.connect(file)) as found:
            try:
                kept = {row[0] for row in found.execute("SELECT name FROM team_apikey")}
            except sqlite3.DatabaseError:  # a disk that lies
                return 1
        return len({name for name, at in acknowledged().items() if at <= moment} - kept)

    with recorded(durable.number, _file()) as record, durable.running("api"):
        until(lambda: len(acknowledged()) == count, seconds=600)
    moments = acknowledged().values()
    _judge(record, lacks, tmp_path / "disk", begin=min(moments), end=max(moments))
    write_down(10, "power cut, API", done=count, kills=POINTS, lost=0, twice=0)


def test_what_was_folded_and_lost_is_folded_again(
    durable: Nursery, captures: Store, tmp_path: Path
) -> None:
    """Each opened and clicked, sent and left exactly once, as a rebuild has it: also where the
    captures that were folded are deleted at once, old as they are."""
    count, chance = sized(250, 2_000, 2_000), random.Random(10)
    began = clock.now() - timedelta(days=5)
    marketing(began)
    world = World(began)
    something_happens(world, chance, count)
    ids = {stored.id for stored in captures.read(0, 10_000_000)}

    def lacks(file: Path, _moment: float) -> int:
        with _in_place_of_ours(file):
            try:
                fold_all(now=clock.now() + timedelta(days=3))
                return _wrong(ids)
            except (DatabaseError, sqlite3.DatabaseError):  # a disk that lies
                return 1

    files = _file(), settings.CAPTURE_PATH
    with recorded(durable.number, *files) as record, durable.running("folder"):
        until(lambda: not captures.read(0, 1), seconds=600)
    begin, end = record.calls[0].begin, record.calls[-1].end
    liars = (f"{_file().name}-wal",)  # on its own: else captures that were deleted are back, too
    _judge(record, lacks, tmp_path, begin=begin, end=end, liars=liars)
    write_down(10, "power cut, folder", done=count, kills=POINTS, lost=0, twice=0)


@contextmanager
def _in_place_of_ours(file: Path) -> Iterator[None]:
    """Have the image of a disk in the place of the test's database and captures."""
    name, captures = connection.settings_dict["NAME"], file.with_name(settings.CAPTURE_PATH.name)
    connection.close()
    connection.settings_dict["NAME"] = str(file)
    try:
        with override_settings(CAPTURE_PATH=captures):
            yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


def _wrong(ids: set[int]) -> int:
    """Count what is missing, there twice, or not as a rebuild has it."""
    told = Counter(Event.objects.values_list("kind", "message_id", "signal_id"))
    left = ConsentRecord.objects.filter(act="withdraw").values_list("contact_id", flat=True)
    known = set(Signal.objects.values_list("capture_id", flat=True))
    return (
        len(ids - known)
        + sum(number > 1 for number in (*told.values(), *Counter(left).values()))
        + sum(1 for contacts in contact_slices() for _ in differences(contacts))
        + sum(1 for _ in wrong_verdicts())
    )
