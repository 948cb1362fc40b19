"""Exporting people: snapshots with a manifest, safe cells, round trips, evidence."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest

from sincerely.apps.consent.actions.records import withdraw
from sincerely.apps.consent.models import ConsentRecord, OptOut, Suppression
from sincerely.apps.contacts.actions.lists import add_to_list, create_list
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.interests.models import ContactLabel, LabelDay
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions.exporting import NoSuchExport, start_export
from sincerely.apps.people.actions.imports import start
from sincerely.apps.people.models import Export
from sincerely.apps.people.queries.files import path_of
from sincerely.apps.people.tasks import finish, finish_export
from sincerely.apps.sending.models import Message
from sincerely.apps.team.models import AuditEntry
from tests.apps.people.desk import checked, claim, table, taken
from tests.cast import Cast

pytestmark = pytest.mark.django_db

PEOPLE = "email,first name,last name,Stad,Punten,interesselabels,last opened\n" + "".join(
    f'c{n}@example.com,{name},Last {n},"Sint-Niklaas, ""BE""",{n}.5,{labels},2026-01-0{n + 1}\n'
    for n, (name, labels) in enumerate(
        [("=cmd()", '"Honden,Katten"'), ("''=odd", "Honden"), ("＋1", "Honden"), *[("Ann", "")] * 7]
    )
    if n < 9
)


def written(export: Export, now: datetime) -> str:
    export = finish_export(export, now=now)
    assert export.state == "done", export.error
    return path_of(export.stored_as).read_bytes().decode()


@pytest.fixture
def people(cast: Cast, now: datetime) -> dict[str, Label]:
    labels = {n: Label.objects.create(name=n, created_at=now) for n in ("Honden", "Katten")}
    taken(PEOPLE, now=now, actor=cast.actor, claim=claim(now))
    return labels


@pytest.mark.requirement("R016")
def test_holders_of_a_label_go_out_and_come_back_without_loss(
    cast: Cast, people: dict[str, Label], now: datetime
) -> None:
    export = start_export("label", people["Honden"].pk, now=now, actor=cast.actor)
    text = written(export, now)
    rows = table(text)
    assert len(rows) == 3
    assert [row["First name"] for row in rows] == ["'=cmd()", "''=odd", "'＋1"]
    assert {row["Consent status"] for row in rows} == {"in"}
    assert text.count("\r\n") == 4
    before = list(Contact.objects.order_by("address").values("address", "first_name", "fields"))
    labels = set(ContactLabel.objects.values_list("contact__address", "label__name", "is_held"))
    same = taken(text, now=now, actor=cast.actor)
    assert same.totals["counts"]["unchanged"] == 3
    assert same.totals["notes"] == {}
    Contact.objects.all().delete()
    taken(text, now=now, actor=cast.actor)
    after = list(Contact.objects.order_by("address").values("address", "first_name", "fields"))
    assert after == before[:3]
    kept = set(ContactLabel.objects.values_list("contact__address", "label__name", "is_held"))
    assert kept == labels


def test_a_label_is_filtered_by_clicks_and_told_with_its_strength(
    cast: Cast, people: dict[str, Label], now: datetime
) -> None:
    one = Contact.objects.get(address="c0@example.com")
    LabelDay.objects.create(
        contact=one,
        label=people["Honden"],
        day=now.date(),
        mailing_id=4,
        human_count=3,
        last_at=now,
    )
    export = start_export(
        "label", people["Honden"].pk, now=now, actor=cast.actor, rule={"minimum_clicks": 3}
    )
    (row,) = table(written(export, now))
    assert (row["Label clicks"], row["Label mailings clicked"]) == ("3", "1")
    assert row["Label strength"] == "3"


@pytest.mark.requirement("R017")
def test_a_list_is_a_dated_snapshot_with_a_manifest(
    cast: Cast, people: dict[str, Label], now: datetime
) -> None:
    made = create_list("List 2", now=now, actor=cast.actor)
    ids = list(Contact.objects.values_list("pk", flat=True)[:5])
    add_to_list(made.pk, ids, now=now, actor=cast.actor)
    export = start_export("list", made.pk, now=now, actor=cast.actor, columns=["address"])
    text = written(export, now)
    export.refresh_from_db()
    assert export.row_count == len(table(text)) == 5
    assert export.manifest["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert export.manifest["definition"]["name"] == "List 2"
    assert export.manifest["taken_at"] == now.isoformat()
    assert text.splitlines()[0] == "E-mail"
    assert AuditEntry.objects.filter(act="export asked").exists()


@pytest.mark.requirement("R018")
def test_an_export_comes_back_unedited_as_an_opt_out_list(
    cast: Cast, people: dict[str, Label], now: datetime
) -> None:
    text = written(start_export("everyone", now=now, actor=cast.actor), now)
    later = now + timedelta(days=1)
    for _ in range(2):
        work = checked(text, now=later, actor=cast.actor, kind="opt_out")
        start(work.pk, now=later, actor=cast.actor, typed_count=work.row_count)
        finish(work, now=later)
    assert OptOut.objects.count() == Contact.objects.count() == 9
    assert ConsentRecord.objects.filter(act="withdraw").count() == 9
    assert not Suppression.objects.exists()


def test_a_rule_is_exported(cast: Cast, people: dict[str, Label], now: datetime) -> None:
    rule = {"criterion": "label", "label": people["Katten"].pk}
    export = start_export("rule", now=now, actor=cast.actor, rule=rule, columns=["address"])
    assert written(export, now) == "E-mail\r\nc0@example.com\r\n"


@pytest.mark.requirement("R002")
def test_each_recipient_has_one_line_of_evidence(
    cast: Cast, people: dict[str, Label], now: datetime
) -> None:
    mailing = Mailing.objects.create(
        tag="campaign",
        name="Spring",
        subscription_type_id=claim(now).subscription_type_id,
        created_at=now,
    )
    for contact in Contact.objects.all():
        Message.objects.create(
            mailing=mailing,
            contact=contact,
            nonce=b"123456",
            address_key=contact.address_key,
            state="accepted" if contact.first_name != "Ann" else "skipped",
            due_at=now,
            planned_at=now,
            finished_at=now + timedelta(hours=1),
        )
    later = now + timedelta(days=1)
    left = Contact.objects.get(address="c0@example.com")
    withdraw(left.pk, subscription_type_id=None, channel="link", now=later)
    export = start_export("evidence", mailing.pk, now=later, actor=cast.actor)
    rows = table(written(export, later))
    assert len(rows) == Message.objects.filter(state="accepted").count() == 3
    assert {row["Permission when sent"] for row in rows} == {"in"}
    assert {row["Verifiable"] for row in rows} == {"yes"}
    assert {row["Document"] for row in rows} == {"paper form 7"}
    assert rows[0]["Withdrawn later"] == later.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_what_is_not_there_cannot_be_exported(cast: Cast, now: datetime) -> None:
    with pytest.raises(NoSuchExport):
        start_export("list", 99, now=now, actor=cast.actor)
    with pytest.raises(NoSuchExport):
        start_export("everyone", now=now, actor=cast.actor, columns=["password"])
