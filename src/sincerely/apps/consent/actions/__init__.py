"""Writes of the consent domain: permit, withdraw, complain, suppress, types, wordings."""

from __future__ import annotations

from sincerely.apps.consent.actions.many import BulkPermit, permit_many, withdraw_many
from sincerely.apps.consent.actions.records import (
    complain,
    forget_evidence,
    permit,
    refold,
    revoke,
    withdraw,
)
from sincerely.apps.consent.actions.suppression import lift_suppression, suppress
from sincerely.apps.consent.actions.types import (
    TypeInUse,
    archive_type,
    create_type,
    default_subscription_type,
    delete_type,
    edit_type,
    record_decision,
    wording,
)

__all__ = [
    "BulkPermit",
    "TypeInUse",
    "archive_type",
    "complain",
    "create_type",
    "default_subscription_type",
    "delete_type",
    "edit_type",
    "forget_evidence",
    "lift_suppression",
    "permit",
    "permit_many",
    "record_decision",
    "refold",
    "revoke",
    "suppress",
    "withdraw",
    "withdraw_many",
    "wording",
]
