"""Why contacts cannot be mailed through a real transport yet; the mailbox is free."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sincerely.apps.segments.rules.marking import gettext_noop

WORDS = {
    "spf": gettext_noop("The sender's domain has no valid SPF record."),
    "dkim": gettext_noop("The sender's domain does not publish our DKIM key."),
    "dmarc": gettext_noop("The sender's domain has no DMARC policy."),
    "unchecked": gettext_noop("The sender's domain has not been checked yet."),
    "local_address": gettext_noop(
        "This installation's public address is a local one: links would lead nowhere."
    ),
    "public_address": gettext_noop("The public address of this installation has not answered yet."),
}
LOCAL_NAMES = (".local", ".localhost", ".internal", ".lan", ".home", ".test", ".invalid")


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides: how mail leaves, what the DNS said, whether the public address answers."""

    is_mailbox: bool
    checks: dict[str, Any]
    is_verified: bool
    public_url: str
    checked_public_url: str


def locks(facts: Facts) -> list[str]:
    """Return what still locks mailing: spf, dkim, dmarc, unchecked, local_ or public_address."""
    if facts.is_mailbox:
        return []
    found = []
    if not facts.is_verified:
        failing = [
            name
            for name in ("spf", "dkim", "dmarc")
            if facts.checks.get(name, {}).get("state") != "pass"
        ]
        found += failing if facts.checks else ["unchecked"]
    if is_local(facts.public_url):
        found.append("local_address")
    elif facts.checked_public_url != facts.public_url:
        found.append("public_address")
    return found


def is_local(url: str) -> bool:
    """Say whether an address leads nowhere for other people: localhost, private, single label."""
    host = (urlsplit(url).hostname or "").lower()
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(LOCAL_NAMES)
