"""Stored sets select whom SQL selects, whatever changed since they were stored."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from sincerely.apps.contacts.models import Contact, ListMembership
from sincerely.apps.engagement.models import ContactEngagement, Delivery
from sincerely.apps.segments import tasks
from sincerely.apps.segments.actions import sets
from sincerely.apps.segments.compile import compiled
from sincerely.apps.segments.models import StoredSet, Touch
from sincerely.apps.segments.queries import full_catalogue, reading, spans, stored
from sincerely.apps.segments.queries.facets import facet_fields, values_of
from sincerely.apps.segments.queries.fetching import touched_numbers
from sincerely.apps.segments.queries.selecting import fetch_ids
from sincerely.apps.segments.rules import Moment
from sincerely.apps.segments.sql import triggers
from sincerely.apps.segments.sql.kept import OF_MAILING, name_of, with_value
from sincerely.apps.segments.sql.sources import OF_DEEDS, SOURCES
from sincerely.apps.segments.sql.triggers import VERSION, put_up
from tests.apps.segments.changes import change, change_a_delivery
from tests.apps.segments.population import Population, contact, populate
from tests.apps.segments.strategies import rules


def build_all(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store every set that is wanted."""
    monkeypatch.setattr(tasks, "FEWEST_CONTACTS", 0)
    while tasks.keep_sets(now=now, owner="test", stop=threading.Event()):
        pass


def _truth(made: Population) -> dict[str, BitMap]:
    """Return every stored set as its source says."""
    keys = {
        "mailing": made.mailings, "list": made.lists, "label": made.labels,
        "permission": made.types, "opt_out": [0], "contact": [0],
    }  # fmt: skip
    found = {}
    for source, those in keys.items():
        for key in those:
            members = stored.members_of(SOURCES[source], key)
            found |= dict(zip(SOURCES[source].names(key), members, strict=True))
    for field in facet_fields():
        values = values_of(field) or {}
        found[name_of("field", field)] = BitMap.union(BitMap(), *values.values())
        found |= {with_value(field, value): ids for value, ids in values.items()}
    return found


def _assert_sets_of_a_mailing(key: int) -> None:
    """Check those that follow a delivery itself, then those of its deeds, as they are today."""
    true = dict(zip(OF_MAILING, stored.members_of(SOURCES["mailing"], key), strict=True))
    for words in ([did for did in OF_MAILING if did not in OF_DEEDS], OF_DEEDS):
        assert stored.recipients_by_deed(key, words) == {did: true[did] for did in words}


def _stored() -> dict[str, BitMap]:
    rows = StoredSet.objects.filter(state="ready")
    return {row.name: BitMap.deserialize(bytes(row.bitmap)) for row in rows}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.requirement("R050")
def test_sets_and_sql_select_the_same_while_all_changes(
    seed: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = populate(seed, now)
    build_all(now, monkeypatch)
    catalogue = full_catalogue({"criterion": "mail", "mailing": made.mailings})
    chance = random.Random(seed)

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(
        rule=rules(catalogue),
        few=st.sampled_from((0, 8, 2_000)),
        taken=st.sampled_from((0, 0, 2, 10_000)),
    )
    def equal(rule: dict[str, object], few: int, taken: int) -> None:
        monkeypatch.setattr(reading, "FEW", few)
        for _ in range(chance.randrange(4)):
            chance.choice([change] * 8 + [change_a_delivery])(chance, made)
        if taken:
            sets.take_touches(now=now, limit=taken)
        moment = Moment(now)
        plain = fetch_ids(compiled(rule, moment=moment, catalogue=catalogue))
        assert reading.Reading(moment, catalogue).select(rule) == BitMap(plain)
        _assert_sets_of_a_mailing(chance.choice(made.mailings))

    equal()
    while sets.take_touches(now=now):
        pass
    assert not Touch.objects.exists()
    held, true = _stored(), _truth(made)
    assert {name: ids for name, ids in held.items() if ids} == {
        name: ids for name, ids in true.items() if ids
    }


@pytest.mark.django_db
def test_a_rule_is_answered_without_any_sql_over_contacts(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = populate(1, now)
    build_all(now, monkeypatch)
    while sets.take_touches(now=now):
        pass

    def refuse(*_given: object) -> BitMap:
        raise AssertionError("this was to be read from stored sets")

    monkeypatch.setattr(reading, "_by_statement", refuse)
    monkeypatch.setattr(reading, "_among", refuse)
    sent = {"criterion": "mail", "did": "sent", "mailing": made.mailings[0]}
    rule = {"all": [{"criterion": "list", "test": "not_on", "list": made.lists[0]}, sent]}
    found = reading.selected_set(rule, now=now)
    assert found == _truth(made)[f"sent:{made.mailings[0]}"] - _truth(made)[f"list:{made.lists[0]}"]


@pytest.mark.django_db
def test_what_changes_while_a_set_is_read_is_not_lost(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The set is read, then a change comes and all touches are taken, then the set is stored."""
    made = populate(2, now)
    list_id, person = made.lists[0], contact(999, now)
    read = stored.members_of

    def read_slowly(*given: object, **more: object) -> list[BitMap]:
        found = read(*given, **more)  # type: ignore[arg-type]
        monkeypatch.setattr(sets, "members_of", read)
        ListMembership.objects.create(contact=person, contact_list_id=list_id, added_at=now)
        sets.take_touches(now=now)
        return found

    monkeypatch.setattr(sets, "members_of", read_slowly)
    assert sets.build("list", list_id, now=now)
    assert person.pk not in _stored()[f"list:{list_id}"]
    assert person.pk in reading.selected_set({"criterion": "list", "list": list_id}, now=now)
    sets.take_touches(now=now)
    assert person.pk in _stored()[f"list:{list_id}"]


@pytest.mark.django_db
def test_who_changes_months_while_a_span_is_read_is_not_lost(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of a whole month into the end of the span that was read, and all touches are taken."""
    populate(2, now)
    person = contact(999, now)
    rollup = ContactEngagement.objects.create(contact=person, last_open_at=now - timedelta(days=40))
    build_all(now, monkeypatch)
    read = spans.waiting

    def read_slowly(names: Iterable[str]) -> dict[stored.SourceKey, BitMap] | None:
        monkeypatch.setattr(spans, "waiting", read)
        found = read(names)
        rollup.last_open_at = now - timedelta(days=59)
        rollup.save()
        sets.take_touches(now=now)
        return found

    monkeypatch.setattr(spans, "waiting", read_slowly)
    lately = {"criterion": "date", "test": "within_days", "days": 60}
    assert person.pk in reading.selected_set(lately, now=now)
    assert spans.waiting is read
    assert person.pk in reading.selected_set(lately, now=now)


@pytest.mark.django_db
def test_of_many_inserted_at_once_only_those_with_a_past_are_touched(now: datetime) -> None:
    with_past, without = contact(1, now), contact(2, now)
    Touch.objects.all().delete()
    ContactEngagement.objects.bulk_create(
        [
            ContactEngagement(contact=with_past, last_open_at=now - timedelta(days=40)),
            ContactEngagement(contact=without),
        ]
    )
    assert list(Touch.objects.values_list("contact_id", flat=True)) == [with_past.pk]


@pytest.mark.django_db
def test_many_who_change_at_once_are_all_read_and_all_taken(now: datetime) -> None:
    from django.db import connection  # noqa: PLC0415

    made = populate(3, now)
    list_id, other_id = made.lists[:2]
    sets.build("contact", 0, now=now)
    assert sets.build("list", list_id, now=now)
    sets.take_touches(now=now)
    people = [contact(number, now) for number in range(900, 907)]
    sets.take_touches(now=now)
    on_lists = [
        ListMembership(contact=person, contact_list_id=each, added_at=now)
        for person in people
        for each in (list_id, other_id)
    ]
    ListMembership.objects.bulk_create(on_lists)
    count = 2 if connection.vendor == "postgresql" else 14
    assert Touch.objects.count() == count
    ids = BitMap(person.pk for person in people)
    assert ids <= reading.selected_set({"criterion": "list", "list": list_id}, now=now)
    while sets.take_touches(now=now, limit=3):
        pass
    assert not Touch.objects.exists()
    assert ids <= _stored()[f"list:{list_id}"]
    assert stored.waiting([f"list:{list_id}"]) == {}


def _delivery_changes(now: datetime) -> Iterator[tuple[dict[str, object], bool]]:
    """Yield each change of a delivery by itself and back, and whether only a deed changes."""
    for column in ("sent_at", "delivered_at", "bounced_at", "unsubscribed_at", "complained_at"):
        for value in (None, now, None):
            yield {column: value}, column in ("unsubscribed_at", "complained_at")
    for column in ("human_open_count", "human_click_count"):
        for count in (0, 1, 0):
            yield {column: count}, True
    yield {"sent_at": now, "delivered_at": now, "human_open_count": 1}, False
    yield {"sent_at": None, "unsubscribed_at": now, "human_open_count": 0}, False


@pytest.mark.django_db
@pytest.mark.parametrize("whom", [1, 3])
@pytest.mark.requirement("R050")
def test_each_set_of_a_mailing_follows_each_change_and_deeds_concern_only_theirs(
    whom: int, now: datetime
) -> None:
    made = populate(3, now)
    key = made.mailings[0]
    assert sets.build("mailing", key, now=now)
    sets.take_touches(now=now)
    ids = Delivery.objects.filter(mailing_id=key).order_by("pk").values_list("pk", flat=True)[:whom]
    changing = Delivery.objects.filter(pk__in=list(ids))
    moves = [{"contact_id": contact(900, now).pk}, {"mailing_id": made.mailings[1]}]
    changes = [*_delivery_changes(now), *((move, False) for move in moves if whom == 1)]
    for values, is_deed in changes:
        changing.update(**values)
        true = stored.members_of(SOURCES["mailing"], key)
        for did, members in zip(OF_MAILING, true, strict=True):
            assert stored.recipients_by_deed(key, [did]) == {did: members}, (values, did)
        apart = [name_of(did, key) for did in OF_MAILING if did not in OF_DEEDS]
        assert not (is_deed and stored.waiting(apart))
        sets.take_touches(now=now)
        assert _stored() == dict(zip(SOURCES["mailing"].names(key), true, strict=True))


@pytest.mark.django_db
@pytest.mark.parametrize("together", [1, 5])
def test_of_too_many_who_wait_a_bounded_part_is_fetched_and_sql_answers(
    together: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A touch names one contact, or on PostgreSQL as many as a statement changed."""
    made = populate(3, now)
    list_id = made.lists[0]
    sets.take_touches(now=now)
    assert sets.build("contact", 0, now=now)
    assert sets.build("list", list_id, now=now)
    people = [contact(number, now) for number in range(900, 920)]
    on_list = [
        ListMembership(contact=person, contact_list_id=list_id, added_at=now) for person in people
    ]
    ListMembership.objects.bulk_create(on_list, batch_size=together)
    monkeypatch.setattr(stored, "MOST_TOUCHED", 20)
    exact = stored.waiting([f"list:{list_id}"])
    assert exact == {("list", list_id): BitMap(person.pk for person in people)}
    monkeypatch.setattr(stored, "MOST_TOUCHED", 6)
    found = touched_numbers([("list", list_id)], most=6)["list", list_id]
    assert 6 < len(found) <= 6 + together
    assert stored.waiting([f"list:{list_id}"]) is None
    rule = {"criterion": "list", "list": list_id}
    assert reading.selected_set(rule, now=now) == _truth(made)[f"list:{list_id}"]


@pytest.mark.django_db
def test_the_second_taker_starts_over(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    made = populate(3, now)
    list_id, person = made.lists[0], contact(999, now)
    sets.take_touches(now=now)
    sets.build("list", list_id, now=now)
    ListMembership.objects.create(contact=person, contact_list_id=list_id, added_at=now)
    read = stored.members_of

    def read_slowly(*given: object, **more: object) -> list[BitMap]:
        found = read(*given, **more)  # type: ignore[arg-type]
        monkeypatch.setattr(sets, "members_of", read)
        ListMembership.objects.filter(contact=person, contact_list_id=list_id).delete()
        sets.take_touches(now=now)
        return found

    monkeypatch.setattr(sets, "members_of", read_slowly)
    assert sets.take_touches(now=now)
    assert not Touch.objects.exists()
    assert person.pk not in _stored()[f"list:{list_id}"]


@pytest.mark.django_db
def test_a_builder_that_died_is_followed_by_another(now: datetime) -> None:
    made = populate(3, now)
    StoredSet.objects.create(name=f"list:{made.lists[0]}", changed_at=now)
    soon, later = now + timedelta(minutes=1), now + timedelta(minutes=11)
    assert not sets.build("list", made.lists[0], now=soon)
    sets.take_touches(now=soon)
    assert Touch.objects.filter(source="list", key=made.lists[0]).exists()
    assert sets.build("list", made.lists[0], now=later)
    sets.take_touches(now=later)
    assert not Touch.objects.exists()


@pytest.mark.django_db
def test_a_field_with_too_many_values_is_read_by_sql(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "MOST_VALUES", 3)
    for number in range(5):
        contact(number, now, source=f"shop {number}", language="nl")
    assert sets.build("contact", 0, now=now)
    assert sets.build_field("source", now=now)
    assert sets.build_field("language", now=now)
    states = dict(StoredSet.objects.values_list("name", "state"))
    assert states["field:source"] == "refused"
    assert states["field:language=nl"] == "ready"
    contact(9, now, source="shop 9")
    sets.take_touches(now=now)
    assert not StoredSet.objects.filter(name__startswith="field:source=").exists()
    rule = {"criterion": "field", "field": "source", "value": "shop 3"}
    assert len(reading.selected_set(rule, now=now)) == 1
    for number in range(10, 20):
        contact(number, now, language=f"x{number}")
    sets.take_touches(now=now)
    sets.refuse_large(now=now)
    assert StoredSet.objects.get(name="field:language").state == "refused"
    assert not StoredSet.objects.filter(name__startswith="field:language=").exists()
    rule = {"criterion": "field", "field": "language", "value": "x12"}
    assert len(reading.selected_set(rule, now=now)) == 1


@pytest.mark.django_db
def test_few_contacts_need_no_sets_and_touches_go(now: datetime) -> None:
    populate(1, now)
    assert Touch.objects.exists()
    assert not tasks.keep_sets(now=now, owner="test", stop=threading.Event())
    assert not Touch.objects.exists()
    assert not StoredSet.objects.filter(state="ready").exists()


@pytest.mark.django_db
def test_triggers_of_an_older_version_go(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "VERSION", VERSION - 1)
    put_up()  # takes today's down, too
    monkeypatch.undo()
    put_up()
    contact(1, now)
    assert Touch.objects.count() == 1


ASIDE = """
CREATE SCHEMA replaced;
CREATE TABLE replaced.a (id int);
CREATE FUNCTION replaced.touch_a_insert_1() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER touch_a_insert_1 AFTER INSERT ON replaced.a
FOR EACH STATEMENT EXECUTE FUNCTION replaced.touch_a_insert_1();
CREATE TRIGGER {today} AFTER INSERT ON replaced.a
FOR EACH STATEMENT EXECUTE FUNCTION replaced.touch_a_insert_1();
DROP TRIGGER {today} ON contacts_contact
"""


@pytest.mark.django_db
def test_what_a_restore_put_aside_neither_counts_nor_goes(now: datetime) -> None:
    from django.db import connection  # noqa: PLC0415

    if connection.vendor != "postgresql":
        pytest.skip("SQLite puts whole files aside")
    with connection.cursor() as cursor:
        cursor.execute(ASIDE.format(today=f"touch_contacts_contact_insert_{VERSION}"))
        put_up()
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'replaced.a'::regclass")
        assert cursor.fetchone() == (2,)
    contact(1, now)
    assert Touch.objects.filter(source="contact").count() == 1


@pytest.mark.django_db
def test_sets_begin_anew_when_a_trigger_was_missing(now: datetime) -> None:
    from django.db import connection  # noqa: PLC0415

    contact(1, now)
    sets.take_touches(now=now)
    sets.build("contact", 0, now=now)
    where = " ON contacts_contact" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER touch_contacts_contact_insert_{VERSION}{where}")
    Contact.objects.all().delete()
    contact(2, now)
    put_up()
    assert not StoredSet.objects.exists()
    contact(3, now)
    assert Touch.objects.filter(source="contact").exists()
