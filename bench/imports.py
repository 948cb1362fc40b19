"""Times an import end to end: stage, check, take, by both databases; and an export of everybody.

    python bench/imports.py [rows] [--plain]

Uses DATABASE_URL if set (an empty database), else SQLite in a folder of its own. `--plain` leaves
out labels, history and permission. Prints rows per second and the largest memory.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="sincerely-bench-"))
os.environ["SINCERELY_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "sincerely.project.settings"
os.environ.setdefault("SINCERELY_LOG_LEVEL", "WARNING")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from sincerely.apps.consent.actions.types import default_subscription_type  # noqa: E402
from sincerely.apps.labels.models import Label  # noqa: E402
from sincerely.apps.people.actions.exporting import start_export  # noqa: E402
from sincerely.apps.people.actions.imports import bring_file, choose, start  # noqa: E402
from sincerely.apps.people.rules.choices import Claim, from_json  # noqa: E402
from sincerely.apps.people.tasks import finish, finish_export  # noqa: E402
from sincerely.apps.team.rules import PROGRAM  # noqa: E402

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
_cpu = [0.0]
LABELS = ("Honden", "Katten", "Vogels", "Vissen", "Paarden", "Konijnen")


def write_rows(path: Path, count: int, *, plain: bool) -> None:
    """Write a file of people with 10 columns, 0.6 % bad addresses."""
    draw = random.Random(7)
    with path.open("w", encoding="utf-8") as out:
        out.write("email,first name,last name,language,country,city,points,")
        out.write("interesselabels,signed up,last opened\n")
        for n in range(count):
            address = (
                f"person{n}@shop{n % 500}.example.com"
                if draw.random() > 0.006
                else "nobody at home"
            )
            labels = "" if plain else ",".join(draw.sample(LABELS, draw.randrange(4)))
            opened = "" if plain else f"2025-{1 + n % 12:02}-{1 + n % 28:02}"
            out.write(
                f'{address},First{n % 900},Last{n % 7000},nl,BE,"Sint-Niklaas, {n % 300}",'
                f'{n % 1000},"{labels}",2020-01-{1 + n % 28:02},{opened}\n'
            )


def timed(name: str, count: int, began: float) -> float:
    """Print one stage and return the time now."""
    now = time.monotonic()
    cpu = time.process_time() - _cpu[0]
    _cpu[0] += cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rates = f"{count / (now - began):10,.0f} rows/s   cpu {cpu:.2f} s ({count / cpu:,.0f}/s)"
    print(f"{name:12} {now - began:8.2f} s {rates}  peak {peak:,.0f} MB")
    return time.monotonic()


def main() -> None:
    """Run the stages in order."""
    count = int(next((a for a in sys.argv[1:] if a.isdigit()), 64_000))
    plain = "--plain" in sys.argv
    call_command("migrate", verbosity=0)
    for name in LABELS:
        Label.objects.create(name=name, created_at=NOW)
    path = HOME / "people.csv"
    write_rows(path, count, plain=plain)
    began, _cpu[0] = time.monotonic(), time.process_time()
    with path.open("rb") as file:
        work = bring_file(
            iter(lambda: file.read(1 << 20), b""), file_name="people.csv", now=NOW, actor=PROGRAM
        )
    began = timed("upload", count, began)
    choices = from_json(work.choices)
    if not plain:
        choices = choices.with_(claim=Claim(default_subscription_type(NOW).pk, document="old tool"))
    choose(work.pk, choices, now=NOW, actor=PROGRAM)
    finish(work, now=NOW)
    began = timed("check", count, began)
    start(work.pk, now=NOW, actor=PROGRAM)
    work = finish(work, now=NOW)
    began = timed("take", count, began)
    print(work.state, work.totals)
    choose_again = bring_file([path.read_bytes()], file_name="again.csv", now=NOW, actor=PROGRAM)
    choose(
        choose_again.pk,
        choices.with_(targets=from_json(choose_again.choices).targets),
        now=NOW,
        actor=PROGRAM,
    )
    finish(choose_again, now=NOW)
    began, _cpu[0] = time.monotonic(), time.process_time()
    start(choose_again.pk, now=NOW, actor=PROGRAM)
    finish(choose_again, now=NOW)
    began = timed("same again", count, began)
    export = start_export("everyone", now=NOW, actor=PROGRAM)
    export = finish_export(export, now=NOW)
    timed("export", export.row_count or 0, began)


if __name__ == "__main__":
    main()
