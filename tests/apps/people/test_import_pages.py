"""The pages of import, export and diagnosis, as a member meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sincerely.apps.consent.models import OptOut, Permission
from sincerely.apps.consent.queries.types import default_type, subscription_types
from sincerely.apps.contacts.actions import create_list, define_field
from sincerely.apps.contacts.models import Contact, ContactList, FieldDefinition, ListMembership
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.labels.models import Label
from sincerely.apps.people.models import Export, Import
from sincerely.apps.people.queries.diagnosis import pile_ids
from sincerely.apps.people.rules.diagnosis import rule_of
from sincerely.apps.people.tasks import finish, finish_export
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.queries.selecting import count
from sincerely.apps.team.models import AuditEntry
from sincerely.wire import clock
from tests.apps.people.desk import claim, taken
from tests.cast import Cast

pytestmark = pytest.mark.django_db

TEXT = "email,voornaam,interesselabels,Punten\n" + "".join(
    f'c{n}@example.com,Name{n},"Honden,Nieuw",{n}\n' for n in range(20)
)


@pytest.fixture(autouse=True)
def _business_time(now: datetime) -> Iterator[None]:
    clock.set_offset(now - datetime.now(UTC))
    yield
    clock.set_offset(timedelta(0))


@pytest.fixture
def alice(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.alice)
    return client


def upload(client: Client, text: str, kind: str = "contacts") -> Import:
    file = SimpleUploadedFile("people.csv", text.encode())
    answer = client.post("/people/import/new/", {"file": file, "kind": kind})
    assert answer.status_code == 302, answer.content.decode()
    return Import.objects.latest("pk")


def mapped(client: Client, work: Import, **more: str) -> None:
    page = client.get(f"/people/import/{work.pk}/columns/")
    assert page.status_code == 200
    fields = {
        bound.html_name: bound.initial
        for bound in page.context["form"]
        if bound.initial is not None
    }
    fields.pop("keep_known", None)
    answer = client.post(f"/people/import/{work.pk}/columns/", fields | more)
    assert answer.status_code == 302, answer.content.decode()[-3000:]


def test_a_file_comes_in_by_the_pages(cast: Cast, alice: Client, now: datetime) -> None:
    Label.objects.create(name="Honden", created_at=now)
    work = upload(alice, TEXT)
    mapped(alice, work, new_list="Fair")
    url = f"/people/import/{work.pk}/permission/"
    page = alice.get(url)
    assert "legal" in page.content.decode()
    kind = claim(now).subscription_type_id
    refused = alice.post(url, {"decision": "single", "subscription_type": kind})
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["document"]
    said = {
        "decision": "single",
        "subscription_type": kind,
        "document": "Fair",
        "note": "Ann asked",
    }
    assert alice.post(url, said).status_code == 302
    entry = AuditEntry.objects.get(act="permission of import decided")
    assert entry.detail["note"] == "Ann asked"
    assert entry.member_id == cast.alice.pk
    bar = alice.get(f"/people/import/{work.pk}/bar/")
    assert "progress" in bar.content.decode()
    finish(work, now=now)
    assert alice.get(f"/people/import/{work.pk}/bar/")["HX-Redirect"]
    page = alice.get(f"/people/import/{work.pk}/").content.decode()
    assert "Nieuw" in page
    alice.post(f"/people/import/{work.pk}/labels/", {"name": ["Nieuw", "Not in the file"]})
    assert set(Label.objects.values_list("name", flat=True)) == {"Honden", "Nieuw"}
    finish(work, now=now)
    assert alice.post(f"/people/import/{work.pk}/start/").status_code == 302
    finish(work, now=now)
    assert Contact.objects.count() == Permission.objects.count() == 20
    assert ContactLabel.objects.count() == 40
    assert ListMembership.objects.filter(contact_list=ContactList.objects.get()).count() == 20
    page = alice.get(f"/people/import/{work.pk}/").content.decode()
    assert "/people/diagnosis/?import=" in page
    shown = re.findall(r"(?s)new people.*?(\d+)", page)
    assert shown[0] == "20"
    assert alice.get("/people/import/").status_code == 200


def test_a_new_field_of_a_name_that_exists_is_refused_at_its_column(
    cast: Cast, alice: Client, now: datetime
) -> None:
    taken(TEXT, now=now, actor=cast.actor)
    work = upload(alice, TEXT)
    url = f"/people/import/{work.pk}/columns/"
    shown = {
        b.html_name: b.initial for b in alice.get(url).context["form"] if b.initial is not None
    }
    assert shown["column_3"] == "field:punten"
    shown.pop("keep_known", None)
    page = alice.post(url, shown | {"column_3": "new:text", "new_list": "Fair"})
    assert page.status_code == 422
    assert page.context["form"].errors["column_3"]
    assert not ContactList.objects.exists()
    twice = alice.post(url, shown | {"column_1": "first_name", "column_3": "first_name"})
    assert twice.context["form"].errors["column_3"] == ["Two columns go to the same place."]
    # A field that somebody made after the check stops the start, and nothing else.
    mapped(alice, work, column_3="ignore", column_1="new:text")
    alice.post(f"/people/import/{work.pk}/permission/", {"decision": "none"})
    assert finish(work, now=now).state == "checked"
    define_field("voornaam", kind="text", now=now, actor=cast.actor)
    page = alice.post(f"/people/import/{work.pk}/start/", follow=True)
    assert "There is a field with the name of this column already" in page.content.decode()
    assert finish(work, now=now).state == "checked"


def test_a_new_field_may_be_a_choice_of_the_values_in_the_file(
    cast: Cast, alice: Client, now: datetime
) -> None:
    rows = ("red", "Blue", " red ", "", '"two\nlines"', "x" * 130)
    text = "email,Kleur\n" + "".join(f"c{n}@example.com,{cell}\n" for n, cell in enumerate(rows))
    work = upload(alice, text + "no address,green\n")
    mapped(alice, work, column_1="new:choice")
    alice.post(f"/people/import/{work.pk}/permission/", {"decision": "none"})
    finish(work, now=now)
    page = alice.get(f"/people/import/{work.pk}/")
    assert page.context["new_choices"] == [{"name": "Kleur", "options": ["Blue", "red"]}]
    assert "Blue, red" in page.content.decode()
    assert {note.code: note.count for note in page.context["notes"]} == {
        "unknown_choice": 1,
        "too_long": 1,
    }
    assert alice.post(f"/people/import/{work.pk}/start/").status_code == 302
    finish(work, now=now)
    made = FieldDefinition.objects.get(name="Kleur")
    assert (made.kind, made.choices) == ("choice", ["Blue", "red"])
    colours = [contact.fields.get(made.key) for contact in Contact.objects.order_by("pk")]
    assert colours == ["red", "Blue", "red", None, None, None]
    assert alice.get(f"/people/import/{work.pk}/").context["notes"], "told after the taking, too"


def test_the_dry_run_shows_what_changes_in_words(cast: Cast, alice: Client, now: datetime) -> None:
    Label.objects.create(name="Honden", created_at=now)
    taken("email,Noter,member\nb@example.com,old\tnote,ja\n", now=now, actor=cast.actor)
    text = (
        "email,voornaam,Noter,interesselabels,Oprettet,last opened\n"
        "b@example.com,,new note,Honden,,\n"
        "n@example.com,Noor,,Honden,2023-01-05,2024-02-03\n"
        "n@example.com,Noortje,,,,\n"
    )
    work = upload(alice, text)
    mapped(alice, work)
    alice.post(f"/people/import/{work.pk}/permission/", {"decision": "none"})
    finish(work, now=now)
    answer = alice.get(f"/people/import/{work.pk}/")
    lines = {
        row["address"]: [(line.what, line.before, line.after) for line in row["lines"]]
        for row in answer.context["sample"]
    }
    assert lines == {
        "b@example.com": [("Noter", "old note", "new note"), ("Labels", "", "Honden")],
        "n@example.com": [
            ("First name", "", "Noortje"), ("Signed up on", "", "5 Jan 2023"),
            ("Last opened on", "", "3 Feb 2024"), ("Labels", "", "Honden"),
        ],
    }  # fmt: skip
    assert "1 row has an address that stands further up" in answer.content.decode()


def test_a_label_that_was_meant_is_taken_and_no_second_one_made(
    cast: Cast, alice: Client, now: datetime
) -> None:
    Label.objects.create(name="Honden", created_at=now)
    work = upload(alice, 'email,interesselabels\na@example.com,"Hondn"\nb@example.com,Honden\n')
    mapped(alice, work)
    alice.post(f"/people/import/{work.pk}/permission/", {"decision": "none"})
    finish(work, now=now)
    assert 'name="use" value="Hondn"' in alice.get(f"/people/import/{work.pk}/").content.decode()
    alice.post(f"/people/import/{work.pk}/labels/", {"name": ["Hondn"], "use": ["Hondn"]})
    finish(work, now=now)
    work.refresh_from_db()
    assert work.preview["unknown_labels"] == {}
    alice.post(f"/people/import/{work.pk}/start/")
    finish(work, now=now)
    assert Label.objects.count() == 1
    assert ContactLabel.objects.filter(is_held=True).count() == 2


def test_a_list_that_exists_is_filled_and_not_made_again(
    cast: Cast, alice: Client, now: datetime
) -> None:
    create_list("Fair", now=now, actor=cast.actor)
    work = upload(alice, TEXT)
    mapped(alice, work, new_list="Fair")
    work.refresh_from_db()
    assert work.choices["list_ids"] == [ContactList.objects.get().pk]


def test_an_opt_out_list_wants_its_count_typed(cast: Cast, alice: Client, now: datetime) -> None:
    taken(TEXT, now=now, actor=cast.actor)
    work = upload(alice, "email,x\nc1@example.com,1\nc2@example.com,2\n", kind="opt_out")
    mapped(alice, work)
    finish(work, now=now)
    start = f"/people/import/{work.pk}/start/"
    page = alice.post(start, {"typed": "3"})
    assert page.status_code == 422
    assert 'value="3"' in page.content.decode()
    assert 'aria-invalid="true"' in page.content.decode()
    assert finish(work, now=now).state == "checked"
    alice.post(start, {"typed": "2"})
    finish(work, now=now)
    assert OptOut.objects.count() == 2


def test_rejects_can_be_downloaded_with_reason_and_cells(
    cast: Cast, alice: Client, now: datetime
) -> None:
    work = taken("email,name\nbad one,=Bob\nc@example.com,C\n", now=now, actor=cast.actor)
    answer = alice.get(f"/people/import/{work.pk}/rejects.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "2,no,This is not a valid e-mail address." in text
    assert text.splitlines()[1].endswith("bad one,'=Bob")


def test_an_import_can_be_undone_from_its_page(cast: Cast, alice: Client, now: datetime) -> None:
    work = taken(TEXT, now=now, actor=cast.actor)
    assert "Undo" in alice.get(f"/people/import/{work.pk}/").content.decode()
    alice.post(f"/people/import/{work.pk}/undo/")
    finish(work, now=now)
    assert not Contact.objects.exists()
    assert alice.get(f"/people/import/{work.pk}/").status_code == 200


def test_a_file_that_is_no_table_is_refused_in_words(alice: Client) -> None:
    file = SimpleUploadedFile("people.csv", b"%PDF-1.4")
    answer = alice.post("/people/import/new/", {"file": file, "kind": "contacts"})
    assert answer.status_code == 422
    assert "not a CSV" in answer.content.decode()


def test_an_export_is_asked_watched_and_taken(cast: Cast, alice: Client, now: datetime) -> None:
    taken(TEXT, now=now, actor=cast.actor)
    assert alice.get("/people/export/").status_code == 200
    fields = {"subject": "everyone:0", "columns": ["first_name"]}
    assert alice.post("/people/export/", fields).status_code == 302
    export = Export.objects.get()
    assert "progress" in alice.get(f"/people/export/{export.pk}/").content.decode()
    assert alice.get(f"/people/export/{export.pk}/file.csv").status_code == 404
    finish_export(export, now=now)
    assert alice.get(f"/people/export/{export.pk}/").status_code == 200
    answer = alice.get(f"/people/export/{export.pk}/file.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.splitlines()[0] == "E-mail,First name"
    assert alice.get(f"/people/export/{export.pk}/manifest.json").json()["row_count"] == 20
    assert AuditEntry.objects.filter(act="export downloaded").exists()


def test_a_viewer_neither_imports_nor_exports(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.vera)
    for path in ("/people/import/", "/people/import/new/", "/people/export/"):
        assert client.get(path).status_code == 403
    assert Client().get("/people/import/").status_code == 302


def test_the_diagnosis_opens_its_piles_and_keeps_them(
    cast: Cast, alice: Client, now: datetime
) -> None:
    text = (
        "email,signed up,last sent,last opened,last clicked\n"
        "engaged@example.com,2020-01-01,2026-06-01,2026-05-01,\n"
        "clicker@example.com,2020-01-01,2026-06-01,,2026-05-01\n"
        "drifting@example.com,2020-01-01,2026-06-01,2025-10-01,\n"
        "asleep@example.com,2020-01-01,2026-06-01,2024-01-01,\n"
        "never@example.com,2020-01-01,2026-06-01,,\n"
        "fresh@example.com,2026-06-01,2026-06-10,,\n"
        "blank@example.com,,,,\n"
    )
    work = taken(text, now=now, actor=cast.actor, claim=claim(now))
    taken("email\nstranger@example.com\n", now=now, actor=cast.actor)
    for query, asked in (("", 1), (f"?import={work.pk}", 0)):
        page = alice.get(f"/people/diagnosis/{query}")
        assert page.status_code == 200
        assert page.context["sums"] == {
            "worth": 2, "between": 1, "asleep": 2, "unjudged": 2, "closed": asked,
        }  # fmt: skip
    rows = alice.get(f"/people/diagnosis/asleep/?import={work.pk}").content.decode()
    assert "never@example.com" in rows
    assert "engaged@example.com" not in rows
    alice.post("/people/diagnosis/asleep/keep/", {"import": work.pk})
    assert ContactList.objects.get().listmembership_set.count() == 2
    for key in ("engaged", "drifting", "asleep", "not_asked", "blank"):
        alice.post(f"/people/diagnosis/{key}/keep/")
    assert Segment.objects.count() == 4
    assert default_type() is not None


def test_each_segment_of_a_pile_selects_its_pile(cast: Cast, now: datetime) -> None:
    text = "email,signed up,last sent,last opened\n" + "".join(
        f"p{n}@example.com,20{16 + n % 10}-01-01,{'2026-06-01' if n % 5 else ''},"
        f"{'' if n % 3 == 0 else f'202{n % 7}-0{1 + n % 9}-11'}\n"
        for n in range(80)
    )
    taken(text, now=now, actor=cast.actor, claim=claim(now))
    types = [kind.pk for kind in subscription_types()]
    for key in ("engaged", "drifting", "asleep", "not_asked"):
        rule = rule_of(key, type_ids=types)
        assert rule is not None
        assert count(rule, now=now) == len(pile_ids(key, now=now)), key


def test_a_cancelled_import_says_what_was_kept_and_what_next(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    work = upload(client, "email\nann@example.com\n")
    client.post(f"/people/import/{work.pk}/cancel/")
    page = client.get(f"/people/import/{work.pk}/").content.decode()
    assert "Nobody came in, nobody was changed" in page
    assert "/people/import/new/" in page
    Import.objects.filter(pk=work.pk).update(done_count=3, row_count=10)
    page = client.get(f"/people/import/{work.pk}/").content.decode()
    assert "Stopped after 3 of 10 rows" in page
    assert f"/people/import/{work.pk}/undo/" in page
