"""Takes a slice of people into the database: contacts, history, labels, lists, permission.

The slice is staged once and written by one statement per table; only people who were known *and*
differ come to Python. It is one transaction with the move of the import's position, so a slice is
in wholly or not at all and none is taken twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.models import Contact, ContactList, ContactNote, ListMembership
from sincerely.apps.engagement.models import ContactEngagement
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions.permitting import Evidence, evidence_of, permit_slice
from sincerely.apps.people.actions.slices import Batch, Slice, Taken
from sincerely.apps.people.models import ImportReject, ImportTouch
from sincerely.apps.people.queries import compared, known
from sincerely.apps.people.rules.choices import HISTORY
from sincerely.apps.people.rules.outcome import Change, change_of, latest
from sincerely.apps.people.rules.record import CORE, Reject, Table, json_of_parts
from sincerely.apps.people.sql import bulk, keys, stage
from sincerely.apps.people.sql.bulk import Given, Packed, Source

NEW = "FROM people_stage s WHERE s.is_new ORDER BY s.place"
LAST = ("last_sent_at", "last_open_at", "last_click_at")
IMPORTED = ("imported_sent_at", "imported_open_at", "imported_click_at")


def take(batch: Batch, table: Table, rejects: Sequence[Reject]) -> Taken:
    """Write a slice in the caller's transaction; each address comes once. Return what was done."""
    _require_parents(batch, table)
    part = _identified(table)
    part.taken.rejects = [*rejects, *part.taken.rejects]
    with keys.seen_to():
        _write(batch, part)
    return part.taken


def _write(batch: Batch, part: Slice) -> None:
    table = part.table
    evidence = evidence_of(batch, part) if batch.choices.claim else None
    _stage(part, evidence)
    _contacts(batch, part)
    if any(target.to in HISTORY for target in batch.choices.targets):
        _past(part)
    if any(table.labels):
        _labels(batch, part)
    for list_id in batch.choices.list_ids:
        _list(batch, part, list_id)
    if evidence:
        permit_slice(batch, part, evidence=evidence)
    _traces(batch, part)


def _require_parents(batch: Batch, table: Table) -> None:
    """See that what the slice belongs to is there, and stays: the keys are not looked at.

    Contacts are looked up or made in this transaction, and the import is moved on by it.
    """
    claim = batch.choices.claim
    bulk.require(Label, {label for labels in set(table.labels) for label in labels})
    bulk.require(ContactList, set(batch.choices.list_ids))
    bulk.require(SubscriptionType, {claim.subscription_type_id} if claim else set())


def _identified(table: Table) -> Slice:
    """Return the slice with the ids of those known and fresh ones for the others."""
    suppressed = known.suppressions(table.keys)
    erased = {key for key, reasons in suppressed.items() if "erased" in reasons}
    taken = Taken()
    if erased:
        taken.rejects = [
            Reject(number, "erased")
            for number, key in zip(table.numbers, table.keys, strict=True)
            if key in erased
        ]
        table.keep([key not in erased for key in table.keys])
    there = known.ids_by_key(table.keys)
    fresh = iter(bulk.allot_ids(Contact, len(table.keys) - len(there)))
    ids = [there.get(key) or next(fresh) for key in table.keys]
    barred = {p: suppressed[key] for p, key in enumerate(table.keys) if key in suppressed}
    return Slice(table, ids, [key in there for key in table.keys], barred, taken=taken)


def _stage(part: Slice, evidence: Evidence | None) -> None:
    table = part.table
    count = len(part.ids)
    parts = zip(*table.fields, strict=True) if table.fields else iter([()] * count)
    sets: dict[tuple[int, ...], int] = {}
    people: dict[str, Sequence[Any]] = {
        "place": range(count),
        "contact_id": part.ids,
        "is_new": [not is_known for is_known in part.known],
        "address": table.addresses,
        "domain": table.domains,
        "fields": list(map(json_of_parts, parts)),
        "label_set": [sets.setdefault(labels, len(sets)) for labels in table.labels],
        **{name: table.columns[name] for name in CORE if name in table.columns},
        **{
            name: [None if at is None else bulk.stored(at) for at in table.columns[name]]
            for name in ("signed_up_at", *LAST)
            if name in table.columns
        },
    }
    if evidence:
        people |= evidence.staged()
    pairs = [(number, label) for labels, number in sets.items() for label in labels]
    numbers, labels = zip(*pairs, strict=True) if pairs else ((), ())
    stage.fill(people, {"label_set": numbers, "label_id": labels})


def _contacts(batch: Batch, part: Slice) -> None:
    now = Given(bulk.stored(batch.now))
    as_given = ("address", "domain", "signed_up_at")
    fresh = bulk.insert_from(
        Contact,
        {
            "id": "s.contact_id",
            "address_key": Packed(b"".join(part.table.keys), 16),
            **{name: f"s.{name}" for name in as_given},
            **{name: f"COALESCE(s.{name}, '')" for name in CORE},
            "fields": "s.fields" if bulk.is_sqlite() else "s.fields::jsonb",
            "tracking_tier": Given(batch.choices.tracking_tier),
            "source": Given(f"import:{batch.import_id}"),
            "created_at": now,
            "changed_at": now,
        },
        NEW,
    )
    changes = {}
    for place, there in compared.changed().items() if any(part.known) else ():
        record = part.table.record(place)
        change = change_of(record, there, keep_known=batch.choices.keep_known)
        if change.kind == "updated":
            changes[place] = change
            part.before[place] = dict(change.before)
    counts = {"new": fresh, "updated": len(changes)}
    counts["unchanged"] = sum(part.known) - len(changes)
    part.taken.counts.update({kind: count for kind, count in counts.items() if count})
    _update_contacts(batch, [(part.ids[place], change) for place, change in changes.items()])


def _update_contacts(batch: Batch, changed: list[tuple[int, Change]]) -> None:
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
    bulk.insert_from(
        ContactEngagement,
        {
            "contact": "s.contact_id",
            **{name: f"s.{name}" for name in LAST},
            **{own: f"s.{name}" for own, name in zip(IMPORTED, LAST, strict=True)},
        },
        "FROM people_stage s WHERE s.is_new "
        "AND COALESCE(s.last_sent_at, s.last_open_at, s.last_click_at) IS NOT NULL "
        "ORDER BY s.place",
    )
    if any(part.known):
        _past_of_known(part, compared.with_newer_past())


def _past_of_known(part: Slice, places: list[int]) -> None:
    there = known.past_of([part.ids[place] for place in places])
    fresh, changed = [], []
    columns = [part.table.column(name) for name in HISTORY]
    for place in places:
        contact_id = part.ids[place]
        old = there.get(contact_id, (None,) * 6)
        given = [column[place] for column in columns]
        new = [latest(at, was) for at, was in zip(given + given, old, strict=True)]
        values = [bulk.stored(at) for at in new]
        before = part.before.setdefault(place, {})
        if contact_id in there:
            changed.append((*values, contact_id))
            before["past"] = [at.isoformat() if at else None for at in old]
        else:
            fresh.append((contact_id, *values))
            before["past"] = None
    bulk.insert(ContactEngagement, ("contact", *LAST, *IMPORTED), fresh)
    bulk.update(ContactEngagement, (*LAST, *IMPORTED), changed)


def _labels(batch: Batch, part: Slice) -> None:
    now = bulk.stored(batch.now)
    given: dict[str, Source] = {
        "contact": "s.contact_id",
        "label": "l.label_id",
        "route": Given("import"),
    }
    source = (
        "FROM people_stage s JOIN people_stage_labels l ON l.label_set = s.label_set "
        "WHERE s.is_new ORDER BY s.place, l.label_id"
    )
    count = bulk.insert_from(
        ContactLabel,
        {**given, "is_held": "true", "since": Given(now)},
        source,
    )
    who = {"member_id": batch.member_id, "api_key_id": batch.api_key_id}
    bulk.insert_from(
        LabelChange,
        {
            **given,
            "is_added": "true",
            "at": Given(now),
            **{name: Given(value) for name, value in who.items()},
            "import_id": Given(batch.import_id),
        },
        source,
    )
    wanted = []
    for place, contact_id, label_id, refused in (
        compared.labels_not_held() if any(part.known) else ()
    ):
        if refused:
            part.note(place, "label_refused")
        else:
            wanted.append((contact_id, label_id))
    _label_known(batch, wanted)
    part.taken.counts["labelled"] += count + len(wanted)


def _label_known(batch: Batch, given: list[tuple[int, int]]) -> None:
    now = bulk.stored(batch.now)
    states = ("contact", "label", "is_held", "route", "since", "is_self_removed")
    bulk.insert(
        ContactLabel,
        states,
        [(contact, label, True, "import", now, False) for contact, label in given],
        conflict="ON CONFLICT (contact_id, label_id) DO UPDATE SET is_held = excluded.is_held, "
        "route = excluded.route, since = excluded.since",
    )
    fixed = (True, "import", now, batch.member_id, batch.api_key_id, batch.import_id)
    bulk.insert(
        LabelChange,
        ("contact", "label", "is_added", "route", "at", "member_id", "api_key_id", "import_id"),
        [(contact, label, *fixed) for contact, label in given],
    )


def _list(batch: Batch, part: Slice, list_id: int) -> None:
    for place, _contact_id in compared.off_list(list_id) if any(part.known) else ():
        part.before.setdefault(place, {}).setdefault("lists", []).append(list_id)
    bulk.insert_from(
        ListMembership,
        {
            "contact": "s.contact_id",
            "contact_list": Given(list_id),
            "added_at": Given(bulk.stored(batch.now)),
        },
        "FROM people_stage s WHERE true ORDER BY s.place",
        conflict="ON CONFLICT DO NOTHING",
    )


def _traces(batch: Batch, part: Slice) -> None:
    """Note what was done to whom: the old values of the changed, NULL for the new, {} for the rest.

    Who is in the file again, in a later slice, keeps the first note.
    """
    bulk.insert(
        ImportTouch,
        ("batch", "contact", "before"),
        [
            (batch.import_id, part.ids[place], json.dumps(before))
            for place, before in sorted(part.before.items())
        ],
        conflict="ON CONFLICT (batch_id, contact_id) DO NOTHING",
    )
    nothing = "'{}'" if bulk.is_sqlite() else "'{}'::jsonb"
    bulk.insert_from(
        ImportTouch,
        {
            "batch": Given(batch.import_id),
            "contact": "s.contact_id",
            "before": f"CASE WHEN s.is_new THEN NULL ELSE {nothing} END",
        },
        "FROM people_stage s WHERE true ORDER BY s.place",
        conflict="ON CONFLICT (batch_id, contact_id) DO NOTHING",
    )
    for problems in part.table.problems.values():
        part.taken.notes += problems
    write_rejects(batch, part.taken)


def write_rejects(batch: Batch, taken: Taken) -> None:
    """Store the rows that were not taken, and what was left out of those that were."""
    rows: Iterable[tuple[int, bool, str, str]] = [
        *((n, False, reason, detail) for n, reason, detail in taken.notes),
        *((reject.number, True, reject.reason, reject.detail) for reject in taken.rejects),
    ]
    bulk.insert(
        ImportReject,
        ("batch", "row_number", "is_whole_row", "reason", "detail", "raw"),
        [
            (batch.import_id, number, whole, reason, detail[:300], "[]")
            for number, whole, reason, detail in rows
        ],
    )
