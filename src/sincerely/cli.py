"""The `sincerely` command: serve, engine, migrate, backup, restore, demo, doctor."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

ENGINES = ("web", "tracker", "folder", "sender", "mailbox", "runner")
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("sincerely.engines.supervisor.serve", "start every process on this machine"),
    "engine": ("sincerely.engines.supervisor.engine", f"run one process: {', '.join(ENGINES)}"),
    "migrate": ("sincerely.project.installation", "bring the database up to date"),
    "backup": ("sincerely.project.backup.taking", "take a whole backup while everything runs"),
    "restore": ("sincerely.project.backup.restoring", "put a backup back; every mailing waits"),
    "owner-link": ("sincerely.project.owner_link", "print a one-time link that creates an owner"),
    "demo": ("sincerely.project.demo.command", "run the main job without a browser"),
    "doctor": ("sincerely.project.doctor", "check the installation and its invariants"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status; every module named above has `run`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sincerely.project.settings")
    parser = argparse.ArgumentParser(prog="sincerely", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_module, help_text) in COMMANDS.items():
        commands.add_parser(name, help=help_text, add_help=False)
    chosen = parser.parse_known_args(argv)[0].command
    import django  # noqa: PLC0415 -- the settings must be named first

    django.setup()
    module = import_module(COMMANDS[chosen][0])
    own = argparse.ArgumentParser(prog=f"sincerely {chosen}", description=COMMANDS[chosen][1])
    module.add_arguments(own)
    rest = list(sys.argv[1:] if argv is None else argv)
    rest.remove(chosen)
    return int(module.run(own.parse_args(rest)) or 0)


if __name__ == "__main__":
    sys.exit(main())
