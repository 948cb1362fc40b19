"""Reads of the consent domain: types, permission, evidence, suppression."""

from __future__ import annotations

from sincerely.apps.consent.queries.evidence import evidence_lines, records_of
from sincerely.apps.consent.queries.permission import (
    opt_out_of,
    permission_counts,
    permissions_of,
    standing_of,
)
from sincerely.apps.consent.queries.suppression import (
    active_suppressions,
    search_suppressions,
    suppression,
    suppressions_page,
)
from sincerely.apps.consent.queries.types import (
    default_type,
    is_in_use,
    subscription_type,
    subscription_types,
    type_named,
)

__all__ = [
    "active_suppressions",
    "default_type",
    "evidence_lines",
    "is_in_use",
    "opt_out_of",
    "permission_counts",
    "permissions_of",
    "records_of",
    "search_suppressions",
    "standing_of",
    "subscription_type",
    "subscription_types",
    "suppression",
    "suppressions_page",
    "type_named",
]
