"""A desk: where the letters of one mailing are written and signed. Needs no database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from sincerely.apps.content.renderer import RenderProblem
from sincerely.apps.sending.letters import Address, Letter, Press
from sincerely.apps.sending.rules.headers import BadHeader
from sincerely.wire.dkim import Signer

TOGETHER = 10  # letters that a thread signs before it is told of more


class Job(NamedTuple):
    """One letter to be written: to whom, of whom it speaks, the blocks it shows."""

    address: Address
    person: dict[str, Any]
    shown: frozenset[int]


class Spoilt(NamedTuple):
    """A letter that cannot be made, and why: that concerns one contact only."""

    problem: str


class Desk:
    """One press and one signer; several threads sign."""

    def __init__(self, press: Press, signer: Signer | None, *, pool: ThreadPoolExecutor) -> None:
        self._press = press
        self._signer = signer
        self._pool = pool

    def write(
        self,
        jobs: Sequence[Job],
        *,
        now: datetime,
        check: Callable[[Letter, Job], None] | None = None,
    ) -> Iterator[bytes | Spoilt]:
        """Write the letters, at once; the mails in the order of the jobs, signed meanwhile.

        `check` sees each letter before it is a mail.
        """
        letters: list[Letter | Spoilt] = []
        for job in jobs:
            try:
                letter = self._press.write(job.address, job.person, shown=job.shown, now=now)
            except (RenderProblem, BadHeader) as problem:
                letters.append(Spoilt(str(problem)[:200]))
                continue
            if check is not None:
                check(letter, job)
            letters.append(letter)
        if self._signer is None:
            return iter([x if isinstance(x, Spoilt) else x.mail() for x in letters])
        parts = (letters[at : at + TOGETHER] for at in range(0, len(letters), TOGETHER))
        signed = self._pool.map(partial(_signed, self._signer), parts)
        return chain.from_iterable(signed)


def _signed(signer: Signer, letters: Sequence[Letter | Spoilt]) -> list[bytes | Spoilt]:
    return [x if isinstance(x, Spoilt) else x.mail(signer.sign(x.head, x.body)) for x in letters]
