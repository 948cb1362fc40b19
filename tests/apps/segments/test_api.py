"""Segments by API: keep, check, count, sample, members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.segments.models import Segment
from sincerely.apps.team.models import APIKey, AuditEntry
from sincerely.apps.team.rules import hash_secret
from tests.apps.segments.population import Population, populate
from tests.cast import Cast

ROOT = "/api/v1/segments/"


class Caller:
    """An API client with the scopes given."""

    def __init__(self, cast: Cast, now: datetime, *scopes: str) -> None:
        secret = "sk-" + "-".join(scopes)
        APIKey.objects.create(
            name=secret,
            prefix=secret[:12],
            secret_hash=hash_secret(secret),
            scopes=list(scopes),
            member=cast.alice,
            created_at=now,
        )
        self.client = Client(headers={"authorization": f"Bearer {secret}"})

    def call(self, verb: str, path: str, body: Any = None) -> Any:
        send = getattr(self.client, verb)
        given = {} if body is None else {"data": body, "content_type": "application/json"}
        return send(ROOT + path, **given)


@pytest.fixture
def made(cast: Cast, now: datetime) -> Population:
    return populate(7, now)


def test_keep_segments(cast: Cast, made: Population, now: datetime) -> None:
    caller = Caller(cast, now, "view", "edit_contacts")
    rule = {"criterion": "label", "test": "has", "label": made.labels[0]}
    answer = caller.call("post", "", {"name": "Dogs", "rule": rule})
    assert answer.status_code == 201, answer.content
    number = answer.json()["id"]
    assert answer.json()["rule"] == {"criterion": "label", "label": made.labels[0]}
    assert AuditEntry.objects.filter(act="segment created", api_key__isnull=False).exists()
    assert caller.call("post", "", {"name": "Dogs", "rule": rule}).status_code == 409
    wrong = caller.call("patch", str(number), {"rule": {"all": []}})
    assert wrong.status_code == 422
    changed = caller.call("patch", str(number), {"rule": {"everyone": True}, "name": "All"})
    assert (changed.json()["name"], changed.json()["rule"]) == ("All", {"everyone": True})
    assert caller.call("get", "").json()["items"][0]["id"] == number
    page = caller.call("get", f"{number}/members?limit=5").json()
    assert [one["id"] for one in page["items"]] == made.contacts[:5]
    more = caller.call("get", f"{number}/members?limit=500&after={page['next']}").json()
    assert [one["id"] for one in more["items"]] == made.contacts[5:]
    assert more["next"] is None
    assert caller.call("post", f"{number}/snapshot", {"name": "Snap"}).status_code == 201
    caller.call("patch", str(number), {"archived": True})
    assert caller.call("get", "").json()["items"] == []
    assert Segment.objects.get().archived_at is not None


def test_check_count_and_sample(cast: Cast, made: Population, now: datetime) -> None:
    caller = Caller(cast, now, "view")
    checked = caller.call(
        "post", "check", {"rule": {"all": [{"criterion": "label", "label": 999}]}}
    )
    assert checked.json()["problems"][0]["path"] == "0"
    assert caller.call("post", "count", {"rule": {"all": []}}).status_code == 422
    rule = {"any": [{"everyone": True}, {"criterion": "list", "list": made.lists[0]}]}
    counted = caller.call("post", "count", {"rule": rule}).json()
    assert counted["count"] == counted["parts"]["0"] == len(made.contacts)
    assert len(caller.call("post", "sample?limit=3", {"rule": rule}).json()["items"]) == 3
    assert caller.call("post", "", {"name": "x", "rule": rule}).status_code == 403
    assert Client().post(ROOT + "count").status_code == 401
