"""What columns and cells mean."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.consent.rules.proof import Proof, canonical_payload
from sincerely.apps.people.actions.permitting import payload_of
from sincerely.apps.people.rules.cells import (
    BadCell,
    date_order,
    guard,
    read_boolean,
    read_moment,
    read_number,
    unguard,
)
from sincerely.apps.people.rules.choices import Choices, KnownField, Target, check, from_json
from sincerely.apps.people.rules.columns import STANDARD, lines
from sincerely.apps.people.rules.headers import is_left_out, target_of
from sincerely.apps.people.rules.mapping import guess_kind, guess_mapping
from sincerely.apps.people.rules.record import Plan
from sincerely.apps.people.rules.world import World

LABEL_HEADERS = (
    "interesselabels", "Interesselabels", "INTERESSELABELS", "interesse labels", "interesselabel",
    "Interest label(s)", "Interest labels", "interest_label", "Labels", "intresseetiketter",
    "Intresseetikett", "interessemærker", "Interessemærke", "interesselabels/interessemærker",
    "Tags", "Intressen", "\ufeffinteresselabels",
)  # fmt: skip


@pytest.mark.requirement("R014")
@pytest.mark.parametrize("header", LABEL_HEADERS)
def test_the_label_column_is_known_by_its_names(header: str) -> None:
    assert target_of(header) == "labels"


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("E-mail Address", "address"), ("EMAIL", "address"), ("e-postadress", "address"),
        ("Voornaam", "first_name"), ("Förnamn", "first_name"), ("fornavn", "first_name"),
        ("Achternaam", "last_name"), ("Efternavn", "last_name"), ("naam", "full_name"),
        ("Språk", "language"), ("taal", "language"), ("Tijdzone", "time_zone"),
        ("OPTIN_TIME", "signed_up_at"), ("Inschrijfdatum", "signed_up_at"),
        ("Tilmeldt den", "signed_up_at"), ("Oprettet", "signed_up_at"), ("Created", "signed_up_at"),
        ("Last Email Open Date", "last_open_at"),
        ("Senast öppnad", "last_open_at"), ("Seneste klik", "last_click_at"),
        ("Laatst verzonden", "last_sent_at"), ("Shoe size", ""),
    ],
)  # fmt: skip
def test_headers_in_four_languages(header: str, target: str) -> None:
    assert target_of(header) == target


def test_what_an_export_writes_an_import_knows() -> None:
    for header in STANDARD.values():
        assert target_of(header) or is_left_out(header), header


def test_columns_are_guessed_from_header_and_cells() -> None:
    header = ["Klant", "Mail", "Land", "Postcode", "Bedrag", "Lid", "Sinds", "email 2", ""]
    rows = [
        ["Ann", "a@example.com", "BE", "0123", "1.234,50", "ja", "31/12/2025", "x@example.com", ""],
        ["Bo", "b@example.com", "NL", "9000", "2,5", "nee", "01/02/2026", "y@example.com", ""],
    ]
    known = [KnownField("country", "Country", "text")]
    found = guess_mapping(header, rows, fields=known)
    assert [target.to for target in found] == [
        "new_field", "address", "field", "new_field", "new_field", "new_field", "new_field",
        "new_field", "ignore",
    ]  # fmt: skip
    assert [target.kind for target in found[3:7]] == ["text", "number", "boolean", "date"]
    assert found[4].decimal_comma
    assert found[6].order == "dmy"


def test_without_a_header_the_address_column_is_found_by_its_cells() -> None:
    found = guess_mapping(["1", "2"], [["Ann", "a@example.com"]], fields=[])
    assert found[1].to == "address"


def test_numbers_with_leading_zeros_and_telephones_stay_text() -> None:
    assert guess_kind(["0123", "0456"]) == "text"
    assert guess_kind(["+32475123456"]) == "text"
    assert guess_kind([]) == "text"


@pytest.mark.parametrize(
    ("cell", "number"),
    [("7", 7), ("-3", -3), ("1.5", 1.5), ("1,5", 1.5), ("1.234,5", 1234.5), ("1,234.5", 1234.5),
     ("1 234 567", 1234567), ("€ 12,50", 12.5), ("1.234.567", 1234567)],
)  # fmt: skip
def test_numbers(cell: str, number: float) -> None:
    assert read_number(cell) == number


def test_a_lone_separator_is_read_as_the_column_uses_it() -> None:
    assert read_number("1.234") == 1.234
    assert read_number("1.234", decimal_comma=True) == 1234
    assert read_number("1,234", decimal_comma=True) == 1.234
    assert read_number("1,234") == 1234


@pytest.mark.parametrize(
    ("cell", "order", "moment"),
    [
        ("2026-03-04", "dmy", datetime(2026, 3, 4, tzinfo=UTC)),
        ("2026-03-04T10:20:30Z", "dmy", datetime(2026, 3, 4, 10, 20, 30, tzinfo=UTC)),
        ("2026-03-04 10:20:30+02:00", "dmy", datetime(2026, 3, 4, 8, 20, 30, tzinfo=UTC)),
        ("4/3/2026", "dmy", datetime(2026, 3, 4, tzinfo=UTC)),
        ("3/4/2026 1:05 PM", "mdy", datetime(2026, 3, 4, 13, 5, tzinfo=UTC)),
        ("04.03.26", "dmy", datetime(2026, 3, 4, tzinfo=UTC)),
        ("Mar 4, 2026", "dmy", datetime(2026, 3, 4, tzinfo=UTC)),
        ("1772582400", "dmy", datetime(2026, 3, 4, tzinfo=UTC)),
    ],
)
def test_dates(cell: str, order: str, moment: datetime) -> None:
    assert read_moment(cell, order=order) == moment


def test_the_order_of_day_and_month_is_the_column_s() -> None:
    assert date_order(["01/02/2026", "03/25/2026"]) == "mdy"
    assert date_order(["01/02/2026", "25/03/2026"]) == "dmy"
    assert date_order(["2026/02/01"]) == "ymd"
    assert date_order(["2026-02-01", "05.03.2022"]) == "dmy"
    assert date_order(["2026-02-01", "03/25/2022"]) == "mdy"
    assert read_moment("05.03.2022", order="ymd") == datetime(2022, 3, 5, tzinfo=UTC)
    with pytest.raises(BadCell):
        read_moment("05/03/2022", order="ymd")


@pytest.mark.parametrize("cell", ["31/02/2026", "yesterday", "99999-01-01", "12", "1/2"])
def test_what_is_no_date_is_said(cell: str) -> None:
    with pytest.raises(BadCell, match="bad_date"):
        read_moment(cell)


def test_yes_and_no_in_four_languages() -> None:
    assert all(read_boolean(word) for word in ("Ja", "yes", "1", "WAAR", "Sant", "j"))
    assert not any(read_boolean(word) for word in ("nee", "nej", "No", "0", "onwaar", "falskt"))
    with pytest.raises(BadCell):
        read_boolean("maybe")


@given(st.text(alphabet=st.sampled_from("=+-@'＝＋－＠|%\ta1,\"\n "), max_size=8))
def test_guarding_is_undone_and_nothing_dangerous_is_left(cell: str) -> None:
    kept = guard(cell)
    assert unguard(kept) == cell
    assert not kept or kept[0] not in "=@\t＝＋－＠|%"


@given(st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=3), max_size=4))
def test_lines_are_csv(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(lines(rows), newline="")))
    assert [[unguard(cell) for cell in row] for row in read] == [
        row if row != [""] else [""] for row in rows
    ]


def test_choices_survive_storage_and_are_checked() -> None:
    choices = Choices(targets=(Target("address"), Target("field", key="gone"), Target("address")))
    assert from_json(choices.to_json()) == choices
    found = {(problem.code, problem.column) for problem in check(choices, fields={})}
    assert found == {("unknown_field", 1), ("target_twice", 2)}
    assert check(Choices(), fields={})[0].code == "no_address_column"


def test_a_new_field_may_not_take_the_name_of_one_that_exists() -> None:
    fields = {
        "noter": KnownField("noter", "Noter", "text"),
        "old": KnownField("old", "Old", "text", is_put_away=True),
    }
    new = [
        Target("new_field", name=name) for name in ("Noter", "Old", "Fresh", "Fresh", "noter", " ")
    ]
    odd = Target("new_field", name="Odd", kind="pair")
    found = check(Choices(targets=(Target("address"), *new, odd)), fields=fields)
    assert [(problem.code, problem.column) for problem in found] == [
        ("field_exists", 1), ("field_put_away", 2), ("target_twice", 4), ("field_name", 6),
        ("unknown_kind", 7),
    ]  # fmt: skip
    gone = Choices(targets=(Target("address"), Target("field", key="old")))
    assert [problem.code for problem in check(gone, fields=fields)] == ["unknown_field"]


def test_a_new_choice_takes_as_many_options_as_one_reads() -> None:
    choices = Choices(targets=(Target("address"), Target("new_field", name="Odd", kind="choice")))
    assert check(choices, fields={}) == []
    plan = Plan(choices, World(b"key", {}))
    rows = [[n, [f"a{n}@example.com", f"v{n % 120:03}"]] for n in range(240)]
    table, _rejects = plan.read(rows, bytes(240))
    assert plan.options() == {"1": [f"v{n:03}" for n in range(100)]}
    assert len(table.problems) == 40


def test_a_header_finds_its_field_whatever_its_script() -> None:
    fields = [
        KnownField("field", "电话", "text"),
        KnownField("field_2", "地址", "text"),
        KnownField("old", "Old", "text", is_put_away=True),
    ]
    header = ["地址", "生日", "old", "2", "Fødselsdag"]
    targets = guess_mapping(header, [["a", "b", "c", "d", "e"]], fields=fields)
    assert [(target.to, target.key) for target in targets] == [
        ("field", "field_2"), ("new_field", "field"), ("ignore", ""), ("new_field", "field_2"),
        ("new_field", "birthday"),
    ]  # fmt: skip


@given(st.emails(), st.text(max_size=20), st.text(max_size=20))
def test_the_written_out_payload_is_consent_s_own(address: str, document: str, ip: str) -> None:
    proof = Proof(address=address, document=document, ip=ip)
    assert payload_of(address, document=document, ip=ip) == canonical_payload(proof)
