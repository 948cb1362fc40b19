"""Writes repeated under one Idempotency-Key by callers who are killed: one effect, one answer."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest
from django.test import Client

from sincerely.apps.team import actions
from sincerely.apps.team.models import APIKey, IdempotencyKey
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from tests.cast import Cast
from tests.crash.api_caller import call, plan_path
from tests.crash.nursery import Nursery
from tests.crash.scale import seeded, sized, write_down
from tests.engines.sending_world import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
]


def test_a_write_that_is_repeated_happens_once(cast: Cast, nursery: Nursery) -> None:
    chance = seeded(2)
    kills, count = sized(4, 40, 200), sized(40, 500, 5_000)
    _key, secret = actions.create_key(
        "caller",
        member_id=cast.alice.pk,
        scopes=(Capability.VIEW, Capability.EDIT_SETTINGS),
        now=clock.now(),
        actor=cast.actor,
    )
    authorization, names = f"Bearer {secret}", [f"call {n}" for n in range(count)]
    plan_path().write_text(json.dumps({"authorization": authorization, "names": names}))
    made = APIKey.objects.filter(name__startswith="call ")
    for number in range(1, kills // 2 + 1):
        with nursery.running("api", "api"):
            goal = number * count // (kills // 2 + 1)
            until(lambda goal=goal: made.count() >= goal, seconds=600)  # type: ignore[misc]
            time.sleep(chance.random() * 0.05)
    with nursery.running("api", "api"):
        until(lambda: made.count() >= count, seconds=600)
    assert Counter(Counter(made.values_list("name", flat=True)).values()) == {1: count}
    client, ids = Client(), dict(made.values_list("name", "pk"))
    for name in names:
        answer = call(client, authorization, name)
        assert (answer.status_code, answer.json()["id"]) == (201, ids[name])
        assert answer["Idempotency-Replayed"] == "true"
    assert call(client, authorization, names[0], scope="edit_settings").status_code == 422
    assert made.count() == count
    assert IdempotencyKey.objects.count() == count
    write_down(
        11,
        "API writes repeated by two killed callers",
        done=count,
        kills=nursery.kill_count,
        lost=0,
        twice=0,
    )
