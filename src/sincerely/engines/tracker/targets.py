"""Where a tracked link leads: looked up by mailing and number, never carried in the address.

The links of a mailing are kept for a few seconds and read again after that, so that a correction
arrives and a busy mailing costs one small read now and then. New mailings are read ahead. Reads
happen on a thread of their own, and nobody waits for them for long: where the database is gone or
silent, what was known still serves, from a file of the tracker's own after a start too.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import structlog

from sincerely.engines.tracker.kept import Kept
from sincerely.engines.tracker.links import FAILURES, MOST_MAILINGS, ByMailing, Links

log = structlog.get_logger("tracker")
KEPT_SECONDS = 5.0
AHEAD_SECONDS = 5.0
KNOWN_PATIENCE_SECONDS = 0.5  # how long a reader waits where an older answer is there
PATIENCE_SECONDS = 2.0  # and where none is
GIVE_UP_SECONDS = 3.0
AGAIN_SECONDS = 0.5
NEVER = float("-inf")
_NEWEST = 0  # stands for the newest mailings; no mailing has this number


class Unreadable(Exception):
    """The database does not answer, and nobody here knows where the link leads."""


@dataclass(slots=True)
class Known:
    """The links of a mailing, and when the database said so."""

    links: dict[int, str]
    read_at: float = NEVER


class Targets:
    """What is known of the newest and the busiest mailings, in front of the links table.

    All bookkeeping is done on the event loop's thread.
    """

    def __init__(
        self, source: Links, *, kept: Kept | None = None, kept_seconds: float = KEPT_SECONDS
    ) -> None:
        self._source = source
        self._kept = kept
        self._kept_seconds = kept_seconds
        self._known: OrderedDict[int, Known] = OrderedDict()
        self._reading: dict[int, asyncio.Future[ByMailing]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="links")
        self._is_failing = False
        self._next_try = self._next_ahead = NEVER
        for mailing_id, links in (kept.load() if kept else {}).items():
            self._known[mailing_id] = Known(links)

    async def find(self, mailing_id: int, number: int) -> str | None:
        """Return the address to send the reader to, safe as a header; None for no such link."""
        known = self._known.get(mailing_id)
        if known is None or not self._is_fresh(known):
            await self._ask(mailing_id)
            known = self._known.get(mailing_id)
        target = known.links.get(number) if known else None
        if target is None and (known is None or not self._is_fresh(known)):
            raise Unreadable
        return target

    def read_ahead(self) -> None:
        """Learn the links of new mailings every few seconds; call it often, on the loop."""
        now = time.monotonic()
        if now >= self._next_ahead and _NEWEST not in self._reading:
            self._next_ahead = now + AHEAD_SECONDS
            self._begin(_NEWEST)

    def close(self) -> None:
        """End the thread and the connections."""
        self._source.give_up()
        self._thread.submit(self._source.close)
        if self._kept:
            self._thread.submit(self._kept.close)
        self._thread.shutdown()

    def _is_fresh(self, known: Known) -> bool:
        return time.monotonic() - known.read_at <= self._kept_seconds

    async def _ask(self, mailing_id: int) -> None:
        """Have the links read, and wait for them a little, unless reading fails these days."""
        reading = self._reading.get(mailing_id) or self._begin(mailing_id)
        if reading is None or self._is_failing:
            return
        is_known = mailing_id in self._known
        patience = KNOWN_PATIENCE_SECONDS if is_known else PATIENCE_SECONDS
        await asyncio.wait((reading,), timeout=patience)
        if not reading.done():
            self._fail("no answer")

    def _begin(self, mailing_id: int) -> asyncio.Future[ByMailing] | None:
        """Begin a read; None where reading fails and it is not yet time to try again."""
        if self._is_failing and (self._reading or time.monotonic() < self._next_try):
            return None
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(self._thread, self._read, mailing_id)
        self._reading[mailing_id] = reading
        watch = loop.call_later(GIVE_UP_SECONDS, self._source.give_up)
        reading.add_done_callback(lambda _done: watch.cancel())
        reading.add_done_callback(partial(self._took, mailing_id))
        return reading

    def _read(self, mailing_id: int) -> ByMailing:
        if mailing_id == _NEWEST:
            return self._source.newest()
        return {mailing_id: self._source.of(mailing_id)}

    def _took(self, mailing_id: int, reading: asyncio.Future[ByMailing]) -> None:
        """Learn from a read that ended."""
        del self._reading[mailing_id]
        problem = None if reading.cancelled() else reading.exception()
        if reading.cancelled() or isinstance(problem, FAILURES):
            self._fail(type(problem).__name__)
            return
        found = reading.result()
        if self._is_failing:
            log.warning("links are read again")
            self._is_failing = False
        read_at = NEVER if mailing_id == _NEWEST else time.monotonic()
        changed = {
            each: self._known[each].links
            for each, links in found.items()
            if self._learn(each, links, read_at)
        }
        if changed and self._kept:
            self._thread.submit(self._kept.keep, changed)

    def _learn(self, mailing_id: int, links: dict[int, str], read_at: float) -> bool:
        """Remember links; say whether they were not known. What is read ahead may be a part."""
        known = self._known.get(mailing_id) or Known({})
        now = links if read_at != NEVER else known.links | links
        is_new = now != known.links
        self._known[mailing_id] = Known(now, max(read_at, known.read_at))
        self._known.move_to_end(mailing_id)
        while len(self._known) > MOST_MAILINGS:
            self._known.popitem(last=False)
        return is_new

    def _fail(self, problem: str) -> None:
        """From now on nobody waits, until a read comes back."""
        self._next_try = time.monotonic() + AGAIN_SECONDS
        if not self._is_failing:
            self._is_failing = True
            log.error("links cannot be read", problem=problem)
