"""A process that imports until it is killed: `python -m tests.crash.import_worker` with a home."""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "sincerely.project.settings"
django.setup()

from django.core.management import call_command  # noqa: E402

from sincerely.apps.consent.actions.types import default_subscription_type  # noqa: E402
from sincerely.apps.consent.models import ConsentRecord, Permission  # noqa: E402
from sincerely.apps.contacts.models import Contact  # noqa: E402
from sincerely.apps.interests.models import ContactLabel, LabelChange  # noqa: E402
from sincerely.apps.labels.models import Label  # noqa: E402
from sincerely.apps.people.actions.imports import bring_file, choose, start  # noqa: E402
from sincerely.apps.people.models import Import, ImportReject, ImportTouch  # noqa: E402
from sincerely.apps.people.rules.choices import Claim, from_json  # noqa: E402
from sincerely.apps.people.tasks import finish, import_step  # noqa: E402
from sincerely.apps.team.rules import PROGRAM  # noqa: E402

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def prepare(path: str) -> None:
    call_command("migrate", verbosity=0)
    Label.objects.create(name="Honden", created_at=NOW)
    with open(path, "rb") as file:
        work = bring_file([file.read()], file_name="people.csv", now=NOW, actor=PROGRAM)
    claim = Claim(default_subscription_type(NOW).pk, document="paper")
    choose(work.pk, from_json(work.choices).with_(claim=claim), now=NOW, actor=PROGRAM)
    finish(work, now=NOW)
    start(work.pk, now=NOW, actor=PROGRAM)


def go_on(cpu_seconds: float) -> None:
    """Work on; after that much CPU time the kernel ends us by a signal that nobody catches."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    while import_step(now=NOW, owner=f"worker-{os.getpid()}", stop=threading.Event()):
        pass
    signal.setitimer(signal.ITIMER_PROF, 0)
    show()


def show() -> None:
    work = Import.objects.get()
    tables = (Contact, Permission, ConsentRecord, ContactLabel, LabelChange, ImportTouch)
    counts = " ".join(str(table.objects.count()) for table in tables)
    rejects = ImportReject.objects.values_list("row_number", flat=True)
    taken = work.totals.get("counts", {}).get("new", 0)
    print(work.state, work.done_count, taken, counts, len(rejects), len(set(rejects)))


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2])
    else:
        go_on(float(sys.argv[2]))
