"""A lane to a provider's API: the same turns as over SMTP, in a pool of threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sincerely.engines.sender.lane import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    SEAT_SECONDS,
    Shape,
)
from sincerely.engines.sender.line import Cleared, Hall, Line
from sincerely.wire.providers import Account, send
from sincerely.wire.smtp.replies import Outcome, Stage


class ProviderLane(Line):
    """Workers of one provider account; lives on the event loop."""

    def __init__(
        self,
        account: Account,
        shape: Shape,
        hall: Hall,
        *,
        note: Callable[[str], None],
    ) -> None:
        super().__init__(shape.connection_count, hall)
        self._account = account
        self._note = note
        self._pool = ThreadPoolExecutor(shape.connection_count, thread_name_prefix="provider")
        self._failures = 0

    async def stop(self) -> None:
        """Finish what is being handed over, take nothing more."""
        await super().stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        while not self._recorder.is_lost and (cleared := await self._later()) is not None:
            with self._seat(cleared) as has_seat:
                if has_seat:
                    await self._hand_over(cleared)
            if not has_seat:
                await asyncio.sleep(SEAT_SECONDS)

    async def _hand_over(self, cleared: Cleared) -> None:
        loop, mail = asyncio.get_running_loop(), cleared.mail
        if not await self._recorder.turn(done=None, outcome=None, following=mail):
            return
        if not await self._granted(cleared):
            return
        outcome = await loop.run_in_executor(self._pool, send, self._account, mail.content)
        await self._recorder.turn(done=mail, outcome=outcome, following=None)
        await self._pause_after(outcome)

    async def _pause_after(self, outcome: Outcome) -> None:
        if outcome.stage is not Stage.CONNECT:
            if self._failures:
                self._failures = 0
                self._note("")
            return
        self._note(outcome.reply.text if outcome.reply else "The provider does not answer.")
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures += 1
        for _ in range(int(pause * 4)):
            if not self._is_stopping:
                await asyncio.sleep(0.25)
