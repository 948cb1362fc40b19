"""Triggers that note a touch for each change of what stored sets are made of.

They stand beside the tables whatever writes them: an action, a bulk insert, a cascade. SQLite
forgets triggers when Django makes a table anew to alter it, so they are put up after each
migration (`put_up`), not by one. SQLite notes row by row; PostgreSQL once per statement, from its
transition tables, many contacts as one touch, or row by row where few changes matter; both only
what can change a set.
"""

# ruff: noqa: S608 -- the SQL is our own
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from sincerely.apps.segments.sql.months import MONTHS, month_of
from sincerely.apps.segments.sql.sources import DEEDS, MAILING, ROLLUP

ACTS = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Watch:
    """A table: whom a row touches (`source`, `key`, `contact`), and what of it can change a set.

    Of `months` only the month can. A table with months has a row per contact, most of whose changes
    matter to no set. Where no more than `deeds` changed, the touch's source is DEEDS.
    """

    table: str
    source: str
    columns: tuple[str, ...]
    key: str = "0"
    contact: str = "{row}.contact_id"
    primary_key: str = "id"
    months: tuple[str, ...] = ()
    deeds: tuple[str, ...] = ()

    def place(self, row: str) -> str:
        """Return the key and the contact of a row."""
        return f"{self.key.format(row=row)}, {self.contact.format(row=row)}"

    def touched(self, row: str) -> str:
        """Return the values of the touch of a row."""
        return f"'{self.source}', {self.place(row)}"

    def changed_in(self, old: str, new: str) -> str:
        """Return the source of the touch of a changed row, as an expression."""
        if not self.deeds:
            return f"'{self.source}'"
        differs = _differ(self.itself(old), self.itself(new))
        return f"CASE WHEN {differs} THEN '{self.source}' ELSE '{DEEDS}' END"

    def itself(self, row: str) -> list[str]:
        """Return what of a row can change a set, but for its deeds."""
        months = [month_of(f"{row}.{column}") for column in self.months]
        return _columns(self.columns, row) + months

    def seen(self, row: str) -> list[str]:
        """Return what of a row can change a set."""
        return self.itself(row) + _columns(self.deeds, row)

    def when(self, act: str) -> str:
        """Return the condition under which a row that changed can change a set, or ''."""
        if act == "UPDATE":
            return _differ(self.seen("OLD"), self.seen("NEW"))
        row = _rows_of(act)[0]
        return " OR ".join(f"{row}.{column} IS NOT NULL" for column in self.months)


def _columns(columns: tuple[str, ...], row: str) -> list[str]:
    return [
        column.format(row=row) if "{row}" in column else f"{row}.{column}" for column in columns
    ]


def _differ(old: list[str], new: list[str]) -> str:
    """Return the condition that some expression differs from its counterpart."""
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    pairs = zip(old, new, strict=True)
    return " OR ".join(f"({before}) {differs} ({after})" for before, after in pairs)


WATCHES = (
    Watch(
        "engagement_delivery",
        MAILING,
        (
            "contact_id",
            "mailing_id",
            "{row}.sent_at IS NULL",
            "{row}.delivered_at IS NULL",
            "{row}.bounced_at IS NULL",
        ),
        "{row}.mailing_id",
        deeds=(
            "{row}.unsubscribed_at IS NULL",
            "{row}.complained_at IS NULL",
            "{row}.human_open_count > 0",
            "{row}.human_click_count > 0",
        ),
    ),
    Watch(
        "contacts_listmembership",
        "list",
        ("contact_id", "contact_list_id"),
        "{row}.contact_list_id",
    ),
    Watch(
        "interests_contactlabel",
        "label",
        ("contact_id", "label_id", "is_held"),
        "{row}.label_id",
    ),
    Watch(
        "consent_permission",
        "permission",
        ("contact_id", "subscription_type_id", "is_in", "evidence", "record_id"),
        "{row}.subscription_type_id",
    ),
    Watch("consent_optout", "opt_out", ("contact_id",), primary_key="contact_id"),
    Watch(
        "contacts_contact",
        "contact",
        (
            "id",
            "address_key",
            "share_number",
            "language",
            "time_zone",
            "source",
            "domain",
            "tracking_tier",
            # jsonb has an order, plain text does on SQLite
            "fields",
        ),
        contact="{row}.id",
    ),
    Watch(
        "engagement_contactengagement",
        ROLLUP,
        ("contact_id",),
        primary_key="contact_id",
        months=tuple(MONTHS),
    ),
)
# A suppression names an address, not a contact: whoever has the address is touched.
SUPPRESSION = "consent_suppression"
HOLDERS = (
    "SELECT 'contact', 0, c.id FROM contacts_contact c WHERE c.address_key = {row}.address_key"
)
# A record that is revoked or erased is no evidence any more. A new one decides nothing until a
# permission points to it, and one that goes takes its permission along.
RECORD = "consent_consentrecord"
DECIDED = (
    "SELECT 'permission', p.subscription_type_id, p.contact_id FROM consent_permission p"
    " WHERE p.record_id = {row}.id"
)
# Grows with every change of what the triggers do.
VERSION = 6
INTO = "INSERT INTO segments_touch (source, key, contact_id) {rows}"
# One touch for some 10,000 at most: a taker takes no more at a time.
TOGETHER = """INSERT INTO segments_touch (source, key, contact_id, contact_ids)
SELECT t.source, t.key, MIN(t.contact_id),
  CASE WHEN COUNT(*) > 1 THEN STRING_AGG(int4send(t.contact_id::int4), ''::bytea) END
FROM ({rows}) AS t (source, key, contact_id)
GROUP BY t.source, t.key, t.contact_id % (SELECT 1 + COUNT(*) / 10000 FROM {changed})"""


def put_up() -> None:
    """Put up the triggers that are missing; if one was, the stored sets begin anew.

    Those of an older version, which have other names, go.
    """
    statements = dict(_postgresql() if connection.vendor == "postgresql" else _sqlite())
    with connection.cursor() as cursor:
        standing = _standing(cursor)
        for name in sorted(standing.keys() - statements.keys()):
            cursor.execute(standing[name])
        missing = sorted(statements.keys() - standing.keys())
        for name in missing:
            for statement in statements[name]:
                cursor.execute(statement)
        if missing:
            cursor.execute("DELETE FROM segments_storedset")


def _standing(cursor) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Return the statement that takes each standing trigger down, by name."""
    if connection.vendor == "postgresql":
        # A restore leaves what was there before in a schema of its own, triggers included.
        cursor.execute(
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
        )
        down = "DROP FUNCTION {} CASCADE"
    else:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        down = "DROP TRIGGER {}"
    names = (row[0] for row in cursor.fetchall())
    return {name: down.format(name) for name in names if name.startswith("touch_")}


Named = Iterator[tuple[str, list[str]]]


def _name(table: str, act: str) -> str:
    return f"touch_{table}_{act.lower()}_{VERSION}"


def _rows_of(act: str) -> tuple[str, ...]:
    return {"INSERT": ("NEW",), "DELETE": ("OLD",), "UPDATE": ("OLD", "NEW")}[act]


def _sqlite() -> Named:
    for watch in WATCHES:
        for act in ACTS:
            when = watch.when(act)
            rows = _of_the_row(watch, act)
            yield _sqlite_trigger(watch.table, act, rows, when=when and f"WHEN {when}")
    for act in ACTS:
        rows = " UNION ".join(HOLDERS.format(row=row) for row in _rows_of(act))
        yield _sqlite_trigger(SUPPRESSION, act, rows)
    yield _sqlite_trigger(RECORD, "UPDATE", DECIDED.format(row="NEW"))


def _of_the_row(watch: Watch, act: str) -> str:
    """Return the touches of the row of a trigger: two where another contact or key has it now."""
    if act != "UPDATE":
        return f"SELECT {watch.touched(_rows_of(act)[0])}"
    moved = _differ([watch.place("OLD")], [watch.place("NEW")])
    rows = f"SELECT {watch.changed_in('OLD', 'NEW')}, {watch.place('NEW')}"
    return f"{rows} UNION ALL SELECT {watch.touched('OLD')} WHERE {moved}"


def _sqlite_trigger(table: str, act: str, rows: str, *, when: str = "") -> tuple[str, list[str]]:
    name = _name(table, act)
    body = INTO.format(rows=rows)
    return name, [f"CREATE TRIGGER {name} AFTER {act} ON {table} {when} BEGIN {body}; END"]


def _postgresql() -> Named:
    for watch in WATCHES:
        for act in ACTS:
            if watch.months and act != "INSERT":  # an import inserts many rows at a time
                yield _row_by_row(watch, act)
            else:
                yield _postgresql_trigger(watch.table, act, _changed(watch, act))
    for act in ACTS:
        holders = (
            HOLDERS.format(row="r").replace("WHERE", f", {row.lower()}_rows r WHERE")
            for row in _rows_of(act)
        )
        yield _postgresql_trigger(SUPPRESSION, act, " UNION ".join(holders))
    decided = DECIDED.format(row="r").replace("WHERE", ", new_rows r WHERE")
    yield _postgresql_trigger(RECORD, "UPDATE", decided)


def _changed(watch: Watch, act: str) -> str:
    if act != "UPDATE":
        known = " OR ".join(f"r.{column} IS NOT NULL" for column in watch.months)
        rows = f"{_rows_of(act)[0].lower()}_rows r WHERE {known or 'TRUE'}"
        return f"SELECT {watch.touched('r')} FROM {rows}"
    # A full join: it is never planned as a loop in a loop, however few rows were there first.
    key = watch.primary_key
    seen = [", ".join([watch.place(row), *watch.seen(row)]) for row in ("o", "n")]
    return (
        f"SELECT {watch.changed_in('o', 'n')}, t.key, t.contact"
        f" FROM old_rows o FULL JOIN new_rows n ON n.{key} = o.{key}"
        f" CROSS JOIN LATERAL (VALUES ({watch.place('o')}, TRUE), ({watch.place('n')}, FALSE))"
        f" AS t (key, contact, is_old) WHERE ROW({seen[0]}) IS DISTINCT FROM ROW({seen[1]})"
        f" AND t.contact IS NOT NULL AND NOT (t.is_old AND"
        f" ROW({watch.place('o')}) IS NOT DISTINCT FROM ROW({watch.place('n')}))"
    )


def _postgresql_trigger(table: str, act: str, rows: str) -> tuple[str, list[str]]:
    name = _name(table, act)
    tables = " ".join(f"{row} TABLE AS {row.lower()}_rows" for row in _rows_of(act))
    trigger = f"CREATE TRIGGER {name} AFTER {act} ON {table} REFERENCING {tables}"
    together = TOGETHER.format(rows=rows, changed=f"{_rows_of(act)[-1].lower()}_rows")
    return name, [
        _function(name, together),
        f"{trigger} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


def _row_by_row(watch: Watch, act: str) -> tuple[str, list[str]]:
    """Return a trigger that costs a row nothing but its condition where that does not hold."""
    name = _name(watch.table, act)
    trigger = f"CREATE TRIGGER {name} AFTER {act} ON {watch.table} FOR EACH ROW"
    return name, [
        _function(name, INTO.format(rows=_of_the_row(watch, act))),
        f"{trigger} WHEN ({watch.when(act)}) EXECUTE FUNCTION {name}()",
    ]


def _function(name: str, statement: str) -> str:
    begin = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
    return f"{begin} BEGIN {statement}; RETURN NULL; END $$"
