"""Keeps a pile of the diagnosis: as a segment that stays current, or as a list."""

from __future__ import annotations

from datetime import datetime

from sincerely.apps.consent.queries.types import subscription_types
from sincerely.apps.contacts.actions.lists import add_to_list, create_list
from sincerely.apps.contacts.models import ContactList
from sincerely.apps.people.queries.diagnosis import pile_ids
from sincerely.apps.people.rules.diagnosis import rule_of
from sincerely.apps.segments.actions.saving import create_segment
from sincerely.apps.segments.models import Segment
from sincerely.apps.team.rules import Actor


def keep_as_segment(key: str, *, name: str, now: datetime, actor: Actor) -> Segment | None:
    """Return a segment of the pile over the whole base (the one of this name, if it is there).

    None where the rule language cannot say the pile.
    """
    found = Segment.objects.filter(name=name, archived_at=None).first()
    if found:
        return found
    rule = rule_of(key, type_ids=[kind.pk for kind in subscription_types()])
    return create_segment(name, rule, now=now, actor=actor) if rule else None


def keep_as_list(
    key: str, *, name: str, now: datetime, actor: Actor, import_id: int | None = None
) -> ContactList:
    """Return a list of the people who are in the pile now."""
    ids = pile_ids(key, now=now, import_id=import_id)
    free, number = name[:110], 1
    while ContactList.objects.filter(name=free).exists():
        number += 1
        free = f"{name[:110]} ({number})"
    made = create_list(free, now=now, actor=actor, origin="snapshot")
    add_to_list(made.pk, ids, now=now, actor=actor)
    return made
