"""The annex: a second process that writes and signs letters where there are many.

Writing takes a third of a sender's time and needs nothing but what it is given, while the threads
of one interpreter stand in each other's way. The annex has no database, no lock and nothing to
lose: it may end at any moment, and the sender writes the letters itself then. It is started with
the first large batch, starts in a quarter of a second (no Django) and ends with its sender.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.engagement.rules.tokens import Keys
from sincerely.apps.sending.letters import Letterhead, Press
from sincerely.engines.sender.desk import Desk, Job, Spoilt
from sincerely.wire.dkim import Signing

AT_ONCE = 50  # mails in one message: less than a millisecond of the sender's interpreter
MOST_DESKS = 16
ANSWER_SECONDS = 60.0


class Order(NamedTuple):
    """What the letters of one mailing share; equal orders are served at one desk."""

    version_id: int
    letterhead: Letterhead
    signing: Signing | None


class Ticket(NamedTuple):
    """Letters that are being written: by which program, and how many."""

    program_id: int | None
    letter_count: int


class AnnexGone(Exception):
    """The annex has ended or does not answer."""


class Annex:
    """The sender's end; started at first use, and again after it has ended."""

    def __init__(self, keys: Keys, *, signing_threads: int) -> None:
        self._keys = keys
        self._signing_threads = signing_threads
        self._line: Connection[Any, Any] | None = None
        self._program: subprocess.Popen[bytes] | None = None
        self._known: set[Order] = set()

    @property
    def program_id(self) -> int | None:
        """The number of the second process, where there is one."""
        return self._program.pid if self._program else None

    def begin(
        self, order: Order, compiled: Compiled, jobs: Sequence[Job], *, now: datetime
    ) -> Ticket:
        """Have letters written, at least one; collect them in the order in which they were begun.

        Raises AnnexGone.
        """
        with self._ending_with_it():
            line = self._line or self._start()
            is_new = order not in self._known
            if is_new and len(self._known) >= MOST_DESKS:
                self._known.clear()
            self._known.add(order)
            line.send((order, compiled if is_new else None, now, [tuple(job) for job in jobs]))
        return Ticket(self.program_id, len(jobs))

    def collect(self, ticket: Ticket) -> list[bytes | Spoilt]:
        """Return the mails in the order of the jobs; raises AnnexGone."""
        if self._line is None or ticket.program_id != self.program_id:
            raise AnnexGone("It ended meanwhile.")
        mails: list[bytes | Spoilt] = []
        with self._ending_with_it():
            while len(mails) < ticket.letter_count:
                if not self._line.poll(ANSWER_SECONDS):
                    raise EOFError("No answer.")
                mails += [x if isinstance(x, bytes) else Spoilt(x) for x in self._line.recv()]
        return mails

    def close(self) -> None:
        """End the annex, if there is one."""
        if self._line is not None:
            self._line.close()
        if self._program is not None:
            self._program.kill()
            self._program.wait()
        self._line = self._program = None
        self._known.clear()

    @contextlib.contextmanager
    def _ending_with_it(self) -> Iterator[None]:
        """Clear away an annex that has ended or does not answer."""
        try:
            yield
        except (OSError, EOFError) as error:
            self.close()
            raise AnnexGone(str(error)) from error

    def _start(self) -> Connection[Any, Any]:
        ours, theirs = Pipe()
        number = theirs.fileno()
        self._program = subprocess.Popen(  # noqa: S603 -- ourselves
            [sys.executable, "-m", __name__, str(number)], pass_fds=[number]
        )
        theirs.close()
        ours.send((self._keys, self._signing_threads))
        self._line = ours
        return ours


def serve(line: Connection[Any, Any]) -> None:
    """Write letters until the sender's end is closed."""
    keys, signing_threads = line.recv()
    asked: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_listen, args=(line, asked), daemon=True).start()
    desks: dict[Order, Desk] = {}
    with ThreadPoolExecutor(signing_threads) as pool:
        while (work := asked.get()) is not None:
            order, compiled, now, rows = work
            if compiled is not None:
                if len(desks) >= MOST_DESKS:
                    desks.clear()
                press = Press(compiled, order.letterhead, keys)
                signer = order.signing.signer() if order.signing else None
                desks[order] = Desk(press, signer, pool=pool)
            for part in _ahead(desks[order], [Job(*row) for row in rows], now=now):
                line.send([x.problem if isinstance(x, Spoilt) else x for x in part])


def _listen(line: Connection[Any, Any], asked: SimpleQueue[Any]) -> None:
    """Take what is asked for at once: who asks must not wait while letters are on their way."""
    with contextlib.suppress(OSError, EOFError):
        while True:
            asked.put(line.recv())
    asked.put(None)


def _ahead(desk: Desk, jobs: Sequence[Job], *, now: datetime) -> Iterator[list[bytes | Spoilt]]:
    """Write part after part, each while the one before it is being signed."""
    parts = (desk.write(part, now=now) for part in _parts(jobs))
    before = next(parts)
    for written in parts:
        yield list(before)
        before = written
    yield list(before)


def _parts(jobs: Sequence[Job]) -> Iterable[Sequence[Job]]:
    return (jobs[start : start + AT_ONCE] for start in range(0, len(jobs), AT_ONCE))


if __name__ == "__main__":
    try:
        serve(Connection(int(sys.argv[1])))
    except (EOFError, OSError):
        sys.exit(0)
