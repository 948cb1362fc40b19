"""An import killed at many points, while it checks, takes and undoes: each row once, on both."""

from __future__ import annotations

import random
import time
from datetime import datetime

import pytest

from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.contacts.models import Contact
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions.imports import choose, start, undo
from sincerely.apps.people.models import Import, ImportReject, ImportTouch
from tests.apps.people.desk import bring, chosen, claim
from tests.cast import Cast
from tests.crash.nursery import Nursery
from tests.crash.scale import seeded, sized, write_down
from tests.engines.sending_world import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(14_400),
]
ROWS, KILLS = sized(4_000, 100_000, 1_000_000), sized(6, 100, 100)
BAD = ROWS // 100


def _table() -> str:
    lines = [
        f"bad row {n},x,y" if n % 100 == 99 else f"p{n}@example.com,Name{n},Honden"
        for n in range(ROWS)
    ]
    return "email,first name,interesselabels\n" + "\n".join(lines) + "\n"


def _killed_until(state: str, nursery: Nursery, chance: random.Random, *, kills: int) -> int:
    """Let runners work on the import and kill each one, then let the last come to the end.

    Return how many kills found it in the middle: the runner had begun, and more was to be done.
    """
    amid = 0
    for number in range(1, kills + 1):
        fence = Import.objects.get().fence
        with nursery.running("importer"):
            _wait_for(ROWS * number // (kills + 1), fence)
            time.sleep(chance.random() * 0.03)
        work = Import.objects.get()
        if work.state == state:
            return amid
        amid += work.fence > fence
    with nursery.running("importer"):
        until(lambda: Import.objects.get().state == state, seconds=3_600)
    return amid


def _wait_for(goal: int, fence: int) -> None:
    """Wait until a runner has begun and so many rows are done; checking has no rows to show."""
    ends_at = time.monotonic() + 30
    while time.monotonic() < ends_at:
        work = Import.objects.get()
        done = sum(work.totals.get("undone", {}).values())
        if work.state == "running":
            done = work.done_count
        if work.fence > fence and (work.state == "checking" or done >= goal):
            return
        if work.state in ("checked", "done", "undone"):
            return
        time.sleep(0.002)


def test_a_killed_import_has_each_row_once(cast: Cast, now: datetime, nursery: Nursery) -> None:
    chance = seeded(5)
    Label.objects.create(name="Honden", created_at=now)
    work = bring(_table(), now=now, actor=cast.actor)
    choose(work.pk, chosen(work, claim=claim(now)), now=now, actor=cast.actor)
    amid = _killed_until("checked", nursery, chance, kills=KILLS // 4)
    start(work.pk, now=now, actor=cast.actor)
    amid += _killed_until("done", nursery, chance, kills=KILLS // 2)
    good = ROWS - BAD
    assert _counts() == (good,) * 5
    rejects = list(ImportReject.objects.values_list("row_number", flat=True))
    assert len(rejects) == len(set(rejects)) == BAD
    assert Import.objects.get().done_count == ROWS
    undo(work.pk, now=now, actor=cast.actor)
    amid += _killed_until("undone", nursery, chance, kills=KILLS // 4)
    assert Contact.objects.count() == Permission.objects.count() == 0
    planned = KILLS // 4 + KILLS // 2 + KILLS // 4
    assert amid > planned / 2, f"only {amid} of {planned} kills found the import at work"
    write_down(
        7,
        "import: SIGKILL while checking, taking, undoing",
        done=ROWS,
        kills=nursery.kill_count,
        amid=amid,
        lost=0,
        twice=0,
    )


def _counts() -> tuple[int, ...]:
    tables = (Contact, Permission, ConsentRecord, ContactLabel, ImportTouch)
    return tuple(table.objects.count() for table in tables)
