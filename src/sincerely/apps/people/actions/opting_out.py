"""Takes a slice of an opt-out list: known contacts leave, unknown addresses are suppressed.

It never opts anybody in and never makes a contact. Taking the same list twice does nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from sincerely.apps.consent.actions.many import withdraw_many
from sincerely.apps.consent.models import Channel, Suppression, SuppressionReason
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.rules.addresses import masked
from sincerely.apps.people.actions.slices import Batch, Taken
from sincerely.apps.people.actions.taking import write_rejects
from sincerely.apps.people.queries import known
from sincerely.apps.people.rules.record import Reject, Table
from sincerely.apps.people.sql import bulk
from sincerely.apps.team.rules import Actor


def opt_out(batch: Batch, table: Table, rejects: Sequence[Reject]) -> Taken:
    """Write a slice in the caller's transaction and return what was done."""
    taken = Taken(rejects=list(rejects))
    keys = table.keys
    people = list(Contact.objects.filter(address_key__in=keys).values_list("pk", "address_key"))
    gone = withdraw_many(
        [contact_id for contact_id, _key in people],
        subscription_type_id=None,
        channel=Channel.OPT_OUT_IMPORT,
        now=batch.now,
        actor=Actor(member_id=batch.member_id, api_key_id=batch.api_key_id),
        cause="opt-out import",
        import_id=batch.import_id,
    )
    there = {bytes(key) for _contact_id, key in people}
    barred = known.suppressions(keys)
    fresh = [
        (key, address)
        for key, address in zip(keys, table.addresses, strict=True)
        if key not in there and SuppressionReason.OPT_OUT_IMPORT.value not in barred.get(key, ())
    ]
    bulk.insert(
        Suppression,
        ("address_key", "reason", "masked", "since", "member_id", "detail"),
        [
            (
                key,
                SuppressionReason.OPT_OUT_IMPORT.value,
                masked(address),
                bulk.stored(batch.now),
                batch.member_id,
                f"import {batch.import_id}",
            )
            for key, address in fresh
        ],
        conflict="ON CONFLICT DO NOTHING",
    )
    taken.counts.update(opted_out=len(gone), suppressed=len(fresh))
    taken.counts["already_out"] += len(keys) - len(gone) - len(fresh)
    write_rejects(batch, taken)
    return taken
