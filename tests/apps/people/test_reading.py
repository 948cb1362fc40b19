"""Staged rows are read by columns as one by one; a second import writes what differs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.consent.models import ConsentRecord
from sincerely.apps.consent.rules.proof import is_verifiable, read_payload
from sincerely.apps.contacts.actions.lists import create_list
from sincerely.apps.contacts.models import Contact, ContactNote, ListMembership
from sincerely.apps.engagement.models import ContactEngagement
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions.imports import undo
from sincerely.apps.people.models import ImportTouch
from sincerely.apps.people.rules.choices import Choices, Target
from sincerely.apps.people.rules.record import DUPLICATE, MERGED, Plan, Record, Reject
from sincerely.apps.people.rules.world import World
from sincerely.apps.people.tasks import finish
from tests.apps.people.desk import claim, taken
from tests.cast import Cast

TARGETS = ("address", "full_name", "first_name", "language", "labels", "last_open_at", "field")
CHOICES = Choices(
    tuple(
        Target(to, key="points", kind="number") if to == "field" else Target(to) for to in TARGETS
    )
)
WORLD = World(b"k" * 32, {"Dogs": 1, "Cats": 2})
CELLS = st.tuples(
    st.sampled_from(("a@example.com", " A@Example.com", "b@müller.example", "no", "", "c@x.test")),
    st.sampled_from(("", "Ann Day", "Day, Ann", "Ann")),
    st.sampled_from(("", "Anna", "'=Bo")),
    st.sampled_from(("", "nl", "Dansk", "klingon?")),
    st.sampled_from(("", "Dogs", "Dogs,Cats", "dogs, Cats", "Dogs,Dogs")),
    st.sampled_from(("", "2026-01-02", "2025-12-31", "soon")),
    st.sampled_from(("", "7", "1,5", "x")),
)


def read(rows: list[list[object]], flags: bytes) -> tuple[list[Record], list[tuple], list[Reject]]:
    table, rejects = Plan(CHOICES, WORLD).read(rows, flags)
    told = [(table.labels[p], table.problems.get(p, [])) for p in range(len(table.keys))]
    return [table.record(place) for place in range(len(table.keys))], told, rejects


@given(st.lists(CELLS, max_size=8))
def test_a_slice_reads_as_its_rows_do_one_by_one(people: list[tuple[str, ...]]) -> None:
    rows = [[number, list(cells)] for number, cells in enumerate(people, 2)]
    together = read(rows, bytes(len(rows)))
    alone = [read([row], b"\0") for row in rows]
    for part in range(3):
        assert together[part] == [one for each in alone for one in each[part]]


def test_names_labels_and_numbers() -> None:
    cells = ["A@Example.COM", "Day, Ann", "", "Dansk", "Dogs,dogs", "2026-01-02", "1,5"]
    (record,), ((labels, problems),), _none = read([[2, cells]], b"\0")
    assert (record.address, record.core) == (
        "A@example.com",
        {"first_name": "Ann", "last_name": "Day", "language": "da"},
    )
    assert record.fields == {"points": 1.5}
    assert (labels, problems) == ((1,), [(2, "unknown_label", "dogs")])


def test_rows_of_one_address_become_one_and_a_duplicate_is_left_out() -> None:
    rows = [
        [2, ["a@example.com", "", "Ann", "nl", "Dogs", "2026-01-02", "1"]],
        [3, ["b@example.com", "", "Bo", "", "", "", ""]],
        [4, ["A@example.com", "", "Anna", "", "Cats", "2025-01-02", ""]],
        [5, ["b@example.com", "", "Bob", "", "", "", ""]],
    ]
    records, told, rejects = read(rows, bytes([0, 0, MERGED, DUPLICATE]))
    assert [(r.number, r.core["first_name"]) for r in records] == [(4, "Anna"), (3, "Bo")]
    assert (records[0].core["language"], records[0].fields) == ("nl", {"points": 1})
    assert records[0].moments["last_open_at"].year == 2026
    assert told[0][0] == (1, 2)
    assert rejects == [Reject(5, "duplicate")]


FIRST = (
    "email,first name,city,points,interesselabels,last opened\n"
    "a@example.com,Ann,Gent,1,Dogs,2026-01-01\n"
    "b@example.com,Bo,Brugge,2,Dogs,2026-01-01\n"
    "c@example.com,Cy,Ieper,3,,\n"
)
SECOND = (
    "email,first name,city,points,interesselabels,last opened\n"
    "a@example.com,Ann,Gent,1.0,Dogs,2025-06-01\n"
    'b@example.com,Bob,Brugge,2,"Dogs,Cats",2026-02-01\n'
    "c@example.com,,Oostende,,Cats,2026-03-01\n"
    "d@example.com,Di,,,,\n"
)


@pytest.mark.django_db
def test_a_second_import_writes_only_what_differs_and_can_be_undone(
    cast: Cast, now: datetime
) -> None:
    for name in ("Dogs", "Cats"):
        Label.objects.create(name=name, created_at=now)
    taken(FIRST, now=now, actor=cast.actor)
    fair = create_list("Fair", now=now, actor=cast.actor)
    later = now + timedelta(days=1)
    work = taken(SECOND, now=later, actor=cast.actor, claim=claim(now), list_ids=(fair.pk,))
    counts = work.totals["counts"]
    assert {k: counts[k] for k in ("new", "updated", "unchanged", "labelled", "permitted")} == {
        "new": 1, "updated": 2, "unchanged": 1, "labelled": 2, "permitted": 4,
    }  # fmt: skip
    names = dict(Contact.objects.values_list("address", "first_name"))
    assert sorted(names.values()) == ["Ann", "Bob", "Cy", "Di"]
    assert Contact.objects.get(address="c@example.com").fields == {"city": "Oostende", "points": 3}
    assert ContactNote.objects.filter(act="imported").count() == 2
    seen = ContactEngagement.objects.order_by("contact").values_list("last_open_at", flat=True)
    assert [(at.year, at.month) for at in seen if at] == [(2025, 12), (2026, 1), (2026, 2)]
    touched = ImportTouch.objects.filter(batch=work).order_by("contact")
    before = dict(touched.values_list("contact__address", "before"))
    assert before["a@example.com"] == {"lists": [fair.pk]}
    assert before["c@example.com"]["fields"] == {"city": "Ieper"}
    assert before["d@example.com"] is None
    undo(work.pk, now=later, actor=cast.actor)
    finish(work, now=later)
    names = dict(Contact.objects.values_list("address", "first_name"))
    assert names == {"a@example.com": "Ann", "b@example.com": "Bo", "c@example.com": "Cy"}
    assert Contact.objects.get(address="c@example.com").fields == {"city": "Ieper", "points": 3}
    assert ContactLabel.objects.filter(is_held=True).count() == 2
    assert not ListMembership.objects.exists()
    assert ContactEngagement.objects.filter(last_open_at=None).count() == 1


@pytest.mark.django_db
def test_each_proof_holds_its_own_address_and_paper(cast: Cast, now: datetime) -> None:
    text = "email,document\na@example.com,\nb@example.com,form 9\nbjörn@example.com,\n"
    targets = (Target("address"), Target("document"))
    taken(text, now=now, actor=cast.actor, claim=claim(now), targets=targets)
    taken(text, now=now, actor=cast.actor, claim=claim(now, 2), targets=targets)
    records = ConsentRecord.objects.select_related("contact")
    assert len(records) == 6
    for record in records:
        assert is_verifiable(record.salt, record.payload, record.commitment)
        assert read_payload(record.payload or "").address == record.contact.address
    papers = {r.contact.address: read_payload(r.payload or "").document for r in records}
    assert set(papers.values()) == {"paper form 7", "form 9"}
    assert len({bytes(record.salt or b"") for record in records}) == 6
