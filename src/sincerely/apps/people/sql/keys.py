"""Foreign keys of the tables written in bulk, not checked row by row on PostgreSQL.

PostgreSQL checks a foreign key row by row: fifteen of them took half of an import's processor time.
Here triggers promise the same. Who inserts locks each different parent once; who deletes a parent
looks for its children at the commit. An import, whose statements all have the same parents, locks
them once per slice (`seen_to`). An upgrade only declares foreign keys, as Django does; after
each migration (`put_up`) those of `GUARDED` are exchanged. Decision 0013 has the reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models, transaction

GUARDED = (
    "consent.ConsentRecord",
    "consent.Permission",
    "contacts.ListMembership",
    "engagement.ContactEngagement",
    "interests.ContactLabel",
    "interests.LabelChange",
    "people.ImportReject",
    "people.ImportTouch",
    "sending.Message",
)

# A setting of the transaction, by which a caller says that all parents are there and stay.
SEEN = "sincerely.parents_are_seen"
# Without sequential reading, a plan that was made while the parents were few serves many, too.
ARRIVALS = """
CREATE OR REPLACE FUNCTION {name}_in() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off
AS $$ DECLARE lone bigint; BEGIN
  IF current_setting('sincerely.parents_are_seen', true) = 'on' THEN
    RETURN NULL;
  END IF;
  SELECT given.key INTO lone FROM (
    SELECT DISTINCT {column} AS key FROM new_rows WHERE {column} IS NOT NULL ORDER BY 1
  ) given LEFT JOIN LATERAL (
    SELECT true AS stands FROM {parent} p WHERE p.{parent_key} = given.key FOR KEY SHARE
  ) found ON true WHERE found.stands IS NULL LIMIT 1;
  IF FOUND THEN
    RAISE foreign_key_violation USING
      MESSAGE = format('%s of {column} in {table} is no {parent}', lone);
  END IF;
  RETURN NULL;
END $$;
"""
CHECKS = """
CREATE OR REPLACE FUNCTION {name}_moved() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off
AS $$ BEGIN
  PERFORM 1 FROM {parent} p WHERE p.{parent_key} = NEW.{column} FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE foreign_key_violation USING
      MESSAGE = format('%s of {column} in {table} is no {parent}', NEW.{column});
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION {name}_left() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off
AS $$ BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE feature_not_supported USING
      MESSAGE = 'rows of {parent} go in transactions that read what is committed';
  END IF;
  PERFORM 1 FROM {table} c WHERE c.{column} = OLD.{parent_key} LIMIT 1 FOR KEY SHARE;
  IF FOUND AND NOT EXISTS (SELECT FROM {parent} p WHERE p.{parent_key} = OLD.{parent_key}) THEN
    RAISE foreign_key_violation USING
      MESSAGE = format('%s of {parent} is still in {column} of {table}', OLD.{parent_key});
  END IF;
  RETURN NULL;
END $$;
"""
TRIGGERS = """
CREATE TRIGGER {name}_in AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION {name}_in();
CREATE TRIGGER {name}_moved AFTER UPDATE OF {column} ON {table} FOR EACH ROW
  WHEN (NEW.{column} IS DISTINCT FROM OLD.{column} AND NEW.{column} IS NOT NULL)
  EXECUTE FUNCTION {name}_moved();
CREATE CONSTRAINT TRIGGER {name}_gone AFTER DELETE ON {parent} DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION {name}_left();
CREATE CONSTRAINT TRIGGER {name}_renumbered AFTER UPDATE OF {parent_key} ON {parent}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.{parent_key} <> OLD.{parent_key}) EXECUTE FUNCTION {name}_left();
"""
OLDER = """
SELECT proname FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND proname = ANY(%s) AND strpos(prosrc, %s) = 0
"""
STANDING = """
SELECT k.conname, child.relname, a.attname FROM pg_constraint k
JOIN pg_class child ON child.oid = k.conrelid
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'f' AND child.relnamespace = current_schema()::regnamespace
  AND child.relname = ANY(%s)
"""
LONE = """
SELECT c.{column} FROM {table} c LEFT JOIN {parent} p ON p.{parent_key} = c.{column}
WHERE c.{column} IS NOT NULL AND p.{parent_key} IS NULL LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Key:
    """A column whose values are keys of a parent table."""

    table: str
    column: str
    parent: str
    parent_key: str

    @property
    def names(self) -> dict[str, str]:
        """What the statements call the key and its parts."""
        return {
            "name": f"key_{self.table}_{self.column}",
            "table": self.table,
            "column": self.column,
            "parent": self.parent,
            "parent_key": self.parent_key,
        }


def guarded() -> Iterator[Key]:
    """Yield the foreign keys of the tables that are written in bulk."""
    for label in GUARDED:
        model = apps.get_model(label)
        for field in model._meta.concrete_fields:  # noqa: SLF001 -- Django's documented API
            if isinstance(field, models.ForeignKey):
                target = field.target_field
                ends = model._meta.db_table, target.model._meta.db_table  # noqa: SLF001
                yield Key(ends[0], field.column, ends[1], str(target.column))


def put_up() -> None:
    """Exchange the foreign keys that stand for our triggers; nothing on SQLite, whose own are fast.

    The keys held until now: DROP CONSTRAINT locks both tables until the triggers are committed.
    """
    if connection.vendor != "postgresql":
        return
    keys = {(key.table, key.column): key for key in guarded()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STANDING, [[key.table for key in keys.values()]])
        for name, table, column in cursor.fetchall():
            if key := keys.get((table, column)):
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
                _guard(cursor, key)

        by_arrival = {f"{key.names['name']}_in": key for key in keys.values()}
        cursor.execute(OLDER, [list(by_arrival), SEEN])
        for (name,) in cursor.fetchall():
            cursor.execute(ARRIVALS.format(**by_arrival[name].names))


@contextmanager
def seen_to() -> Iterator[None]:
    """Do not look for the parents of what is inserted meanwhile: the caller has locked them all.

    In a transaction. SQLite, where this is nothing, puts its own keys off.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [SEEN])
        yield
        cursor.execute("SELECT set_config(%s, '', true)", [SEEN])


def _guard(cursor, key: Key) -> None:  # type: ignore[no-untyped-def]
    for end, table in (
        ("in", key.table),
        ("moved", key.table),
        ("gone", key.parent),
        ("renumbered", key.parent),
    ):
        cursor.execute(f"DROP TRIGGER IF EXISTS {key.names['name']}_{end} ON {table}")
    cursor.execute(ARRIVALS.format(**key.names))
    cursor.execute(CHECKS.format(**key.names))
    cursor.execute(TRIGGERS.format(**key.names))


def lone() -> list[tuple[Key, int]]:
    """Return the keys that some row breaks, each with one value that has no parent.

    SQLite, which holds the keys itself, is not asked.
    """
    found: list[tuple[Key, int]] = []
    if connection.vendor != "postgresql":
        return found
    with connection.cursor() as cursor:
        for key in guarded():
            cursor.execute(LONE.format(**key.names))
            found += [(key, int(row[0])) for row in cursor.fetchall()]
    return found
