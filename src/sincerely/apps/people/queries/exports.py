"""Reads for exports: who is in them, and what each of their columns says."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.models import ContactList, FieldDefinition
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.interests.queries.labels import half_life_days
from sincerely.apps.interests.rules.strength import Clicks, strength
from sincerely.apps.labels.models import Label
from sincerely.apps.people.models import Export, WorkState
from sincerely.apps.people.rules.columns import FIELD, LABEL_ONLY
from sincerely.apps.people.sql.bulk import json_of, moment_of, rows_in
from sincerely.apps.segments.compile import select
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.query import ContactQuery

KINDS = ("everyone", "list", "segment", "label", "rule", "campaign", "evidence")
Source = Callable[[Sequence[int]], dict[int, dict[str, Any]]]


def exports(*, before: int | None = None, limit: int = 50) -> list[Export]:
    """Return the newest exports, those before an id where given."""
    rows = Export.objects.order_by("-pk")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def find_export(export_id: int) -> Export | None:
    """Return one export."""
    return Export.objects.filter(pk=export_id).first()


def with_old_file(before: datetime) -> QuerySet[Export]:
    """Return the exports whose file was written by then and is still kept."""
    old = Export.objects.filter(state=WorkState.DONE, finished_at__lte=before, forgotten_at=None)
    return old.order_by("pk")


def file_goes_at(export: Export) -> datetime | None:
    """Return when the file of an export is removed; None where it stays, or went."""
    days = settings.KEEP_EXPORT_FILES_DAYS
    if not days or export.forgotten_at or not export.finished_at:
        return None
    return export.finished_at + timedelta(days=days)


def exports_at_work() -> list[Export]:
    """Return the exports that want work, oldest first."""
    states = (WorkState.QUEUED, WorkState.RUNNING)
    return list(Export.objects.filter(state__in=states).order_by("pk"))


def subject_name(kind: str, subject_id: int | None) -> str | None:
    """Return the name of what is exported; None where it is not there."""
    models: dict[str, Any] = {
        "list": ContactList,
        "segment": Segment,
        "label": Label,
        "campaign": Mailing,
        "evidence": Mailing,
    }
    if kind in ("everyone", "rule"):
        return ""
    row = models[kind].objects.filter(pk=subject_id).first() if kind in models else None
    return None if row is None else str(row)


def definition_of(export: Export) -> dict[str, Any]:
    """Return what was exported in so many words, for the manifest: kind, name, and the rule."""
    rule: Any = export.rule
    if export.subject_kind == "segment":
        rule = Segment.objects.get(pk=export.subject_id).rule
    return {
        "kind": export.subject_kind,
        "id": export.subject_id,
        "name": subject_name(export.subject_kind, export.subject_id) or "",
        "rule": rule,
    }


def audience_of(export: Export, *, now: datetime) -> ContactQuery:
    """Return the statement that yields the contacts of an export; raises WrongRule."""
    kind, subject = export.subject_kind, export.subject_id
    if kind == "everyone":
        return ContactQuery("SELECT id AS contact_id FROM contacts_contact")
    if kind == "list":
        return ContactQuery(
            "SELECT contact_id FROM contacts_listmembership WHERE contact_list_id = %s", (subject,)
        )
    if kind == "label":
        return _holders(subject, int(export.rule.get("minimum_clicks") or 0))
    if kind in ("campaign", "evidence"):
        return ContactQuery(
            "SELECT DISTINCT contact_id FROM sending_message WHERE mailing_id = %s "
            "AND state IN ('accepted', 'unknown', 'failed', 'dialling')",
            (subject,),
        )
    rule = Segment.objects.get(pk=subject).rule if kind == "segment" else export.rule
    return select(rule, now=now)


def _holders(label_id: int | None, minimum_clicks: int) -> ContactQuery:
    held = "SELECT contact_id FROM interests_contactlabel WHERE label_id = %s AND is_held"
    if not minimum_clicks:
        return ContactQuery(held, (label_id,))
    return ContactQuery(
        f"{held} AND contact_id IN (SELECT contact_id FROM interests_labelday "  # noqa: S608
        "WHERE label_id = %s GROUP BY contact_id HAVING sum(human_count) >= %s)",
        (label_id, label_id, minimum_clicks),
    )


def contact_ids(audience: ContactQuery) -> list[int]:
    """Return the ids of an audience in order, all from one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT contact_id FROM ({audience.sql}) AS audience ORDER BY contact_id",  # noqa: S608
            list(audience.params),
        )
        return [row[0] for row in cursor.fetchall()]


def field_names() -> dict[str, str]:
    """Return the names of all custom fields by key."""
    return dict(FieldDefinition.objects.order_by("name").values_list("key", "name"))


def default_type_id() -> int | None:
    """Return the subscription type whose consent status an export shows."""
    row = SubscriptionType.objects.order_by("-is_default", "pk").first()
    return row.pk if row else None


class Reader:
    """Reads the chosen columns for slices of contacts, one statement per source of facts."""

    def __init__(
        self, columns: Sequence[str], *, type_id: int | None, label_id: int | None, now: datetime
    ) -> None:
        self._columns = list(columns)
        self._type_id = type_id
        self._label_id = label_id
        self._now = now
        self._half_life = half_life_days()

    def rows(self, ids: Sequence[int]) -> list[list[Any]]:
        """Return one row per contact that still exists, in the order of the ids."""
        facts: dict[int, dict[str, Any]] = {}
        for source in self._sources():
            for contact_id, values in source(ids).items():
                facts.setdefault(contact_id, {}).update(values)
        return [
            [self._value(facts[contact_id], column) for column in self._columns]
            for contact_id in ids
            if "address" in facts.get(contact_id, {})
        ]

    def _sources(self) -> list[Source]:
        wanted = set(self._columns)
        sources: list[Source] = [self._contacts]
        if "labels" in wanted:
            sources.append(self._labels)
        if wanted & {"consent", "consent_since", "consent_evidence", "opted_out", "suppressed"}:
            sources.append(self._consent)
        if any(column.endswith("_count") or column.startswith("last_") for column in wanted):
            sources.append(self._engagement)
        if wanted & set(LABEL_ONLY) and self._label_id:
            sources.append(self._label)
        return sources

    def _value(self, facts: dict[str, Any], column: str) -> Any:
        if column.startswith(FIELD):
            return facts["fields"].get(column.removeprefix(FIELD))
        return facts.get(column)

    def _contacts(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        rows = rows_in(
            "SELECT id, address, first_name, last_name, language, time_zone, source, "
            "tracking_tier, fields, signed_up_at, created_at FROM contacts_contact WHERE id {keys}",
            ids,
            kind="bigint",
        )
        names = (
            "address", "first_name", "last_name", "language", "time_zone", "source",
            "tracking_tier",
        )  # fmt: skip
        return {
            row[0]: {
                **dict(zip(names, row[1:8], strict=True)),
                "fields": json_of(row[8]),
                "signed_up_at": moment_of(row[9]),
                "created_at": moment_of(row[10]),
                "consent": "unspecified",
                "opted_out": False,
                "suppressed": "",
            }
            for row in rows
        }

    def _labels(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        found: dict[int, list[str]] = defaultdict(list)
        for contact_id, name in rows_in(
            "SELECT c.contact_id, l.name FROM interests_contactlabel c "
            "JOIN labels_label l ON l.id = c.label_id WHERE c.is_held AND c.contact_id {keys} "
            "ORDER BY l.name",
            ids,
            kind="bigint",
        ):
            found[contact_id].append(name)
        return {contact_id: {"labels": ",".join(names)} for contact_id, names in found.items()}

    def _consent(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = defaultdict(dict)
        for contact_id, is_in, evidence, since in rows_in(
            "SELECT contact_id, is_in, evidence, since FROM consent_permission "
            "WHERE subscription_type_id = %s AND contact_id {keys}",
            ids,
            before=[self._type_id],
            kind="bigint",
        ):
            found[contact_id] = {
                "consent": "in" if is_in else "out",
                "consent_since": moment_of(since),
                "consent_evidence": ("none", "single", "double")[evidence] if is_in else "",
            }
        for (contact_id,) in rows_in(
            "SELECT contact_id FROM consent_optout WHERE contact_id {keys}", ids, kind="bigint"
        ):
            found[contact_id] |= {"opted_out": True, "consent": "out"}
        for contact_id, reason in rows_in(
            "SELECT c.id, s.reason FROM contacts_contact c JOIN consent_suppression s "
            "ON s.address_key = c.address_key AND s.lifted_at IS NULL WHERE c.id {keys}",
            ids,
            kind="bigint",
        ):
            found[contact_id]["suppressed"] = reason
        return found

    def _engagement(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        rows = rows_in(
            "SELECT contact_id, last_sent_at, last_open_at, last_click_at, sent_count, "
            "open_count, click_count FROM engagement_contactengagement WHERE contact_id {keys}",
            ids,
            kind="bigint",
        )
        return {
            row[0]: {
                "last_sent_at": moment_of(row[1]),
                "last_open_at": moment_of(row[2]),
                "last_click_at": moment_of(row[3]),
                "sent_count": row[4],
                "open_count": row[5],
                "click_count": row[6],
            }
            for row in rows
        }

    def _label(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        days: dict[int, list[tuple[date, int, int, int, datetime | None]]] = defaultdict(list)
        for contact_id, day, mailing_id, human, undecided, last in rows_in(
            "SELECT contact_id, day, mailing_id, human_count, undecided_count, last_at "
            "FROM interests_labelday WHERE label_id = %s AND contact_id {keys}",
            ids,
            before=[self._label_id],
            kind="bigint",
        ):
            on = date.fromisoformat(day) if isinstance(day, str) else day
            days[contact_id].append((on, mailing_id, human, undecided, moment_of(last)))
        return {contact_id: self._evidence(rows) for contact_id, rows in days.items()}

    def _evidence(self, rows: list[tuple[date, int, int, int, datetime | None]]) -> dict[str, Any]:
        clicks = [
            Clicks(
                at=last or datetime.combine(day, time(12), UTC), human=human, undecided=undecided
            )
            for day, _mailing, human, undecided, last in rows
        ]
        human = [row for row in rows if row[2]]
        return {
            "label_clicks": sum(row[2] for row in rows),
            "label_days": len({row[0] for row in human}),
            "label_mailings": len({row[1] for row in human if row[1]}),
            "label_last_click_at": max((row[4] for row in human if row[4]), default=None),
            "label_strength": strength(clicks, now=self._now, half_life_days=self._half_life),
        }


def as_json(value: Any) -> str:
    """Return the one JSON text of a manifest."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
