"""What a member does with an import: bring a file, choose, check, start, cancel, undo."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction

from sincerely.apps.contacts.actions.fields import define_field
from sincerely.apps.contacts.actions.lists import create_list
from sincerely.apps.contacts.models import ContactList
from sincerely.apps.labels.models import Label
from sincerely.apps.labels.rules import checked_name
from sincerely.apps.operation.actions import keep_file
from sincerely.apps.people.actions.staging import stage_if_missing
from sincerely.apps.people.models import Import, WorkState
from sincerely.apps.people.queries.files import look_at, path_of
from sincerely.apps.people.queries.imports import all_fields, known_labels
from sincerely.apps.people.queries.staged import flags_path
from sincerely.apps.people.rules.choices import Choices, Problem, Target, check, from_json
from sincerely.apps.people.rules.dialect import FileRefused
from sincerely.apps.people.rules.dialect import from_json as dialect_from_json
from sincerely.apps.people.rules.mapping import guess_mapping
from sincerely.apps.team.actions import audit
from sincerely.apps.team.queries import organisation
from sincerely.apps.team.rules import Actor

SAMPLE_ROWS = 5
OPEN = (WorkState.DRAFT, WorkState.CHECKING, WorkState.CHECKED)


class Refused(Exception):
    """The import cannot do that now; `problems` say why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


def store_upload(chunks: Iterable[bytes]) -> str:
    """Write an upload under a random name that nobody chose, and return the name."""
    folder = Path(settings.UPLOADS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = secrets.token_hex(16)
    with (folder / name).open("xb") as out:
        for chunk in chunks:
            out.write(chunk)
    return name


def bring_file(
    chunks: Iterable[bytes], *, file_name: str, now: datetime, actor: Actor, kind: str = "contacts"
) -> Import:
    """Store a file and look at it; return the import with guesses. Raises FileRefused."""
    stored_as = store_upload(chunks)
    path = path_of(stored_as)
    try:
        dialect, header, rows = look_at(path)
    except FileRefused:
        path.unlink(missing_ok=True)
        raise
    keep_file(stored_as, path, now=now)
    house = organisation()
    targets = guess_mapping(header, rows, fields=list(all_fields().values()))
    if kind == "opt_out":
        targets = tuple(t if t.to == "address" else Target() for t in targets)
    choices = Choices(
        targets=targets, tracking_tier=house.default_tracking_tier if house else "full"
    )
    with transaction.atomic():
        work = Import.objects.create(
            kind=kind,
            file_name=Path(file_name).name[-200:] or "file",
            stored_as=stored_as,
            size_bytes=path.stat().st_size,
            dialect=dialect.to_json(),
            header=header,
            choices=choices.to_json(),
            preview={"rows": [[cell[:120] for cell in row] for row in rows[:SAMPLE_ROWS]]},
            member_id=actor.member_id,
            api_key_id=actor.api_key_id,
            created_at=now,
        )
        audit(actor, "file uploaded", now=now, subject=work, detail={"kind": kind})
    return work


def keep_choices(import_id: int, choices: Choices, *, now: datetime, actor: Actor) -> Import:
    """Store choices on the way without asking for a check.

    Raises Refused for what must be put right, and once it is too late.
    """
    with transaction.atomic():
        work = Import.objects.select_for_update().get(pk=import_id)
        if work.state not in OPEN:
            raise Refused([Problem("too_late")])
        problems = check(choices, fields=all_fields())
        if problems:
            raise Refused(problems)
        if choices.to_json() != work.choices:
            work.choices = choices.to_json()
            work.state = WorkState.DRAFT
            work.fence += 1
            work.save()
            audit(actor, "import mapped", now=now, subject=work)
    return work


def choose(
    import_id: int, choices: Choices, *, now: datetime, actor: Actor, note: str = ""
) -> Import:
    """Store the choices and ask for a check; raises Refused with what must be put right.

    The decision on permission is audited with the member's note.
    """
    with transaction.atomic():
        work = Import.objects.select_for_update().get(pk=import_id)
        problems = check(choices, fields=all_fields())
        if work.state not in OPEN:
            problems.append(Problem("too_late"))
        if problems:
            raise Refused(problems)
        flags_path(path_of(work.stored_as)).unlink(missing_ok=True)
        work.choices = choices.to_json()
        work.state = WorkState.CHECKING
        work.fence += 1
        work.totals, work.done_count, work.position = {}, 0, 0
        work.save()
        claim = choices.to_json()["claim"]
        detail = {"claim": claim, "note": note} if claim else {"claim": None, "note": note}
        if choices.permission_decided:
            audit(actor, "permission of import decided", now=now, subject=work, detail=detail)
    return work


def create_labels(
    import_id: int,
    names: Iterable[str],
    *,
    now: datetime,
    actor: Actor,
    meant: Mapping[str, str] | None = None,
) -> list[str]:
    """Create these unknown labels, by one deliberate act, and check the file again.

    `meant` says which label's name stands for another name of the file.
    """
    with transaction.atomic():
        known = known_labels()
        fresh = [checked_name(name) for name in names if name not in known]
        for name in fresh:
            label = Label.objects.filter(name=name).first()
            if label is None:
                label = Label.objects.create(name=name, created_at=now)
            elif label.merged_into_id is None:
                label.archived_at = None
                label.save(update_fields=["archived_at"])
            audit(actor, "label created", now=now, subject=label, detail={"import": import_id})
    choices = from_json(Import.objects.get(pk=import_id).choices)
    choices = choices.with_(label_names={**choices.label_names, **(meant or {})})
    choose(import_id, choices, now=now, actor=actor)
    return fresh


def start(import_id: int, *, now: datetime, actor: Actor, typed_count: int | None = None) -> Import:
    """Put a checked import in the queue; fields and lists that it needs are made now.

    An opt-out list needs the number of its rows typed, exactly. Raises Refused.
    """
    with transaction.atomic():
        work = Import.objects.select_for_update().get(pk=import_id)
        if work.state != WorkState.CHECKED:
            raise Refused([Problem("not_checked")])
        if work.kind == "opt_out" and typed_count != work.row_count:
            raise Refused([Problem("wrong_count", None, str(work.row_count))])
        problems = check(from_json(work.choices), fields=all_fields())
        if problems:  # somebody made a field, or put one away, since the check
            raise Refused(problems)
        work.choices = _with_new_fields(work, now=now, actor=actor).to_json()
        work.state = WorkState.QUEUED
        work.position = work.done_count = 0
        work.totals = {}
        work.fence += 1
        work.save()
        audit(actor, "import started", now=now, subject=work, detail={"rows": work.row_count})
    return work


def _with_new_fields(work: Import, *, now: datetime, actor: Actor) -> Choices:
    choices, options = from_json(work.choices), work.preview.get("options", {})
    targets = []
    for place, target in enumerate(choices.targets):
        made = target
        if target.to == "new_field":
            found = options.get(str(place), ())
            field = define_field(target.name, kind=target.kind, now=now, actor=actor, choices=found)
            made = Target(
                to="field",
                key=field.key,
                name=field.name,
                kind=field.kind,
                order=target.order,
                decimal_comma=target.decimal_comma,
            )
        targets.append(made)
    return choices.with_(targets=tuple(targets))


def new_list(name: str, *, now: datetime, actor: Actor) -> int:
    """Return the id of the list of this name that an import fills; made where there is none."""
    known = ContactList.objects.filter(name=name.strip()).first()
    return known.pk if known else create_list(name, now=now, actor=actor, origin="import").pk


def cancel(import_id: int, *, now: datetime, actor: Actor) -> Import:
    """Stop an import where it is; what was taken stays and can be undone."""
    with transaction.atomic():
        work = Import.objects.select_for_update().get(pk=import_id)
        if work.state in (*OPEN, WorkState.QUEUED, WorkState.RUNNING):
            work.state = WorkState.CANCELLED
            work.fence += 1
            work.finished_at = now
            work.save()
            audit(actor, "import cancelled", now=now, subject=work)
    return work


def undo(import_id: int, *, now: datetime, actor: Actor) -> Import:
    """Ask for an import of contacts to be undone; an opt-out list never is. Raises Refused."""
    with transaction.atomic():
        work = Import.objects.select_for_update().get(pk=import_id)
        ended = (WorkState.DONE, WorkState.CANCELLED, WorkState.FAILED)
        if work.kind == "opt_out" or work.state not in ended:
            raise Refused([Problem("cannot_undo")])
        work.state = WorkState.UNDOING
        work.fence += 1
        work.totals = {**work.totals, "undone": {}}
        work.save()
        audit(actor, "import undo asked", now=now, subject=work)
    return work


def have_rows(work: Import) -> None:
    """Have the rows of an import on this machine, as far as its upload is still kept."""
    with suppress(FileNotFoundError):
        for _count in stage_if_missing(path_of(work.stored_as), dialect_from_json(work.dialect)):
            pass


def start_import(
    source: str | Path | IO[bytes],
    *,
    choices: Choices | None = None,
    now: datetime,
    actor: Actor,
    kind: str = "contacts",
) -> Import:
    """Bring a file (a path or an open one) and ask for its check, with the guesses by default.

    For programs; `tasks.finish` then does check and import without a runner.
    """
    if isinstance(source, str | Path):
        with Path(source).open("rb") as file:
            work = bring_file(
                _chunks(file), file_name=Path(source).name, now=now, actor=actor, kind=kind
            )
    else:
        work = bring_file(_chunks(source), file_name="file", now=now, actor=actor, kind=kind)
    return choose(work.pk, choices or from_json(work.choices), now=now, actor=actor)


def _chunks(file: IO[bytes]) -> Iterable[bytes]:
    return iter(lambda: file.read(1 << 20), b"")
