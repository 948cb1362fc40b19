"""A large made-up past: a million contacts, two years of weekly campaigns, 45 million events.

As in performance.md: 104 weekly campaigns to a third of all contacts each, Beta-distributed open
propensity, a quarter never opens, another third goes quiet, Zipf-distributed choice of link, 1,248
links in 40 labels, a fifth on list 1. The draw of a campaign depends only on the seed and its
number, so that the product's tables and a reference database hold the same past without keeping
it in memory. What the product stores is stored by plain bulk inserts; `stored` limits for how many
of the newest campaigns deliveries are stored (each is read by its key: others add only room).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
from django.db import connection, transaction

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
CAMPAIGNS, LINKS_EACH, LABELS = 104, 12, 40
WEEK_HOURS = 168
REACH = 0.336538
EVENT_WEEKS = 13
COUNTRIES = ("NL", "BE", "BE")
LANGUAGES = ("nl", "en", "sv", "da")


@dataclass(frozen=True)
class Campaign:
    """What happened with one campaign; hours are counted back from NOW."""

    number: int
    hours_ago: int
    people: np.ndarray
    bounced: np.ndarray
    opened: np.ndarray
    opened_hours_ago: np.ndarray
    clicked: np.ndarray
    links: np.ndarray


@dataclass
class World:
    """The sizes, and the ids that the database gave."""

    contacts: int = 1_000_000
    stored: int = CAMPAIGNS
    seed: int = 7
    mailings: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    list_id: int = 0

    def __post_init__(self) -> None:
        draw = np.random.default_rng(self.seed)
        self.propensity = draw.beta(0.9, 1.5, self.contacts)
        self.propensity[draw.random(self.contacts) < 0.25] = 0
        quiet_since = draw.integers(0, CAMPAIGNS, self.contacts)
        is_quiet = draw.random(self.contacts) < 0.3
        self.last_active = np.where(is_quiet, quiet_since, CAMPAIGNS)
        self.on_list = np.flatnonzero(draw.random(self.contacts) < 0.2) + 1
        stamps = (NOW - timedelta(hours=n) for n in range((CAMPAIGNS + 2) * WEEK_HOURS))
        self.stamps = [str(at)[:19] for at in stamps]

    def campaign(self, number: int) -> Campaign:
        """Return one campaign, always the same."""
        draw = np.random.default_rng((self.seed, number))
        people = np.flatnonzero(draw.random(self.contacts) < REACH).astype(np.int32)
        bounced = draw.random(len(people)) < 0.01
        chance = self.propensity[people] * (self.last_active[people] >= number)
        opened = (draw.random(len(people)) < chance) & ~bounced
        hours_ago = (CAMPAIGNS - number) * WEEK_HOURS
        late = np.minimum(draw.exponential(12, len(people)), WEEK_HOURS - 10).astype(np.int32)
        clicked = np.flatnonzero(opened & (draw.random(len(people)) < 0.22))
        links = np.minimum(draw.zipf(1.6, len(clicked)), LINKS_EACH) - 1
        return Campaign(
            number, hours_ago, people + 1, bounced, opened, hours_ago - late, clicked, links
        )

    def campaigns(self) -> Iterator[Campaign]:
        """Yield all campaigns, the oldest first."""
        return map(self.campaign, range(CAMPAIGNS))

    def label_of(self, number: int, links: np.ndarray) -> np.ndarray:
        """Return the place of the label of each link of a campaign."""
        return (number * LINKS_EACH + links) % LABELS


def store(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows in bulk, by COPY where there is one."""
    with transaction.atomic(), connection.cursor() as cursor:
        if _is_postgresql():
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        # sqlite3 takes any iterable: the rows never stand in memory together.
        insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
        cursor.executemany(insert, cast("list[Sequence[Any]]", rows))


def fill(world: World) -> None:
    """Store the whole past; the database is empty and migrated.

    Keys and triggers are not checked row by row: all that is stored fits.
    """
    from sincerely.apps.segments.sql.triggers import put_up  # noqa: PLC0415

    with connection.cursor() as cursor:
        for statement in _quiet(cursor):
            cursor.execute(statement)
    _steps(world)
    with connection.cursor() as cursor:
        for statement in (
            ("SET session_replication_role = DEFAULT",)
            if _is_postgresql()
            else (
                "PRAGMA foreign_keys = ON",
                "PRAGMA synchronous = FULL",
            )
        ):
            cursor.execute(statement)
    put_up()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if not _is_postgresql() else "VACUUM ANALYZE")


def _is_postgresql() -> bool:
    return bool(connection.vendor == "postgresql")


def _quiet(cursor: Any) -> list[str]:
    if _is_postgresql():
        return ["SET session_replication_role = replica"]
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    drops = [f"DROP TRIGGER {row[0]}" for row in cursor.fetchall()]
    return ["PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", *drops]


def _steps(world: World) -> None:
    for step in (_names, _people, _deliveries, _rollups_and_clicks):
        began = time.perf_counter()
        step(world)
        print(f"  {step.__name__[1:]:20} {time.perf_counter() - began:6.1f} s", flush=True)


def remember(world: World) -> World:
    """Give a world the ids under which an earlier run stored it."""
    with connection.cursor() as cursor:
        for name, table in (("mailings", "engagement_mailing"), ("labels", "labels_label")):
            cursor.execute(f"SELECT id FROM {table} ORDER BY id")
            setattr(world, name, [row[0] for row in cursor.fetchall()])
        cursor.execute("SELECT MIN(id) FROM contacts_contactlist")
        world.list_id = cursor.fetchone()[0]
    return world


def _names(world: World) -> None:
    from sincerely.apps.contacts.models import ContactList, FieldDefinition  # noqa: PLC0415
    from sincerely.apps.engagement.models import Link, Mailing  # noqa: PLC0415
    from sincerely.apps.labels.models import Label  # noqa: PLC0415

    world.mailings = [
        Mailing.objects.create(
            tag="campaign",
            name=f"Campaign {n + 1}",
            created_at=NOW - timedelta(hours=(CAMPAIGNS - n) * WEEK_HOURS),
        ).pk
        for n in range(CAMPAIGNS)
    ]
    world.labels = [
        Label.objects.create(name=f"Label {n}", created_at=NOW).pk for n in range(LABELS)
    ]
    Link.objects.bulk_create(
        Link(
            mailing_id=mailing,
            number=place + 1,
            url=f"https://shop.example/{place}",
            label_id=world.labels[int(world.label_of(n, np.array(place)))],
        )
        for n, mailing in enumerate(world.mailings)
        for place in range(LINKS_EACH)
    )
    FieldDefinition.objects.create(key="country", name="Country", kind="text", created_at=NOW)
    world.list_id = ContactList.objects.create(name="List 1", created_at=NOW).pk


def _people(world: World) -> None:
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
    at = world.stamps[2400]
    rows = (
        (
            n, f"person{n}@example{n % 500}.com", n.to_bytes(16, "big"), 0,
            f"example{n % 500}.com", f"First{n % 900}", f"Last{n % 7000}", LANGUAGES[n % 4], "",
            json.dumps({"country": COUNTRIES[n % 3], "points": n % 1000}),
            "full" if n % 20 else "none", "import", at, at,
        )
        for n in range(1, world.contacts + 1)
    )  # fmt: skip
    store("contacts_contact", columns, rows)
    columns = ["contact_id", "contact_list_id", "added_at"]
    members = ((n, world.list_id, at) for n in world.on_list.tolist())
    store("contacts_listmembership", columns, members)
    if _is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('contacts_contact', 'id'), %s)",
                [world.contacts],
            )


UNIQUE = (
    "CREATE UNIQUE INDEX one_delivery ON engagement_delivery (contact_id, mailing_id, message_id)"
)
BY_MAILING = "CREATE INDEX delivery_mailing ON engagement_delivery (mailing_id, contact_id)"


def _deliveries(world: World) -> None:
    """Store deliveries in the order of time; the indexes come after the rows."""
    with connection.cursor() as cursor:
        for statement in _without_indexes(cursor):
            cursor.execute(statement)
    for number in range(CAMPAIGNS - world.stored, CAMPAIGNS):
        found, mailing = world.campaign(number), world.mailings[number]
        at = world.stamps[found.hours_ago]
        clicks = np.zeros(len(found.people), np.int16)
        clicks[found.clicked] = 1
        columns = [found.people, found.bounced, found.opened, clicks]
        with transaction.atomic(), connection.cursor() as cursor:
            _store_deliveries(cursor, columns, mailing=mailing, at=at)
    with connection.cursor() as cursor:
        cursor.execute(UNIQUE)
        cursor.execute(BY_MAILING)


def _without_indexes(cursor: Any) -> list[str]:
    if _is_postgresql():
        return [
            "ALTER TABLE engagement_delivery DROP CONSTRAINT one_delivery",
            "DROP INDEX delivery_mailing",
            "CREATE TEMP TABLE stage (contact int, bounced bool, opened int, clicked int)",
        ]
    # SQLite cannot drop a constraint: the table is made again without it.
    cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'engagement_delivery'")
    table = cursor.fetchone()[0].replace(
        'CONSTRAINT "one_delivery" UNIQUE ("contact_id", "mailing_id", "message_id")', "CHECK (1)"
    )
    return ["DROP TABLE engagement_delivery", table]


NAMES = (
    "contact_id, mailing_id, message_id, sent_at, delivered_at, bounced_at, human_open_count,"
    " human_click_count, undecided_open_count, machine_open_count, undecided_click_count,"
    " machine_click_count"
)


def _store_deliveries(cursor: Any, columns: list[np.ndarray], *, mailing: int, at: str) -> None:
    rows = zip(*(column.tolist() for column in columns), strict=True)
    values = (
        f"{mailing}, {mailing} * 10000000 + contact, '{at}', CASE WHEN bounced THEN NULL ELSE"
        f" '{at}' END, CASE WHEN bounced THEN '{at}' END, opened, clicked, 0, 0, 0, 0"
    )
    if _is_postgresql():
        cursor.execute("TRUNCATE stage")
        with cursor.copy("COPY stage FROM STDIN") as copy:
            copy.write("".join(f"{c}\t{b}\t{o:d}\t{k}\n" for c, b, o, k in rows))
        values = values.replace(f"'{at}'", f"'{at}+00'::timestamptz")
        cursor.execute(
            f"INSERT INTO engagement_delivery ({NAMES}) SELECT contact, {values} FROM stage"
        )
        return
    values = values.replace("contact", "?1").replace("bounced", "?2")
    values = values.replace("opened", "?3").replace("clicked", "?4")
    cursor.connection.executemany(
        f"INSERT INTO engagement_delivery ({NAMES}) VALUES (?1, {values})", rows
    )


def _rollups_and_clicks(world: World) -> None:
    """Store the rollups of all campaigns, clicks per label and day, and the newest events."""
    lasts = {name: np.full(world.contacts + 1, -1, np.int32) for name in ("sent", "open", "click")}
    counts = {name: np.zeros(world.contacts + 1, np.int32) for name in ("sent", "got", *lasts)}
    since = np.zeros(world.contacts + 1, np.int32)
    for found in world.campaigns():
        opened = found.people[found.opened]
        clickers = found.people[found.clicked]
        lasts["sent"][found.people] = found.hours_ago
        lasts["open"][opened] = found.opened_hours_ago[found.opened]
        lasts["click"][clickers] = found.opened_hours_ago[found.clicked]
        for name, people in (
            ("sent", found.people),
            ("got", found.people[~found.bounced]),
            ("open", opened),
            ("click", clickers),
        ):
            counts[name][people] += 1
        since[found.people] += 1
        since[opened] = 0
        _clicks(world, found)
        if CAMPAIGNS - found.number <= EVENT_WEEKS:
            _events(world, found)
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
    times = [[_stamp(world, n) for n in lasts[name].tolist()] for name in lasts]
    numbers = [counts[name].tolist() for name in ("sent", "got", "open", "click")]
    rows = zip(range(world.contacts + 1), *times, *numbers, since.tolist(), strict=True)
    next(rows)
    store("engagement_contactengagement", columns, rows)


def _stamp(world: World, hours_ago: int) -> str | None:
    return None if hours_ago < 0 else world.stamps[hours_ago]


def _clicks(world: World, found: Campaign) -> None:
    people = found.people[found.clicked].tolist()
    labels = world.label_of(found.number, found.links).tolist()
    hours = found.opened_hours_ago[found.clicked].tolist()
    mailing = world.mailings[found.number]
    rows = (
        (person, world.labels[label], world.stamps[hour][:10], mailing, 1, 0, world.stamps[hour])
        for person, label, hour in zip(people, labels, hours, strict=True)
    )
    columns = [
        "contact_id",
        "label_id",
        "day",
        "mailing_id",
        "human_count",
        "undecided_count",
        "last_at",
    ]
    store("interests_labelday", columns, rows)


def _events(world: World, found: Campaign) -> None:
    mailing = world.mailings[found.number]
    chosen = [("opened", np.flatnonzero(found.opened)), ("clicked", found.clicked)]
    columns = "contact_id kind at mailing_id verdict machine_probability is_simulated detail"
    for kind, places in chosen:
        people = found.people[places].tolist()
        hours = found.opened_hours_ago[places].tolist()
        rows = (
            (person, kind, world.stamps[hour], mailing, "human", 0.0, False, "")
            for person, hour in zip(people, hours, strict=True)
        )
        store("engagement_event", columns.split(), rows)
