"""Typed custom fields: their keys, and what a given value becomes. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import date

FieldValue = str | float | int | bool | None
MAX_TEXT = 2000

# Yes and no in the product's four languages.
YES = frozenset({"1", "true", "yes", "y", "on", "ja", "j", "oui", "sand", "sant"})
NO = frozenset({"0", "false", "no", "n", "off", "nee", "nej", "non", "falsk", "falskt"})
_RESERVED = frozenset(
    {"address", "first_name", "last_name", "language", "time_zone", "labels", "id", "fields"}
)
# Letters that Unicode does not take apart into a plain one and an accent.
_SPELLED = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "œ": "oe", "ł": "l", "đ": "d", "þ": "th"})


class BadValue(ValueError):
    """The value does not fit the field's kind; `code` names the problem."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def key_for(name: str) -> str:
    """Return a key for a field's name: ASCII, lower case, `_` between words, never reserved."""
    spelled = unicodedata.normalize("NFKD", name.lower().translate(_SPELLED))
    plain = spelled.encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:38]
    if not key or not key[0].isalpha() or key in _RESERVED:
        key = f"field_{key}"[:38].rstrip("_")
    return key


def typed(value: object, *, kind: str, choices: Sequence[str] = ()) -> FieldValue:
    """Return the JSON value for a field of this kind; empty gives None; raises BadValue.

    Kinds: text, number, date (ISO string), boolean, choice (one of `choices`, exact).
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if kind == "boolean":
        return _truth(value)
    if kind == "number":
        return _number(value)
    if kind == "date":
        return _day(value)
    text = str(value).strip()
    if kind == "choice" and text not in choices:
        raise BadValue("not_a_choice")
    if len(text) > MAX_TEXT or "\x00" in text:
        raise BadValue("bad_text")
    return text


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in YES:
        return True
    if text in NO:
        return False
    raise BadValue("not_a_boolean")


def _number(value: object) -> float | int:
    if isinstance(value, bool):
        raise BadValue("not_a_number")
    try:
        number = float(str(value).strip().replace(",", "."))
    except ValueError:
        raise BadValue("not_a_number") from None
    if not math.isfinite(number):
        raise BadValue("not_a_number")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _day(value: object) -> str:
    if isinstance(value, date):
        return date(value.year, value.month, value.day).isoformat()
    try:
        return date.fromisoformat(str(value).strip()[:10]).isoformat()
    except ValueError:
        raise BadValue("not_a_date") from None
