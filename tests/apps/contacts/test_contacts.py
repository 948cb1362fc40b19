"""Contacts on the real tables: entering, changing, sharing an address, lists and fields."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.contacts import actions, queries
from sincerely.apps.contacts.models import Contact, ContactNote
from sincerely.apps.contacts.rules.fields import BadValue, key_for, typed
from sincerely.apps.team.models import AuditEntry
from tests.cast import Cast


@pytest.mark.requirement("R013")
def test_editing_writes_what_changed_with_member_and_time(cast: Cast, now: datetime) -> None:
    ann = actions.create_contact("ann@example.com", now=now, actor=cast.actor)
    later = now + timedelta(hours=1)
    actions.edit_contact(ann.pk, changes={"first_name": "Ann"}, now=later, actor=cast.actor)
    actions.edit_contact(ann.pk, changes={"first_name": "Ann"}, now=later, actor=cast.actor)
    edit = ContactNote.objects.get(act="edited")
    assert (edit.at, edit.member_id) == (later, cast.alice.pk)
    assert edit.detail == {"changes": {"first_name": ["", "Ann"]}}
    assert AuditEntry.objects.filter(act="contact edited").count() == 1


@pytest.mark.requirement("R013")
def test_address_is_unique_unless_a_member_says_so(cast: Cast, now: datetime) -> None:
    ann = actions.create_contact("Ann@Example.com", now=now, actor=cast.actor, first_name="Ann")
    same = actions.create_contact("ann@EXAMPLE.COM", now=now, actor=cast.actor, last_name="Berg")
    assert same.pk == ann.pk
    assert (same.first_name, same.last_name, same.address) == ("Ann", "Berg", "Ann@example.com")
    shared = actions.create_contact("ann@example.com", now=now, actor=cast.actor, share=True)
    assert (shared.share_number, shared.pk != ann.pk) == (1, True)
    bea = actions.create_contact("bea@example.com", now=now, actor=cast.actor)
    with pytest.raises(actions.BadChange) as problem:
        actions.edit_contact(
            bea.pk, changes={"address": "ann@example.com"}, now=now, actor=cast.actor
        )
    assert (problem.value.field, problem.value.code) == ("address", "taken")


def test_prefix_search_reads_names_and_addresses(cast: Cast, now: datetime) -> None:
    ann = actions.create_contact(
        "office@example.com", now=now, actor=cast.actor, first_name="Ann", last_name="Berg"
    )
    for text in ("ann", "Ber", "office@", "ann berg", "berg an"):
        assert queries.find_prefix(text) == [ann.pk], text
    noor = actions.create_contact(
        "shop@example.com", now=now, actor=cast.actor, first_name="Noor", last_name="de Boer"
    )
    maria = actions.create_contact(
        "desk@example.com", now=now, actor=cast.actor, first_name="Anna Maria", last_name="El Amin"
    )
    for text in ("Noor de Boer", "noor  de boer", "DE BOER NOOR", "de Boer Noor", "noor d"):
        assert queries.find_prefix(text) == [noor.pk], text
    for text in ("Anna Maria El Amin", "anna maria el amin", "el amin anna"):
        assert queries.find_prefix(text) == [maria.pk], text
    assert queries.find_prefix("Noor Amin") == []
    assert queries.find_prefix("nn") == []
    assert queries.find_prefix("%") == []


def test_lists_take_each_contact_once(cast: Cast, now: datetime) -> None:
    fair = actions.create_list("Fair", now=now, actor=cast.actor)
    people = [
        actions.create_contact(f"p{i}@example.com", now=now, actor=cast.actor) for i in range(4)
    ]
    ids = [p.pk for p in people]
    assert actions.add_to_list(fair.pk, [*ids, *ids, 9999], now=now, actor=cast.actor) == ids
    assert actions.add_to_list(fair.pk, ids, now=now, actor=cast.actor) == []
    assert queries.list_sizes([fair.pk]) == {fair.pk: 4}
    page = queries.list_members(fair.pk, after=ids[1], limit=1)
    assert [p.pk for p in page] == [ids[2]]
    removed = actions.remove_from_list(fair.pk, ids[:1], now=now, actor=cast.actor)
    assert removed == ids[:1]
    assert Contact.objects.count() == 4


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("ja", "boolean", True),
        ("nej", "boolean", False),
        ("2,5", "number", 2.5),
        ("3", "number", 3),
        ("2024-02-29", "date", "2024-02-29"),
        (" x ", "text", "x"),
        ("", "number", None),
        ("red", "choice", "red"),
    ],
)
def test_values_get_their_type(value: str, kind: str, expected: object) -> None:
    assert typed(value, kind=kind, choices=["red"]) == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [("maybe", "boolean"), ("nan", "number"), ("2023-02-29", "date"), ("blue", "choice")],
)
def test_wrong_values_are_refused(value: str, kind: str) -> None:
    with pytest.raises(BadValue):
        typed(value, kind=kind, choices=["red"])


@given(st.text(max_size=60))
def test_key_of_any_name_is_a_plain_word(name: str) -> None:
    key = key_for(name)
    assert key.isascii()
    assert key.replace("_", "").isalnum()
    assert key[0].isalpha()
    assert len(key) <= 40


def test_two_fields_of_one_name_get_two_keys(cast: Cast, now: datetime) -> None:
    one = actions.define_field("Größe", kind="number", now=now, actor=cast.actor)
    other = actions.define_field("Grosse!", kind="text", now=now, actor=cast.actor)
    assert (one.key, other.key) == ("grosse", "grosse_2")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Fødselsdag", "fodselsdag"),
        ("Ålder", "alder"),
        ("2", "field_2"),
        ("address", "field_address"),
    ],
)
def test_a_key_keeps_the_letters_of_the_name(name: str, key: str) -> None:
    assert key_for(name) == key
