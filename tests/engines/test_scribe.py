"""What the scribe and the recorder keep in the journal until the messages themselves say it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from sincerely.apps.sending.actions.outbox import Claimed
from sincerely.engines.sender import record
from sincerely.engines.sender import scribe as scribe_module
from sincerely.engines.sender.journal import Key, Ledger, ledger_of
from sincerely.engines.sender.ready import Ready
from sincerely.engines.sender.record import Recorder, key_of
from sincerely.engines.sender.scribe import Scribe
from sincerely.wire.smtp.replies import Outcome, Reply, Stage

ACCEPTED = Outcome(Stage.CONTENT, Reply(250, "ok"))
ONE, TWO, THREE = (Key(number, 1) for number in (1, 2, 3))


class _Full:
    """A journal without room: each record is the first of a half and says all that is open."""

    is_near = True

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def has_room(self, _size: int) -> bool:
        return False

    def append(self, _record: bytes) -> None:
        raise AssertionError("there is no room")

    def begin_anew(self, record: bytes) -> None:
        self.records.append(record)

    def close(self) -> None:
        pass

    @property
    def ledger(self) -> Ledger:
        """What a successor would read at this moment."""
        return ledger_of(self.records[-1:])


def test_a_first_record_says_all_that_is_open() -> None:
    journal = _Full()

    async def turns() -> None:
        scribe = Scribe(asyncio.get_running_loop(), journal)
        scribe.start()
        await scribe.turn(None, ONE)
        await scribe.turn(None, TWO)
        assert journal.ledger == Ledger({ONE, TWO})
        await scribe.turn((ONE, ACCEPTED), THREE)
        assert journal.ledger == Ledger({TWO, THREE}, {ONE: ACCEPTED})
        scribe.forget([ONE])
        await scribe.turn((TWO, ACCEPTED), None)
        assert journal.ledger == Ledger({THREE}, {TWO: ACCEPTED})
        await asyncio.to_thread(scribe.close)

    asyncio.run(turns())


@pytest.mark.parametrize(("pause", "writers"), [(1e9, "LSSS"), (0.0, "LLLL")])
def test_a_slow_record_is_followed_by_some_on_the_thread(
    monkeypatch: pytest.MonkeyPatch, pause: float, writers: str
) -> None:
    """One moment of a busy disk does not keep the loop from its journal for good."""
    monkeypatch.setattr(scribe_module, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(scribe_module, "A_WHILE_SECONDS", pause)
    journal, seen = _Full(), []

    def noted(_record: bytes) -> None:
        seen.append("S" if threading.current_thread().name == "scribe" else "L")

    monkeypatch.setattr(journal, "begin_anew", noted)

    async def turns() -> None:
        scribe = Scribe(asyncio.get_running_loop(), journal)
        scribe.start()
        for number in range(4):
            assert await scribe.turn(None, Key(number, 1))
        await asyncio.to_thread(scribe.close)

    asyncio.run(turns())
    assert "".join(seen) == writers


@pytest.mark.parametrize(("share", "record_count"), [(1e12, 2), (0.0, 3)])
def test_whoever_was_just_told_is_waited_for_a_part_of_the_record_s_time(
    monkeypatch: pytest.MonkeyPatch, share: float, record_count: int
) -> None:
    """Else two connections would take turns for good, each with records of its own."""
    monkeypatch.setattr(scribe_module, "GATHER_FROM_SECONDS", 0.0)
    monkeypatch.setattr(scribe_module, "GATHER_SHARE", share)
    monkeypatch.setattr(scribe_module, "MOST_GATHER_SECONDS", 20.0)
    journal = _Full()

    async def turns() -> None:
        scribe = Scribe(asyncio.get_running_loop(), journal)
        scribe.start()
        assert await asyncio.gather(scribe.turn(None, ONE), scribe.turn(None, TWO)) == [True, True]
        first = scribe.turn((ONE, ACCEPTED), None)
        await asyncio.sleep(0.02)
        assert first.done() == (record_count == 3)
        assert await scribe.turn((TWO, ACCEPTED), None)
        assert first.done()
        assert len(journal.records) == record_count
        await asyncio.to_thread(scribe.close)

    asyncio.run(asyncio.wait_for(turns(), 30))


def _mail(number: int) -> Ready:
    message = Claimed(number, 1, 1, b"", b"", version_id=1, fence=1, attempt_count=0)
    return Ready(message, "a@shop.example", "b@example.com", b"")


def test_an_outcome_stays_in_the_journal_until_the_message_says_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever ended while it was being settled would have lost it."""
    journal, settles, is_settled = _Full(), threading.Event(), threading.Event()

    def written(_batch: object) -> dict[int, str]:
        settles.set()
        assert is_settled.wait(30)
        return {}

    monkeypatch.setattr(record, "go_by_keys", lambda: None)
    monkeypatch.setattr(record, "_written", written)
    first, second = _mail(1), _mail(2)

    async def turns() -> None:
        recorder = Recorder(asyncio.get_running_loop(), journal)
        recorder.start()
        await recorder.turn(done=None, outcome=None, following=first)
        await recorder.turn(done=first, outcome=ACCEPTED, following=None)
        await asyncio.to_thread(settles.wait, 30)
        await recorder.turn(done=None, outcome=None, following=second)
        assert journal.ledger == Ledger({key_of(second)}, {key_of(first): ACCEPTED})
        is_settled.set()
        while key_of(first) in journal.ledger.heard:
            await recorder.turn(done=None, outcome=None, following=None)
        await asyncio.to_thread(recorder.close)

    asyncio.run(asyncio.wait_for(turns(), 30))
