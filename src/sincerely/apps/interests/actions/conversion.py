"""Taking over a merged 'interests' model, and giving one back; with a dry run that reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from sincerely.apps.interests.actions.assigning import SLICE, Source, assign_slice
from sincerely.apps.interests.models import ContactLabel, Route
from sincerely.apps.interests.rules.conversion import Becomes, Line, merged, plan
from sincerely.apps.labels.actions import create_labels
from sincerely.apps.labels.models import Label
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor


def from_merged(
    interests: Mapping[int, Sequence[str]],
    *,
    choices: Mapping[str, Becomes],
    dry_run: bool,
    now: datetime,
    actor: Actor,
) -> list[Line]:
    """Take over old interests (contact id → names) and return the report; a dry run only reports.

    A preference gets the route *self*, a label the route *import*. Permission is not touched.
    """
    known = dict(Label.objects.filter(merged_into=None).values_list("name", "pk"))
    report = plan(interests, choices=choices, known=known)
    if dry_run:
        return report
    made = create_labels([r.interest for r in report if r.is_new_label], now=now, actor=actor)
    known.update({label.name: label.pk for label in made})
    for line in report:
        if line.becomes is Becomes.NOTHING:
            continue
        route = Route.SELF if line.becomes is Becomes.PREFERENCE else Route.IMPORT
        ids = [contact_id for contact_id, names in interests.items() if line.interest in names]
        for start in range(0, len(ids), SLICE):
            with transaction.atomic():
                part = ids[start : start + SLICE]
                assign_slice(part, known[line.interest], Source(route, now, actor))
    audit(actor, "interests taken over", now=now, detail={"interests": len(report)})
    return report


def to_merged(contact_ids: Iterable[int]) -> tuple[dict[int, list[str]], list[Line]]:
    """Return the merged model of these contacts, and the report of what each label becomes.

    Nothing is written. The report says per label whether the contacts declared it; a label that
    some declared and some did not has a line for each.
    """
    rows = list(
        ContactLabel.objects.filter(
            contact_id__in=list(contact_ids), is_held=True, label__merged_into=None
        ).values_list("contact_id", "label__name", "route")
    )
    counts: dict[tuple[str, Becomes], int] = {}
    for _contact_id, name, route in rows:
        key = (name, Becomes.PREFERENCE if route == Route.SELF else Becomes.LABEL)
        counts[key] = counts.get(key, 0) + 1
    report = [
        Line(name, was, counts[name, was], is_new_label=False) for name, was in sorted(counts)
    ]
    return merged((contact_id, name) for contact_id, name, _route in rows), report
