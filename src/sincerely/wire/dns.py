"""DNS as the sender checks need it: one port, the real resolver and a double.

Names that do not exist give an empty list; a resolver that does not answer raises `NoAnswer`, so
that 'not there' is never confused with 'could not look'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import dns.rdata

TIMEOUT_SECONDS = 4.0


class NoAnswer(Exception):
    """The resolver did not answer."""


class Resolver(Protocol):
    """What a check may ask."""

    def txt(self, name: str) -> list[str]:
        """Return the TXT records, each joined to one text."""

    def mx(self, name: str) -> list[str]:
        """Return the hosts of the MX records, best first; `['.']` is a null MX."""

    def exists(self, name: str) -> bool:
        """Say whether the name has an address (A or AAAA)."""


class SystemResolver:
    """Asks the resolvers of the machine."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout_seconds

    def _ask(self, name: str, kind: str) -> list[dns.rdata.Rdata]:
        import dns.exception  # noqa: PLC0415 -- with its resolver 0.05 s at each start
        import dns.resolver  # noqa: PLC0415

        resolver = dns.resolver.Resolver()
        resolver.lifetime = self._timeout
        try:
            return list(resolver.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise NoAnswer(f"No answer for {kind} {name}") from error

    def txt(self, name: str) -> list[str]:
        """Return the TXT records, each joined to one text."""
        return [
            b"".join(record.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
            for record in self._ask(name, "TXT")
        ]

    def mx(self, name: str) -> list[str]:
        """Return the hosts of the MX records, best first."""
        found = sorted(
            (record.preference, str(record.exchange))  # type: ignore[attr-defined]
            for record in self._ask(name, "MX")
        )
        return [host if host == "." else host.rstrip(".") for _, host in found]

    def exists(self, name: str) -> bool:
        """Say whether the name has an address."""
        return bool(self._ask(name, "A") or self._ask(name, "AAAA"))


@dataclass
class FakeResolver:
    """The double: answers from dictionaries; names in `silent` raise NoAnswer."""

    txt_records: dict[str, list[str]] = field(default_factory=dict)
    mx_records: dict[str, list[str]] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)

    def _listen(self, name: str) -> None:
        if name in self.silent:
            raise NoAnswer(f"No answer for {name}")

    def txt(self, name: str) -> list[str]:
        """Return the records that the test put in."""
        self._listen(name)
        return self.txt_records.get(name, [])

    def mx(self, name: str) -> list[str]:
        """Return the hosts that the test put in."""
        self._listen(name)
        return self.mx_records.get(name, [])

    def exists(self, name: str) -> bool:
        """Say whether the test gave the name an address."""
        self._listen(name)
        return name in self.addresses
