"""What staged people differ in from what is stored: only those come to Python.

Read inside the slice's transaction. The SQL may take somebody for different who is not (a number
written another way); the rules then decide. It never takes somebody different for the same.
"""

from __future__ import annotations

from sincerely.apps.people.rules.outcome import Known
from sincerely.apps.people.rules.record import CORE
from sincerely.apps.people.sql.bulk import is_sqlite, json_of, moment_of
from sincerely.apps.people.sql.stage import found

_CHANGED = """
SELECT s.place, c.id, c.fields, c.signed_up_at, {core}
FROM people_stage s JOIN contacts_contact c ON c.id = s.contact_id
WHERE NOT s.is_new AND ({differs}
  OR (s.fields <> '{{}}' AND {fields})
  OR (s.signed_up_at IS NOT NULL
      AND (c.signed_up_at IS NULL OR s.signed_up_at < c.signed_up_at)))
ORDER BY s.place {lock}"""

_PAST = """
SELECT s.place FROM people_stage s
LEFT JOIN engagement_contactengagement e ON e.contact_id = s.contact_id
WHERE NOT s.is_new AND ({newer}) ORDER BY s.place"""

_LABELS = """
SELECT s.place, s.contact_id, l.label_id, k.is_held IS NOT NULL AND k.is_self_removed
FROM people_stage s JOIN people_stage_labels l ON l.label_set = s.label_set
LEFT JOIN interests_contactlabel k ON k.contact_id = s.contact_id AND k.label_id = l.label_id
WHERE NOT s.is_new AND (k.id IS NULL OR NOT k.is_held) ORDER BY s.place, l.label_id"""

_OFF_LIST = """
SELECT s.place, s.contact_id FROM people_stage s
LEFT JOIN contacts_listmembership m ON m.contact_id = s.contact_id AND m.contact_list_id = %s
WHERE NOT s.is_new AND m.id IS NULL ORDER BY s.place"""

_NOT_IN = """
SELECT s.place FROM people_stage s
LEFT JOIN consent_permission p
  ON p.contact_id = s.contact_id AND p.subscription_type_id = %s
LEFT JOIN consent_optout o ON o.contact_id = s.contact_id
WHERE NOT s.is_new
  AND (p.id IS NULL OR NOT p.is_in OR p.evidence < %s OR o.contact_id IS NOT NULL)
ORDER BY s.place"""


def changed() -> dict[int, Known]:
    """Return the contacts, as stored, that the file may change, by place; locked."""
    differs = " OR ".join(f"s.{name} <> c.{name}" for name in CORE)
    fields = (
        "json_patch(c.fields, s.fields) <> json(c.fields)"
        if is_sqlite()
        else "NOT c.fields @> s.fields::jsonb"
    )
    core = ", ".join(f"c.{name}" for name in CORE)
    lock = "" if is_sqlite() else "FOR UPDATE OF c"
    rows = found(_CHANGED.format(core=core, differs=differs, fields=fields, lock=lock))
    return {
        row[0]: Known(
            contact_id=row[1],
            core=dict(zip(CORE, row[4:], strict=True)),
            fields=json_of(row[2]),
            signed_up_at=moment_of(row[3]),
        )
        for row in rows
    }


def with_newer_past() -> list[int]:
    """Return the places of known contacts whose history the file may bring forward."""
    newer = " OR ".join(
        f"(s.{last} IS NOT NULL AND (e.contact_id IS NULL OR e.{last} IS NULL OR e.{own} IS NULL"
        f" OR e.{last} < s.{last} OR e.{own} < s.{last}))"
        for last, own in (
            ("last_sent_at", "imported_sent_at"),
            ("last_open_at", "imported_open_at"),
            ("last_click_at", "imported_click_at"),
        )
    )
    return [row[0] for row in found(_PAST.format(newer=newer))]


def labels_not_held() -> list[tuple[int, int, int, bool]]:
    """Return place, contact, label and whether the contact took it off, for known contacts."""
    return [(row[0], row[1], row[2], bool(row[3])) for row in found(_LABELS)]


def off_list(list_id: int) -> list[tuple[int, int]]:
    """Return place and id of the known contacts who are not on the list."""
    return [(row[0], row[1]) for row in found(_OFF_LIST, [list_id])]


def not_plainly_in(type_id: int, evidence: int) -> list[int]:
    """Return the places of known contacts who do not have this permission, or not so strongly."""
    return [row[0] for row in found(_NOT_IN, [type_id, evidence])]
