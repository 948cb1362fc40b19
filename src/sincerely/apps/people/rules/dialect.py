"""Finds out how a table of text is written: encoding, delimiter, quoting, header.

Python's `csv.Sniffer` guesses from character counts and is wrong on files with many commas in
text. Here each candidate reads the sample, and the one under which rows agree wins; a column
that then holds e-mail addresses counts double, because that is what these files are for.
"""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from charset_normalizer import from_bytes

from sincerely.apps.people.rules.headers import looks_like_header
from sincerely.apps.people.rules.rows import Broken, Row, split_rows

SAMPLE_BYTES = 262_144
DELIMITERS = (",", ";", "\t", "|")
PREAMBLE_ROWS = 20
_ACCENTED = frozenset("àáâäåæçèéêëíîïñóôöøùúûüÿßÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØÙÚÛÜ€–—’‘“”…°«»´·\xa0")
WESTERN = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "mac_roman", "cp850")
_ADDRESS = re.compile(r"[^@\s,;|<>]+@[^@\s,;|<>]+\.[^@\s,;|<>]+")


class FileRefused(Exception):
    """The file cannot be taken at all; `reason` is a code of models.FileProblem."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to read a file. `skip_rows` rows stand before the header (or the first row)."""

    encoding: str = "utf-8"
    delimiter: str = ","
    escape: str = ""
    has_header: bool = True
    skip_rows: int = 0
    width: int = 1
    kind: str = "text"

    def to_json(self) -> dict[str, Any]:
        """Return plain values for storage."""
        return asdict(self)


def from_json(stored: dict[str, Any]) -> Dialect:
    """Return the dialect that `to_json` stored."""
    return Dialect(**stored)


def guess_encoding(head: bytes, *, is_utf8: bool) -> str:
    """Return a Python codec name; `is_utf8` says that the *whole* file decodes as UTF-8."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    wide = _utf16_without_mark(head)
    if wide or is_utf8:
        return wide or "utf-8"
    if _mostly_utf8(head):
        return "utf-8"
    if _reads_as_western(head):
        return "cp1252"
    best = from_bytes(head[:65_536], cp_isolation=list(WESTERN)).best()
    return best.encoding if best is not None else "cp1252"


def _reads_as_western(head: bytes) -> bool:
    """Say whether nearly all bytes beyond ASCII are then letters that our languages write."""
    strange = [c for c in head.decode("cp1252", "replace") if ord(c) > 127]
    return sum(1 for c in strange if c in _ACCENTED) * 10 >= len(strange) * 9


def _utf16_without_mark(head: bytes) -> str:
    if len(head) < 4 or b"\x00" not in head[:400]:
        return ""
    even, odd = head[0:400:2].count(0), head[1:400:2].count(0)
    half = min(len(head), 400) // 2
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.6 and odd < half * 0.1 else ""


def _mostly_utf8(head: bytes) -> bool:
    """Say whether good multi-byte sequences far outnumber bad ones (one damaged row in a file)."""
    good = len(re.findall(rb"[\xc3-\xc5][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}", head))
    bad = head.decode("utf-8", "replace").count("�")
    return good > 10 * bad


def sniff(sample: str, encoding: str) -> Dialect:
    """Return the dialect under which the sample's rows agree best; FileRefused if empty."""
    if not sample.strip():
        raise FileRefused("empty")
    best: tuple[float, Dialect] = (-1.0, Dialect())
    for delimiter in DELIMITERS:
        if delimiter != "," and delimiter not in sample:
            continue
        for escape in ("", "\\") if '\\"' in sample else ("",):
            found = Dialect(encoding=encoding, delimiter=delimiter, escape=escape)
            score, rows, width = _score(sample, found)
            if score > best[0]:
                best = (score, _with_header(found, rows, width))
    return best[1]


def _score(sample: str, dialect: Dialect) -> tuple[float, list[list[str]], int]:
    lines = sample.splitlines(keepends=True)[:2000]
    good: list[list[str]] = []
    broken = 0
    for item in split_rows(iter(lines), delimiter=dialect.delimiter, escape=dialect.escape):
        if isinstance(item, Broken):
            broken += 1
        elif any(item.cells):
            good.append(item.cells)
    if not good:
        return 0.0, good, 1
    width, count = _modal_width(good)
    share = count / (len(good) + broken)
    score = share * math.log2(width + 1)
    if len(good[0]) == width:
        score *= 1.3
    if _has_address_column([row for row in good if len(row) == width]):
        score *= 2
    return score, good, width


def _modal_width(rows: list[list[str]]) -> tuple[int, int]:
    counts = Counter(len(row) for row in rows)
    most = max(counts.values())
    width = max(width for width, count in counts.items() if count == most)
    return width, counts[width]


def _has_address_column(rows: list[list[str]]) -> bool:
    if not rows:
        return False
    hits = Counter(
        place for row in rows for place, cell in enumerate(row) if _ADDRESS.fullmatch(cell.strip())
    )
    return bool(hits) and max(hits.values()) >= len(rows) / 2


def _with_header(dialect: Dialect, rows: list[list[str]], width: int) -> Dialect:
    skip = _preamble_count(rows, width)
    head = rows[skip] if skip < len(rows) else []
    below = [row for row in rows[skip + 1 : skip + 50] if len(row) == width]
    return Dialect(
        encoding=dialect.encoding,
        delimiter=dialect.delimiter,
        escape=dialect.escape,
        has_header=looks_like_header(head, below),
        skip_rows=skip,
        width=width,
    )


def _preamble_count(rows: list[list[str]], width: int) -> int:
    """Count the rows above the table: too narrow, or nearly empty where the table is full."""
    for place, row in enumerate(rows[:PREAMBLE_ROWS]):
        filled = sum(1 for cell in row if cell.strip())
        if len(row) == width and filled * 2 >= width:
            return place
    return 0


def width_of(sample: list[Row]) -> int:
    """Return the most frequent number of cells."""
    return _modal_width([row.cells for row in sample])[0] if sample else 0


csv.field_size_limit(131_072)  # also the cap of `rows.CELL_CHARS`
