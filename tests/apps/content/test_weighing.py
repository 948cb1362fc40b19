"""A block's rule is weighed while it is typed: its words, its count, or what is wrong."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.test import Client

from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.labels.models import Label
from tests.cast import Cast


def weigh(client: Client, rule: Any) -> dict[str, Any]:
    answer = client.post("/mail/rules/weigh/", json.dumps(rule), content_type="application/json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_rule_tells_its_count_and_a_wrong_one_what_is_wrong(
    cast: Cast, client: Client, now: datetime
) -> None:
    dogs = Label.objects.create(name="Honden", created_at=now)
    ann = create_contact("ann@example.com", now=now, actor=cast.actor)
    create_contact("bert@example.com", now=now, actor=cast.actor)
    ContactLabel.objects.create(contact=ann, label=dogs, route="manual", since=now)
    client.force_login(cast.alice)
    rule = {"all": [{"criterion": "label", "test": "has", "label": dogs.pk}]}
    found = weigh(client, rule)
    assert found["count"] == 1
    assert "Honden" in found["sentence"]
    rule["all"][0]["label"] = 999
    assert weigh(client, rule)["problems"]
    assert weigh(client, "nonsense")["problems"]
