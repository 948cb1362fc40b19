"""The journal of hand-overs: torn, foreign, missing, taken over, read by a successor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from sincerely.apps.sending.actions import outbox
from sincerely.apps.sending.models import Attempt, JournalLine, Message
from sincerely.apps.sending.queries import tally
from sincerely.engines.sender import journal_file, scribe
from sincerely.engines.sender.journal import (
    JournalLost,
    Key,
    Ledger,
    encode,
    framed,
    ledger_of,
    unframed,
)
from sincerely.engines.sender.journal_file import FileJournal
from sincerely.engines.sender.journal_table import TableJournal
from sincerely.engines.sender.owner import Owner, names_left, take_journal
from sincerely.engines.sender.recover import recover_from
from sincerely.engines.sender.scribe import Scribe
from sincerely.wire import clock, metrics
from sincerely.wire.smtp.replies import Outcome, Reply, Stage
from tests.cast import Cast
from tests.crash.step_sender import StepSender
from tests.engines.sending_world import Server, planned, sending, serving, until

ACCEPTED = Outcome(Stage.CONTENT, Reply(250, "2.0.0 grüezi\0"))
SAID = (ACCEPTED, Outcome(Stage.CONTENT, None, is_unknown=True), Outcome(Stage.CONNECT, None))
Turns = list[tuple[list[tuple[Key, Outcome]], list[Key]]]
KEYS = st.builds(Key, st.integers(1, 2**40), st.integers(1, 9))
TURNS = st.lists(
    st.tuples(st.lists(st.tuples(KEYS, st.sampled_from(SAID)), max_size=3), st.lists(KEYS)),
    min_size=1,
    max_size=6,
)


@given(TURNS)
def test_records_add_up_to_what_was_noted(turns: Turns) -> None:
    ledger = Ledger()
    for heard, begun in turns:
        ledger.note(heard, begun)
    assert ledger_of(encode(*turn) for turn in turns) == ledger
    assert ledger_of([ledger.record()]) == ledger


@settings(max_examples=200)
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5), st.data())
def test_a_broken_end_is_left_out_and_nothing_before_it(
    records: list[bytes], data: st.DataObject
) -> None:
    """Cut off, overwritten or followed by what was there before: whole records count, in order."""
    frames = [framed(3, record) for record in records]
    whole = b"".join(frames)
    at = data.draw(st.integers(1, len(whole)))
    rest = data.draw(st.sampled_from([b"", bytes(99), b"\xff" * 99, framed(2, b"old") * 9]))
    generation, found = unframed(whole[:at] + rest)
    ends = [sum(map(len, frames[: n + 1])) for n in range(len(frames))]
    assert found == records[: len(found)]
    assert len(found) >= sum(end <= at for end in ends)
    assert (whole[:at] + rest).startswith(b"".join(frames[: len(found)]))
    assert generation == (3 if found else 0)


def test_a_file_says_at_any_moment_what_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over many turns of its halves, whatever remains behind the last record."""
    monkeypatch.setattr(journal_file, "HALF", 2_000)
    chance, ledger = random.Random(5), Ledger()
    journal = FileJournal(tmp_path / "a.journal", ledger.record())
    for number in range(300):
        heard = [(key, ACCEPTED) for key in list(ledger.begun) if chance.random() < 0.5]
        begun = [Key(number, 1)] if len(ledger.begun) < 9 else []
        ledger.note(heard, begun)
        record = encode(heard, begun)
        if journal.has_room(len(record)):
            journal.append(record)
        else:
            journal.begin_anew(ledger.record())
        copy = tmp_path / "copy.journal"
        copy.write_bytes((tmp_path / "a.journal").read_bytes())
        found = journal_file.take(copy)
        assert found is not None
        told = ledger_of(found)
        assert told.begun == ledger.begun
        assert ledger.heard.items() <= told.heard.items()
        ledger.forget(key for key in list(ledger.heard) if chance.random() < 0.9)
    journal.close()


@pytest.mark.parametrize("begins_anew", [False, True])
def test_what_could_not_be_written_is_written_at_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins_anew: bool
) -> None:
    """No gap before it, and a half that is still needed is not written over."""
    first, then = (encode([], [Key(number, 1)]) for number in (1, 2))
    journal = FileJournal(tmp_path / "a.journal", first)
    write = journal.begin_anew if begins_anew else journal.append

    def cut_short(file: int, parts: list[bytes], at: int, _flags: int) -> int:
        return os.pwrite(file, parts[0][:9], at)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", cut_short)
        with pytest.raises(OSError, match="in full"):
            write(then)
    assert journal_file.look(tmp_path / "a.journal") == (1, [first])
    write(then)
    assert journal_file.look(tmp_path / "a.journal") == (1 + begins_anew, [first, then])
    journal.close()


@pytest.mark.parametrize("content", [b"", bytes(9_000), b"\xff" * 9_000, framed(1, b"[]")[:9]])
def test_what_cannot_be_read_is_no_journal(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.journal").write_bytes(content)
    assert journal_file.take(tmp_path / "a.journal") is None
    assert journal_file.take(tmp_path / "missing.journal") is None


class _Ill:
    """A journal on a disk that is full for a while, or that was taken over."""

    is_near = False

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.records: list[bytes] = []

    def has_room(self, _size: int) -> bool:
        return True

    def append(self, record: bytes) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.records.append(record)

    begin_anew = append

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("failures", "is_durable"),
    [((OSError(28, "full"), OSError(28, "full")), True), ((OSError(), JournalLost()), False)],
)
@pytest.mark.parametrize("is_near", [True, False])
def test_nothing_begins_until_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
    failures: tuple[Exception, ...],
    is_durable: bool,
    is_near: bool,
) -> None:
    monkeypatch.setattr(scribe, "PAUSE_SECONDS", 0.01)
    journal = _Ill(*failures)
    journal.is_near = is_near

    async def turns() -> tuple[bool, bool]:
        written = Scribe(asyncio.get_running_loop(), journal)
        written.start()
        first = await written.turn(None, Key(1, 1))
        second = await written.turn((Key(1, 1), ACCEPTED), Key(2, 1))
        await asyncio.to_thread(written.close)
        return first, second

    assert asyncio.run(turns()) == (is_durable, is_durable)
    assert journal.failures == []
    assert len(journal.records) == (2 if is_durable else 0)
    metrics.works(scribe.log, scribe.TROUBLE)


# -- with a database ------------------------------------------------------------------------------

database = pytest.mark.django_db(transaction=True)


@contextmanager
def _journal_of(owner: Owner) -> Iterator[Callable[[bytes], None]]:
    journal = owner.appear()
    try:
        yield journal.append
    finally:
        journal.close()
        owner.leave()


@database
def test_a_journal_that_was_taken_over_takes_no_more() -> None:
    owner = Owner()
    with _journal_of(owner) as append:
        append(encode([], [Key(7, 1)]))
        with transaction.atomic():
            ledger = take_journal(owner.name)
        assert ledger == Ledger(begun={Key(7, 1)})
        with pytest.raises(JournalLost):
            append(encode([], [Key(8, 1)]))


@database
def test_records_before_the_first_that_says_all_are_void() -> None:
    owner = Owner()
    journal = owner.appear()
    for number in range(3):
        journal.append(encode([], [Key(number, 1)]))
    journal.begin_anew(encode([], [Key(7, 1)]))
    journal.append(encode([], [Key(8, 1)]))
    with transaction.atomic():
        assert take_journal(owner.name) == Ledger({Key(7, 1), Key(8, 1)})
    journal.close()
    owner.leave()


@database
def test_a_sender_whose_lock_is_lost_does_not_call_itself_alive() -> None:
    owner = Owner()
    assert not owner.lives()
    owner.appear().close()
    assert owner.lives()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        assert not owner.lives()
    owner.leave()
    assert not owner.lives()


@database
def test_a_record_during_the_take_over_is_read_or_refused() -> None:
    """It is written by another session while the take-over is not committed yet."""
    owner, said = Owner(), []
    with _journal_of(owner) as append:

        def write() -> None:
            for number in range(2_000):
                try:
                    append(encode([], [Key(number, 1)]))
                except JournalLost:
                    break
                said.append(number)

        thread = threading.Thread(target=write)
        thread.start()
        until(lambda: len(said) >= 5)
        with transaction.atomic():
            ledger = take_journal(owner.name)
        thread.join(30)
        assert ledger is not None
        assert {Key(number, 1) for number in said} <= ledger.begun
        assert len(said) < 2_000


@database
@pytest.mark.skipif(connection.vendor == "sqlite", reason="a record is one write there")
def test_a_take_over_waits_for_the_record_that_is_being_written() -> None:
    owner, taken = Owner(), []

    def take() -> None:
        with contextlib.closing(connection), transaction.atomic():
            taken.append(take_journal(owner.name))

    journal = owner.appear()
    assert isinstance(journal, TableJournal)
    journal._session.execute("BEGIN")
    journal.append(encode([], [Key(7, 1)]))
    thread = threading.Thread(target=take)
    thread.start()
    until(lambda: _somebody_waits_for_a_lock() or not thread.is_alive())
    journal._session.execute("COMMIT")
    thread.join(30)
    assert taken == [Ledger({Key(7, 1)})]
    journal.close()
    owner.leave()


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone() is not None


def _cut(cast: Cast, now: datetime) -> tuple[StepSender, dict[str, int]]:
    """A sender that dies after it heard of one, began one, cleared one and claimed one."""
    planned(cast, Server(port=9), 4, now=now)
    sender = StepSender()
    sender.claim(4)
    heard, begun, cleared, claimed = sender.queue
    sender.clear(cleared)
    sender.turn(None, None, heard)
    sender.turn(heard, ACCEPTED, begun)
    sender.die()
    named = {"heard": heard, "begun": begun, "cleared": cleared, "claimed": claimed}
    return sender, {name: mail.message.id for name, mail in named.items()}


def _states(named: dict[str, int]) -> dict[str, str]:
    states = dict(Message.objects.values_list("pk", "state"))
    return {name: states[number] for name, number in named.items()}


@database
def test_a_successor_reads_the_journal(cast: Cast, now: datetime) -> None:
    dead, named = _cut(cast, now)
    assert _states(named) == dict.fromkeys(named, "dialling") | {"claimed": "claimed"}
    last = StepSender()
    last.look_after_the_dead()
    assert _states(named) == {
        "heard": "accepted",
        "begun": "unknown",
        "cleared": "planned",
        "claimed": "planned",
    }
    told = Attempt.objects.order_by("message_id").values_list("message_id", "outcome", "code")
    assert list(told) == [
        (named["heard"], "accepted", 250),
        (named["begun"], "unknown", None),
    ]
    assert dead.owner.name not in names_left()
    last.stop()


@database
@pytest.mark.parametrize("loss", ["missing", "torn"])
def test_without_a_journal_nobody_guesses(cast: Cast, now: datetime, loss: str) -> None:
    dead, named = _cut(cast, now)
    if connection.vendor == "postgresql":
        lines = JournalLine.objects.filter(owner=dead.owner.name)
        (lines if loss == "missing" else lines.filter(number=0)).delete()
    else:
        path = dead.owner.journal_path
        path.unlink() if loss == "missing" else path.write_bytes(b"\xff" * 999)
    last = StepSender()
    last.look_after_the_dead()
    gone = ("heard", "begun", "cleared")
    assert _states(named) == dict.fromkeys(gone, "unknown") | {"claimed": "planned"}
    last.stop()


@database
def test_the_journal_speaks_of_one_claim_only(cast: Cast, now: datetime) -> None:
    """What was begun under an older claim, and cleared again since, has not begun."""
    dead, named = _cut(cast, now)
    Message.objects.filter(pk__in=[named["heard"], named["begun"]]).update(fence=9)
    recover_from(dead.owner.name, now=now)
    assert set(_states(named).values()) == {"planned"}
    assert not Attempt.objects.exists()


@database
def test_a_take_over_that_was_cut_short_is_done_again(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal goes after the commit: whoever comes next reads it, too."""
    dead, named = _cut(cast, now)

    def cut_short(*_given: object, **_named: object) -> tuple[int, int]:
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "recover", cut_short)
        with pytest.raises(DatabaseError):
            recover_from(dead.owner.name, now=now)
    assert not Attempt.objects.exists()
    assert recover_from(dead.owner.name, now=now) == (2, 1)
    assert _states(named)["heard"] == "accepted"


@database
@pytest.mark.parametrize("is_dead", [False, True])
def test_an_attempt_says_when_its_outcome_was_heard(
    cast: Cast, now: datetime, is_dead: bool
) -> None:
    """Not when it was written: whoever leaves by this very mail may be noted in between."""
    planned(cast, Server(port=9), 2, now=now)
    sender = StepSender()
    sender.claim(2)
    first, second = sender.queue
    sender.turn(None, None, first)
    sender.turn(first, ACCEPTED, None)
    with time_machine.travel(now + timedelta(hours=1)):
        if is_dead:
            sender.die()
            recover_from(sender.owner.name, now=clock.now())
        else:
            sender.clear(second)
            sender.stop()
    [at] = Attempt.objects.values_list("at", flat=True)
    assert at == Message.objects.get(pk=first.message.id).finished_at
    assert at - now < timedelta(minutes=10)


@database
def test_two_who_take_over_at_once_do_it_once(cast: Cast, now: datetime) -> None:
    dead, named = _cut(cast, now)
    done: list[tuple[int, int]] = []

    def take_over() -> None:
        try:
            done.append(recover_from(dead.owner.name, now=now))
        finally:
            connection.close()

    threads = [threading.Thread(target=take_over) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == [(0, 0), (0, 0), (2, 1)]
    assert _states(named)["heard"] == "accepted"
    assert Attempt.objects.count() == 2


@database
@pytest.mark.engines
def test_what_was_cleared_and_does_not_move_is_given_back(cast: Cast, now: datetime) -> None:
    """A server that falls silent: nobody stands as being handed over but who is."""
    with serving(Server(delay_seconds=0.001)) as server:
        dispatch = planned(cast, server, 400, now=now, connections=2)
        with sending():
            until(lambda: len(server.kept) > 100)
            server.is_silent = True
            until(lambda: tally(dispatch.pk).by_state.get("dialling", 0) > 0)
            until(lambda: tally(dispatch.pk).by_state.get("dialling", 0) <= 4)
            server.is_silent = False
            until(lambda: tally(dispatch.pk).by_state == {"accepted": 400})
    assert len(server.content_began) == 400
