"""The pet shop's people and past are believable and repeatable."""

from __future__ import annotations

from datetime import date

import numpy as np

from sincerely.apps.people.sample.customers import Customer, customers
from sincerely.apps.people.sample.past import CLICK, OPEN, PAST, responses

TODAY = date(2026, 6, 15)


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
