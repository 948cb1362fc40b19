"""Takes a slice of records into the database: contacts, history, labels, lists, permission.

One transaction per slice, which also moves the import's position, so a slice is in wholly or not
at all and none is taken twice. Everything is read once per slice and written by bulk statements.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sincerely.apps.contacts.models import Contact, ContactNote, ListMembership
from sincerely.apps.engagement.models import ContactEngagement
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.people.actions.permitting import permit_slice
from sincerely.apps.people.actions.slices import Batch, Slice, Taken
from sincerely.apps.people.models import ImportReject, ImportTouch
from sincerely.apps.people.queries import known
from sincerely.apps.people.rules.choices import HISTORY
from sincerely.apps.people.rules.outcome import CORE, Change, change_of, latest
from sincerely.apps.people.rules.record import Record, Reject
from sincerely.apps.people.sql import bulk


def take(batch: Batch, records: Sequence[Record], rejects: Sequence[Reject]) -> Taken:
    """Write a slice in the caller's transaction; each address comes once. Return what was done."""
    taken = Taken(rejects=list(rejects))
    suppressed = known.suppressions([record.key for record in records])
    fresh: list[Record] = []
    for record in records:
        if "erased" in suppressed.get(record.key, ()):
            taken.rejects.append(Reject(record.number, "erased"))
        else:
            fresh.append(record)
    part = _contacts(batch, fresh, suppressed=suppressed, taken=taken)
    if any(target.to in HISTORY for target in batch.choices.targets):
        _past(part)
    _labels(batch, part, taken)
    for list_id in batch.choices.list_ids:
        _list(batch, part, list_id)
    if batch.choices.claim:
        permit_slice(batch, part, claim=batch.choices.claim, taken=taken)
    _traces(batch, part, taken)
    return taken


def _contacts(
    batch: Batch, records: list[Record], *, suppressed: dict[bytes, frozenset[str]], taken: Taken
) -> Slice:
    there = known.contacts_by_key([record.key for record in records], lock=True)
    changes = [
        change_of(record, there.get(record.key), keep_known=batch.choices.keep_known)
        for record in records
    ]
    fresh = iter(bulk.allot_ids(Contact, sum(1 for change in changes if change.kind == "new")))
    ids = [
        there[record.key].contact_id if record.key in there else next(fresh) for record in records
    ]
    taken.counts.update(change.kind for change in changes)
    _insert_contacts(batch, ids, records=records, changes=changes)
    _update_contacts(batch, ids, changes)
    before: list[dict[str, object] | None] = [
        None if change.kind == "new" else dict(change.before) for change in changes
    ]
    return Slice(ids, records, changes, before, suppressed)


def _insert_contacts(
    batch: Batch, ids: list[int], *, records: list[Record], changes: list[Change]
) -> None:
    now = bulk.stored(batch.now)
    source = f"import:{batch.import_id}"
    bulk.insert(
        Contact,
        (
            "id",
            "address",
            "address_key",
            "share_number",
            "domain",
            *CORE,
            "fields",
            "tracking_tier",
            "source",
            "signed_up_at",
            "created_at",
            "changed_at",
        ),
        [
            (
                contact_id,
                record.address,
                record.key,
                0,
                record.domain,
                *change.core.values(),
                json.dumps(change.fields) if change.fields else "{}",
                batch.choices.tracking_tier,
                source,
                bulk.stored(change.signed_up_at),
                now,
                now,
            )
            for contact_id, record, change in zip(ids, records, changes, strict=True)
            if change.kind == "new"
        ],
    )


def _update_contacts(batch: Batch, ids: list[int], changes: list[Change]) -> None:
    changed = [(i, c) for i, c in zip(ids, changes, strict=True) if c.kind == "updated"]
    now = bulk.stored(batch.now)
    bulk.update(
        Contact,
        (*CORE, "fields", "signed_up_at", "changed_at"),
        [
            (*c.core.values(), json.dumps(c.fields), bulk.stored(c.signed_up_at), now, i)
            for i, c in changed
        ],
    )
    bulk.insert(
        ContactNote,
        ("contact", "at", "act", "member_id", "detail"),
        [
            (
                i,
                now,
                "imported",
                batch.member_id,
                json.dumps({"import": batch.import_id, "before": c.before}),
            )
            for i, c in changed
        ],
    )


def _past(part: Slice) -> None:
    with_past = [
        (place, record)
        for place, record in enumerate(part.records)
        if any(name in record.moments for name in HISTORY)
    ]
    there = known.past_of([part.ids[place] for place, _record in with_past])
    fresh, changed = [], []
    for place, record in with_past:
        contact_id = part.ids[place]
        old = there.get(contact_id, (None,) * 6)
        given = [record.moments.get(name) for name in HISTORY]
        new = [latest(at, was) for at, was in zip(given + given, old, strict=True)]
        if tuple(new) == tuple(old):
            continue
        values = [bulk.stored(at) for at in new]
        if contact_id in there:
            changed.append((*values, contact_id))
            marks = [at.isoformat() if at else None for at in old]
            part.before[place] = (part.before[place] or {}) | {"past": marks}
        else:
            fresh.append((contact_id, *values, 0, 0, 0, 0, 0))
            if part.before[place] is not None:
                part.before[place] = (part.before[place] or {}) | {"past": None}
    names = (
        "last_sent_at",
        "last_open_at",
        "last_click_at",
        "imported_sent_at",
        "imported_open_at",
        "imported_click_at",
    )
    counts = (
        "sent_count",
        "delivered_count",
        "open_count",
        "click_count",
        "sent_since_engaged_count",
    )
    bulk.insert(ContactEngagement, ("contact", *names, *counts), fresh)
    bulk.update(ContactEngagement, names, changed)


def _labels(batch: Batch, part: Slice, taken: Taken) -> None:
    wanted = [(i, r) for i, r in zip(part.ids, part.records, strict=True) if r.labels]
    if not wanted:
        return
    old = known.held_labels([contact_id for contact_id, _record in wanted])
    fresh: list[tuple[int, int]] = []
    again: list[tuple[int, int]] = []
    for contact_id, record in wanted:
        for label_id in record.labels:
            is_held, is_refused = old.get((contact_id, label_id), (None, False))
            if is_held is None:
                fresh.append((contact_id, label_id))
            elif is_refused and not is_held:
                taken.note(record, "label_refused")
            elif not is_held:
                again.append((contact_id, label_id))
    _write_labels(batch, fresh + again)
    taken.counts["labelled"] += len(fresh) + len(again)


def _write_labels(batch: Batch, given: list[tuple[int, int]]) -> None:
    now = bulk.stored(batch.now)
    states = ("contact", "label", "is_held", "route", "since", "is_self_removed")
    bulk.insert(
        ContactLabel,
        states,
        [(contact, label, True, "import", now, False) for contact, label in given],
        conflict="ON CONFLICT (contact_id, label_id) DO UPDATE SET is_held = excluded.is_held, "
        "route = excluded.route, since = excluded.since",
    )
    bulk.insert(
        LabelChange,
        (
            "contact",
            "label",
            "is_added",
            "route",
            "at",
            "member_id",
            "api_key_id",
            "import_id",
        ),
        [
            (
                contact,
                label,
                True,
                "import",
                now,
                batch.member_id,
                batch.api_key_id,
                batch.import_id,
            )
            for contact, label in given
        ],
    )


def _list(batch: Batch, part: Slice, list_id: int) -> None:
    there = known.on_list(list_id, part.ids)
    now = bulk.stored(batch.now)
    fresh = [
        (place, contact_id) for place, contact_id in enumerate(part.ids) if contact_id not in there
    ]
    bulk.insert(
        ListMembership,
        ("contact", "contact_list", "added_at"),
        [(contact_id, list_id, now) for _place, contact_id in fresh],
        conflict="ON CONFLICT DO NOTHING",
    )
    for place, _contact_id in fresh:
        old = part.before[place]
        if old is not None:
            lists = old.get("lists", [])
            old["lists"] = [*lists, list_id] if isinstance(lists, list) else [list_id]


def _traces(batch: Batch, part: Slice, taken: Taken) -> None:
    bulk.insert(
        ImportTouch,
        ("batch", "contact", "before"),
        [
            (batch.import_id, contact_id, None if before is None else json.dumps(before))
            for contact_id, before in zip(part.ids, part.before, strict=True)
        ],
        conflict="ON CONFLICT (batch_id, contact_id) DO NOTHING",
    )
    for record in part.records:
        taken.notes.extend((record.number, *problem) for problem in record.problems)
    write_rejects(batch, taken)


def write_rejects(batch: Batch, taken: Taken) -> None:
    """Store the rows that were not taken, and what was left out of those that were."""
    rows = [(n, False, reason, detail) for n, reason, detail in taken.notes]
    rows += [(reject.number, True, reject.reason, reject.detail) for reject in taken.rejects]
    bulk.insert(
        ImportReject,
        ("batch", "row_number", "is_whole_row", "reason", "detail", "raw"),
        [
            (batch.import_id, number, whole, reason, detail[:300], "[]")
            for number, whole, reason, detail in rows
        ],
    )
