"""An import and an export that begin on one machine and end on another."""

from __future__ import annotations

import threading
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.contacts.models import Contact
from sincerely.apps.people import tasks
from sincerely.apps.people.actions.exporting import start_export
from sincerely.apps.people.actions.imports import bring_file, choose, start
from sincerely.apps.people.models import Import, WorkState
from sincerely.apps.people.rules.choices import Choices, from_json
from tests.cast import Cast

ROWS = 3_000
STOP = threading.Event()


def table(rows: int = ROWS) -> BytesIO:
    lines = ["email,first name"] + [f"person{n}@example.com,Name{n}" for n in range(rows)]
    lines += ["person1@example.com,Again", "no address,Nobody"]
    return BytesIO("\n".join(lines).encode())


@pytest.fixture
def move(settings: Any, tmp_path: Path) -> Any:
    """Go to another machine: its folder is empty, and the process there has begun nothing."""

    def go(name: str) -> None:
        for live in tasks._live.values():
            live.lock.close()
        tasks._live.clear()
        settings.UPLOADS = tmp_path / name

    go("first")
    return go


def checked(work: Import, keep: str, cast: Cast, *, now: datetime) -> None:
    choices: Choices = from_json(work.choices).with_(permission_decided=True, duplicates=keep)
    choose(work.pk, choices, now=now, actor=cast.actor)
    tasks.finish(work, now=now)
    work.refresh_from_db()
    assert work.state == WorkState.CHECKED, work.error


@pytest.mark.django_db(transaction=True)
def test_an_import_goes_from_machine_to_machine(
    cast: Cast, now: datetime, move: Any, client: Client
) -> None:
    work = bring_file(table(), file_name="people.csv", now=now, actor=cast.actor)
    move("second")
    checked(work, "last", cast, now=now)
    move("third")
    checked(work, "first", cast, now=now)
    start(work.pk, now=now, actor=cast.actor)
    move("second")  # its notes on duplicates are of the earlier check
    tasks.import_step(now=now, owner="second", stop=STOP)
    move("fourth")
    tasks.finish(work, now=now)
    work.refresh_from_db()
    assert (work.state, work.done_count) == (WorkState.DONE, ROWS + 2)
    assert Contact.objects.count() == ROWS
    assert Contact.objects.get(address="person1@example.com").first_name == "Name1"
    move("fifth")
    client.force_login(cast.alice)
    answer: Any = client.get(f"/people/import/{work.pk}/rejects.csv")
    assert "no address" in b"".join(answer.streaming_content).decode()


@pytest.mark.django_db(transaction=True)
def test_an_export_is_taken_from_another_machine(
    cast: Cast, now: datetime, move: Any, client: Client
) -> None:
    Contact.objects.create(
        address="ann@example.com", address_key=b"k" * 16, created_at=now, changed_at=now
    )
    export = tasks.finish_export(start_export("everyone", now=now, actor=cast.actor), now=now)
    move("second")
    client.force_login(cast.alice)
    answer: Any = client.get(f"/people/export/{export.pk}/file.csv")
    assert b"ann@example.com" in b"".join(answer.streaming_content)
