"""Times segments over a large made-up base, on SQLite or PostgreSQL, beside DuckDB's raw scan.

    python bench/segments.py [contacts] [events per contact]

Uses DATABASE_URL if set (an empty database), else SQLite in a folder of its own. Deliveries are
made for three mailings to a third of the contacts each (keyed access makes further ones
irrelevant), rollups for everybody, label clicks and events as asked. DuckDB, where it is
installed, scans the same rows from Parquet in the same run; else its column stays empty.
"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HOME = Path(tempfile.mkdtemp(prefix="sincerely-bench-"))
os.environ["SINCERELY_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "sincerely.project.settings"
os.environ.setdefault("SINCERELY_LOG_LEVEL", "WARNING")

import django  # noqa: E402

django.setup()

import numpy as np  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from sincerely.apps.contacts.models import ContactList, FieldDefinition  # noqa: E402
from sincerely.apps.engagement.models import Mailing  # noqa: E402
from sincerely.apps.labels.models import Label  # noqa: E402
from sincerely.apps.segments.compile import select, select_among  # noqa: E402
from sincerely.apps.segments.queries import count_query, preview  # noqa: E402
from sincerely.apps.segments.queries.selecting import fetch_ids  # noqa: E402
from sincerely.apps.segments.rules.ready_made import asleep_since, unengaged_by_time  # noqa: E402

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
CHUNK = 50_000
Rows = Iterable[Sequence[Any]]


def store(table: str, columns: Sequence[str], rows: Rows) -> None:
    """Insert rows in bulk, by COPY where there is one."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copy_to = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with cursor.copy(copy_to) as copy:
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
        cursor.executemany(statement, rows)


def stamp(days_ago: float) -> Any:
    """Return a time so many days ago as the database stores it."""
    return connection.ops.adapt_datetimefield_value(
        (NOW - timedelta(days=days_ago)).replace(microsecond=0)
    )


class Base:
    """The made-up base: its size and the ids that the rules name."""

    def __init__(self, contacts: int, events_each: int) -> None:
        self.contacts, self.events_each = contacts, events_each
        self.draw = np.random.default_rng(7)
        self.mailings = [
            Mailing.objects.create(tag="campaign", name=f"Mail {n}", created_at=NOW).pk
            for n in range(3)
        ]
        self.labels = [
            Label.objects.create(name=f"Label {n}", created_at=NOW).pk for n in range(40)
        ]
        FieldDefinition.objects.create(key="country", name="Country", kind="text", created_at=NOW)
        self.list = ContactList.objects.create(name="List 1", created_at=NOW).pk
        self.stamps = [stamp(day) for day in range(900)]

    def fill(self) -> None:
        """Store everything."""
        self.people()
        self.rollups()
        for number in self.mailings:
            self.deliveries(number)
        self.label_days()
        self.events()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def people(self) -> None:
        """Store the contacts, and a fifth of them on the list."""
        languages = ("nl", "en", "sv", "da")
        columns = [
            "id",
            "address",
            "address_key",
            "share_number",
            "domain",
            "first_name",
            "last_name",
            "language",
            "time_zone",
            "fields",
            "tracking_tier",
            "source",
            "created_at",
            "changed_at",
        ]
        at = self.stamps[100]
        store(
            "contacts_contact",
            columns,
            (
                (
                    n,
                    f"person{n}@example{n % 500}.com",
                    n.to_bytes(16, "big"),
                    0,
                    f"example{n % 500}.com",
                    f"First{n % 900}",
                    f"Last{n % 7000}",
                    languages[n % 4],
                    "",
                    json.dumps({"country": "BE" if n % 3 else "NL", "points": n % 1000}),
                    "full" if n % 20 else "none",
                    "import",
                    at,
                    at,
                )
                for n in range(1, self.contacts + 1)
            ),
        )
        chosen = np.flatnonzero(self.draw.random(self.contacts) < 0.2) + 1
        store(
            "contacts_listmembership",
            ("contact_id", "contact_list_id", "added_at"),
            ((int(n), self.list, at) for n in chosen),
        )

    def rollups(self) -> None:
        """Store last sent, open and click: a quarter never opened, a third went quiet."""
        columns = [
            "contact_id",
            "last_sent_at",
            "last_open_at",
            "last_click_at",
            "sent_count",
            "delivered_count",
            "open_count",
            "click_count",
            "sent_since_engaged_count",
        ]
        days = self.draw.integers(0, 800, self.contacts)
        kinds = self.draw.random(self.contacts)
        rows = (
            (
                n + 1,
                self.stamps[3],
                None if kinds[n] < 0.25 else self.stamps[int(days[n])],
                self.stamps[int(days[n])] if kinds[n] > 0.7 else None,
                40,
                39,
                int(kinds[n] * 20),
                int(kinds[n] * 4),
                int(days[n]) // 20,
            )
            for n in range(self.contacts)
        )
        store("engagement_contactengagement", columns, rows)

    def deliveries(self, mailing: int) -> None:
        """Store one mailing to a third of the contacts, opened by a quarter of these."""
        columns = [
            "contact_id",
            "mailing_id",
            "message_id",
            "sent_at",
            "delivered_at",
            "bounced_at",
            "human_open_count",
            "undecided_open_count",
            "machine_open_count",
            "human_click_count",
            "undecided_click_count",
            "machine_click_count",
        ]
        chosen = np.flatnonzero(self.draw.random(self.contacts) < 0.3365) + 1
        opened = self.draw.random(len(chosen)) < 0.25
        at, bounced = self.stamps[10], self.draw.random(len(chosen)) < 0.01
        rows = (
            (
                int(n),
                mailing,
                int(n),
                at,
                None if b else at,
                at if b else None,
                int(o),
                0,
                0,
                0,
                0,
                0,
            )
            for n, o, b in zip(chosen, opened, bounced, strict=True)
        )
        store("engagement_delivery", columns, rows)

    def label_days(self) -> None:
        """Store 1.8 label clicks per contact, over two years, the first labels most."""
        size = int(self.contacts * 1.8)
        people = self.draw.integers(1, self.contacts + 1, size)
        labels = np.minimum(self.draw.zipf(1.4, size) - 1, 39)
        days = self.draw.integers(0, 730, size)
        found = dict.fromkeys(zip(people.tolist(), labels.tolist(), days.tolist(), strict=True))
        today = NOW.date()
        store(
            "interests_labelday",
            ["contact_id", "label_id", "day", "mailing_id", "human_count", "undecided_count"],
            (
                (person, self.labels[label], today - timedelta(days=day), 1, 1 + person % 2, 0)
                for person, label, day in found
            ),
        )

    def events(self) -> None:
        """Store opens and clicks, in order of time as they would come."""
        size = self.contacts * self.events_each
        columns = [
            "contact_id",
            "kind",
            "at",
            "mailing_id",
            "verdict",
            "machine_probability",
            "is_simulated",
            "detail",
        ]
        people = self.draw.integers(1, self.contacts + 1, size)
        days = np.sort(self.draw.integers(0, 730, size))[::-1]
        rows = (
            (
                int(people[n]),
                "opened" if n % 5 else "clicked",
                self.stamps[int(days[n])],
                self.mailings[n % 3],
                "human" if n % 7 else "machine",
                0.0,
                False,
                "",
            )
            for n in range(size)
        )
        store("engagement_event", columns, rows)


def rules_of(base: Base) -> dict[str, dict[str, Any]]:
    """Return the segments to time."""
    label, mail = base.labels[3], base.mailings[0]
    clicked = {"criterion": "label_clicks", "label": label, "at_least": 3, "days": 90}
    sent = {"criterion": "mail", "did": "sent", "mailing": mail}
    return {
        "received X, not opened, last open > 52 weeks or never": asleep_since(mail)["all"][0],
        "clicked label L at least 3 times in 90 days": clicked,
        "not on list 1 but was sent Y": {
            "all": [{"criterion": "list", "test": "not_on", "list": base.list}, sent]
        },
        "mixture of five": {
            "all": [
                {"criterion": "field", "field": "custom.country", "value": "BE"},
                {
                    "criterion": "field",
                    "field": "language",
                    "test": "is_one_of",
                    "values": ["nl", "sv"],
                },
                {"criterion": "mail", "did": "received", "mailing": base.mailings[1]},
                {
                    "any": [
                        {"criterion": "date", "test": "within_days", "days": 180},
                        {"criterion": "label_clicks", "label": base.labels[0], "at_least": 2},
                    ]
                },
                {"none": [{"criterion": "list", "list": base.list}]},
            ]
        },
        "clicked any mail twice in 30 days": {
            "criterion": "mail",
            "did": "clicked",
            "at_least": 2,
            "period": "days",
            "days": 30,
        },
        "all unengaged, by time": unengaged_by_time(),
        "everyone": {"everyone": True},
    }


def median_ms(work: Callable[[], Any], repeat: int = 3) -> tuple[float, Any]:
    """Return the median time of some runs, and the answer.

    On SQLite, which works inside this process, it is the CPU time: it does not depend on what else
    the machine does.
    """
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    times, answer = [], None
    for _ in range(repeat):
        began = clock()
        answer = work()
        times.append((clock() - began) * 1000)
    return statistics.median(times), answer


def main(contacts: int = 100_000, events_each: int = 5) -> None:
    """Make the base, time each segment, print a table."""
    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    base = Base(contacts, events_each)
    base.fill()
    print(f"{connection.vendor}: {contacts:,} contacts made in {time.perf_counter() - began:.0f} s")
    if importlib.util.find_spec("duckdb") is None:
        print("DuckDB is not installed: no reference in this run.")
    batch = list(range(1, contacts + 1, max(contacts // 500, 1)))[:500]
    print(f"{'segment':56} {'people':>9} {'count':>8} {'ids':>8} {'preview':>8} {'batch':>7}  ms")
    for name, rule in rules_of(base).items():
        query = select(rule, now=NOW)
        counting, size = median_ms(lambda q=query: count_query(q))
        reading, _ids = median_ms(lambda q=query: fetch_ids(q))
        looking, _shown = median_ms(lambda r=rule: preview(r, now=NOW))
        among, _some = median_ms(lambda r=rule: fetch_ids(select_among(r, batch, now=NOW)))
        print(
            f"{name:56} {size:>9,} {counting:>8.1f} {reading:>8.1f} {looking:>8.1f} {among:>7.1f}"
        )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
