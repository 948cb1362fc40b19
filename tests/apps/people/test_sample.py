"""The pet shop's people and past are believable and repeatable."""

from __future__ import annotations

import threading
from datetime import date, datetime

import numpy as np
import pytest

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.queries import readiness
from sincerely.apps.campaigns.rules.stages import walls
from sincerely.apps.contacts.actions import archive_field, define_field
from sincerely.apps.contacts.models import Contact, FieldDefinition
from sincerely.apps.engagement.queries.figures import figures_of
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.labels.models import Label
from sincerely.apps.people import tasks
from sincerely.apps.people.sample import tasks as sample
from sincerely.apps.people.sample.customers import Customer, customers
from sincerely.apps.people.sample.loading import queue_sample
from sincerely.apps.people.sample.past import CLICK, OPEN, PAST, responses
from sincerely.apps.sending.actions import ensure_default_sender
from sincerely.engines.folder.steps import fold_all
from tests.cast import Cast

TODAY = date(2026, 6, 15)
STOP = threading.Event()


def test_the_same_seed_gives_the_same_people_with_addresses_of_their_own() -> None:
    people = customers(500, seed=4, today=TODAY)
    assert people == customers(500, seed=4, today=TODAY)
    assert len({person.address for person in people}) == 500
    assert {person.language for person in people} == {"nl", "sv", "da", "en"}


def test_nobody_who_never_opens_does_and_dog_owners_click_on_dogs() -> None:
    random = np.random.default_rng(1)
    people = customers(1500, seed=4, today=TODAY)
    dogs = next(campaign for campaign in PAST if campaign.name == "Dog days")
    human = {
        person.address: [
            r for r in responses(person, dogs, random) if r.kind == CLICK and r.delay_seconds > 10
        ]
        for person in people
    }
    assert all(human[p.address] == [] for p in people if p.eagerness == 0)
    owners = [p for p in people if 0 in p.animals]
    others = [p for p in people if 0 not in p.animals]

    def share(people: list[Customer]) -> float:
        return sum(any(r.link == 1 for r in human[p.address]) for p in people) / len(people)

    assert share(owners) > 3 * share(others)


def test_scanners_fetch_every_link_at_once_and_proxies_open_for_everybody() -> None:
    random = np.random.default_rng(2)
    people = customers(300, seed=5, today=TODAY)
    scanned = next(p for p in people if p.client == "scanned")
    quick = [r for r in responses(scanned, PAST[0], random) if r.delay_seconds < 2]
    assert [r.link for r in sorted(quick, key=lambda r: r.link)] == [1, 2, 3]
    hidden = next(p for p in people if p.client == "hidden")
    assert any(r.kind == OPEN for r in responses(hidden, PAST[0], random))


def run(now: datetime) -> None:
    """Do what the runner and the folder would do."""
    more = True
    while more:
        more = tasks.import_step(now=now, owner="test", stop=STOP)
        more = sample.sample_step(now=now, owner="test", stop=STOP) or more
    fold_all(now=now)


@pytest.mark.django_db(transaction=True)
def test_the_pet_shop_moves_in_with_a_past_and_out_again(cast: Cast, now: datetime) -> None:
    ensure_default_sender(
        brand_id=cast.brand.pk, name="Pet shop", address="hello@shop.example", now=now
    )
    queue_sample(now=now, actor=cast.actor)
    run(now)
    assert Contact.objects.count() == 2_000
    assert Campaign.objects.filter(launched_at__isnull=False).count() == len(PAST)
    dogs = Campaign.objects.get(name="Dog days")
    seen = figures_of(dogs.mailing_id)
    assert seen.delivered > 1_000
    assert 0.05 < seen.opens.human / seen.delivered < 0.4
    assert seen.clicks.human > 20
    assert seen.opens.machine > 0
    assert seen.clicks.machine > 0
    assert ContactLabel.objects.filter(route="click", is_held=True).exists()
    draft = Campaign.objects.get(name="Your first campaign")
    assert walls(readiness(draft.pk, now=now)) == []
    sample.ask_to_remove(now=now, actor=cast.actor)
    run(now)
    assert not Contact.objects.exists()
    assert not Campaign.objects.exists()
    assert not Label.objects.exists()
    assert not FieldDefinition.objects.exists()
    # It may come again, also to fields that somebody made or put away in the meantime.
    city = define_field("City", kind="text", now=now, actor=cast.actor)
    pets = define_field("Pets", kind="number", now=now, actor=cast.actor)
    archive_field(pets.pk, archived=True, now=now, actor=cast.actor)
    again = queue_sample(now=now, actor=cast.actor)
    assert [target["to"] for target in again.choices["targets"][6:8]] == ["field", "ignore"]
    assert again.choices["targets"][6]["key"] == city.key
