"""What the DNS must say before a sender's domain may be used: SPF, DKIM, DMARC, MX.

Mailbox providers ask bulk senders for all three and for alignment with the From domain. We send
with an envelope address and a signature of the From domain itself, so both align by construction
once the records stand; the checks here see that they do. Lookups come through a port.
"""

from __future__ import annotations

from typing import Any, Protocol

NEEDED = ("spf", "dkim", "dmarc")


class Lookups(Protocol):
    """What may be asked; raises for no answer (see wire/dns.py)."""

    def txt(self, name: str) -> list[str]:
        """Return the TXT records."""

    def mx(self, name: str) -> list[str]:
        """Return the MX hosts."""

    def exists(self, name: str) -> bool:
        """Say whether the name has an address."""


def look_up(
    lookups: Lookups, *, domain: str, selector: str, public_key: str, reply_domain: str
) -> dict[str, dict[str, Any]]:
    """Return per check {"state": pass | fail | unclear, "found": …, "wanted": …}."""
    wanted_key = f"v=DKIM1; k=rsa; p={public_key}"
    return {
        "spf": _ask(lambda: _spf(lookups.txt(domain)), "v=spf1 … -all"),
        "dkim": _ask(
            lambda: _dkim(lookups.txt(f"{selector}._domainkey.{domain}"), public_key), wanted_key
        ),
        "dmarc": _ask(lambda: _dmarc(lookups, domain), "v=DMARC1; p=none"),
        "mx": _ask(lambda: _mx(lookups, reply_domain), "MX"),
    }


def passes(found: dict[str, dict[str, Any]]) -> bool:
    """Say whether SPF, DKIM and DMARC all pass."""
    return all(found.get(name, {}).get("state") == "pass" for name in NEEDED)


def _ask(look: Any, wanted: str) -> dict[str, Any]:
    try:
        ok, found = look()
    except Exception as error:  # noqa: BLE001 -- whatever a resolver raises means: we could not look
        return {"state": "unclear", "found": str(error)[:200], "wanted": wanted}
    return {"state": "pass" if ok else "fail", "found": found[:500], "wanted": wanted}


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}


def _spf(records: list[str]) -> tuple[bool, str]:
    """Exactly one SPF record that does not let everybody through (RFC 7208, 4.5)."""
    found = [r for r in records if r.lower().split(" ")[0] == "v=spf1"]
    ok = len(found) == 1 and "+all" not in found[0].lower().split()
    return ok, " | ".join(found)


def _dkim(records: list[str], public_key: str) -> tuple[bool, str]:
    """One record with our public key; spaces inside the base64 do not count."""
    keys = ["".join(_tags(record).get("p", "").split()) for record in records]
    return bool(public_key) and public_key in keys, " | ".join(records)


def _dmarc(lookups: Lookups, domain: str) -> tuple[bool, str]:
    """A policy at the domain or, by the tree walk (RFC 9989), at a domain above it."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        name = "_dmarc." + ".".join(labels[start:])
        found = [r for r in lookups.txt(name) if r.lower().replace(" ", "").startswith("v=dmarc1")]
        if found:
            return len(found) == 1 and "p" in _tags(found[0]), " | ".join(found)
    return False, ""


def _mx(lookups: Lookups, domain: str) -> tuple[bool, str]:
    """Replies can arrive: an MX that is not null, or at least an address (RFC 5321, 5.1)."""
    hosts = lookups.mx(domain)
    if hosts in (["."], [""]):
        return False, "null MX"
    return bool(hosts) or lookups.exists(domain), ", ".join(hosts)
