"""Reads an uploaded table from its file: the sample that is sniffed, and all its rows."""

from __future__ import annotations

import codecs
import itertools
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.conf import settings
from python_calamine import CalamineError, CalamineWorkbook

from sincerely.apps.operation.queries import local_copy
from sincerely.apps.people.rules.dialect import (
    PREAMBLE_ROWS,
    SAMPLE_BYTES,
    Dialect,
    FileRefused,
    guess_encoding,
    sniff,
    width_of,
)
from sincerely.apps.people.rules.headers import looks_like_header
from sincerely.apps.people.rules.rows import (
    CELL_CHARS,
    LINE_CHARS,
    Broken,
    Row,
    is_torn,
    split_rows,
)

MAX_BYTES = 2 * 1024**3
MAX_COLUMNS = 300
MAX_BROKEN = 10_000
MAX_UNZIPPED_BYTES = 3 * 1024**3
MAX_ZIP_RATIO = 150  # real sheets reach 20 to 60
CALAMINE_BYTES = 250 * 1024**2  # about 300,000 rows; beyond, openpyxl reads row by row
SAMPLE_ROWS = 200


def path_of(stored_as: str) -> Path:
    """Return where an upload or export lies on this machine, fetched from the database if need be.

    Names are ours, never the member's.
    """
    return local_copy(stored_as, Path(settings.UPLOADS))


def look_at(path: Path) -> tuple[Dialect, list[str], list[list[str]]]:
    """Return dialect, header and up to 200 sample rows; raises FileRefused."""
    size = path.stat().st_size
    if not size:
        raise FileRefused("empty")
    if size > MAX_BYTES:
        raise FileRefused("too_large")
    dialect = _sheet_dialect(path) if _is_zip(path) else _text_dialect(path)
    if dialect.width > MAX_COLUMNS:
        raise FileRefused("too_many_columns", str(dialect.width))
    items = itertools.islice(read_rows(path, dialect, with_header=True), SAMPLE_ROWS * 2)
    rows = [item.cells for item in items if isinstance(item, Row)][: SAMPLE_ROWS + 1]
    header = [f"{place + 1}" for place in range(dialect.width)]
    if dialect.has_header and rows:
        header = [cell.strip() for cell in rows.pop(0)]
    return dialect, header, rows


def read_rows(path: Path, dialect: Dialect, *, with_header: bool = False) -> Iterator[Row | Broken]:
    """Yield the rows below the header; empty ones are left out. Raises FileRefused midway."""
    skip = dialect.skip_rows + (dialect.has_header and not with_header)
    source = _sheet_rows(path, dialect) if dialect.kind == "sheet" else _text_rows(path, dialect)
    broken = taken = 0
    for item in source:
        if isinstance(item, Row) and not any(item.cells):
            continue
        if skip and (isinstance(item, Row) or item.reason != "stray_quote"):
            skip -= 1
            continue
        if isinstance(item, Broken):
            broken += 1
            if broken > MAX_BROKEN and broken > taken:
                raise FileRefused("unreadable")
        else:
            taken += 1
            item = _sound(item)  # noqa: PLW2901 -- a row with bad characters becomes a broken one
        yield item


def _sound(row: Row) -> Row | Broken:
    text = "".join(row.cells)
    if "\x00" in text:
        return Broken(row.number, "zero_byte", text[:200].replace("\x00", "␀"))
    if not text.isascii() and _has_undecodable(text):
        return Broken(row.number, "bad_encoding", text[:200].encode("utf-8", "replace").decode())
    if '"' in text and is_torn(row.cells):
        return Broken(row.number, "stray_quote", text[:200])
    return row


def _has_undecodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # the escapes that stand for bytes which are no characters
        return True
    return False


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _text_dialect(path: Path) -> Dialect:
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if head.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")):
        raise FileRefused("not_a_table")
    encoding = guess_encoding(_telling_part(path, head), is_utf8=_is_utf8(path))
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    if text.count("\x00") > len(text) / 100:
        raise FileRefused("not_a_table")
    if len(head) == SAMPLE_BYTES:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
        if not text:
            raise FileRefused("line_too_long")
    return sniff(text, encoding)


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    with path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _telling_part(path: Path, head: bytes) -> bytes:
    """Return a stretch of the file that holds bytes beyond ASCII, if the head has none."""
    if not head.isascii():
        return head
    with path.open("rb") as file:
        while block := file.read(SAMPLE_BYTES):
            if not block.isascii():
                return block
    return head


def _text_rows(path: Path, dialect: Dialect) -> Iterator[Row | Broken]:
    errors = "replace" if dialect.encoding.startswith("utf-16") else "surrogateescape"
    with (
        path.open("rb") as file,
        TextIOWrapper(file, encoding=dialect.encoding, errors=errors, newline="") as text,
    ):
        yield from split_rows(
            _capped_lines(text),
            delimiter=dialect.delimiter,
            escape=dialect.escape,
            width=dialect.width,
        )


def _capped_lines(text: TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LINE_CHARS):
        if len(line) == LINE_CHARS and line[-1] not in "\r\n":
            raise FileRefused("line_too_long")
        yield line


def _sheet_dialect(path: Path) -> Dialect:
    _check_zip(path)
    wide = Dialect(kind="sheet", encoding="", delimiter="", width=0)
    rows = [
        item
        for item in itertools.islice(_sheet_rows(path, wide), SAMPLE_ROWS)
        if isinstance(item, Row) and any(item.cells)
    ]
    if not rows:
        raise FileRefused("empty")
    width = max(width_of(rows), 1)
    skip = next(
        (
            place
            for place, row in enumerate(rows[:PREAMBLE_ROWS])
            if sum(1 for cell in row.cells if cell) * 2 >= width
        ),
        0,
    )
    below = [row.cells for row in rows[skip + 1 : skip + 50]]
    header = looks_like_header([cell for cell in rows[skip].cells if cell], below)
    return Dialect(
        kind="sheet", encoding="", delimiter="", width=width, skip_rows=skip, has_header=header
    )


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except zipfile.BadZipFile as problem:
        raise FileRefused("not_a_table") from problem
    if not any(part.filename.startswith("xl/") for part in parts):
        raise FileRefused("not_a_table")
    unzipped = sum(part.file_size for part in parts)
    ratio = unzipped / max(path.stat().st_size, 1)
    if unzipped > MAX_UNZIPPED_BYTES or (unzipped > 20 * 1024**2 and ratio > MAX_ZIP_RATIO):
        raise FileRefused("zip_bomb")


def _sheet_rows(path: Path, dialect: Dialect) -> Iterator[Row | Broken]:
    for number, values in enumerate(_sheet_values(path), 1):
        cells = [_cell_text(value) for value in values]
        if any(len(cell) > CELL_CHARS for cell in cells):
            yield Broken(number, "cell_too_long", "")
            continue
        if dialect.width:
            if any(cells[dialect.width :]):
                yield Broken(number, "too_many_cells", "")
                continue
            cells = (cells + [""] * dialect.width)[: dialect.width]
        yield Row(number, cells)


def _sheet_values(path: Path) -> Iterator[Any]:
    with zipfile.ZipFile(path) as packed:
        size = max(
            (p.file_size for p in packed.infolist() if p.filename.startswith("xl/worksheets/")),
            default=0,
        )
    if size > CALAMINE_BYTES:
        import openpyxl  # noqa: PLC0415 -- 0.1 s at each start, for the rare large sheet

        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
        return
    try:
        with path.open("rb") as file:
            sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
        yield from sheet.iter_rows()
    except CalamineError as problem:
        raise FileRefused("not_a_table") from problem


def _cell_text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
