"""The figures of a mailing and the people behind them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sincerely.apps.engagement.queries import (
    BEHAVIOURS,
    clickers,
    engagement_of,
    events_of,
    figures_of,
    labels_clicked,
    links_clicked,
    over_time,
    recipients,
)
from sincerely.engines.folder.steps import fold_all
from tests.apps.engagement.world import World


@pytest.fixture
def mailed(world: World) -> World:
    """Nine messages: readers, a scanner, an Apple reader, somebody who leaves, a bounce …"""
    m = [world.message() for _ in range(7)]
    m.append(world.message(outcome="failed"))
    m.append(world.message(outcome="unknown"))
    world.capture(m[0], "open")
    world.capture(m[0], link=1, after=4_000)
    world.capture(m[0], link=2, after=8_000)
    world.capture(m[1], link=1, after=90_000)
    world.capture(m[2], link=1, after=20)
    for number in range(1, 5):
        world.capture(m[3], link=number, after=1 + number / 10)
    world.capture(m[4], "open", agent="Mozilla/5.0")
    world.capture(m[5], "unsubscribe", method="POST")
    fold_all(now=world.now + timedelta(days=3))
    return world


def test_figures_keep_people_undecided_and_machines_apart(mailed: World) -> None:
    found = figures_of(mailed.mailing.pk)
    assert (found.sent, found.delivered, found.bounced, found.unknown) == (9, 7, 1, 1)
    assert (found.unsubscribed, found.complained) == (1, 0)
    clicks = found.clicks
    assert (clicks.human, clicks.undecided, clicks.machine) == (2, 1, 1)
    assert (clicks.human_count, clicks.undecided_count, clicks.machine_count) == (3, 1, 4)
    assert 2.2 < clicks.estimated < 2.8
    assert (found.opens.human, found.opens.machine) == (1, 1)
    estimate = found.estimated_open_ratio
    assert estimate is not None
    assert 0 < estimate.low < estimate.value < estimate.high < 1


def test_each_number_opens_the_people_behind_it(mailed: World) -> None:
    mailing_id = mailed.mailing.pk
    sizes = {name: len(recipients(mailing_id, name)) for name in BEHAVIOURS}
    assert sizes == {
        "sent": 9, "delivered": 7, "bounced": 1, "unknown": 1, "unsubscribed": 1, "complained": 0,
        "opened": 1, "opened_undecided": 0, "opened_machine": 1, "clicked": 2,
        "clicked_undecided": 1, "clicked_machine": 1, "not_opened": 5,
    }  # fmt: skip
    first = recipients(mailing_id, "sent", limit=4)
    rest = recipients(mailing_id, "sent", after=first[-1].contact_id)
    assert len({row.contact_id for row in [*first, *rest]}) == 9


def test_links_labels_and_time(mailed: World) -> None:
    links = {row.number: row for row in links_clicked(mailed.mailing.pk)}
    assert (links[1].human_people, links[1].undecided_count, links[1].machine_count) == (2, 1, 1)
    assert (links[2].human_people, links[3].human_people) == (1, 0)
    assert clickers(links[1].link_id) == [m.contact_id for m in mailed.messages[:2]]
    assert labels_clicked(mailed.mailing.pk) == [
        (mailed.dogs.pk, "Dogs", 2, 2),
        (mailed.cats.pk, "Cats", 1, 1),
    ]
    days = over_time(mailed.mailing.pk, by="day")
    assert [row[1:] for row in days] == [(1, 2, 1, 5, 1), (0, 1, 0, 0, 0)]


def test_a_timeline_pages_backwards(mailed: World) -> None:
    contact_id = mailed.messages[0].contact_id
    everything = events_of(contact_id)
    assert [moment.kind for moment in everything[:3]] == ["clicked", "clicked", "opened"]
    assert {moment.kind for moment in everything[3:]} == {"sent", "delivered"}
    first = events_of(contact_id, limit=4)
    rest = events_of(contact_id, before=(first[-1].at, first[-1].id))
    assert [*first, *rest] == everything
    assert engagement_of(contact_id).click_count == 2
    assert engagement_of(999_999).last_open_at is None
