"""Mailable contacts for benchmarks: with permission and evidence that holds, a million in a minute.

The rows are those that an import with opt-in evidence leaves; they are written set by set because
the product's own entry of one contact at a time is not what is measured here.
"""

# ruff: noqa: PLC0415 -- Django is imported after its settings are named

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b, sha256
from typing import Any, cast

SALT = b"0123456789abcdef"
CONTACT = (
    "id", "address", "address_key", "share_number", "domain", "first_name", "last_name",
    "language", "time_zone", "fields", "tracking_tier", "source", "created_at", "changed_at",
)  # fmt: skip
RECORD = (
    "id", "contact_id", "subscription_type_id", "act", "channel", "evidence", "at",
    "recorded_at", "cause", "salt", "payload", "commitment",
)  # fmt: skip
PERMISSION = ("contact_id", "subscription_type_id", "is_in", "evidence", "record_id", "since")
MESSAGE = (
    "mailing_id, contact_id, occasion, nonce, address_key, version_id, state, reason, is_mailable,"
    " due_at, fence, claimed_by, attempt_count, planned_at, finished_at, shown_blocks"
)
NONCE = "randomblob(6)"
FIRST_NAMES = ("Ann", "Bob", "Chloé", "Dörte", "Emil", "Fatima", "Gus", "Hanne", "Ivo", "Jana")


def fill(count: int, *, now: datetime, kind_id: int) -> None:
    """Write that many contacts of ten first names and a thousand last names, all opted in."""
    from django.conf import settings
    from django.db import connection, transaction

    at = now if connection.vendor == "postgresql" else now.replace(tzinfo=None).isoformat(" ")
    numbers = range(1, count + 1)

    def key(address: str) -> bytes:
        return blake2b(address.encode(), digest_size=16, key=settings.ADDRESS_KEY).digest()

    def proof(number: int) -> tuple[bytes, str, bytes]:
        payload = json.dumps({"address": address_of(number)})
        return SALT, payload, sha256(SALT + payload.encode()).digest()

    contacts = (
        (
            *(n, address_of(n), key(address_of(n)), 0, f"d{n % 100}.example", FIRST_NAMES[n % 10]),
            *(f"Name{n % 1000}", "en", "", "{}", "full", "bench", at, at),
        )
        for n in numbers
    )
    records = ((n, n, kind_id, "permit", "import", 1, at, at, "", *proof(n)) for n in numbers)
    permissions = ((n, kind_id, True, 1, n, at) for n in numbers)
    with _large_cache(), transaction.atomic():
        _store("contacts_contact", CONTACT, contacts)
        _store("consent_consentrecord", RECORD, records)
        _store("consent_permission", PERMISSION, permissions)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def _large_cache() -> Iterator[None]:
    """Let SQLite write each page of an index once, not once for each row; the memory goes again."""
    from django.db import connection

    if connection.vendor == "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        size = cursor.execute("PRAGMA cache_size").fetchone()[0]
        cursor.execute("PRAGMA cache_size = -1000000")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA cache_size = {size}")
            cursor.execute("PRAGMA shrink_memory")


def plan_at_once(mailing_id: int, version_id: int, *, now: datetime) -> None:
    """Plan a mailing to everybody by one statement that asks no gate: a million in half a minute.

    The product's planner asks the gate for each contact and gives way to others, slice by slice
    (`bench.plan` measures it): to read a sender's memory at a million nobody need wait for that.
    """
    from django.db import connection, transaction

    from sincerely.apps.sending.models import Dispatch

    is_postgres = connection.vendor == "postgresql"
    at = "CAST(%s AS timestamptz)" if is_postgres else "%s"
    nonce = "substring(uuid_send(gen_random_uuid()) FROM 1 FOR 6)" if is_postgres else NONCE
    moment = now if is_postgres else now.replace(tzinfo=None).isoformat(" ")
    with transaction.atomic(), connection.cursor() as cursor:
        if not is_postgres:  # each page of an index is written once, not once for each row
            cursor.execute("PRAGMA cache_size = -1000000")
        cursor.execute(
            f"INSERT INTO sending_message ({MESSAGE}) SELECT %s, id, 0, {nonce}, address_key, %s,"
            f" 'planned', '', TRUE, {at}, 0, '', 0, {at}, NULL, '' FROM contacts_contact"
            " ORDER BY id",
            [mailing_id, version_id, moment, moment],
        )
        Dispatch.objects.filter(pk=mailing_id).update(is_planned=True)


def address_of(number: int) -> str:
    """The address of a contact by its number."""
    return f"person{number}@d{number % 100}.example"


def _store(table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    from django.db import connection

    named = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            if "id" in columns:
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}"
                )
        else:
            marks = ", ".join(["%s"] * len(columns))
            insert = f"INSERT INTO {table} ({named}) VALUES ({marks})"
            # sqlite3 takes any iterable: the rows never stand in memory together.
            cursor.executemany(insert, cast("list[tuple[Any, ...]]", rows))
