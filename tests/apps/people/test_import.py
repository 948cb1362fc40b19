"""Importing people: labels, permission, history, duplicates, rejects, undo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sincerely.apps.consent.actions.records import permit, withdraw
from sincerely.apps.consent.models import ConsentRecord, OptOut, Permission, Suppression
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts.actions.contacts import create_contact, edit_contact
from sincerely.apps.contacts.actions.lists import create_list
from sincerely.apps.contacts.models import Contact, ListMembership
from sincerely.apps.engagement.models import ContactEngagement
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions.imports import Refused, create_labels, start, undo
from sincerely.apps.people.models import ImportReject
from sincerely.apps.people.queries.imports import reject_rows
from sincerely.apps.people.rules.dialect import FileRefused
from sincerely.apps.people.tasks import finish
from tests.apps.people.desk import bring, checked, claim, taken
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def labels_of(address: str) -> set[str]:
    rows = ContactLabel.objects.filter(contact__address=address, is_held=True)
    return set(rows.values_list("label__name", flat=True))


@pytest.fixture
def labels(cast: Cast, now: datetime) -> dict[str, Label]:
    return {n: Label.objects.create(name=n, created_at=now) for n in ("Honden", "Katten", "Vogels")}


@pytest.mark.requirement("R014")
def test_a_cell_of_labels_is_added_to_new_and_known_contacts(
    cast: Cast, labels: dict[str, Label], now: datetime
) -> None:
    known = create_contact("old@example.com", now=now, actor=cast.actor)
    ContactLabel.objects.create(contact=known, label=labels["Vogels"], route="manual", since=now)
    work = taken(
        'email,interesselabels\nnew@example.com,"Honden,Katten"\n'
        'old@example.com,"Honden, Katten"\n',
        now=now,
        actor=cast.actor,
    )
    assert work.state == "done"
    assert labels_of("new@example.com") == {"Honden", "Katten"}
    assert labels_of("old@example.com") == {"Honden", "Katten", "Vogels"}
    assert set(LabelChange.objects.values_list("route", "import_id")) == {("import", work.pk)}


@pytest.mark.requirement("R015")
def test_a_name_that_is_not_exact_is_reported_and_the_row_goes_on(
    cast: Cast, labels: dict[str, Label], now: datetime
) -> None:
    work = checked(
        "email;Voornaam;interesselabels\na@example.com;Ann;honden\nb@example.com;Bo;Honden\n",
        now=now,
        actor=cast.actor,
    )
    assert work.preview["unknown_labels"] == {"honden": {"count": 1, "near": "Honden"}}
    start(work.pk, now=now, actor=cast.actor)
    finish(work, now=now)
    assert labels_of("a@example.com") == set()
    assert labels_of("b@example.com") == {"Honden"}
    assert Contact.objects.get(address="a@example.com").first_name == "Ann"
    reject = ImportReject.objects.get(reason="unknown_label")
    assert (reject.row_number, reject.detail, reject.is_whole_row) == (2, "honden", False)
    assert not Label.objects.filter(name="honden").exists()


def test_unknown_labels_are_made_together_when_asked(cast: Cast, now: datetime) -> None:
    text = 'email,interesselabels\na@example.com,"Paarden,Vissen"\n'
    work = checked(text, now=now, actor=cast.actor)
    create_labels(work.pk, work.preview["unknown_labels"], now=now, actor=cast.actor)
    work = finish(work, now=now)
    assert work.preview["unknown_labels"] == {}
    start(work.pk, now=now, actor=cast.actor)
    finish(work, now=now)
    assert labels_of("a@example.com") == {"Paarden", "Vissen"}


TEN = "email,name\n" + "".join(f"c{n}@example.com,Name {n}\n" for n in range(10))


@pytest.mark.requirement("R003")
def test_without_an_origin_of_permission_nobody_is_mailable(cast: Cast, now: datetime) -> None:
    work = taken(TEN, now=now, actor=cast.actor)
    assert work.totals["counts"]["new"] == 10
    assert Contact.objects.count() == 10
    assert Permission.objects.count() == ConsentRecord.objects.count() == 0


def test_a_declared_origin_gives_each_a_record_with_proof(cast: Cast, now: datetime) -> None:
    taken(TEN, now=now, actor=cast.actor, claim=claim(now, 2))
    assert Permission.objects.filter(is_in=True, evidence=2).count() == 10
    record = ConsentRecord.objects.first()
    assert record is not None
    assert (record.channel, record.cause, record.member_id) == ("import", "import", cast.alice.pk)
    assert '"document":"paper form 7"' in (record.payload or "")
    taken(TEN, now=now, actor=cast.actor, claim=claim(now, 1))
    assert ConsentRecord.objects.count() == 10, "weaker evidence adds nothing"


@pytest.mark.requirement("R004")
def test_a_second_import_brings_nobody_back(cast: Cast, now: datetime) -> None:
    taken(TEN, now=now, actor=cast.actor, claim=claim(now))
    type_id = claim(now).subscription_type_id
    left_all, left_type, back = Contact.objects.order_by("pk")[:3]
    later = now + timedelta(days=1)
    withdraw(left_all.pk, subscription_type_id=None, channel="link", now=later)
    withdraw(left_type.pk, subscription_type_id=type_id, channel="link", now=later)
    withdraw(back.pk, subscription_type_id=None, channel="link", now=later)
    permit(
        back.pk,
        subscription_type_id=type_id,
        channel="form",
        evidence=1,
        proof=Proof(address=back.address),
        now=later + timedelta(days=1),
        actor=cast.actor,
    )
    work = taken(TEN, now=later, actor=cast.actor, claim=claim(now, 2))
    assert OptOut.objects.get().contact_id == left_all.pk
    assert not Permission.objects.get(contact=left_type).is_in
    assert Permission.objects.get(contact=back).evidence == 1
    assert work.totals["notes"]["left_earlier"] == 2
    assert not Permission.objects.filter(contact=left_all, is_in=True).exists()


def test_a_suppressed_stranger_is_stored_without_permission(cast: Cast, now: datetime) -> None:
    key = bytes(create_contact("c1@example.com", now=now, actor=cast.actor).address_key)
    Suppression.objects.create(address_key=key, reason="opt_out_import", since=now)
    work = taken(TEN, now=now, actor=cast.actor, claim=claim(now))
    assert work.totals["notes"] == {"left_earlier": 1}
    assert Permission.objects.count() == 9


def test_who_was_erased_is_not_stored_again(cast: Cast, now: datetime) -> None:
    contact = create_contact("c1@example.com", now=now, actor=cast.actor)
    Suppression.objects.create(address_key=contact.address_key, reason="erased", since=now)
    contact.delete()
    work = taken(TEN, now=now, actor=cast.actor, claim=claim(now))
    assert work.totals["left_out"] == {"erased": 1}
    assert not Contact.objects.filter(address="c1@example.com").exists()


def test_history_of_an_older_tool_counts_and_is_marked(cast: Cast, now: datetime) -> None:
    text = (
        "E-mailadres\tInschrijfdatum\tLaatst verzonden\tLaatst geopend\tLaatst geklikt\n"
        "a@example.com\t31/12/2020\t01/06/2026 10:00\t02/03/2026\t\n"
        "b@example.com\t01/02/2021\t01/06/2027\t\t\n"
    )
    known = create_contact("a@example.com", now=now, actor=cast.actor)
    newer = now - timedelta(days=1)
    ContactEngagement.objects.create(contact=known, last_open_at=newer)
    work = taken(text, now=now, actor=cast.actor)
    row = ContactEngagement.objects.get(contact=known)
    assert row.last_open_at == newer
    assert row.imported_open_at is not None
    assert row.last_sent_at == row.imported_sent_at == datetime(2026, 6, 1, 8, tzinfo=UTC)
    assert row.last_click_at is None
    known.refresh_from_db()
    assert known.signed_up_at == datetime(2020, 12, 30, 23, tzinfo=UTC)
    assert work.totals["notes"] == {"future_date": 1}


@pytest.mark.parametrize(
    ("keep", "name", "city"),
    [("first", "One", "Gent"), ("last", "Two", None), ("merge", "Two", "Gent")],
)
def test_duplicates_in_a_file(cast: Cast, now: datetime, keep: str, name: str, city: str) -> None:
    text = "email,first name,city\nA@example.com,One,Gent\nb@example.com,B,\na@EXAMPLE.com,Two,\n"
    work = taken(text, now=now, actor=cast.actor, duplicates=keep)
    found = Contact.objects.get(address__iexact="a@example.com")
    assert found.first_name == name
    assert found.fields.get("city") == city
    assert Contact.objects.count() == 2
    assert work.totals["left_out"] == ({} if keep == "merge" else {"duplicate": 1})


def test_rows_that_cannot_be_taken_are_listed_with_their_reason(cast: Cast, now: datetime) -> None:
    text = (
        "email,first name,born\n"
        "good@example.com,Good,1980-05-01\n"
        "not an address,Bad,\n"
        ",Nobody,\n"
        "short@example.com,Short\n"
        'torn@example.com,"To"rn,\n'
        "odd@example.com,Odd,yesterday\n"
        "zero@example.com,Ze\x00ro,\n"
        "fine@example.com,Fine,1990-01-02\n"
    )
    work = taken(text, now=now, actor=cast.actor)
    found = list(ImportReject.objects.order_by("row_number").values_list("row_number", "reason"))
    assert found[:2] == [(3, "bad_address"), (4, "no_address")]
    assert ImportReject.objects.get(row_number=3).detail == "not an address"
    assert dict(found)[5] == "too_few_cells"
    assert dict(found)[6] == "stray_quote"
    assert dict(found)[8] == "zero_byte"
    assert set(Contact.objects.values_list("first_name", flat=True)) == {"Good", "Odd", "Fine"}
    assert work.totals["counts"]["new"] == 3


def test_what_was_left_out_stands_under_its_own_row(cast: Cast, now: datetime) -> None:
    text = (
        "email,Oprettet,voornaam\n"
        "a@example.com,2023-01-05,Ann\n"
        "a@example.com,31.02.1990,Anne\n"
        "a@example.com,05.03.2022,\n"
    )
    work = taken(text, now=now, actor=cast.actor)
    rows = ImportReject.objects.order_by("pk").values_list("row_number", "reason", "detail")
    assert list(rows) == [(3, "bad_date", "Oprettet: 31.02.1990")]
    assert [cells[2] for _reject, cells in reject_rows(work)] == ["Anne"]
    signed_up = Contact.objects.get().signed_up_at
    assert signed_up is not None
    brussels = ZoneInfo("Europe/Brussels")  # of the organisation
    assert signed_up.astimezone(brussels).date().isoformat() == "2022-03-05"


def test_the_dry_run_tells_what_will_change_and_changes_nothing(cast: Cast, now: datetime) -> None:
    create_contact("a@example.com", first_name="Ann", now=now, actor=cast.actor)
    create_contact("b@example.com", first_name="Bo", now=now, actor=cast.actor)
    text = "email,first name\na@example.com,Ann\nb@example.com,Bob\nc@example.com,Cy\nnope,X\n"
    work = checked(text, now=now, actor=cast.actor, claim=claim(now))
    counts = work.preview["counts"]
    assert {k: counts[k] for k in ("new", "updated", "unchanged", "permitted")} == {
        "new": 1, "updated": 1, "unchanged": 1, "permitted": 3,
    }  # fmt: skip
    assert work.preview["left_out"] == {"bad_address": 1}
    assert work.preview["sample"][0]["before"] == {"first_name": "Bo"}
    assert Contact.objects.count() == 2
    assert not ContactLabel.objects.exists()
    assert Contact.objects.get(address="b@example.com").first_name == "Bo"


def test_undo_puts_back_removes_and_never_undoes_an_opt_out(
    cast: Cast, labels: dict[str, Label], now: datetime
) -> None:
    known = create_contact("a@example.com", first_name="Ann", now=now, actor=cast.actor)
    mailing_list = create_list("Fair", now=now, actor=cast.actor)
    text = (
        "email,first name,interesselabels,last opened\na@example.com,Anna,Honden,2026-01-01\n"
        "b@example.com,Bo,Honden,\nc@example.com,Cy,,\nd@example.com,Di,,\n"
    )
    work = taken(text, now=now, actor=cast.actor, claim=claim(now), list_ids=(mailing_list.pk,))
    later = now + timedelta(hours=1)
    left, edited = (Contact.objects.get(address=f"{n}@example.com") for n in "cd")
    withdraw(left.pk, subscription_type_id=None, channel="link", now=later)
    edit_contact(edited.pk, changes={"last_name": "Day"}, now=later, actor=cast.actor)
    undo(work.pk, now=later, actor=cast.actor)
    work = finish(work, now=later)
    assert work.state == "undone"
    known.refresh_from_db()
    assert known.first_name == "Ann"
    assert labels_of("a@example.com") == set()
    assert ContactEngagement.objects.get(contact=known).last_open_at is None
    assert set(Contact.objects.values_list("address", flat=True)) == {
        "a@example.com", "c@example.com", "d@example.com",
    }  # fmt: skip
    assert OptOut.objects.get().contact_id == left.pk
    assert not Permission.objects.filter(is_in=True).exists()
    assert not ListMembership.objects.exists()
    assert work.totals["undone"] == {"removed": 1, "kept": 2, "restored": 1}


@pytest.mark.parametrize(("order", "left"), [((0, 1), 10), ((1, 0), 0)])
def test_whom_two_imports_brought_stays_while_one_of_them_stands(
    cast: Cast, now: datetime, order: tuple[int, int], left: int
) -> None:
    works = [taken(TEN, now=now, actor=cast.actor, claim=claim(now)) for _time in range(2)]
    first, second = (works[place] for place in order)
    finish(undo(first.pk, now=now, actor=cast.actor), now=now)
    assert Contact.objects.count() == 10, "the other import stands"
    finish(undo(second.pk, now=now, actor=cast.actor), now=now)
    assert Contact.objects.count() == left
    assert not Permission.objects.filter(is_in=True).exists()


OUT = "Email\na@example.com\nB@example.com\nstranger@example.com\nnonsense\n"


@pytest.mark.requirement("R018")
def test_an_opt_out_list_lets_everybody_leave_once(cast: Cast, now: datetime) -> None:
    taken("email\na@example.com\nb@example.com\n", now=now, actor=cast.actor, claim=claim(now))
    work = checked(OUT, now=now, actor=cast.actor, kind="opt_out")
    assert work.row_count == 4
    with pytest.raises(Refused):
        start(work.pk, now=now, actor=cast.actor, typed_count=3)
    start(work.pk, now=now, actor=cast.actor, typed_count=4)
    work = finish(work, now=now)
    assert work.totals["counts"]["opted_out"] == 2
    assert OptOut.objects.count() == 2
    assert Contact.objects.count() == 2
    assert Suppression.objects.get().reason == "opt_out_import"
    records = ConsentRecord.objects.count()
    again = checked(OUT, now=now, actor=cast.actor, kind="opt_out")
    start(again.pk, now=now, actor=cast.actor, typed_count=4)
    again = finish(again, now=now)
    assert ConsentRecord.objects.count() == records
    assert Suppression.objects.count() == 1
    assert again.totals["counts"] == {"opted_out": 0, "suppressed": 0, "already_out": 3}
    with pytest.raises(Refused):
        undo(again.pk, now=now, actor=cast.actor)


def test_files_that_are_not_tables_are_refused(cast: Cast, now: datetime) -> None:
    for content, reason in (
        (b"", "empty"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"PK\x03\x04 broken", "not_a_table"),
        (b"email," + b"x" * 3_000_000, "line_too_long"),
        (b"email," + b",".join(b"c%d" % n for n in range(400)) + b"\n", "too_many_columns"),
    ):
        with pytest.raises(FileRefused) as refused:
            bring(content, now=now, actor=cast.actor)
        assert refused.value.reason == reason
