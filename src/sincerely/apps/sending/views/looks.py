"""Small shapes that the sending pages show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, tuple[str | Promise, str | Promise]] = {
    "spf": ("SPF", _("Says which servers may send for the domain.")),
    "dkim": ("DKIM", _("Holds the key that proves that a mail is yours.")),
    "dmarc": ("DMARC", _("Says what to do with mail that fails the other two.")),
    "mx": ("MX", _("Where replies to this address arrive.")),
}
TONES = {"pass": "good", "fail": "bad", "unclear": "wait"}
WORDS: dict[str, str | Promise] = {
    "pass": _("passes"),
    "fail": _("missing or wrong"),
    "unclear": _("no answer"),
}


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of a domain as a row."""

    name: str | Promise
    meaning: str | Promise
    tone: str
    word: str | Promise
    found: str


def check_rows(checks: dict[str, Any]) -> list[CheckRow]:
    """Return the stored checks in reading order."""
    return [
        CheckRow(
            *NAMES[name],
            TONES[checks[name]["state"]],
            WORDS[checks[name]["state"]],
            checks[name]["found"],
        )
        for name in NAMES
        if name in checks
    ]
