"""Giving and taking labels, with provenance; the contact's own choice outranks the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.contacts.models import Contact
from sincerely.apps.interests.models import ContactLabel, LabelChange, Route
from sincerely.apps.interests.rules.precedence import Held, Outcome, assigning, removing
from sincerely.apps.labels.models import Label
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM, Actor

SLICE = 500


@dataclass(frozen=True, slots=True)
class Source:
    """Where an assignment came from; all of it is kept with the change."""

    route: str
    now: datetime
    actor: Actor = PROGRAM
    import_id: int | None = None
    message_id: int | None = None
    mailing_id: int | None = None
    messages: Mapping[int, int | None] = field(default_factory=dict)
    declared: bool = False

    @property
    def weighs_as(self) -> str:
        """The route by whose rank this counts: what a contact declared stays theirs in a merge."""
        return Route.SELF if self.declared else self.route

    def columns(self, contact_id: int) -> dict[str, Any]:
        """The columns of this contact's LabelChange; `messages` names a message per contact."""
        return {
            "contact_id": contact_id,
            "route": self.route,
            "at": self.now,
            "member_id": self.actor.member_id,
            "api_key_id": self.actor.api_key_id,
            "import_id": self.import_id,
            "message_id": self.messages.get(contact_id, self.message_id),
            "mailing_id": self.mailing_id,
        }


@transaction.atomic
def assign(
    contact_id: int,
    label_id: int,
    *,
    route: str,
    now: datetime,
    actor: Actor = PROGRAM,
    import_id: int | None = None,
    message_id: int | None = None,
    mailing_id: int | None = None,
) -> bool:
    """Give a contact a label; True where it is news, False where nothing changed or it may not be.

    A label that the contact removed is not given back by others: `ask_again_at` is set instead.
    """
    source = Source(route, now, actor, import_id, message_id, mailing_id)
    changed = assign_slice([contact_id], label_id, source)
    if changed and not actor.is_program:
        _audit("label given", contact_id, label_id=label_id, source=source)
    return bool(changed)


@transaction.atomic
def remove(
    contact_id: int,
    label_id: int,
    *,
    route: str,
    now: datetime,
    actor: Actor = PROGRAM,
    import_id: int | None = None,
    message_id: int | None = None,
    mailing_id: int | None = None,
) -> bool:
    """Take a label from a contact; True where they had it and no longer do."""
    source = Source(route, now, actor, import_id, message_id, mailing_id)
    changed = remove_slice([contact_id], label_id, source)
    if changed and not actor.is_program:
        _audit("label taken", contact_id, label_id=label_id, source=source)
    return bool(changed)


def assign_many(
    contact_ids: Sequence[int],
    label_id: int,
    *,
    give: bool = True,
    route: str = Route.MANUAL,
    now: datetime,
    actor: Actor = PROGRAM,
    import_id: int | None = None,
) -> list[int]:
    """Give (or take) one label for many contacts, in short slices; return whom it was news for."""
    source = Source(route, now, actor, import_id)
    work = assign_slice if give else remove_slice
    changed: list[int] = []
    ids = list(dict.fromkeys(contact_ids))
    for start in range(0, len(ids), SLICE):
        with transaction.atomic():
            changed.extend(work(ids[start : start + SLICE], label_id, source))
    if changed and not actor.is_program:
        act = "label given to many" if give else "label taken from many"
        label = Label.objects.get(pk=label_id)
        audit(actor, act, now=now, subject=label, detail={"count": len(changed)})
    return changed


def undo_many(label_id: int, *, acted_at: datetime, now: datetime, actor: Actor) -> int:
    """Take back what this member did to a label at this moment; return for how many contacts."""
    rows = LabelChange.objects.filter(
        label_id=label_id, at=acted_at, member_id=actor.member_id, route=Route.MANUAL, is_news=True
    ).values_list("contact_id", "is_added")
    given = [contact_id for contact_id, is_added in rows if is_added]
    taken = [contact_id for contact_id, is_added in rows if not is_added]
    undone = assign_many(given, label_id, give=False, now=now, actor=actor)
    undone += assign_many(taken, label_id, give=True, now=now, actor=actor)
    return len(undone)


def _states(contact_ids: Sequence[int], label_id: int) -> dict[int, ContactLabel]:
    rows = ContactLabel.objects.select_for_update().filter(
        label_id=label_id, contact_id__in=contact_ids
    )
    return {row.contact_id: row for row in rows}


def _held(row: ContactLabel | None) -> Held | None:
    return Held(row.is_held, row.route, row.is_self_removed) if row else None


def assign_slice(contact_ids: Sequence[int], label_id: int, source: Source) -> list[int]:
    """Give a label to some hundred contacts in the caller's transaction; return the news."""
    ids = _alive(contact_ids)
    rows = _states(ids, label_id)
    outcomes = {i: assigning(_held(rows.get(i)), source.weighs_as) for i in ids}
    asked = [
        rows[i].pk for i, o in outcomes.items() if o.ask_again and rows[i].ask_again_at is None
    ]
    ContactLabel.objects.filter(pk__in=asked).update(ask_again_at=source.now)
    held = [i for i, o in outcomes.items() if not o.is_change and not o.ask_again]
    _confirm(held, label_id, source)
    return _store(outcomes, rows, label_id=label_id, source=source, added=True)


def remove_slice(contact_ids: Sequence[int], label_id: int, source: Source) -> list[int]:
    """Take a label from some hundred contacts in the caller's transaction; return the news."""
    ids = _alive(contact_ids)
    rows = _states(ids, label_id)
    outcomes = {i: removing(_held(rows.get(i)), source.route) for i in ids}
    return _store(outcomes, rows, label_id=label_id, source=source, added=False)


def _alive(contact_ids: Sequence[int]) -> list[int]:
    there = set(Contact.objects.filter(pk__in=contact_ids).values_list("pk", flat=True))
    return [i for i in contact_ids if i in there]


def _confirm(contact_ids: Sequence[int], label_id: int, source: Source) -> None:
    """Keep that a further route says so too; once per route, and no trigger acts on it."""
    if not contact_ids:
        return
    said = LabelChange.objects.filter(
        contact_id__in=contact_ids, label_id=label_id, is_added=True, route=source.route
    ).values_list("contact_id", flat=True)
    fresh = sorted(set(contact_ids) - set(said))
    LabelChange.objects.bulk_create(
        LabelChange(label_id=label_id, is_added=True, is_news=False, **source.columns(i))
        for i in fresh
    )


def _store(
    outcomes: dict[int, Outcome],
    rows: dict[int, ContactLabel],
    *,
    label_id: int,
    source: Source,
    added: bool,
) -> list[int]:
    fresh: list[ContactLabel] = []
    known: list[ContactLabel] = []
    for contact_id, outcome in outcomes.items():
        if outcome.state is None:
            continue
        row = rows.get(contact_id) or ContactLabel(contact_id=contact_id, label_id=label_id)
        row.is_held, row.route = outcome.state.is_held, outcome.state.route
        row.is_self_removed = outcome.state.is_self_removed
        row.since, row.ask_again_at = source.now, None
        (known if row.pk else fresh).append(row)
    ContactLabel.objects.bulk_create(fresh)
    ContactLabel.objects.bulk_update(
        known, ["is_held", "route", "is_self_removed", "since", "ask_again_at"]
    )
    news = [i for i, o in outcomes.items() if o.is_change]
    LabelChange.objects.bulk_create(
        LabelChange(label_id=label_id, is_added=added, **source.columns(i)) for i in news
    )
    return news


def _audit(act: str, contact_id: int, *, label_id: int, source: Source) -> None:
    contact = Contact.objects.get(pk=contact_id)
    detail = {"label": label_id, "route": str(source.route)}
    audit(source.actor, act, now=source.now, subject=contact, detail=detail)
