"""An upgrade that is killed and repeated, and two machines that upgrade at once."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.crash.house import House, house, own_database
from tests.crash.scale import seeded, sized, write_down

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("upgrade")]
KILLS = sized(5, 30, 50)
OLDER = """
from django.core.management import call_command
from django.conf import settings
settings.UPLOADS.mkdir(parents=True, exist_ok=True)
for app in ("contacts", "team", "labels"):
    call_command("migrate", app, verbosity=0)
from datetime import UTC, datetime
from sincerely.apps.labels.models import Label
from sincerely.apps.team.models import Member
now = datetime.now(UTC)
Member.objects.create_user("alice@team.example", "x", name="Alice", role="owner", created_at=now)
Label.objects.bulk_create(Label(name=f"Label {n}", created_at=now) for n in range(500))
"""
SOUND = """
import json
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from sincerely.apps.labels.models import Label
from sincerely.apps.consent.models import SubscriptionType
executor = MigrationExecutor(connection)
with connection.cursor() as cursor:
    tables = connection.introspection.table_names(cursor)
print(json.dumps({
    "waiting": len(executor.migration_plan(executor.loader.graph.leaf_nodes())),
    "labels": Label.objects.count(),
    "types": SubscriptionType.objects.count(),
    "tables": len(tables),
}))
"""


@pytest.fixture
def machine(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> Iterator[House]:
    with django_db_blocker.unblock(), ExitStack() as stack:
        yield stack.enter_context(house(tmp_path / "one", **stack.enter_context(own_database())))


def test_killed_upgrades_are_repeated(machine: House) -> None:
    machine.run(OLDER)
    chance = seeded(11)
    longest = _seconds_of_a_whole_upgrade(machine)
    killed = 0
    for _turn in range(KILLS * 4):
        pid = machine.begin("migrate")
        time.sleep(chance.random() * longest)
        killed += machine.end(pid, signal.SIGKILL) == -signal.SIGKILL
        if killed == KILLS:
            break
    assert killed > 0
    status, said = machine.command("migrate")
    assert status == 0, said
    found = json.loads(machine.run(SOUND))
    assert found["waiting"] == 0
    assert found["labels"] == 500
    assert found["types"] == 1
    if connection.vendor == "sqlite":
        assert machine.run(INTEGRITY).split() == ["ok"]
    write_down(8, "upgrade killed and repeated", done=1, kills=killed, lost=0, twice=0)


INTEGRITY = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("PRAGMA integrity_check")
    print(*[row[0] for row in cursor.fetchall()])
    cursor.execute("PRAGMA foreign_key_check")
    print(*cursor.fetchall())
"""


def _seconds_of_a_whole_upgrade(machine: House) -> float:
    """Time what a kill must fall into: the loading of the migrations is part of it."""
    began = time.monotonic()
    pid = machine.begin("migrate")
    threading.Event().wait(0.3)
    machine.end(pid, signal.SIGKILL)
    return max(1.0, 4 * (time.monotonic() - began))


def test_two_upgrades_at_once(machine: House) -> None:
    machine.run(OLDER)
    both = [machine.begin("migrate") for _ in range(2)]
    assert [machine.wait(pid) for pid in both] == [0, 0], machine.log.read_text()
    found = json.loads(machine.run(SOUND))
    assert (found["waiting"], found["labels"], found["types"]) == (0, 500, 1)
