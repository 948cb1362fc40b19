"""JSON from outside, read strictly: nothing that a database or a mail cannot hold.

SQLite would keep a zero byte that PostgreSQL refuses, and a mail with one is refused by servers;
half a surrogate pair cannot be written as UTF-8; JSON of Python's kind knows NaN, which no other
reader does.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

LARGEST = 2**63 - 1  # what both databases keep in their widest whole number
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


class Unwritable(ValueError):
    """A value that cannot be stored; the message says which kind, in plain words."""


def read(raw: bytes | str) -> Any:
    """Return the value; raises ValueError (Unwritable among them) and RecursionError."""
    value = json.loads(raw, parse_constant=_refuse_constant)
    for one in _scalars(value):
        check(one)
    return value


def read_or_none(raw: bytes | str) -> Any:
    """Return the value, or None where it cannot be read or kept."""
    try:
        return read(raw)
    except (ValueError, RecursionError):
        return None


def check(value: Any) -> None:
    """Raise Unwritable where a text or a number cannot be kept."""
    if isinstance(value, str):
        if _UNWRITABLE.search(value):
            raise Unwritable("A text holds a zero byte or half a character: it cannot be kept.")
    elif isinstance(value, int | float) and abs(value) > _largest_of(value):
        raise Unwritable("A number is too large to be kept.")


def _refuse_constant(word: str) -> float:
    raise Unwritable(f"{word} is no number in JSON.")


def _scalars(value: Any) -> Iterator[Any]:
    """Yield every key and value, however deep, without recursion."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
        else:
            yield one


def _largest_of(value: float) -> float:
    return LARGEST if isinstance(value, int) else sys.float_info.max
