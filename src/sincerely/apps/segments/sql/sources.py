"""What the stored sets are made of: one read per source, which is also the truth of a touch.

A source yields for each contact a mask: bit n is set where the contact is in the set of
`kinds[n]`. A contact may come several times (two messages of a mailing); its masks add up.
Beside these, each field with few values has a set per value, and so has the month of the last open
and of the last click (`queries.facets` reads them).
"""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from dataclasses import dataclass

from sincerely.apps.segments.sql.kept import OF_MAILING, name_of
from sincerely.apps.segments.sql.months import is_month

CONTACT = "contact"
ROLLUP = "rollup"
SourceKey = tuple[str, int]
PLACE = "/*among*/"
# The source of a touch that says of a mailing's delivery that no more than its deeds changed.
MAILING, DEEDS = "mailing", "deeds"
OF_DEEDS = ("opened", "clicked", "unsubscribed", "complained")


@dataclass(frozen=True, slots=True)
class Source:
    """Where sets come from; `sql` takes the key, if it is keyed, and narrows to ids at PLACE."""

    name: str
    kinds: tuple[str, ...]
    sql: str
    column: str = "contact_id"
    is_keyed: bool = True

    def names(self, key: int) -> tuple[str, ...]:
        """Return the names of the sets of a key."""
        return tuple(name_of(kind, key if self.is_keyed else "") for kind in self.kinds)


def _flags(*conditions: str) -> str:
    bits = (f"CASE WHEN {test} THEN {1 << n} ELSE 0 END" for n, test in enumerate(conditions))
    return " + ".join(bits)


_OF_MAILING = _flags(
    "sent_at IS NOT NULL",
    "delivered_at IS NOT NULL AND bounced_at IS NULL",
    "human_open_count > 0",
    "human_click_count > 0",
    "bounced_at IS NOT NULL",
    "unsubscribed_at IS NOT NULL",
    "complained_at IS NOT NULL",
    "sent_at IS NOT NULL AND delivered_at IS NULL AND bounced_at IS NULL",
)
_IS_SUPPRESSED = (
    "c.address_key IN (SELECT address_key FROM consent_suppression WHERE lifted_at IS NULL)"
)
# As the gate asks for it, which hashes anew each time (sending/queries/facts.py).
_HAS_EVIDENCE = (
    "p.evidence >= 1 AND r.contact_id = p.contact_id AND r.act = 'permit'"
    " AND r.revoked_at IS NULL AND commitment(r.salt, r.payload) = r.commitment"
)
_ALL = (
    Source(
        MAILING,
        OF_MAILING,
        f"SELECT contact_id, {_OF_MAILING} FROM engagement_delivery WHERE mailing_id = %s {PLACE}",
    ),
    Source(
        "list",
        ("list",),
        f"SELECT contact_id, 1 FROM contacts_listmembership WHERE contact_list_id = %s {PLACE}",
    ),
    Source(
        "label",
        ("label",),
        "SELECT contact_id, 1 FROM interests_contactlabel"
        f" WHERE label_id = %s AND is_held = TRUE {PLACE}",
    ),
    Source(
        "permission",
        ("permitted", "withdrawn", "evidenced"),
        f"SELECT p.contact_id, {_flags('p.is_in = TRUE', 'p.is_in = FALSE', _HAS_EVIDENCE)}"
        " FROM consent_permission p LEFT JOIN consent_consentrecord r ON r.id = p.record_id"
        f" WHERE p.subscription_type_id = %s {PLACE}",
        column="p.contact_id",
    ),
    Source(
        "opt_out",
        ("opted_out",),
        f"SELECT contact_id, 1 FROM consent_optout WHERE TRUE {PLACE}",
        is_keyed=False,
    ),
    Source(
        CONTACT,
        ("everyone", "suppressed", "sharing"),
        f"SELECT c.id, {_flags('TRUE', _IS_SUPPRESSED, 'c.share_number > 0')}"
        f" FROM contacts_contact c WHERE TRUE {PLACE}",
        column="c.id",
        is_keyed=False,
    ),
)
SOURCES = {source.name: source for source in _ALL}
SOURCE_OF_KIND = {kind: source.name for source in _ALL for kind in source.kinds}


def touched_by(name: str) -> list[SourceKey]:
    """Return the sources and keys of the touches that concern a stored set."""
    kind, _colon, key = name.partition(":")
    if kind == "field":
        return [(ROLLUP if is_month(key) else CONTACT, 0)]
    sources = [SOURCE_OF_KIND[kind], *([DEEDS] if kind in OF_DEEDS else [])]
    return [(source, int(key or 0)) for source in sources]


def read_anew(touch: str) -> str:
    """Return the source that is read for touches of a source: a mailing's, though only deeds."""
    return MAILING if touch == DEEDS else touch
