"""The files of an import go after their time; who came in, the numbers and the undo stay."""

from __future__ import annotations

import argparse
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.contacts.models import Contact
from sincerely.apps.operation.actions import keep_file
from sincerely.apps.operation.models import FilePiece, StoredFile
from sincerely.apps.people.actions import exporting
from sincerely.apps.people.actions.exporting import start_export
from sincerely.apps.people.actions.forgetting import forget_slice
from sincerely.apps.people.actions.imports import Refused, choose, undo
from sincerely.apps.people.models import Import, ImportReject
from sincerely.apps.people.queries.files import path_of
from sincerely.apps.people.tasks import finish, finish_export, forget_old_exports, forget_old_files
from sincerely.engines.runner.jobs import JOBS
from sincerely.project import doctor
from sincerely.wire import clock
from tests.apps.people.desk import bring, checked, chosen, claim, taken
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
PEOPLE = "email,first name\nann@example.com,Ann\nbob@example.com,Bob\n"
TABLE = PEOPLE + "nobody at home,Carl\nno one,Dora\n"


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


def forget(now: datetime) -> None:
    while forget_old_files(now=now, owner="", stop=threading.Event()):
        pass


def forget_exports(now: datetime) -> None:
    while forget_old_exports(now=now, owner="", stop=threading.Event()):
        pass


def held(folder: Path) -> list[str]:
    """Return the names of all that is kept of files, on this machine and in the database."""
    stored = StoredFile.objects.values_list("name", flat=True)
    pieces = FilePiece.objects.values_list("name", flat=True)
    return [*(path.name for path in folder.glob("[!i]*")), *stored, *pieces]


def test_files_go_after_their_time_and_the_import_stays(
    cast: Cast, now: datetime, uploads: Path, client: Client
) -> None:
    work = taken(TABLE, now=now, actor=cast.actor, claim=claim(now))
    client.force_login(cast.alice)
    forget(now + 29 * DAY)
    assert held(uploads)
    assert ImportReject.objects.count() == 2
    page = client.get(f"/people/import/{work.pk}/").content.decode()
    assert f"are kept until {now + 30 * DAY:%-d %b %Y}" in page
    assert "rejects.csv" in page
    forget(now + 31 * DAY)
    assert held(uploads) == []
    assert not ImportReject.objects.exists()
    after = Import.objects.get()
    assert (after.state, after.totals) == ("done", work.totals)
    assert "nobody at home" not in str(after.preview)
    page = client.get(f"/people/import/{work.pk}/").content.decode()
    assert f"were removed on {now + 31 * DAY:%-d %b %Y}" in page
    assert "rejects.csv" not in page
    assert client.get(f"/people/import/{work.pk}/rejects.csv").status_code == 404
    finish(undo(work.pk, now=now + 32 * DAY, actor=cast.actor), now=now + 32 * DAY)
    assert not Contact.objects.exists()
    forget(now + 90 * DAY)
    assert Import.objects.get().forgotten_at == now + 31 * DAY


def test_what_was_brought_and_never_taken_ends_and_goes(
    cast: Cast, now: datetime, uploads: Path
) -> None:
    draft = bring(TABLE, now=now, actor=cast.actor)
    seen = checked(TABLE, now=now, actor=cast.actor, claim=claim(now))
    asked = bring(TABLE, now=now, actor=cast.actor)
    choose(asked.pk, chosen(asked, claim=claim(now)), now=now, actor=cast.actor)
    forget(now + 31 * DAY)
    states = dict(Import.objects.values_list("pk", "state"))
    assert states == {draft.pk: "cancelled", seen.pk: "cancelled", asked.pk: "checking"}
    assert set(held(uploads)) == {asked.stored_as}, "what waits for the runner is not touched"
    with pytest.raises(Refused):
        choose(draft.pk, chosen(draft, claim=claim(now)), now=now, actor=cast.actor)
    assert finish(asked, now=now).state == "checked"


def test_it_goes_on_where_it_was_broken_off(cast: Cast, now: datetime, uploads: Path) -> None:
    work = taken(TABLE, now=now, actor=cast.actor)
    later = now + 31 * DAY
    left = []
    while forget_slice(later - 30 * DAY, now=later, limit=1):
        left.append((ImportReject.objects.count(), Import.objects.get().forgotten_at is None))
    assert left == [(1, True), (0, True), (0, False)]
    assert not StoredFile.objects.exists()
    assert path_of(work.stored_as).exists(), "a machine removes its own copies"
    forget(later)
    assert held(uploads) == []


def test_another_machine_removes_its_copies_too(
    cast: Cast, now: datetime, uploads: Path, settings: Any
) -> None:
    work, other = (taken(TABLE, now=now, actor=cast.actor) for _ in range(2))
    settings.UPLOADS = uploads.with_name("second")
    for each in (work, other):
        path_of(each.stored_as)
    Import.objects.filter(pk=other.pk).update(finished_at=now + 20 * DAY)
    settings.UPLOADS = uploads
    forget(now + 31 * DAY)
    settings.UPLOADS = uploads.with_name("second")
    assert path_of(work.stored_as).exists()
    forget(now + 31 * DAY)
    assert [path.name for path in settings.UPLOADS.iterdir()] == [other.stored_as]


def test_they_stay_for_ever_where_that_is_wished(
    cast: Cast, now: datetime, uploads: Path, settings: Any
) -> None:
    settings.KEEP_IMPORT_FILES_DAYS = 0
    taken(TABLE, now=now, actor=cast.actor)
    forget(now + 4_000 * DAY)
    assert held(uploads)
    assert Import.objects.get().forgotten_at is None


def test_files_of_exports_go_too_and_their_manifests_stay(
    cast: Cast, now: datetime, uploads: Path, client: Client
) -> None:
    asked = start_export("everyone", now=now, actor=cast.actor)
    export = finish_export(asked, now=now)
    client.force_login(cast.alice)
    pages = f"/people/export/{export.pk}/"
    forget_exports(now + 29 * DAY)
    assert f"is kept until {now + 30 * DAY:%-d %b %Y}" in client.get(pages).content.decode()
    assert client.get(f"{pages}file.csv").status_code == 200
    assert held(uploads).count(export.stored_as) == 3, "here, and in the database with one piece"
    forget_exports(now + 31 * DAY)
    assert export.stored_as not in held(uploads)
    page = client.get(pages).content.decode()
    assert f"was removed on {now + 31 * DAY:%-d %b %Y}" in page
    assert "Download the CSV" not in page
    assert export.file_hash in page
    assert client.get(f"{pages}file.csv").status_code == 404
    assert client.get(f"{pages}manifest.json").status_code == 200


def test_an_export_whose_runner_died_before_its_row_is_swept(
    cast: Cast, now: datetime, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = finish_export(start_export("everyone", now=now, actor=cast.actor), now=now)
    (uploads / "0123-an-upload").write_text("not an export")
    asked = start_export("everyone", now=now, actor=cast.actor)

    def keep_and_die(name: str, path: Path, *, now: datetime) -> int:
        keep_file(name, path, now=now)
        raise SystemExit

    monkeypatch.setattr(exporting, "keep_file", keep_and_die)
    with pytest.raises(SystemExit):
        finish_export(asked, now=now)
    monkeypatch.setattr(exporting, "keep_file", keep_file)
    (lost,) = set(StoredFile.objects.values_list("name", flat=True)) - {kept.stored_as}
    locks = sorted(uploads.glob("*.lock"))
    forget_exports(now + 2 * DAY)
    assert lost in held(uploads), "the export is still at work for all that is known"
    again = finish_export(asked, now=now)
    forget_exports(now)
    assert StoredFile.objects.filter(pk=lost).exists(), "not before a day is over"
    forget_exports(now + 2 * DAY)
    names = held(uploads)
    assert lost not in names
    assert names.count(kept.stored_as) == names.count(again.stored_as) == 3
    assert (uploads / "0123-an-upload").exists()
    assert sorted(uploads.glob("*.lock")) == locks


def test_the_doctor_and_the_runner_know(
    cast: Cast, capsys: pytest.CaptureFixture[str], uploads: Path
) -> None:
    jobs = {job.name: job.work for job in JOBS}
    assert jobs["forget files of imports"] == forget_old_files
    assert jobs["forget files of exports"] == forget_old_exports
    work = taken(PEOPLE, now=clock.now() - 40 * DAY, actor=cast.actor)
    doctor.run(argparse.Namespace(rebuild_check=False))
    assert f"Imports whose files are still here: {work.pk}." in capsys.readouterr().out
    export = finish_export(
        start_export("everyone", now=clock.now() - 40 * DAY, actor=cast.actor),
        now=clock.now() - 40 * DAY,
    )
    doctor.run(argparse.Namespace(rebuild_check=False))
    assert f"Exports whose files are still here: {export.pk}." in capsys.readouterr().out
    forget_exports(clock.now())
    forget(clock.now())
    doctor.run(argparse.Namespace(rebuild_check=False))
    assert "files are still here" not in capsys.readouterr().out
