"""The folder killed anywhere: after it goes on, nothing is lost, doubled or unlike its rebuild."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.actions import rejudge, rounds
from sincerely.apps.engagement.models import (
    ContactEngagement,
    Delivery,
    Event,
    Signal,
    SignalVerdict,
)
from sincerely.apps.engagement.queries.facts import judged
from sincerely.apps.engagement.queries.rebuilt import contact_slices, differences
from sincerely.apps.engagement.queries.rejudged import wrong_verdicts
from sincerely.apps.interests.models import LabelDay
from sincerely.engines.folder import queries, steps
from tests.apps.engagement.world import World
from tests.apps.sending.people import marketing


class Killed(Exception):
    """The process ended here."""


def life(world: World, chance: random.Random) -> None:
    """People and machines act on twenty messages over a day and a half."""
    for _ in range(20):
        world.message(outcome=chance.choice(("accepted",) * 8 + ("failed", "unknown")))
    for message in world.messages:
        for _ in range(chance.choice((0, 1, 1, 2))):
            after = chance.choice((chance.uniform(0, 40), chance.uniform(60, 120_000)))
            kind = chance.choice(("open", "click", "click"))
            agent = {} if chance.random() < 0.8 else {"agent": "Mozilla/5.0"}
            world.capture(message, kind, link=chance.randint(1, 6), after=after, **agent)  # type: ignore[arg-type]
        if chance.random() < 0.15:
            for number in range(1, 7):
                world.capture(message, link=number, after=3 + number / 5)
        if chance.random() < 0.2:
            world.capture(message, "unsubscribe", after=chance.uniform(100, 100_000))


def state() -> dict[str, list[tuple[object, ...]]]:
    """All that the fold wrote, without surrogate keys."""
    shown = {
        Delivery: [f.attname for f in Delivery._meta.concrete_fields if f.name != "id"],
        ContactEngagement: [f.attname for f in ContactEngagement._meta.concrete_fields],
        Event: ["contact_id", "kind", "at", "message_id", "link_id", "verdict", "detail"],
        Signal: ["capture_id", "kind", "at", "message_id"],
        SignalVerdict: ["signal__capture_id", "round", "verdict", "machine_probability"],
        LabelDay: ["contact_id", "label_id", "day", "mailing_id", "human_count", "undecided_count"],
    }
    return {
        model.__name__: sorted(model.objects.values_list(*names), key=repr)
        for model, names in shown.items()
    }


def mortal(plain: Callable[..., Any], chance: random.Random) -> Callable[..., Any]:
    """A way to write that ends the process now and then, before or after the write."""

    def write(*arguments: Any) -> Any:
        if chance.random() < 0.02:
            raise Killed
        done = plain(*arguments)
        if chance.random() < 0.02:
            raise Killed
        return done

    return write


def fold_with_kills(
    world: World,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    *,
    inside: Callable[[], AbstractContextManager[object]] = transaction.atomic,
) -> int:
    """Fold hour by hour; at random statements the process 'dies' and its transaction with it."""
    kills = 0
    for name in ("run", "run_many", "load"):
        monkeypatch.setattr(sql, name, mortal(getattr(sql, name), chance))
    for hour in range(0, 72, 3):
        for step in steps.STEPS:
            while True:
                try:
                    with inside():
                        done = step(now=world.now + timedelta(hours=hour), limit=7)
                except Killed:
                    kills += 1
                    continue
                if not done.is_more:
                    break
    monkeypatch.undo()
    return kills


@pytest.mark.requirement("R024")
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_anywhere_the_rollups_equal_the_rebuild(
    world: World, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    life(world, random.Random(seed))
    with monkeypatch.context() as patch:
        kills = fold_with_kills(world, random.Random(seed), patch)
    assert kills >= 5
    assert not connection.needs_rollback
    assert [d for ids in contact_slices() for d in differences(ids)] == []
    assert list(wrong_verdicts()) == []
    killed = state()
    assert steps.fold_all(now=world.now + timedelta(hours=72)) == 0
    assert state() == killed


@pytest.fixture
def standing_world(transactional_db: None, now: datetime, request: pytest.FixtureRequest) -> World:
    """A world in no transaction; the end of another such test has taken what migrations made."""
    marketing(now)
    found: World = request.getfixturevalue("world")
    return found


@pytest.mark.requirement("R024")
def test_killed_while_a_second_thread_reads_ahead_they_equal_it_too(
    standing_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside any transaction slices are judged by two threads in turns; the state is the same."""
    world = standing_world
    life(world, random.Random(1))
    readers = set[str]()

    def noted(*arguments: Any, **named: Any) -> Any:
        readers.add(threading.current_thread().name[:5])
        return judged(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(rounds, "judged", noted)
        with patch.context() as narrower:
            kills = fold_with_kills(world, random.Random(1), narrower, inside=nullcontext)
    assert kills >= 5
    assert readers == {"MainT", "ahead"}
    assert [d for ids in contact_slices() for d in differences(ids)] == []
    assert list(wrong_verdicts()) == []
    folded = state()
    assert steps.fold_all(now=world.now + timedelta(hours=72)) == 0
    assert state() == folded


def test_judging_again_with_the_same_model_changes_nothing(world: World) -> None:
    life(world, random.Random(3))
    now = world.now + timedelta(days=3)
    steps.fold_all(now=now)
    before = state()
    settled, last = rejudge(0, now=now, limit=1_000)
    assert settled.count > 20
    assert last > 20
    assert settled.clicks == []
    assert state() == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has a horizon")
@pytest.mark.django_db(transaction=True)
def test_a_new_session_looks_for_its_own_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that crashed may give ids again that it had given to nobody."""
    monkeypatch.setattr(queries.Horizon, "_is_over", lambda _self: False)
    horizon = queries.Horizon()
    assert horizon.look() == 0
    horizon.settled_id = 1_000
    assert horizon.look() == 1_000, "what was settled stays so in this session"
    connection.close()
    assert horizon.look() == 0
