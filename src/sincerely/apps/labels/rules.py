"""Names of labels are exact; a near miss gets a suggestion, never an assignment. Pure."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence

MAX_NAME = 80


class BadName(ValueError):
    """A label cannot have this name; `code` says why: empty, comma, long, unprintable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def checked_name(raw: str) -> str:
    """Return the name without space around it; raises BadName."""
    name = raw.strip()
    if not name:
        raise BadName("empty")
    if "," in name:
        raise BadName("comma")
    if len(name) > MAX_NAME:
        raise BadName("long")
    if not name.isprintable():
        raise BadName("unprintable")
    return name


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return the known label that was probably meant, or None. It is a question, not an answer."""
    folded = {_folded(k): k for k in known}
    wanted = _folded(name)
    if wanted in folded:
        return folded[wanted]
    near = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.75)
    return folded[near[0]] if near else None


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(c for c in plain if not unicodedata.combining(c) and c.isalnum())


def matches(pattern: str, url: str) -> bool:
    """Say whether a URL fits a pattern in which `*` stands for anything; case counts."""
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, url) is not None


def label_for(url: str, rules: Sequence[tuple[str, int]]) -> int | None:
    """Return the label id of the most exact (longest) pattern that fits, or None."""
    fitting = [(len(pattern), label_id) for pattern, label_id in rules if matches(pattern, url)]
    return max(fitting)[1] if fitting else None
