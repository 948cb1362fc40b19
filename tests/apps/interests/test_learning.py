"""Clicks as evidence: counts, labels given, verdicts changed, and the rebuild that must agree."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.contacts.models import Contact
from sincerely.apps.interests import actions, queries
from sincerely.apps.interests.models import ContactLabel, LabelChange, LabelDay
from sincerely.apps.labels.models import Label
from sincerely.apps.team.models import Organisation
from tests.apps.interests.clicks import clicking
from tests.cast import Cast

ROW = ("contact_id", "label_id", "day", "mailing_id", "human_count", "undecided_count", "last_at")


@pytest.fixture
def ann(cast: Cast, now: datetime) -> Contact:
    return create_contact("ann@example.com", now=now, actor=cast.actor)


@pytest.fixture
def dogs(cast: Cast, now: datetime) -> Label:
    return Label.objects.create(name="Honden", created_at=now)


def rows() -> list[tuple[object, ...]]:
    return list(
        LabelDay.objects.order_by("contact_id", "label_id", "day", "mailing_id").values_list(*ROW)
    )


@pytest.mark.requirement("R024")
def test_three_clicks_on_two_messages_are_counted_and_equal_a_rebuild(
    ann: Contact, dogs: Label, now: datetime
) -> None:
    spring, summer = clicking(dogs, now=now), clicking(dogs, now=now, name="Summer")
    spring.click(ann, at=now)
    spring.click(ann, at=now + timedelta(days=1))
    summer.click(ann, at=now + timedelta(days=1, hours=2))
    held = queries.labels_of(ann.pk, now=now + timedelta(days=2))[0]
    assert (held.click_count, held.mailing_count, held.day_count) == (3, 2, 2)
    assert held.last_click_at == now + timedelta(days=1, hours=2)
    assert held.strength > 2.9
    before = rows()
    actions.rebuild([ann.pk])
    assert rows() == before


def test_human_click_gives_the_label_with_its_provenance(
    ann: Contact, dogs: Label, now: datetime
) -> None:
    spring = clicking(dogs, now=now)
    spring.click(ann, at=now)
    change = LabelChange.objects.get()
    assert (change.route, change.message_id, change.mailing_id) == ("click", 7, spring.mailing.pk)
    assert ContactLabel.objects.get().is_held


def test_undecided_click_is_weak_evidence_and_gives_nothing(
    ann: Contact, dogs: Label, now: datetime
) -> None:
    clicking(dogs, now=now).click(ann, at=now, verdict="undecided")
    held = queries.labels_of(ann.pk, now=now)[0]
    assert (held.is_held, held.click_count, held.undecided_count) == (False, 0, 1)
    assert held.strength == pytest.approx(0.25)


def test_minimum_clicks_are_waited_for(ann: Contact, dogs: Label, now: datetime) -> None:
    Organisation.objects.update(label_minimum_clicks=2)
    spring = clicking(dogs, now=now)
    spring.click(ann, at=now)
    assert not ContactLabel.objects.exists()
    spring.click(ann, at=now + timedelta(minutes=3))
    assert ContactLabel.objects.get().is_held


def test_click_that_turns_out_a_machines_is_taken_back(
    ann: Contact, dogs: Label, now: datetime
) -> None:
    spring = clicking(dogs, now=now)
    kept = spring.click(ann, at=now)
    wrong = spring.click(ann, at=now + timedelta(minutes=1))
    spring.rejudge(wrong, "machine", now=now + timedelta(hours=24))
    assert LabelDay.objects.get().last_at == now
    assert ContactLabel.objects.get().is_held
    spring.rejudge(kept, "undecided", now=now + timedelta(hours=24))
    assert not ContactLabel.objects.get().is_held
    assert [c.is_added for c in LabelChange.objects.order_by("pk")] == [True, False]
    assert (LabelDay.objects.get().human_count, LabelDay.objects.get().undecided_count) == (0, 1)


def test_archived_label_still_counts_but_is_not_given(
    ann: Contact, dogs: Label, now: datetime
) -> None:
    Label.objects.update(archived_at=now)
    clicking(dogs, now=now).click(ann, at=now)
    assert LabelDay.objects.get().human_count == 1
    assert not ContactLabel.objects.exists()


@pytest.mark.parametrize("seed", range(4))
def test_any_run_of_clicks_and_changed_verdicts_equals_a_rebuild(
    seed: int, cast: Cast, dogs: Label, now: datetime
) -> None:
    chance = random.Random(seed)
    cats = Label.objects.create(name="Katten", created_at=now)
    people = [create_contact(f"p{i}@example.com", now=now, actor=cast.actor) for i in range(3)]
    links = [clicking(label, now=now, name=f"{i}") for i in range(2) for label in (dogs, cats)]
    events = []
    for step in range(40):
        at = now + timedelta(hours=chance.randrange(96))
        if events and chance.random() < 0.4:
            link, event = chance.choice(events)
            link.rejudge(event, chance.choice(["human", "undecided", "machine"]), now=at)
        else:
            link = chance.choice(links)
            verdict = chance.choice(["human", "undecided", "machine"])
            events.append((link, link.click(chance.choice(people), at=at, verdict=verdict)))
        assert step >= 0
    before = rows()
    actions.rebuild([p.pk for p in people])
    assert rows() == before
