"""`sincerely owner-link`: the address and, while there is no owner, the way in."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from sincerely.apps.team import queries
from sincerely.apps.team.actions import (
    issue_owner_link,
    issue_password_link,
    turn_off_second_step,
)
from sincerely.apps.team.rules import PROGRAM
from sincerely.wire.clock import now


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A member who cannot log in any more, and whether their second step has to go."""
    parser.add_argument("--member", metavar="ADDRESS", help="a new password for this member")
    parser.add_argument(
        "--no-second-step",
        action="store_true",
        help="with --member: turn their two-step login off (phone and recovery codes are lost)",
    )


def greeting() -> str:
    """Return the lines that a person needs after the start; each call makes a fresh link."""
    lines = [f"Sincerely is running at {settings.PUBLIC_URL}"]
    if not queries.has_owner():
        secret = issue_owner_link(now=now())
        lines += [
            "Create the owner here (works once, for one hour):",
            f"  {_address('web:set-up', secret)}",
            f"Print a fresh link with: {_program()} owner-link",
        ]
    return "\n".join(lines)


def _program() -> str:
    """What to type for this program: its name, or the way to it where that is not found."""
    ours, here = Path(sys.executable).with_name("sincerely"), Path.cwd()
    if not ours.exists() or shutil.which(ours.name) == str(ours):
        return ours.name
    return str(ours.relative_to(here) if ours.is_relative_to(here) else ours)


def run(options: argparse.Namespace) -> int:
    """Print the greeting, or a link by which a member sets a new password."""
    if not options.member:
        print(greeting())
        return 0
    member = queries.member_by_address(options.member)
    if member is None or not member.is_active:
        print(f"No active member has the address {options.member}.")
        return 1
    if options.no_second_step:
        turn_off_second_step(member.pk, now=now(), actor=PROGRAM)
        print(f"Two-step login is off for {member.email}.")
    secret = issue_password_link(member.pk, now=now())
    print(f"A new password for {member.email} (works once, for one hour):")
    print(f"  {_address('team:join', secret)}")
    return 0


def _address(name: str, secret: str) -> str:
    public: str = settings.PUBLIC_URL
    return public.rstrip("/") + reverse(name, args=[secret])
