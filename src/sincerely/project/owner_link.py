"""`sincerely owner-link`: the address and, while there is no owner, the way in."""

from __future__ import annotations

import argparse

from django.conf import settings

from sincerely.apps.team.models import Member
from sincerely.apps.team.rules import Role


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def greeting() -> str:
    """Return the lines that a person needs after the start."""
    lines = [f"Sincerely is running at {settings.PUBLIC_URL}"]
    if not Member.objects.filter(role=Role.OWNER).exists():
        lines.append("Create the owner here (works once, for one hour):")
    return "\n".join(lines)


def run(options: argparse.Namespace) -> int:
    """Print the greeting."""
    print(greeting())
    return 0
