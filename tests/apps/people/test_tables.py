"""Reading tables: dialects, damaged rows, encodings, caps, staging."""

from __future__ import annotations

import csv
import json
import time
import zipfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.people.actions.staging import duplicate_flags
from sincerely.apps.people.queries.files import look_at, read_rows
from sincerely.apps.people.queries.staged import Staged, broken_line_of, line_of, rows_path
from sincerely.apps.people.rules.dialect import FileRefused, guess_encoding
from sincerely.apps.people.rules.rows import Broken, Row, is_torn, split_rows

CORPUS = Path(__file__).parents[4] / "shared" / "corpora" / "csv"
needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason=f"{CORPUS} is not there")


def write(tmp_path: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "table"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    dialect, header, _sample = look_at(path)
    return header, [row.cells for row in read_rows(path, dialect) if isinstance(row, Row)]


@needs_corpus
def test_every_file_of_the_spectrum_is_read_right() -> None:
    wrong = []
    for path in sorted((CORPUS / "csv-spectrum" / "csvs").iterdir()):
        if path.stem == "location_coordinates":
            continue  # its expected JSON is not what the file holds (another telephone number)
        header, rows = read(path)
        wanted = json.loads((CORPUS / "csv-spectrum" / "json" / f"{path.stem}.json").read_text())
        if [dict(zip(header, row, strict=True)) for row in rows] != wanted:
            wrong.append(path.name)
    assert wrong == []


def _stripped(rows: list[list[str]]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(cell.strip() for cell in row) for row in rows)


@needs_corpus
def test_damaged_files_lose_a_row_at_most_and_never_shift_a_column() -> None:
    folder = CORPUS / "messy" / "polluted_files"
    lost, shifted, total = 0, {}, 0
    for path in sorted((folder / "csv").glob("row_*.csv")):
        with (folder / "clean" / path.name).open(newline="", encoding="utf-8") as file:
            wanted = _stripped(list(csv.reader(file)))
        header, rows = read(path)
        got = _stripped([header, *rows] if header[0] == "DATE" else rows)
        total += wanted.total()
        lost += (wanted - got).total()
        if got - wanted:
            shifted[path.name] = list(got - wanted)
    assert shifted == {}
    assert lost / total < 0.02


@needs_corpus
def test_real_world_files_are_mostly_right() -> None:
    right = total = 0
    for path in sorted((CORPUS / "messy").glob("*/csv/*")):
        clean = path.parent.parent / "clean" / path.name
        with clean.open(newline="", encoding="utf-8", errors="replace") as file:
            wanted = _stripped(list(csv.reader(file)))
        header, rows = read(path)
        total += wanted.total()
        right += (wanted & _stripped([header, *rows])).total()
    assert right / total > 0.95


def test_excel_s_german_way_is_not_taken_for_commas(tmp_path: Path) -> None:
    path = write(tmp_path, "email;punten\na@example.com;1,5\nb@example.com;2,25\n", "cp1252")
    assert read(path) == (
        ["email", "punten"],
        [["a@example.com", "1,5"], ["b@example.com", "2,25"]],
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "email,namn\n" + "".join(f"p{n}@example.com,Åsa Öström né {n}\n" for n in range(50))
    header, rows = read(write(tmp_path, text, encoding))
    assert header == ["email", "namn"]
    assert rows[3] == ["p3@example.com", "Åsa Öström né 3"]


def test_accents_that_come_late_still_decide_the_encoding(tmp_path: Path) -> None:
    text = "email,name\n" + "a@example.com,Plain\n" * 20_000 + "b@example.com,Zoë\n"
    _header, rows = read(write(tmp_path, text, "cp1252"))
    assert rows[-1] == ["b@example.com", "Zoë"]


def test_one_damaged_byte_costs_one_row(tmp_path: Path) -> None:
    text = "email,name\n" + "".join(f"p{n}@example.com,Zoë é {n}\n" for n in range(40))
    path = write(tmp_path, text.encode().replace(b"p7@example.com,Zo", b"p7@example.com,\xff", 1))
    dialect, _header, _rows = look_at(path)
    items = list(read_rows(path, dialect))
    assert [item.reason for item in items if isinstance(item, Broken)] == ["bad_encoding"]
    assert len(items) == 40


def test_a_stray_quote_does_not_swallow_what_follows() -> None:
    text = 'a,b\n1,"torn\n2,x\n3,y\n' + "".join(f"{n},z\n" for n in range(500))
    items = list(split_rows(iter(text.splitlines(keepends=True)), delimiter=",", width=2))
    assert [item.number for item in items if isinstance(item, Broken)] == [2]
    assert len(items) == 504


def test_a_lost_separator_inside_quotes_is_seen() -> None:
    assert is_torn(["1", 'Shoes"made of', ' leather"', "x"])
    assert not is_torn(["1", "8'9\" length", "x"])
    assert not is_torn(['say "hi" there', 'a 6" pipe', 'an 8" pipe'])


def test_a_preamble_and_missing_headers(tmp_path: Path) -> None:
    header, rows = read(
        write(tmp_path, "Export of May,,\n,,\nemail,first name,x\na@example.com,A,1\n")
    )
    assert header == ["email", "first name", "x"]
    assert rows == [["a@example.com", "A", "1"]]
    header, rows = read(write(tmp_path, "a@example.com,Ann\nb@example.com,Bo\n"))
    assert header == ["1", "2"]
    assert len(rows) == 2


def test_an_endless_line_is_refused_fast(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with path.open("wb") as out:
        out.write(b"email,name\na@example.com,A\n")
        out.seek(1_000_000_000)
        out.write(b"x")
    began = time.monotonic()
    with pytest.raises(FileRefused) as refused:
        read(path)
    assert refused.value.reason in ("line_too_long", "not_a_table")
    assert time.monotonic() - began < 20


def test_a_sheet_is_read_and_a_bomb_is_not(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["email", "since", "points", "yes"])
    book.active.append(["a@example.com", "2026-01-02", 1.5, True])
    book.active.append(["b@example.com", None, 7, False])
    path = tmp_path / "people.xlsx"
    book.save(path)
    header, rows = read(path)
    assert header == ["email", "since", "points", "yes"]
    assert rows[0] == ["a@example.com", "2026-01-02", "1.5", "true"]
    assert rows[1] == ["b@example.com", "", "7", "false"]
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(FileRefused, match="zip_bomb"):
        look_at(bomb)


def test_utf16_without_a_mark_is_recognised() -> None:
    assert guess_encoding("email,name\n".encode("utf-16-be"), is_utf8=True) == "utf-16-be"
    assert guess_encoding(b"email,name\n", is_utf8=True) == "utf-8"


@given(st.lists(st.integers(0, 6), max_size=40), st.sampled_from(["first", "last", "merge"]))
def test_duplicates_are_flagged_like_a_slow_reading_would(names: list[int], keep: str) -> None:
    keys = b"".join(bytes([name]) * 16 for name in names)
    flags = list(duplicate_flags(keys, keep=keep))
    for place, name in enumerate(names):
        others = names[place + 1 :] if keep == "last" else names[:place]
        expected = (2 if keep == "merge" else 1) if name and name in others else 0
        assert flags[place] == expected


CELLS = st.lists(
    st.text(max_size=4) | st.sampled_from(["a\x1fb", "\x1e", "\n", "\r", ""]), min_size=1
)


@given(st.lists(CELLS, max_size=8))
def test_staged_rows_are_read_as_they_were_written(rows: list[list[str]]) -> None:
    wanted = [[number, cells] for number, cells in enumerate(rows, 1)]
    lines = [line_of(*row) for row in wanted] + [broken_line_of(99, "stray_quote", 'a\x1f"\x1e')]
    older = [json.dumps([100, ["written", "before"]])]  # the lines of an earlier version
    wanted += [[99, "stray_quote", 'a\x1f"\x1e'], [100, ["written", "before"]]]
    with TemporaryDirectory() as folder:
        source = Path(folder) / "upload"
        with rows_path(source).open("w", encoding="utf-8", newline="\n") as out:
            out.write("".join(f"{line}\n" for line in lines + older))
        staged = Staged(source)
        assert [row for part in staged.slices(3) for row in part.rows] == wanted
        assert dict(staged.raw({99})) == {99: ['a\x1f"\x1e']}
