"""The pet shop's work, one step at a time: start its import, make its past, or remove it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sincerely.apps.contacts.actions import drop_unused_field
from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions.imports import start
from sincerely.apps.people.models import Import, WorkState
from sincerely.apps.people.sample.customers import LABELS
from sincerely.apps.people.sample.loading import (
    DRAFT_NAME,
    LIST_NAME,
    NothingToWriteWith,
    forget_campaign,
    leave_some,
    load_past,
    write_draft,
)
from sincerely.apps.people.sample.past import PAST
from sincerely.apps.segments.models import Segment
from sincerely.apps.team.actions import audit
from sincerely.apps.team.models import Organisation
from sincerely.apps.team.rules import Actor

SLICE = 200


def _past(number: int) -> Callable[[Import], None]:
    return lambda work: load_past(work, number)


STEPS: tuple[Callable[[Import], None], ...] = (
    leave_some,
    *(_past(number) for number in range(len(PAST))),
    write_draft,
)


def sample() -> Import | None:
    """Return the pet shop's work, or None where it was never asked for or is gone."""
    rows = Import.objects.filter(kind="sample").exclude(state=WorkState.UNDONE)
    return rows.order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class PetShop:
    """How far the pet shop has moved in; `count` is None while that is not known yet."""

    is_here: bool = False
    is_moving: bool = False
    is_leaving: bool = False
    done: int = 0
    count: int | None = None


def pet_shop() -> PetShop:
    """Return where the pet shop stands."""
    work = sample()
    if work is None:
        return PetShop()
    if work.totals.get("remove"):
        return PetShop(is_moving=True, is_leaving=True)
    done, count = progress(work)
    is_over = work.state == WorkState.DONE and done >= count
    return PetShop(is_here=is_over, is_moving=not is_over, done=done, count=count)


def progress(work: Import) -> tuple[int, int]:
    """Return how many steps are done, and of how many."""
    return int(work.totals.get("past", 0)), len(STEPS)


def sample_step(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Do the next step of the pet shop; returns whether there was one."""
    work = sample()
    if work is None or stop.is_set():
        return False
    if work.state == WorkState.CHECKED:
        _start(work, now=now)
        return True
    if work.state == WorkState.DONE and work.totals.get("remove"):
        _remove(work, now=now)
        return True
    return work.state == WorkState.DONE and _next_of_past(work)


def _start(work: Import, *, now: datetime) -> None:
    """Start the import of the customers, and keep which fields it made: they leave with them."""
    with transaction.atomic():
        begun = start(work.pk, now=now, actor=Actor(member_id=work.member_id))
        made = [
            after["key"]
            for before, after in zip(work.choices["targets"], begun.choices["targets"], strict=True)
            if before["to"] == "new_field"
        ]
        Import.objects.filter(pk=work.pk).update(totals={**begun.totals, "fields": made})


def _next_of_past(work: Import) -> bool:
    done, count = progress(work)
    if done >= count:
        return False
    try:
        STEPS[done](work)
    except NothingToWriteWith:
        return False
    Import.objects.filter(pk=work.pk).update(totals={**work.totals, "past": done + 1})
    return True


def ask_to_remove(*, now: datetime, actor: Actor) -> bool:
    """Mark the pet shop for removal; the runner does it. False where there is none."""
    with transaction.atomic():
        work = sample()
        if work is None:
            return False
        Import.objects.filter(pk=work.pk).update(totals={**work.totals, "remove": True})
        audit(actor, "sample.removed", now=now, subject=work)
    return True


def _remove(work: Import, *, now: datetime) -> None:
    """Take away everything that the pet shop brought, people last; safe to repeat."""
    for past in PAST:
        forget_campaign(past.name)
    forget_campaign(DRAFT_NAME)
    brought = Contact.objects.filter(importtouch__batch=work, importtouch__before__isnull=True)
    while ids := list(brought.values_list("pk", flat=True)[:SLICE]):
        with transaction.atomic():
            Contact.objects.filter(pk__in=ids).delete()
    rules = [json.dumps(rule) for rule in Segment.objects.values_list("rule", flat=True)]
    for key in work.totals.get("fields", []):
        if not any(json.dumps(key) in rule for rule in rules):
            drop_unused_field(key)
    with transaction.atomic():
        ContactList.objects.filter(name=LIST_NAME, listmembership=None).delete()
        names = [name for name, _kind, _description in LABELS]
        Label.objects.filter(name__in=names, contactlabel=None, link=None).delete()
        Organisation.objects.update(sample_loaded_at=None)
        Import.objects.filter(pk=work.pk).update(state=WorkState.UNDONE, finished_at=now)
