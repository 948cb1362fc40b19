"""An import that dies right after each commit, or whose labels go: rows and progress are one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection

from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.contacts.models import Contact
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions import importing, undoing
from sincerely.apps.people.actions.imports import start, undo
from sincerely.apps.people.models import Import, ImportReject, ImportTouch
from sincerely.apps.people.tasks import finish
from tests.apps.people.desk import checked, claim
from tests.cast import Cast

ROWS, SLICE = 40, 10
GOOD = ROWS - ROWS // SLICE
CLAIM_AND_SLICE = 2
COMMIT = "_commit"  # what a transaction of Django ends with


class Killed(BaseException):
    """The process is gone."""


def _dying(work: Import, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one process claim the import, commit one slice, and do nothing more."""
    commits = 0
    own: Any = getattr(connection, COMMIT)

    def commit() -> None:
        nonlocal commits
        own()
        commits += 1
        if commits == CLAIM_AND_SLICE:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(connection, COMMIT, commit)
        with suppress(Killed):
            finish(work, now=now)


@pytest.mark.django_db(transaction=True)
def test_who_dies_after_a_commit_has_told_how_far_it_came(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SLICE", SLICE)
    monkeypatch.setattr(importing, "SMALLEST", SLICE)
    monkeypatch.setattr(importing, "LONGEST_SECONDS", 0.0)
    for size in ("FIRST_SLICE", "SMALLEST_SLICE", "LARGEST_SLICE"):
        monkeypatch.setattr(undoing, size, SLICE)
    Label.objects.create(name="Honden", created_at=now)
    lines = [f"p{n}@example.com,Name{n},Honden" for n in range(ROWS)]
    lines[::SLICE] = ["nobody,x,y"] * (ROWS // SLICE)
    text = "email,first name,interesselabels\n" + "\n".join(lines) + "\n"
    work = checked(text, now=now, actor=cast.actor, claim=claim(now))
    start(work.pk, now=now, actor=cast.actor)
    for slices in range(1, ROWS // SLICE + 1):
        _dying(work, now, monkeypatch)
        work.refresh_from_db()
        assert (work.done_count, ImportReject.objects.count()) == (slices * SLICE, slices)
        for table in (Contact, Permission, ConsentRecord, ContactLabel, LabelChange, ImportTouch):
            assert table.objects.count() == slices * (SLICE - 1), table
    assert finish(work, now=now).state == "done"
    work.refresh_from_db()
    assert work.totals["counts"] == dict.fromkeys(("new", "labelled", "permitted"), GOOD)
    assert work.totals["left_out"] == {"bad_address": ROWS - GOOD}
    undo(work.pk, now=now, actor=cast.actor)
    for removed in range(SLICE, GOOD, SLICE):
        _dying(work, now, monkeypatch)
        work.refresh_from_db()
        assert (work.totals["undone"]["removed"], Contact.objects.count()) == (
            removed,
            GOOD - removed,
        )
    assert finish(work, now=now).state == "undone"
    assert Contact.objects.count() == ImportTouch.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_belongs_to_nothing_is_not_taken(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    Label.objects.create(name="Honden", created_at=now)
    text = "email,interesselabels\np@example.com,Honden\n"
    work = checked(text, now=now, actor=cast.actor, claim=claim(now))
    start(work.pk, now=now, actor=cast.actor)
    gone = replace(importing.world(now), labels={"Honden": 987_654})
    with monkeypatch.context() as patch:
        patch.setattr(importing, "world", lambda _now: gone)
        with pytest.raises(IntegrityError):
            finish(work, now=now)
    assert not Contact.objects.exists()
    work.refresh_from_db()
    assert work.done_count == 0
    with pytest.raises(IntegrityError):  # SQLite looks at keys again
        ContactLabel.objects.create(contact_id=987_654, label_id=987_654, since=now)
    assert finish(work, now=now).state == "done"
    assert ContactLabel.objects.get().contact == Contact.objects.get()
