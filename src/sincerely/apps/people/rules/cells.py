"""Reads one cell as a date, a number, a yes or no; undoes the export's formula guard.

Which of day and month comes first is decided per column from all its values, never per cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

YES = frozenset(
    [
        "1",
        "true",
        "t",
        "yes",
        "y",
        "on",
        "ja",
        "j",
        "waar",
        "aan",
        "igen",
        "sant",
        "sand",
        "oui",
        "wahr",
        "x",
        "✓",
    ]
)
NO = frozenset(
    ["0", "false", "f", "no", "n", "off", "nee", "nej", "onwaar", "uit", "falskt", "falsk", "non"]
)
GUARDED = "=+-@\t\r\n＝＋－＠|%"
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d+)?|[.,]\d+)")
_GROUPED = re.compile(r"[-+]?\d{1,3}(([., \u00a0'])\d{3})(\2\d{3})*([.,]\d+)?")
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
_ISO = re.compile(
    rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})(?:[T ]{_CLOCK})?\s*(Z|[+-]\d{{2}}:?\d{{2}}|UTC)?"
)
_PARTS = re.compile(
    r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{2,4})"
    rf"(?:[T ,]+{_CLOCK}\s*([AaPp][Mm])?)?\s*(Z|UTC)?"
)


class BadCell(ValueError):
    """The cell is not what its column says."""


def unguard(cell: str) -> str:
    """Take off the apostrophe that an export put before a cell that could act as a formula."""
    if cell[:1] == "'" and len(cell) > 1 and (cell[1] in GUARDED or _reguarded(cell)):
        return cell[1:]
    return cell


def guard(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet could run; plain numbers stay as they are."""
    if not cell or _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}" if cell[0] in GUARDED or _reguarded(cell) else cell


def _reguarded(cell: str) -> bool:
    """Say whether the cell is apostrophes before a guarded character: guarding nests."""
    rest = cell.lstrip("'")
    return len(rest) < len(cell) and bool(rest) and rest[0] in GUARDED


def read_boolean(cell: str) -> bool:
    """Return yes or no in any of the four languages; raises BadCell."""
    word = cell.strip().casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise BadCell("bad_boolean")


@lru_cache(maxsize=65_536)
def read_number(cell: str, *, decimal_comma: bool = False) -> int | float:
    """Return the number; '1.234,5', '1,234.5' and '1 234,5' are understood. Raises BadCell."""
    text = cell.strip().replace("\u2212", "-").strip("€$£ ").removesuffix("%").strip()
    if re.fullmatch(r"[-+]?\d{1,15}", text):
        return int(text)
    if _GROUPED.fullmatch(text) and not _is_decimal(text, decimal_comma=decimal_comma):
        text = _without_groups(text)
    elif not _NUMBER.fullmatch(text):
        raise BadCell("bad_number")
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _is_decimal(text: str, *, decimal_comma: bool) -> bool:
    """Decide '1.234' and '1,234': a lone separator is the decimal one if the column uses it."""
    marks = [c for c in text if c in ".,"]
    if len(marks) != 1 or any(c in " \u00a0'" for c in text):
        return False
    return marks[0] == ("," if decimal_comma else ".")


def _without_groups(text: str) -> str:
    marks = [c for c in text if c in ".,"]
    last = marks[-1] if len(set(marks)) == 2 else ""
    if any(c in " \u00a0'" for c in text) and len(marks) == 1:
        last = marks[0]
    whole, _, part = text.rpartition(last) if last else (text, "", "")
    return re.sub(r"[., \u00a0']", "", whole) + (f".{part}" if part else "")


def uses_decimal_comma(cells: Iterable[str]) -> bool:
    """Say whether a column writes fractions with a comma."""
    return any(re.fullmatch(r"[-+]?\d+,(\d{1,2}|\d{4,})", cell.strip()) for cell in cells)


def date_order(cells: Iterable[str]) -> str:
    """Return 'dmy', 'mdy' or 'ymd' for a column; day first where the values do not tell.

    A date that begins with its year is read so in any column: it says nothing of the others.
    """
    first_over = second_over = year_first = others = 0
    for cell in cells:
        found = _PARTS.fullmatch(cell.strip())
        if not found:
            continue
        if len(found[1]) == 4:
            year_first += 1
            continue
        others += 1
        first_over += int(found[1]) > 12
        second_over += int(found[2]) > 12
    if year_first and not others:
        return "ymd"
    return "mdy" if second_over > first_over else "dmy"


@lru_cache(maxsize=65_536)  # the dates of a file repeat
def read_moment(cell: str, *, order: str = "dmy", zone: tzinfo = UTC) -> datetime:
    """Return an aware UTC time; a date alone is its midnight in `zone`. Raises BadCell."""
    text = cell.strip()
    found = _ISO.fullmatch(text)
    try:
        if found:
            return _iso(found, zone)
        found = _PARTS.fullmatch(text)
        if not found:
            return _spelled(text, zone)
        return _parts(found, order, zone)
    except (ValueError, OverflowError) as problem:
        raise BadCell("bad_date") from problem


def _iso(found: re.Match[str], zone: tzinfo) -> datetime:
    year, month, day, hour, minute, second, offset = found.groups()
    at = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        tzinfo=zone,
    )
    if offset in ("Z", "UTC"):
        return at.replace(tzinfo=UTC)
    if offset:
        return datetime.fromisoformat(
            f"{at:%Y-%m-%dT%H:%M:%S}{offset[:3]}:{offset[-2:]}"
        ).astimezone(UTC)
    return at.astimezone(UTC)


def _parts(found: re.Match[str], order: str, zone: tzinfo) -> datetime:
    one, two, three, hour, minute, second, half, utc = found.groups()
    year, month, day = _in_order((one, two, three), order, dotted=found[0][len(one)] == ".")
    clock = int(hour or 0) % 12 + 12 * (half.lower() == "pm") if half else int(hour or 0)
    at = datetime(
        year, month, day, clock, int(minute or 0), int(second or 0), tzinfo=UTC if utc else zone
    )
    return at.astimezone(UTC)


def _in_order(parts: tuple[str, str, str], order: str, *, dotted: bool) -> tuple[int, int, int]:
    """Return year, month and day; points part a day first where a column does not tell."""
    one, two, three = parts
    if len(one) == 4:
        return int(one), int(two), int(three)
    is_told = order != "ymd" or dotted
    if not is_told or len(one) == 3 or len(three) == 3:
        raise BadCell("bad_date")
    year = int(three) + (2000 if len(three) == 2 and int(three) < 70 else 0)
    year += 1900 if len(three) == 2 and int(three) >= 70 else 0
    return (year, int(one), int(two)) if order == "mdy" else (year, int(two), int(one))


def _spelled(text: str, zone: tzinfo) -> datetime:
    """Read 'Jan 5, 2024', '5 January 2024' and Unix seconds."""
    if re.fullmatch(r"\d{10}", text):
        return datetime.fromtimestamp(int(text), tz=UTC)
    for form in (
        "%b %d, %Y",
        "%B %d, %Y",
        "%d %b %Y",
        "%d %B %Y",
        "%b %d, %Y %I:%M %p",
        "%b %d, %Y %H:%M:%S",
    ):
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    raise BadCell("bad_date")
