"""Segments over a million contacts and 45 million events, beside DuckDB's raw scan of the same.

    python -m bench.segments [contacts] [campaigns whose deliveries are stored]

Uses DATABASE_URL if set, else SQLite; SINCERELY_BENCH_HOME names a folder to keep the base in, and
a base that is there is used again. The four rules are timed right after what a fold of 10,000 opens
writes, so that as many touches wait, and again once they are taken; each time is a fresh reading
without any cached result, interleaved with DuckDB's, and must give DuckDB's count. Then somebody
edits rules step by step: the live count with its sample and the counts of the parts.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.home import begin

begin()

import duckdb  # noqa: E402
import numpy as np  # noqa: E402
from bench.world import CAMPAIGNS, COUNTRIES, LABELS, LANGUAGES, NOW, World, fill, remember  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from sincerely.apps.contacts.models import Contact  # noqa: E402
from sincerely.apps.engagement.models import ContactEngagement  # noqa: E402
from sincerely.apps.segments import tasks  # noqa: E402
from sincerely.apps.segments.compile import select  # noqa: E402
from sincerely.apps.segments.models import StoredSet, Touch  # noqa: E402
from sincerely.apps.segments.queries import count_query, preview, selected_set  # noqa: E402
from sincerely.apps.segments.rules.criteria.rollups import bounds  # noqa: E402
from sincerely.apps.segments.rules.ready_made import asleep_since  # noqa: E402
from sincerely.apps.segments.surroundings import moment_at  # noqa: E402

ROUNDS = 7
FOLDED = 10_000
SENT, OPEN, CLICK, BOUNCE = range(4)
Rule = dict[str, Any]


def base_of(contacts: int, stored: int) -> World:
    """Return the made-up past, made now unless it is there."""
    call_command("migrate", verbosity=0)
    world = World(contacts, max(stored, 3))  # the rules name the newest three
    if Contact.objects.exists():
        return remember(world)
    began = time.perf_counter()
    fill(world)
    print(f"made in {time.perf_counter() - began:.0f} s")
    return world


def keep_sets() -> None:
    """Do what the runner does each second, until nothing is left to do."""
    began, cpu = time.perf_counter(), time.process_time()
    while tasks.keep_sets(now=NOW, owner="bench", stop=threading.Event()):
        pass
    sizes = [len(bits) for bits in StoredSet.objects.values_list("bitmap", flat=True)]
    print(
        f"{len(sizes)} stored sets, {sum(sizes) / 1e6:.1f} MB, up to date in"
        f" {time.perf_counter() - began:.1f} s ({time.process_time() - cpu:.1f} s of CPU here)"
    )


def reference(world: World, place: Path) -> duckdb.DuckDBPyConnection:
    """Return DuckDB with every event of all campaigns, in the order of time."""
    duck = duckdb.connect(str(place))
    duck.execute("CREATE TABLE events (contact INT, kind UTINYINT, campaign UTINYINT,"
                 " label UTINYINT, ts TIMESTAMP)")  # fmt: skip
    now = np.datetime64(NOW.replace(tzinfo=None), "us")
    for found in world.campaigns():
        hours = {
            SENT: np.full(len(found.people), found.hours_ago),
            BOUNCE: np.full(int(found.bounced.sum()), found.hours_ago),
            OPEN: found.opened_hours_ago[found.opened],
            CLICK: found.opened_hours_ago[found.clicked],
        }
        people = {
            SENT: found.people,
            BOUNCE: found.people[found.bounced],
            OPEN: found.people[found.opened],
            CLICK: found.people[found.clicked],
        }
        labels = {CLICK: world.label_of(found.number, found.links)}
        for kind, contact in people.items():
            label = labels.get(kind, np.full(len(contact), LABELS)).astype(np.uint8)
            at = now - hours[kind].astype("timedelta64[h]")
            duck.register("batch", {"contact": contact, "label": label, "ts": at})
            duck.execute(
                f"INSERT INTO events SELECT contact, {kind}, {found.number}, label, ts FROM batch"
            )
    members = world.on_list.astype(np.int32)
    duck.register("members", {"contact": members})
    duck.execute("CREATE TABLE list1 AS SELECT * FROM members")
    duck.execute(
        f"CREATE TABLE contacts AS SELECT i::INT AS id, {list(COUNTRIES)}[i % 3 + 1] AS country,"
        f" {list(LANGUAGES)}[i % 4 + 1] AS language FROM range(1, {world.contacts + 1}) t(i)"
    )
    total = duck.execute("SELECT COUNT(*) FROM events").fetchall()[0][0]
    print(f"DuckDB {duckdb.__version__}: {total:,} events")
    return duck


def fold(world: World, duck: duckdb.DuckDBPyConnection) -> None:
    """Write what a fold of opens writes, half of them of each of two mailings; DuckDB too.

    On a base that is used again these are other people than before, whose opens DuckDB gets too.
    """
    hour_ago = NOW - timedelta(hours=1)
    at = connection.ops.adapt_datetimefield_value(hour_ago)
    before = ContactEngagement.objects.filter(last_open_at=hour_ago).count() * 5 // (FOLDED * 4)
    for number in (CAMPAIGNS - 2, CAMPAIGNS - 3):
        opened = world.campaign(number).people[: FOLDED // 2 * 20]
        people = opened[before::20].tolist()
        everybody = opened[np.arange(len(opened)) % 20 <= before]
        with transaction.atomic(), connection.cursor() as cursor:
            for start in range(0, len(people), 500):
                ids = people[start : start + 500]
                places = ", ".join(["%s"] * len(ids))
                cursor.execute(
                    "UPDATE engagement_delivery SET human_open_count = human_open_count + 1"
                    f" WHERE mailing_id = %s AND bounced_at IS NULL AND contact_id IN ({places})",
                    [world.mailings[number], *ids],
                )
                cursor.execute(
                    "UPDATE engagement_contactengagement SET last_open_at = %s,"
                    f" open_count = open_count + 1 WHERE contact_id IN ({places})",
                    [at, *ids],
                )
        duck.register("batch", {"contact": everybody.astype(np.int32)})
        duck.execute(
            f"INSERT INTO events SELECT contact, {OPEN}, {number}, {LABELS}, $at FROM batch",
            {"at": hour_ago.replace(tzinfo=None)},
        )


def rules_of(world: World) -> dict[str, Rule]:
    """Return the four rules of the benchmark."""
    mail, label = world.mailings[CAMPAIGNS - 2], world.labels[LABEL]
    sent = {"criterion": "mail", "did": "sent", "mailing": mail}
    on_list = {"criterion": "list", "list": world.list_id}
    return {
        "received X, not opened, last open > 52 weeks or never": asleep_since(mail)["all"][0],
        "clicked label L at least 3 times in 90 days": {
            "criterion": "label_clicks",
            "label": label,
            "at_least": 3,
            "days": 90,
        },
        "not on list 1 but was sent Y": {"all": [{**on_list, "test": "not_on"}, sent]},
        "mixture of five": {
            "all": [
                {"criterion": "field", "field": "custom.country", "value": "BE"},
                {
                    "criterion": "field",
                    "field": "language",
                    "test": "is_one_of",
                    "values": ["nl", "sv"],
                },
                {"criterion": "mail", "did": "received", "mailing": world.mailings[CAMPAIGNS - 3]},
                {
                    "any": [
                        {"criterion": "date", "test": "within_days", "days": 180},
                        {"criterion": "label_clicks", "label": label, "at_least": 2},
                    ]
                },
                {"none": [on_list]},
            ]
        },
    }


LABEL = 0


def scans(_world: World) -> list[str]:
    """Return the same four questions for DuckDB."""
    moment = moment_at(NOW)
    old = bounds({"test": "more_than_days_ago", "days": 364}, moment)[1]
    new = bounds({"test": "within_days", "days": 180}, moment)[0]
    since = moment.today - timedelta(days=89)
    mail, other = CAMPAIGNS - 2, CAMPAIGNS - 3
    of = f"SELECT contact FROM events WHERE campaign = {mail}"
    return [
        (
            f"{of} AND kind = {SENT} EXCEPT {of} AND kind IN ({BOUNCE}, {OPEN}) EXCEPT"
            f" SELECT contact FROM events WHERE kind = {OPEN} AND ts >= '{_naive(old)}'"
        ),
        (
            f"SELECT contact FROM events WHERE kind = {CLICK} AND label = {LABEL}"
            f" AND ts >= '{since}' GROUP BY contact HAVING COUNT(*) >= 3"
        ),
        f"{of} AND kind = {SENT} EXCEPT SELECT contact FROM list1",
        (
            "SELECT id FROM contacts WHERE country = 'BE' AND language IN ('nl', 'sv') AND id IN"
            f" (SELECT contact FROM events WHERE campaign = {other} AND kind = {SENT} EXCEPT SELECT"
            f" contact FROM events WHERE campaign = {other} AND kind = {BOUNCE}) AND (id IN (SELECT"
            f" contact FROM events WHERE kind = {OPEN} AND ts >= '{_naive(new)}') OR id IN (SELECT"
            f" contact FROM events WHERE kind = {CLICK} AND label = {LABEL} GROUP BY contact HAVING"
            " COUNT(*) >= 2)) AND id NOT IN (SELECT contact FROM list1)"
        ),
    ]


def _naive(at: Any) -> str:
    return str(at)[:19]


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return wall and CPU milliseconds of this process, and the answer."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3, answer


def compare(world: World, duck: duckdb.DuckDBPyConnection, when: str) -> None:
    """Time each rule and its scan in turn, check that they agree, and print both."""
    for (name, rule), scan in zip(rules_of(world).items(), scans(world), strict=True):
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(timed(lambda r=rule: len(selected_set(r, now=NOW))))
            counting = f"SELECT COUNT(*) FROM ({scan})"
            theirs.append(timed(lambda q=counting: duck.execute(q).fetchall()[0][0]))
        assert ours[0][2] == theirs[0][2], (name, ours[0][2], theirs[0][2])
        wall, cpu = (statistics.median(run[n] for run in ours) for n in (0, 1))
        scanned = statistics.median(run[0] for run in theirs)
        print(
            f"{name:54} {when:13} {ours[0][2]:>8,} people {wall:8.1f} ms ({cpu:6.1f} CPU)"
            f" DuckDB {scanned:7.1f} ms, ratio {wall / scanned:5.2f}"
        )
        result(f"segments: {name} ({when})", wall, scanned, mark="at most 3 x DuckDB and 500 ms")


def result(path: str, measured: float, scanned: float | None, *, mark: str) -> None:
    """Print a line for the table of all benchmarks; the mark ends in the most milliseconds."""
    most = float(mark.split()[-2])
    row = {
        "path": path,
        "database": connection.vendor,
        "measured": round(measured, 1),
        "unit": "ms",
        "reference": None if scanned is None else round(scanned, 1),
        "ratio": None if scanned is None else round(measured / scanned, 2),
        "mark": mark,
        "reached": "yes"
        if measured <= most and (scanned is None or measured <= 3 * scanned)
        else "no",
    }
    print(f"RESULT {json.dumps(row)}")


def edits(world: World) -> Iterator[Rule]:
    """Yield rules as somebody types them: part by part, then other numbers and names."""
    for rule in rules_of(world).values():
        word = next((key for key in ("all", "any") if key in rule), "")
        parts = rule[word] if word else [rule]
        for end in range(1, len(parts) + 1):
            yield {word or "all": parts[:end]}
    for days in (7, 30, 60, 90, 180, 365):
        lately = {"criterion": "date", "test": "within_days", "days": days}
        yield {"all": [lately, {"criterion": "list", "list": world.list_id}]}
        yield {"criterion": "date", "test": "more_than_days_ago", "days": days}
    for number in range(CAMPAIGNS - 8, CAMPAIGNS):
        mail = {"criterion": "mail", "mailing": world.mailings[number]}
        yield {"all": [{**mail, "did": "clicked"}, {"none": [{**mail, "did": "opened"}]}]}
        yield {"criterion": "mail", "test": "did_not", "did": "clicked", "mailing": mail["mailing"]}
    for label in world.labels[:6]:
        clicks = {"criterion": "label_clicks", "label": label, "at_least": 2, "days": 365}
        yield {"all": [clicks, {"criterion": "field", "field": "language", "value": "sv"}]}
    for text in ("Fi", "First1"):
        named = {"criterion": "field", "field": "first_name", "test": "starts_with", "value": text}
        yield {"all": [{"criterion": "list", "list": world.list_id}, named]}
    yield {"criterion": "count", "of": "opened", "at_least": 5}
    yield {"everyone": True}


def live(world: World) -> None:
    """Time the live count of each edit, as the form asks for it."""
    walls = sorted(
        (timed(lambda r=rule: preview(r, now=NOW))[0], str(rule)) for rule in edits(world)
    )
    spent = [wall for wall, _rule in walls]
    middle, high = np.percentile(spent, 50), np.percentile(spent, 95)
    print(f"live count over {len(spent)} edits: p50 {middle:.0f} ms, p95 {high:.0f} ms; slowest:")
    for wall, rule in walls[-3:]:
        print(f"  {wall:6.0f} ms {rule[:150]}")
    result("segments: live count while editing, p95", float(high), None, mark="at most 300 ms")


def main(contacts: int = 100_000, stored: int = 5) -> None:
    """Make the base, fold, compare, edit."""
    print(f"{connection.vendor}: {contacts:,} contacts, deliveries of {stored} campaigns")
    world = base_of(contacts, stored)
    keep_sets()
    with tempfile.TemporaryDirectory(prefix="bench-duckdb-") as place:
        duck = reference(world, Path(place) / "events.duckdb")
        fold(world, duck)
        print(f"{Touch.objects.count():,} touches wait")
        compare(world, duck, "after a fold")
        keep_sets()
        compare(world, duck, "sets current")
        duck.close()
    live(world)
    for name, rule in rules_of(world).items():
        wall, _cpu, _size = timed(lambda r=rule: count_query(select(r, now=NOW)))
        print(f"{name:54} by SQL alone {wall:8.1f} ms")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
