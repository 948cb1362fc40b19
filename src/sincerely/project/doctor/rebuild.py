"""Checks that read everything: verdicts judged again, rollups rebuilt, seals recomputed."""

from __future__ import annotations

from itertools import islice

from sincerely.apps.consent.queries.seals import broken_seals
from sincerely.apps.engagement.queries.rebuilt import contact_slices, differences
from sincerely.apps.engagement.queries.rejudged import wrong_verdicts
from sincerely.project.doctor.verdicts import Check, Finding

MOST_SHOWN = 20


def rebuild_checks() -> list[Check]:
    """Return the checks that compare what is stored with what the raw rows say."""
    return [
        Check("Judging all signals again gives the same verdicts.", _verdicts),
        Check("Every rollup equals its rebuild.", _rollups),
        Check("The seals over the consent records hold.", _seals),
    ]


def _verdicts() -> list[Finding]:
    return [
        Finding(f"Signal {number}: stored {stored}, judged again {wanted}.")
        for number, stored, wanted in islice(wrong_verdicts(), MOST_SHOWN)
    ]


def _rollups() -> list[Finding]:
    found = (d for ids in contact_slices() for d in differences(ids))
    return [
        Finding(f"The {d.what} rollup {d.key} says {_only(d.stored, d.rebuilt)}.")
        for d in islice(found, MOST_SHOWN)
    ]


def _only(stored: dict[str, object], rebuilt: dict[str, object]) -> str:
    unlike = [name for name in stored if stored[name] != rebuilt[name]]
    return ", ".join(f"{name} {stored[name]} instead of {rebuilt[name]}" for name in unlike)


def _seals() -> list[Finding]:
    return [
        Finding(f"The seal {number} does not fit its records: they were changed.")
        for number in islice(broken_seals(), MOST_SHOWN)
    ]
