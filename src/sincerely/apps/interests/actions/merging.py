"""Merging two labels: holders, clicks and links move to the label that stays."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from sincerely.apps.engagement.models import Link
from sincerely.apps.interests.actions.assigning import Source, assign_slice
from sincerely.apps.interests.actions.learning import ADD_UP
from sincerely.apps.interests.models import ContactLabel, LabelDay, Route
from sincerely.apps.labels.models import Label, LinkRule
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor

SLICE = 500

_MOVE_DAYS = f"""
INSERT INTO interests_labelday
  (contact_id, label_id, day, mailing_id, human_count, undecided_count, last_at)
SELECT contact_id, %s, day, mailing_id, human_count, undecided_count, last_at
FROM interests_labelday WHERE label_id = %s AND contact_id IN ({{places}})
{ADD_UP}"""  # noqa: S608 -- constants


class CannotMerge(ValueError):
    """A label cannot be merged into itself, or into one that was merged away."""


def merge_labels(from_id: int, into_id: int, *, now: datetime, actor: Actor) -> int:
    """Move all of one label to another and return how many contacts gained the other.

    The first label stays as a merged one, so that its name and history can still be read. Works in
    short slices; a merge that was cut off is finished by asking again.
    """
    source, target = Label.objects.get(pk=from_id), Label.objects.get(pk=into_id)
    if from_id == into_id or target.merged_into_id is not None:
        raise CannotMerge
    with transaction.atomic():
        Link.objects.filter(label_id=from_id).update(label_id=into_id)
        LinkRule.objects.filter(label_id=from_id).update(label_id=into_id)
        source.archived_at = source.archived_at or now
        source.save(update_fields=["archived_at"])
    gained = 0
    while ids := _next_contacts(from_id):
        with transaction.atomic():
            gained += _move(ids, from_id, into_id, now=now, actor=actor)
    with transaction.atomic():
        source.merged_into = target
        source.save(update_fields=["merged_into"])
        detail = {"into": target.name, "gained": gained}
        audit(actor, "label merged", now=now, subject=source, detail=detail)
    return gained


def _next_contacts(label_id: int) -> list[int]:
    held = ContactLabel.objects.filter(label_id=label_id).values_list("contact_id", flat=True)
    ids = list(held.order_by("contact_id")[:SLICE])
    if ids:
        return ids
    clicked = LabelDay.objects.filter(label_id=label_id).values_list("contact_id", flat=True)
    return list(clicked.order_by("contact_id").distinct()[:SLICE])


def _move(ids: list[int], from_id: int, into_id: int, *, now: datetime, actor: Actor) -> int:
    states = ContactLabel.objects.filter(label_id=from_id, contact_id__in=ids)
    removed = {s.contact_id for s in states if s.is_self_removed}
    chosen = [s.contact_id for s in states if s.is_held and s.route == Route.SELF]
    told = [s.contact_id for s in states if s.is_held and s.route != Route.SELF]
    gained = len(assign_slice(chosen, into_id, Source(Route.MERGE, now, actor, declared=True)))
    gained += len(assign_slice(told, into_id, Source(Route.MERGE, now, actor)))
    _keep_refusals(removed, into_id, now=now)
    places = ",".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_DAYS.format(places=places), [into_id, from_id, *ids])
    LabelDay.objects.filter(label_id=from_id, contact_id__in=ids).delete()
    states.delete()
    return gained


def _keep_refusals(contact_ids: set[int], into_id: int, *, now: datetime) -> None:
    """Who removed the one label and never stood to the other has removed that one, too."""
    known = ContactLabel.objects.filter(label_id=into_id, contact_id__in=contact_ids)
    fresh = sorted(contact_ids - set(known.values_list("contact_id", flat=True)))
    ContactLabel.objects.bulk_create(
        ContactLabel(
            contact_id=i,
            label_id=into_id,
            is_held=False,
            is_self_removed=True,
            route=Route.SELF,
            since=now,
        )
        for i in fresh
    )
