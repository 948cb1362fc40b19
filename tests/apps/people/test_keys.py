"""The keys of tables that are written in bulk: both databases refuse what has no parent."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import datetime
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from sincerely.apps.consent.actions.types import default_subscription_type
from sincerely.apps.contacts.models import Contact, ContactList, ListMembership
from sincerely.apps.people.queries import known
from sincerely.apps.people.sql import bulk, keys
from tests.engines.sending_world import until

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = 987_654
only_postgresql = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's own keys")
ADD = (
    "INSERT INTO contacts_listmembership (contact_id, contact_list_id, added_at)"
    " VALUES ({}, {}, now())"
)


def _contact(now: datetime, number: int = 1) -> Contact:
    return Contact.objects.create(
        address=f"p{number}@example.com",
        address_key=number.to_bytes(16),
        domain="example.com",
        created_at=now,
        changed_at=now,
    )


@pytest.fixture
def member(now: datetime) -> ListMembership:
    dogs = ContactList.objects.create(name="Dogs", created_at=now)
    return ListMembership.objects.create(contact=_contact(now), contact_list=dogs, added_at=now)


@pytest.mark.parametrize("column", ["contact_id", "contact_list_id"])
def test_a_row_needs_its_parents(column: str, member: ListMembership, now: datetime) -> None:
    row = ListMembership(contact=_contact(now, 2), contact_list=member.contact_list, added_at=now)
    setattr(row, column, NOBODY)
    with pytest.raises(IntegrityError):
        ListMembership.objects.bulk_create([row])
    with pytest.raises(IntegrityError):
        ListMembership.objects.filter(pk=member.pk).update(**{column: NOBODY})
    assert ListMembership.objects.get() == member


def test_a_parent_stays_while_a_row_has_it(member: ListMembership) -> None:
    contact = Contact.objects.filter(pk=member.contact_id)
    with pytest.raises(IntegrityError):
        contact._raw_delete(contact.db)
    with pytest.raises(IntegrityError):
        contact.update(id=NOBODY)
    with transaction.atomic():  # the order is free: what counts is how it stands at the commit
        contact._raw_delete(contact.db)
        ListMembership.objects.all().delete()
    assert not Contact.objects.exists()


def test_a_key_that_may_be_empty_may_be_empty(member: ListMembership, now: datetime) -> None:
    kind = default_subscription_type(now).pk
    statement = (
        "INSERT INTO consent_consentrecord (contact_id, subscription_type_id, act, channel,"
        " evidence, at, recorded_at, cause, commitment, refers_to_id)"
        " VALUES (%s, %s, 'permit', 'manual', 1, %s, %s, '', %s, %s)"
    )
    moment = now.isoformat(sep=" ")
    with connection.cursor() as cursor:
        for fine in (kind, None):
            cursor.execute(statement, [member.contact_id, fine, moment, moment, b"", None])
        with pytest.raises(IntegrityError):
            cursor.execute(statement, [member.contact_id, NOBODY, moment, moment, b"", None])
        with pytest.raises(IntegrityError):
            cursor.execute(statement, [member.contact_id, kind, moment, moment, b"", NOBODY])


@only_postgresql
def test_all_keys_are_exchanged_and_a_new_one_is_too(member: ListMembership) -> None:
    assert _standing() == []
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE contacts_listmembership ADD CONSTRAINT made_by_django FOREIGN KEY"
            " (contact_id) REFERENCES contacts_contact (id) DEFERRABLE INITIALLY DEFERRED"
        )
    assert _standing() == ["made_by_django"]
    keys.put_up()
    assert _standing() == []
    test_a_parent_stays_while_a_row_has_it(member)


def _standing() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(keys.STANDING, [[key.table for key in keys.guarded()]])
        return [row[0] for row in cursor.fetchall()]


@only_postgresql
def test_the_schema_editor_leaves_what_guards(member: ListMembership, now: datetime) -> None:
    old: Any = ListMembership._meta.get_field("contact_list")
    new = copy.copy(old)
    new.db_index = True
    with connection.schema_editor() as editor:
        editor.alter_field(ListMembership, old, new)
    test_a_row_needs_its_parents("contact_list_id", member, now)
    with connection.schema_editor() as editor:
        editor.alter_field(ListMembership, new, old)


@only_postgresql
def test_a_transaction_of_one_snapshot_deletes_no_parent(member: ListMembership) -> None:
    with _raw() as other:
        other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        other.execute("DELETE FROM contacts_listmembership")
        other.execute("DELETE FROM contacts_contact")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            other.commit()
    assert ListMembership.objects.get() == member


def _raw() -> psycopg.Connection[Any]:
    return psycopg.connect(connection.connection.info.dsn)


@pytest.fixture
def pair() -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    connection.ensure_connection()
    with _raw() as one, _raw() as other:
        yield one, other


def _waits(session: psycopg.Connection[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_blocking_pids(%s) <> '{}'", [session.info.backend_pid])
        return bool(cursor.fetchone()[0])


def _meanwhile(work: Callable[[], object]) -> tuple[Thread, list[Exception]]:
    troubles: list[Exception] = []

    def run() -> None:
        try:
            work()
        except psycopg.Error as trouble:
            troubles.append(trouble)

    thread = Thread(target=run)
    thread.start()
    return thread, troubles


@only_postgresql
@pytest.mark.parametrize("parent", ["contacts_contact", "contacts_contactlist"])
def test_a_parent_does_not_go_under_a_row_that_comes(
    pair: tuple[Any, Any], parent: str, member: ListMembership, now: datetime
) -> None:
    writer, remover = pair
    ids = {"contacts_contact": _contact(now, 2).pk, "contacts_contactlist": member.contact_list_id}
    ListMembership.objects.all().delete()
    writer.execute(ADD.format(*ids.values()))

    def remove() -> None:
        remover.execute(f"DELETE FROM {parent} WHERE id = {ids[parent]}")
        remover.commit()

    thread, troubles = _meanwhile(remove)
    until(lambda: _waits(remover))
    writer.commit()
    thread.join()
    assert [type(trouble) for trouble in troubles] == [psycopg.errors.ForeignKeyViolation]
    assert ListMembership.objects.count() == 1
    assert keys.lone() == []


@only_postgresql
@pytest.mark.parametrize("parent", ["contacts_contact", "contacts_contactlist"])
def test_a_row_does_not_come_when_its_parent_goes(
    pair: tuple[Any, Any], parent: str, member: ListMembership, now: datetime
) -> None:
    writer, remover = pair
    ids = {"contacts_contact": _contact(now, 2).pk, "contacts_contactlist": member.contact_list_id}
    ListMembership.objects.all().delete()
    remover.execute(f"DELETE FROM {parent} WHERE id = {ids[parent]}")
    thread, troubles = _meanwhile(lambda: writer.execute(ADD.format(*ids.values())))
    until(lambda: _waits(writer))
    remover.commit()
    thread.join()
    assert [type(trouble) for trouble in troubles] == [psycopg.errors.ForeignKeyViolation]
    assert not ListMembership.objects.exists()


@only_postgresql
@pytest.mark.parametrize("parent", ["contacts_contact", "contacts_contactlist"])
def test_a_parent_that_a_slice_has_seen_does_not_go_under_it(
    pair: tuple[Any, Any], parent: str, member: ListMembership, now: datetime
) -> None:
    ids = {"contacts_contact": _contact(now, 2).pk, "contacts_contactlist": member.contact_list_id}
    ListMembership.objects.all().delete()
    remover = pair[1]

    def remove() -> None:
        remover.execute(f"DELETE FROM {parent} WHERE id = {ids[parent]}")
        remover.commit()

    with transaction.atomic():
        bulk.require(ContactList, {member.contact_list_id})
        assert known.ids_by_key([(2).to_bytes(16)]) == {(2).to_bytes(16): ids["contacts_contact"]}
        thread, troubles = _meanwhile(remove)
        until(lambda: _waits(remover))
        with keys.seen_to(), connection.cursor() as cursor:
            cursor.execute(ADD.format(*ids.values()))
    thread.join()
    assert [type(trouble) for trouble in troubles] == [psycopg.errors.ForeignKeyViolation]
    assert keys.lone() == []


@only_postgresql
def test_keys_are_looked_at_again_after_a_slice(member: ListMembership) -> None:
    lonely = ADD.format(NOBODY, member.contact_list_id)
    with connection.cursor() as cursor:
        with transaction.atomic():
            with keys.seen_to():
                cursor.execute(lonely)
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(lonely)
            transaction.set_rollback(True)
        with pytest.raises(ZeroDivisionError), transaction.atomic(), keys.seen_to():
            raise ZeroDivisionError
        with pytest.raises(IntegrityError):
            cursor.execute(lonely)


@only_postgresql
def test_an_upgrade_brings_todays_functions(member: ListMembership) -> None:
    name = "key_contacts_listmembership_contact_id_in"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NULL; END $$"
        )
        keys.put_up()
        with pytest.raises(IntegrityError):
            cursor.execute(ADD.format(NOBODY, member.contact_list_id))


@only_postgresql
def test_a_row_without_a_parent_is_found(member: ListMembership) -> None:
    assert keys.lone() == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_listmembership DISABLE TRIGGER USER")
        cursor.execute(ADD.format(NOBODY, member.contact_list_id))
        cursor.execute("ALTER TABLE contacts_listmembership ENABLE TRIGGER USER")
    assert [(key.column, value) for key, value in keys.lone()] == [("contact_id", NOBODY)]
    ListMembership.objects.filter(contact_id=NOBODY).delete()
