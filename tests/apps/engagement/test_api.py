"""The JSON API of events and figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from sincerely.apps.team.models import APIKey
from sincerely.apps.team.rules import hash_secret
from sincerely.engines.folder.steps import fold_all
from tests.apps.engagement.world import World
from tests.cast import Cast


@pytest.fixture
def mailed(world: World) -> World:
    for _ in range(3):
        world.message()
    world.capture(world.messages[0], "open")
    world.capture(world.messages[0], link=2)
    fold_all(now=world.now + timedelta(days=2))
    return world


def ask(cast: Cast, path: str, scopes: tuple[str, ...] = ("view", "view_reports")) -> object:
    APIKey.objects.update_or_create(
        prefix="test",
        defaults={
            "name": "Test",
            "secret_hash": hash_secret("secret"),
            "scopes": list(scopes),
            "member": cast.alice,
            "created_at": cast.organisation.set_up_at,
        },
    )
    return Client().get(f"/api/v1/engagement{path}", headers={"authorization": "Bearer secret"})


def test_events_page_backwards(cast: Cast, mailed: World) -> None:
    contact_id = mailed.messages[0].contact_id
    first = ask(cast, f"/contacts/{contact_id}/events?limit=3").json()  # type: ignore[attr-defined]
    rest = ask(cast, f"/contacts/{contact_id}/events?after={first['next']}").json()  # type: ignore[attr-defined]
    kinds = [event["kind"] for event in first["items"] + rest["items"]]
    assert sorted(kinds) == ["clicked", "delivered", "opened", "sent"]
    assert rest["next"] is None
    assert ask(cast, f"/contacts/{contact_id}/events?after=999999").status_code == 422  # type: ignore[attr-defined]
    assert ask(cast, f"/contacts/{contact_id}/events?limit=501").status_code == 422  # type: ignore[attr-defined]


def test_figures_and_the_people_behind_them(cast: Cast, mailed: World) -> None:
    mailing = f"/mailings/{mailed.mailing.pk}"
    figures = ask(cast, mailing).json()  # type: ignore[attr-defined]
    assert (figures["sent"], figures["clicks"]["human"], figures["links"][0]["number"]) == (3, 1, 2)
    people = ask(cast, f"{mailing}/recipients?behaviour=clicked").json()  # type: ignore[attr-defined]
    assert [row["contact_id"] for row in people["items"]] == [mailed.messages[0].contact_id]
    assert ask(cast, f"{mailing}/recipients?behaviour=nonsense").status_code == 422  # type: ignore[attr-defined]
    assert ask(cast, "/mailings/999999").status_code == 404  # type: ignore[attr-defined]
    assert ask(cast, mailing, scopes=("view",)).status_code == 403  # type: ignore[attr-defined]
    assert Client().get(f"/api/v1/engagement{mailing}").status_code == 401
