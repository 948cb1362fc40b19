"""Pages over a million contacts by real HTTP, while an import and a sender write beside them.

    python -m bench.pages [contacts] [campaigns whose deliveries are stored]

The web process is the product's own, started as `sincerely engine web`. The writer is a process
that imports in transactions of about 50 ms (contacts, permissions, list members), commits
outcomes as a sender does, and keeps the stored sets as the runner does. One reader asks for each
page in turn, first and last pages and filters that hardly anybody fits. As bench.segments, it keeps
its base in SINCERELY_BENCH_HOME where that is given, and uses DATABASE_URL if set.
"""

from __future__ import annotations

import atexit
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

if "SINCERELY_BENCH_HOME" not in os.environ:
    os.environ["SINCERELY_BENCH_HOME"] = tempfile.mkdtemp(prefix="sincerely-bench-")
    atexit.register(shutil.rmtree, os.environ["SINCERELY_BENCH_HOME"], ignore_errors=True)
HOME = os.environ["SINCERELY_BENCH_HOME"]
os.environ["SINCERELY_HOME"] = HOME
os.environ["DJANGO_SETTINGS_MODULE"] = "sincerely.project.settings"
os.environ.setdefault("SINCERELY_LOG_LEVEL", "WARNING")

import django  # noqa: E402

django.setup()

import numpy as np  # noqa: E402
from bench.world import CAMPAIGNS, NOW, World, fill, remember  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from sincerely.apps.campaigns.models import Campaign  # noqa: E402
from sincerely.apps.consent.models import (  # noqa: E402
    ConsentRecord,
    OptOut,
    Permission,
    SubscriptionType,
    Suppression,
)
from sincerely.apps.contacts.models import Contact, ListMembership  # noqa: E402
from sincerely.apps.content.models import Content  # noqa: E402
from sincerely.apps.engagement.models import Delivery  # noqa: E402
from sincerely.apps.segments import tasks  # noqa: E402
from sincerely.apps.segments.actions import refresh  # noqa: E402
from sincerely.apps.segments.models import Segment  # noqa: E402
from sincerely.apps.sending.models import Message  # noqa: E402
from sincerely.apps.team.models import Brand, Member, Organisation  # noqa: E402
from sincerely.wire import clock  # noqa: E402

ROUNDS = 20
PAGE_MARK, SAVE_MARK = 150, 250


def copy_rows(model: type[models.Model], given: dict[str, str], source: str) -> None:
    """Insert rows by one statement: columns as given, the others with the model's defaults."""
    columns, values = [], []
    for each in model._meta.concrete_fields:  # noqa: SLF001
        if each.column not in given and each.primary_key:
            continue
        default = each.get_db_prep_save(each.get_default(), connection)
        columns.append(each.column)
        values.append(given.get(each.column) or _literal(default))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"  # noqa: SLF001
            f" SELECT {', '.join(values)} FROM {source}"
        )


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int | float) else f"'{value}'"


def furnish(world: World) -> dict[str, int]:
    """Store what the pages show beside the past: permission, opt-outs, a campaign, segments."""
    now = f"'{connection.ops.adapt_datetimefield_value(NOW)}'"
    type_id = SubscriptionType.objects.order_by("pk").values_list("pk", flat=True)[0]
    blob = "'\\x00'::bytea" if connection.vendor == "postgresql" else "x'00'"
    if not Permission.objects.exists():
        record = {
            "id": "id", "contact_id": "id", "subscription_type_id": str(type_id),
            "act": "'permit'", "channel": "'import'", "at": now, "recorded_at": now,
            "commitment": blob,
        }  # fmt: skip
        # One in a thousand was never asked, one in twenty left.
        copy_rows(ConsentRecord, record, "contacts_contact WHERE id % 1000 <> 0")
        held = {
            "contact_id": "id", "subscription_type_id": str(type_id), "is_in": "id % 20 <> 1",
            "evidence": "1", "record_id": "id", "since": now,
        }  # fmt: skip
        copy_rows(Permission, held, "contacts_contact WHERE id % 1000 <> 0")
        left = {"contact_id": "id", "record_id": "id", "since": now}
        copy_rows(OptOut, left, "contacts_contact WHERE id % 100 = 3")
        blocked = {"address_key": "address_key", "reason": "'manual'", "since": now}
        copy_rows(Suppression, blocked, "contacts_contact WHERE id % 211 = 0")
    return {"campaign": _campaign(world, now), **_segments(world)}


def _campaign(world: World, now: str) -> int:
    found = Campaign.objects.first()
    if found:
        return found.pk
    mailing = world.mailings[CAMPAIGNS - 1]
    brand, _new = Brand.objects.get_or_create(
        name="Bench", defaults={"postal_address": "1 High Street", "created_at": NOW}
    )
    content = Content.objects.create(name="Bench", brand=brand, created_at=NOW, changed_at=NOW)
    planned = {
        "mailing_id": str(mailing), "contact_id": "d.contact_id", "nonce": "c.address_key",
        "address_key": "c.address_key", "due_at": now, "planned_at": now,
        "state": "CASE WHEN d.contact_id % 500 = 7 THEN 'unknown' WHEN bounced_at IS NOT NULL THEN"
        " 'failed' WHEN d.contact_id % 40 = 9 THEN 'skipped' ELSE 'accepted' END",
        "reason": "CASE WHEN d.contact_id % 40 = 9 AND bounced_at IS NULL AND"
        " d.contact_id % 500 <> 7 THEN 'stale' ELSE '' END",
    }  # fmt: skip
    joined = "engagement_delivery d JOIN contacts_contact c ON c.id = d.contact_id"
    copy_rows(Message, planned, f"{joined} WHERE d.mailing_id = {mailing}")
    made = Campaign.objects.create(
        name="Bench", mailing_id=mailing, content=content, stage="launched", launched_at=NOW,
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    return int(made.pk)


def _segments(world: World) -> dict[str, int]:
    mail = {"criterion": "mail", "did": "sent", "mailing": world.mailings[CAMPAIGNS - 2]}
    rules = {
        "watched": {"criterion": "mail", "did": "opened", "mailing": mail["mailing"]},
        "unwatched": {"all": [mail, {"none": [{"criterion": "list", "list": world.list_id}]}]},
    }
    made = {}
    for name, rule in rules.items():
        segment, is_new = Segment.objects.get_or_create(
            name=name,
            defaults={
                "rule": rule, "is_watched": name == "watched", "created_at": NOW, "changed_at": NOW,
            },
        )  # fmt: skip
        if is_new and name == "watched":
            refresh(segment, now=NOW)
        made[name] = segment.pk
    return made


def pages(world: World, made: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Yield a name and an address for each page."""
    last, middle = 60, world.contacts // 2
    for name, query in {
        "all": "", "never asked": "status=unspecified&", "opted out": "status=out&",
        "suppressed": "status=suppressed&", "may be mailed": "status=in&",
        "on list 1 and opted out": f"list={world.list_id}&status=out&",
        "of a segment": f"segment={made['unwatched']}&",
    }.items():  # fmt: skip
        yield f"contacts, {name}: first", f"/people/?{query}"
        yield f"contacts, {name}: middle", f"/people/?{query}before={middle}"
        yield f"contacts, {name}: last", f"/people/?{query}before={last * 20 if query else last}"
    yield "contacts, search", "/people/?q=person9999"
    yield "contact", f"/people/{middle}/"
    for name, address in {
        "list": f"/people/lists/{world.list_id}/",
        "segment, watched": f"/people/segments/{made['watched']}/",
        "segment, unwatched": f"/people/segments/{made['unwatched']}/",
    }.items():
        yield f"{name}: first", address
        yield f"{name}: last", f"{address}?after={world.contacts - 400}"
    address = f"/reports/campaigns/{made['campaign']}/recipients/"
    for outcome in (
        "",
        "opened",
        "acted",
        "clicked",
        "bounced",
        "complained",
        "nothing",
        "unknown",
    ):
        yield f"recipients, {outcome or 'all'}: first", f"{address}?outcome={outcome}"
        yield (
            f"recipients, {outcome or 'all'}: last",
            f"{address}?outcome={outcome}&after={world.contacts - 400}",
        )
    for state in ("accepted", "unknown", "failed"):
        yield f"recipients, {state}: first", f"{address}?state={state}"
        yield f"recipients, {state}: last", f"{address}?state={state}&after={world.contacts - 900}"
    yield "recipients, left out as stale: first", f"{address}?reason=stale"


def cpu_ms(pid: int) -> float:
    """Return the CPU time of a process and its children so far."""
    spent, waiting = 0.0, [pid]
    while waiting:
        root = Path(f"/proc/{waiting.pop()}/task")
        for task in root.iterdir() if root.exists() else ():
            spent += int((task / "schedstat").read_text().split()[0]) / 1e6
            waiting += map(int, (task / "children").read_text().split())
    return spent


@dataclass
class Browser:
    """One kept connection with a member's session."""

    port: int
    cookies: dict[str, str]

    def __post_init__(self) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, address: str, posted: dict[str, str] | None = None) -> tuple[float, int, str]:
        """Return milliseconds until the whole answer was read, its status and its text."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if posted is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode(posted | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})
        began = time.perf_counter()
        self.line.request("POST" if body else "GET", address, body, headers)
        answer = self.line.getresponse()
        text = answer.read().decode()
        return (time.perf_counter() - began) * 1e3, answer.status, text


Spent = dict[str, list[tuple[float, float]]]


def measure(browser: Browser, world: World, made: dict[str, int], *, pid: int) -> Spent:
    """Ask for every page in turn, several times, and save forms in between."""
    spent: Spent = defaultdict(list)
    asked = list(pages(world, made))
    for turn in range(ROUNDS):
        for name, address in asked:
            before = cpu_ms(pid)
            wall, status, _text = browser.ask(address)
            assert status == 200, (name, address, status)
            if turn:
                spent[name].append((wall, cpu_ms(pid) - before))
        contact_id = 1 + turn * 9973 % world.contacts
        form = {
            "address": f"person{contact_id}@example{contact_id % 500}.com",
            "first_name": f"Ann {turn} {time.time_ns()}", "last_name": "Lee", "language": "nl",
            "tracking_tier": "full",
        }  # fmt: skip
        for name, address, posted in (
            ("save: a contact", f"/people/{contact_id}/edit/", form),
            ("save: a list", f"/people/lists/{world.list_id}/edit/", {"name": "List 1"}),
        ):
            before = cpu_ms(pid)
            wall, status, text = browser.ask(address, posted)
            assert status == 302, (name, status, re.findall(r"invalid-feedback[^<]*<", text))
            spent[name].append((wall, cpu_ms(pid) - before))
    return spent


def write(world: World, stop: threading.Event) -> None:
    """Import and send until told to stop, each transaction about 50 ms; keep the sets."""
    type_id = SubscriptionType.objects.order_by("pk").values_list("pk", flat=True)[0]
    mailing, size, sent, kept = world.mailings[CAMPAIGNS - 1], 200, 0, time.monotonic()
    transactions = people = 0
    while not stop.is_set():
        began = time.monotonic()
        with transaction.atomic():
            _import(size, type_id, world.list_id)
        spent = time.monotonic() - began
        people += size
        size = int(max(50, min(2_000, size * (0.05 / max(spent, 0.001)) ** 0.5)))
        for _ in range(3):
            with transaction.atomic():
                _send(mailing, sent, 200)
            sent = (sent + 200 * 3) % world.contacts
        transactions += 4
        if time.monotonic() - kept > 1:
            tasks.keep_sets(now=clock.now(), owner="bench", stop=stop)
            kept = time.monotonic()
        stop.wait(0.01)
    print(f"beside: {people:,} people imported, {transactions:,} transactions")


def _import(size: int, type_id: int, list_id: int) -> None:
    # Below 2^40 as the made-up keys are, but from a range of their own.
    first = time.time_ns() // 1000 % 2**39 + 2**40
    made = Contact.objects.bulk_create(
        Contact(
            address=f"new{number}@example.org", address_key=number.to_bytes(16, "big"),
            domain="example.org", source="import", created_at=NOW, changed_at=NOW,
        )
        for number in range(first, first + size)
    )  # fmt: skip
    records = ConsentRecord.objects.bulk_create(
        ConsentRecord(
            contact=contact, subscription_type_id=type_id, act="permit", channel="import", at=NOW,
            recorded_at=NOW, commitment=b"x",
        )
        for contact in made
    )  # fmt: skip
    Permission.objects.bulk_create(
        Permission(
            contact_id=record.contact_id, subscription_type_id=type_id, is_in=True, evidence=1,
            record=record, since=NOW,
        )
        for record in records
    )  # fmt: skip
    ListMembership.objects.bulk_create(
        ListMembership(contact=contact, contact_list_id=list_id, added_at=NOW) for contact in made
    )


def _send(mailing: int, after: int, limit: int) -> None:
    """Write outcomes of some messages, and what the fold makes of them."""
    rows = Message.objects.filter(mailing_id=mailing, contact_id__gt=after).order_by("contact_id")
    chosen = list(rows.values_list("pk", "contact_id")[:limit])
    Message.objects.filter(pk__in=[pk for pk, _id in chosen]).update(
        attempt_count=models.F("attempt_count") + 1
    )
    Delivery.objects.filter(mailing_id=mailing, contact_id__in=[pk for _id, pk in chosen]).update(
        human_open_count=models.F("human_open_count") + 1
    )


def writer() -> None:
    """Run the writing side: it ends when its standard input does."""
    world = remember(World())
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    write(world, stop)


def _member() -> Member:
    Organisation.objects.get_or_create(pk=1, defaults={"name": "Bench", "set_up_at": NOW})
    found = Member.objects.filter(email="bench@team.example").first()
    return found or Member.objects.create_user(
        "bench@team.example", "correct horse battery", name="Bench", role="owner", created_at=NOW
    )


def _signed_in(port: int) -> Browser:
    client = Client()
    client.force_login(_member())
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    browser = Browser(port, {settings.SESSION_COOKIE_NAME: session, "csrftoken": "a" * 32})
    deadline = time.monotonic() + 60
    while True:
        try:
            browser.ask("/people/")
        except OSError:
            if time.monotonic() > deadline:
                raise
            browser = Browser(port, browser.cookies)
            time.sleep(0.3)
        else:
            return browser


def main(contacts: int = 100_000, stored: int = 5) -> None:
    """Make the base, start the web process and the writer, measure, print."""
    call_command("migrate", verbosity=0)
    (Path(HOME) / "static").mkdir(exist_ok=True)
    world = World(contacts, stored)
    if Contact.objects.exists():
        remember(world)
    else:
        fill(world)
    made = furnish(world)
    while tasks.keep_sets(now=clock.now(), owner="bench", stop=threading.Event()):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = subprocess.Popen(
        [sys.executable, "-m", "sincerely.cli", "engine", "web"],
        env=os.environ | {"SINCERELY_WEB": f"127.0.0.1:{port}", "SINCERELY_CLOCK_TURNABLE": "0"},
    )
    beside = None
    try:
        browser = _signed_in(port)
        beside = subprocess.Popen(
            [sys.executable, "-m", "bench.pages", "--write"], stdin=subprocess.PIPE
        )
        spent = measure(browser, world, made, pid=web.pid)
    finally:
        web.terminate()
        web.wait()
        if beside is not None and beside.stdin is not None:
            beside.stdin.close()
            beside.wait()
    show(spent)


def show(spent: Spent) -> None:
    """Print each page, and the lines for the table of all benchmarks.

    The CPU is the web process's own: it hardly depends on what else the machine does.
    """
    worst: dict[str, tuple[float, str]] = {}
    for name, runs in spent.items():
        walls, cpu = zip(*runs, strict=True)
        middle, high = np.percentile(walls, 50), np.percentile(walls, 95)
        print(
            f"{name:45} p50 {middle:7.1f} ms  p95 {high:7.1f} ms  CPU {np.percentile(cpu, 50):6.1f}"
        )
        kind = name.split(":")[0].split(",")[0]
        worst[kind] = max(worst.get(kind, (0.0, "")), (float(high), name))
    for kind, (high, name) in worst.items():
        most = SAVE_MARK if kind == "save" else PAGE_MARK
        row = {
            "path": f"pages: {kind}, worst p95 ({name})",
            "database": connection.vendor,
            "measured": round(high, 1),
            "unit": "ms",
            "reference": None,
            "ratio": None,
            "mark": f"at most {most} ms",
            "reached": "yes" if high <= most else "no",
        }
        print(f"RESULT {json.dumps(row)}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        writer()
    else:
        main(*(int(word) for word in sys.argv[1:]))
