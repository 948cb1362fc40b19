"""What is known of the people in a slice of a file, each fact by one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sincerely.apps.people.rules.outcome import Known
from sincerely.apps.people.rules.record import CORE
from sincerely.apps.people.sql.bulk import json_of, moment_of, rows_by_key, rows_in, stays


@dataclass(frozen=True, slots=True)
class Standing:
    """A contact's permission for one type and the opt-out from all."""

    is_in: bool | None = None
    evidence: int = 0
    opted_out: bool = False


NOBODY = Standing()


def contacts_by_key(keys: Sequence[bytes]) -> dict[bytes, Known]:
    """Return the known contacts among these address keys (the first where some share one)."""
    sql = (
        "SELECT k.place, c.id, c.fields, c.signed_up_at, "
        "c.first_name, c.last_name, c.language, c.time_zone "
        "FROM {keys} JOIN contacts_contact c ON c.address_key = {key} WHERE c.share_number = 0"
    )
    return {
        keys[row[0]]: Known(
            contact_id=row[1],
            core=dict(zip(CORE, row[4:], strict=True)),
            fields=json_of(row[2]),
            signed_up_at=moment_of(row[3]),
        )
        for row in rows_by_key(sql, keys)
    }


def ids_by_key(keys: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of the known contacts among these address keys."""
    sql = "SELECT k.place, c.id FROM {keys} JOIN contacts_contact c ON c.address_key = {key}"
    found = rows_by_key(f"{sql} WHERE c.share_number = 0 {stays('c')}", keys)
    return {keys[place]: contact_id for place, contact_id in found}


def standings(contact_ids: Collection[int], *, type_id: int) -> dict[int, Standing]:
    """Return permission for the type and opt-out of these contacts; absent means neither."""
    found: dict[int, Standing] = {}
    for contact_id, is_in, evidence in rows_in(
        "SELECT contact_id, is_in, evidence FROM consent_permission "
        "WHERE subscription_type_id = %s AND contact_id {keys}",
        contact_ids,
        before=[type_id],
        kind="bigint",
    ):
        found[contact_id] = Standing(is_in=bool(is_in), evidence=evidence)
    for contact_id in _ever_withdrawn(contact_ids, type_id):
        if not found.get(contact_id, NOBODY).is_in:
            found[contact_id] = Standing(is_in=False)
        else:  # came back by an act of their own: nothing that an import claims is stronger
            found[contact_id] = Standing(is_in=True, evidence=9)
    for contact_id in opted_out(contact_ids):
        found[contact_id] = Standing(is_in=False, opted_out=True)
    return found


def _ever_withdrawn(contact_ids: Collection[int], type_id: int) -> set[int]:
    rows = rows_in(
        "SELECT contact_id FROM consent_consentrecord WHERE act = 'withdraw' "
        "AND (subscription_type_id IS NULL OR subscription_type_id = %s) AND contact_id {keys}",
        contact_ids,
        before=[type_id],
        kind="bigint",
    )
    return {row[0] for row in rows}


def opted_out(contact_ids: Collection[int]) -> set[int]:
    """Return who of these has opted out of all marketing mail."""
    rows = rows_in(
        "SELECT contact_id FROM consent_optout WHERE contact_id {keys}", contact_ids, kind="bigint"
    )
    return {row[0] for row in rows}


def suppressions(keys: Sequence[bytes]) -> dict[bytes, frozenset[str]]:
    """Return the reasons for which these address keys are suppressed now."""
    found: dict[bytes, set[str]] = {}
    sql = "SELECT k.place, s.reason FROM {keys} JOIN consent_suppression s ON s.address_key = {key}"
    for place, reason in rows_by_key(f"{sql} WHERE s.lifted_at IS NULL", keys):
        found.setdefault(keys[place], set()).add(reason)
    return {key: frozenset(reasons) for key, reasons in found.items()}


def labels_held(contact_ids: Collection[int]) -> dict[int, set[int]]:
    """Return the labels that contacts hold, or took off: an import gives neither."""
    held: dict[int, set[int]] = {}
    for contact_id, label_id in rows_in(
        "SELECT contact_id, label_id FROM interests_contactlabel "
        "WHERE (is_held OR is_self_removed) AND contact_id {keys}",
        contact_ids,
        kind="bigint",
    ):
        held.setdefault(contact_id, set()).add(label_id)
    return held


Past = tuple[datetime | None, ...]


def past_of(contact_ids: Collection[int]) -> dict[int, Past]:
    """Return last sent, opened, clicked, and the same three as imported, where a row exists."""
    rows = rows_in(
        "SELECT contact_id, last_sent_at, last_open_at, last_click_at, imported_sent_at, "
        "imported_open_at, imported_click_at FROM engagement_contactengagement "
        "WHERE contact_id {keys}",
        contact_ids,
        kind="bigint",
    )
    return {row[0]: tuple(moment_of(value) for value in row[1:]) for row in rows}
