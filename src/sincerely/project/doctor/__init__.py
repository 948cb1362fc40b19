"""`sincerely doctor`: is this installation sound, and do its promises hold in the data?

Each check says in plain words what is wrong and what to do. The exit status is 0 when all is well,
1 when something is wrong. Nothing is changed.
"""

from __future__ import annotations

import argparse

from django.db import DatabaseError

from sincerely.project.doctor.invariants import invariants
from sincerely.project.doctor.rebuild import rebuild_checks
from sincerely.project.doctor.surroundings import surroundings
from sincerely.project.doctor.verdicts import Check, Finding

FINE, NOTE, WRONG = "fine", "note", "wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take whether to rebuild everything for comparison, which reads all events."""
    parser.add_argument(
        "--rebuild-check",
        action="store_true",
        help="judge all signals again and compare every rollup with its rebuild",
    )


def run(options: argparse.Namespace) -> int:
    """Run the checks, print what they found, and return the exit status."""
    checks = [*surroundings(), *invariants()]
    if options.rebuild_check:
        checks += rebuild_checks()
    told: list[str] = []
    for check in checks:
        told.append(_report(check))
        if told[-1] == WRONG and check.is_needed:
            print(f"The other {len(checks) - len(told)} checks need that first.")
            break
    print(_summary(told))
    return 1 if WRONG in told else 0


def _report(check: Check) -> str:
    """Print one check and return what came of it."""
    try:
        findings = check.look()
    except DatabaseError as problem:
        findings = [Finding(f"This could not be checked: {problem}".strip())]
    verdict = WRONG if not all(one.is_note for one in findings) else FINE
    if verdict == FINE and any(one.denies for one in findings):
        verdict = NOTE
    print(f"[{verdict:5}] {check.sentence}")
    for finding in findings:
        print(f"        {finding.sentence}")
    return verdict


def _summary(told: list[str]) -> str:
    if WRONG in told:
        return f"{told.count(WRONG)} of {len(told)} checks found something."
    return "Nothing is wrong; see the note." if NOTE in told else "All is well."
