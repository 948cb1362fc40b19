"""Rollups of some contacts, made anew from their events."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.queries.rebuilt import rebuilt_rollups


def recount(contact_ids: Collection[int]) -> None:
    """Make the rollups of these contacts equal to their events, all of their mailings included."""
    if not contact_ids:
        return
    rollups = rebuilt_rollups(contact_ids)
    sql.run_many(
        sql.SET_DELIVERIES,
        (sql.delivery_row(key, asdict(found)) for key, found in rollups.deliveries.items()),
    )
    sql.run_many(
        sql.SET_CONTACTS,
        (sql.contact_row(key, asdict(found)) for key, found in rollups.contacts.items()),
    )
