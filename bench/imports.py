"""An import end to end against `INSERT … SELECT` of the same rows and against the ORM way.

    python -m bench.imports [COUNT] [--postgres] [--pages] [--undo]

Brings a file of COUNT people (default 100,000): 10 columns with labels, 1 % bad rows, 0.5 % people
who come twice. It is checked (parsed, validated, de-duplicated, compared) and taken, with consent
records, label provenance, history, undo notes and reject rows; then the same file comes again.
Afterwards the database copies the same rows by `INSERT … SELECT`, and the ORM way (DictReader,
email-validator, `bulk_create(update_conflicts)` for the same tables, in one transaction) takes up
to 20,000 rows before it.
`--pages` saves a contact every 50 ms in a process of its own while the file is taken, `--undo`
times the undo, `--postgres` starts a throw-away cluster. The memory is VmHWM of check and taking.
"""

# ruff: noqa: PLC0415 -- Django is imported after its settings are named

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from bench.cluster import durable_cluster

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
LABELS = ("Honden", "Katten", "Vogels", "Vissen", "Paarden", "Konijnen")
MARK = 0.12
ORM_ROWS = 20_000


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.imports")
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    for switch in ("--postgres", "--pages", "--undo", "--saver"):
        parser.add_argument(switch, action="store_true")
    return parser.parse_args()


def write_rows(path: Path, count: int) -> None:
    """Write the file: 0.7 % bad addresses, 0.3 % torn rows, 0.5 % of the people a second time."""
    draw = random.Random(7)
    with path.open("w", encoding="utf-8") as out:
        out.write("email,first name,last name,language,country,city,points,")
        out.write("interesselabels,signed up,last opened\n")
        for n in range(count):
            chance = draw.random()
            who = n // 2 if chance > 0.995 else n
            address = f"person{who}@shop{who % 500}.example.com"
            if chance < 0.007:
                address = "nobody at home"
            labels = ",".join(draw.sample(LABELS, draw.randrange(4)))
            torn = "" if 0.007 < chance < 0.01 else f",2025-{1 + n % 12:02}-{1 + n % 28:02}"
            out.write(
                f'{address},First{n % 900},Last{n % 7000},nl,BE,"Sint-Niklaas, {n % 300}",'
                f'{n % 1000},"{labels}",2020-01-{1 + n % 28:02}{torn}\n'
            )


class Clock:
    """Prints what each stage took, on the wall and in CPU."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.spent: dict[str, Any] = {}
        self.start()

    def start(self) -> None:
        """Begin a stage."""
        from bench.copied import spent_so_far

        self._began = spent_so_far()

    def stop(self, name: str, rows: int = 0) -> Any:
        """End the stage, print and return what was spent."""
        from bench.copied import spent_so_far

        self.spent[name] = spent = spent_so_far() - self._began
        self.show(name, spent, rows or self.count)
        self.start()
        return spent

    def show(self, name: str, spent: Any, rows: int) -> None:
        """Print what was spent."""
        print(
            f"{name:14} {spent.wall:8.2f} s {rows / spent.wall:10,.0f} rows/s   "
            f"cpu {spent.cpu / rows * 1e6:6.1f} us/row   peak {peak_mb():,.0f} MB",
            flush=True,
        )


def peak_mb() -> float:
    """Return the largest resident memory since the last `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def forget_peak() -> None:
    """Let VmHWM begin again at what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")


def take(path: Path, clock: Clock, *, suffix: str = "") -> Any:
    """Bring, check and take the file; return the import."""
    from sincerely.apps.consent.actions.types import default_subscription_type
    from sincerely.apps.people.actions.imports import bring_file, choose, start
    from sincerely.apps.people.rules.choices import Claim, from_json
    from sincerely.apps.people.tasks import finish
    from sincerely.apps.team.rules import PROGRAM

    clock.start()
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(1 << 20), b"")
        work = bring_file(blocks, file_name="people.csv", now=NOW, actor=PROGRAM)
    claim = Claim(default_subscription_type(NOW).pk, document="old tool")
    choose(work.pk, from_json(work.choices).with_(claim=claim), now=NOW, actor=PROGRAM)
    finish(work, now=NOW)
    clock.stop(f"check{suffix}")
    start(work.pk, now=NOW, actor=PROGRAM)
    work = finish(work, now=NOW)
    clock.stop(f"take{suffix}")
    print(f"  {work.state} {work.totals}")
    return work


def saver() -> None:
    """Save a contact every 50 ms until the input ends; print how long a save took, in ms."""

    from sincerely.apps.contacts.actions.contacts import create_contact, edit_contact
    from sincerely.apps.team.rules import PROGRAM

    made = create_contact("saver@example.com", now=NOW, actor=PROGRAM)
    done, spent = Event(), list[float]()
    print("ready", flush=True)
    Thread(target=_until_told, args=(done,), daemon=True).start()
    while not done.wait(0.05):
        began = time.monotonic()
        name = f"Name {len(spent)}"
        edit_contact(made.pk, changes={"last_name": name}, now=NOW, actor=PROGRAM)
        spent.append((time.monotonic() - began) * 1000)
    spent.sort()
    shown = {f"p{p}": round(spent[len(spent) * p // 100], 1) for p in (50, 95, 99)}
    print(json.dumps({"saves": len(spent), **shown, "max": round(spent[-1], 1)}))


def _until_told(done: Event) -> None:
    """Set the event when the standard input ends."""
    sys.stdin.read()
    done.set()


def start_saver() -> subprocess.Popen[str]:
    """Start the process that saves a contact again and again."""
    command = [sys.executable, "-m", "bench.imports", "--saver"]
    side = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert side.stdout is not None
    side.stdout.readline()
    return side


def written() -> list[Any]:
    """Return the tables that an import writes."""
    from sincerely.apps.consent.models import ConsentRecord, Permission
    from sincerely.apps.contacts.models import Contact
    from sincerely.apps.engagement.models import ContactEngagement
    from sincerely.apps.interests.models import ContactLabel, LabelChange
    from sincerely.apps.people.models import ImportReject, ImportTouch

    people = [Contact, ContactEngagement, ContactLabel, LabelChange, ConsentRecord, Permission]
    return [*people, ImportTouch, ImportReject]


def take_by_orm(path: Path, count: int) -> None:
    """Take rows the ORM way, into the same tables, and commit them."""
    from bench.orm_import import take_batch
    from django.db import transaction
    from email_validator import EmailNotValidError, validate_email

    with transaction.atomic(), path.open(encoding="utf-8", newline="") as file:
        batch: dict[str, dict[str, str]] = {}
        for number, row in enumerate(csv.DictReader(file)):
            if number == count:
                break
            try:
                valid = validate_email(row["email"], check_deliverability=False)
            except EmailNotValidError:
                continue
            batch[valid.normalized] = row
            if len(batch) == 2_000:
                take_batch(batch, now=NOW)
                batch = {}
        take_batch(batch, now=NOW)


def remove_all() -> None:
    """Empty the tables again: what comes next begins where the ORM way began."""
    from django.db import connection, transaction

    from sincerely.apps.people.models import Import

    with transaction.atomic(), connection.cursor() as cursor:
        for model in [*reversed(written()), Import]:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: SLF001


def prepare(home: Path, count: int) -> Path:
    """Make the tables, the labels and the file; return where the file is."""
    from django.core.management import call_command

    from sincerely.apps.labels.models import Label

    call_command("migrate", verbosity=0)
    for name in LABELS:
        Label.objects.create(name=name, created_at=NOW)
    path = home / "people.csv"
    write_rows(path, count)
    return path


def undo_both(work: Any, clock: Clock) -> None:
    """Undo the import and the one that came after it, the later one first."""
    from sincerely.apps.people.actions.imports import undo
    from sincerely.apps.people.tasks import finish
    from sincerely.apps.team.rules import PROGRAM

    clock.start()
    for each in (work.pk + 1, work.pk):
        finish(undo(each, now=NOW, actor=PROGRAM), now=NOW)
        clock.stop("undo")


def measure(asked: argparse.Namespace, home: Path) -> None:
    """Run everything and print the figures."""
    from bench.copied import spent_to_copy

    path, clock = prepare(home, asked.count), Clock(asked.count)
    rows = min(asked.count, ORM_ROWS)
    clock.start()
    take_by_orm(path, rows)
    clock.stop("the ORM way", rows)
    remove_all()
    side = start_saver() if asked.pages else None
    forget_peak()
    work = take(path, clock)
    memory = peak_mb()
    pages = {"save_ms": json.loads(side.communicate()[0])} if side else {}
    for name, is_bare in (("INSERT SELECT", False), ("bare tables", True)):
        clock.spent[name] = spent_to_copy(written(), bare=is_bare)
        clock.show(name, clock.spent[name], asked.count)
    shown = figures(clock.spent, asked.count, orm_rows=rows)
    take(path, clock, suffix=" again")
    if asked.undo:
        undo_both(work, clock)
    print(f"RESULT {json.dumps(shown | {'memory_mb': round(memory)} | pages)}")


def figures(spent: Mapping[str, Any], count: int, *, orm_rows: int) -> dict[str, Any]:
    """Return the import's own figures and its ratios to the references."""
    from django.db import connection

    ours, orm = spent["check"] + spent["take"], spent["the ORM way"]
    copied, bare = spent["INSERT SELECT"], spent["bare tables"]
    return {
        "path": "import",
        "database": connection.vendor,
        "rows": count,
        "measured": round(count / ours.wall),
        "unit": "rows/s, checked and taken",
        "reference": round(count / copied.wall),
        "ratio": round(copied.wall / ours.wall, 3),
        "mark": MARK,
        "ratio_by_cpu": round(copied.cpu / ours.cpu, 3),
        "ratio_to_bare_tables": round(bare.wall / ours.wall, 3),
        "times_the_orm_way": round(orm.wall / orm_rows * count / ours.wall, 1),
        "times_the_orm_way_by_cpu": round(orm.cpu / orm_rows * count / ours.cpu, 1),
    }


def main() -> int:
    asked = options()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "sincerely.project.settings",
        "SINCERELY_LOG_LEVEL": "WARNING",
    }
    import django

    if asked.saver:
        django.setup()
        saver()
        return 0
    home = Path(tempfile.mkdtemp(prefix="bench-imports-"))
    os.environ["SINCERELY_HOME"] = str(home)
    with ExitStack() as open_things:
        open_things.callback(shutil.rmtree, home, ignore_errors=True)
        if asked.postgres:
            os.environ["DATABASE_URL"] = open_things.enter_context(durable_cluster())
        django.setup()
        measure(asked, home)
        from django.db import connection

        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
