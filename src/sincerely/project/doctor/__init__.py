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
    bad = sum(not _report(check) for check in checks)
    print(f"{bad} of {len(checks)} checks found something." if bad else "All is well.")
    return 1 if bad else 0


def _report(check: Check) -> bool:
    """Print one check and return whether it found nothing wrong."""
    try:
        findings = check.look()
    except DatabaseError as problem:
        findings = [Finding(f"This could not be checked: {problem}".strip())]
    wrong = [finding for finding in findings if not finding.is_note]
    print(f"[{'wrong' if wrong else 'fine '}] {check.sentence}")
    for finding in findings:
        print(f"        {finding.sentence}")
    return not wrong
