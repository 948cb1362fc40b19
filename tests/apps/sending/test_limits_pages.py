"""The page and the endpoints of caps and quiet hours."""

from __future__ import annotations

from datetime import datetime, time

import pytest
from django.test import Client

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.sending.queries.restraint import stored
from sincerely.apps.sending.rules.pressure import Limit
from sincerely.apps.sending.rules.quiet import Quiet
from sincerely.apps.team.models import APIKey, AuditEntry
from sincerely.apps.team.rules import hash_secret
from tests.apps.sending import people
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/settings/limits/"


@pytest.fixture
def kind(now: datetime) -> SubscriptionType:
    return people.marketing(now)


def test_an_editor_sets_caps_and_quiet_hours(
    cast: Cast, client: Client, kind: SubscriptionType
) -> None:
    client.force_login(cast.bob)
    assert "Marketing Information" in client.get(PAGE).content.decode()
    entered = {
        "most_0": "3",
        "days_0": "7",
        "gap_hours_0": "16",
        f"most_{kind.pk}": "1",
        f"days_{kind.pk}": "30",
        "quiet_begins": "22:00",
        "quiet_ends": "08:00",
    }
    assert client.post(PAGE, entered).status_code == 302
    found = stored()
    assert found is not None
    assert found.limits == (Limit(0, 3, 7, 16), Limit(kind.pk, 1, 30, 0))
    assert found.quiet == Quiet(time(22), time(8))
    page = client.get(PAGE).content.decode()
    assert 'value="22:00"' in page
    assert AuditEntry.objects.get(act="restraint.changed").member_id == cast.bob.pk
    client.post(PAGE, {})
    assert stored() is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"most_0": "3"},
        {"most_0": "0", "days_0": "7"},
        {"quiet_begins": "22:00"},
        {"quiet_begins": "08:00", "quiet_ends": "08:00"},
    ],
)
def test_what_makes_no_sense_is_not_stored(
    cast: Cast, client: Client, kind: SubscriptionType, wrong: dict[str, str]
) -> None:
    client.force_login(cast.alice)
    assert client.post(PAGE, wrong).status_code == 422
    assert stored() is None


def test_a_viewer_does_not_set_them(cast: Cast, client: Client) -> None:
    client.force_login(cast.vera)
    assert client.post(PAGE, {"most_0": "3", "days_0": "7"}).status_code == 403


def test_the_api_sets_and_shows_them(
    cast: Cast, client: Client, kind: SubscriptionType, now: datetime
) -> None:
    APIKey.objects.create(
        name="shop",
        prefix="snc_abc",
        secret_hash=hash_secret("secret"),
        scopes=["view", "send"],
        member=cast.alice,
        created_at=now,
    )
    key = {"authorization": "Bearer secret"}
    place = "/api/v1/sending/limits"
    nothing: dict[str, object] = {"limits": [], "quiet_begins": None, "quiet_ends": None}
    assert client.get(place, headers=key).json() == nothing
    limit = {"subscription_type_id": None, "most": 3, "days": 7, "gap_hours": 16}
    wanted = {"limits": [limit], "quiet_begins": "22:00:00", "quiet_ends": "08:00:00"}

    def put(body: object) -> int:
        answer = client.put(place, body, content_type="application/json", headers=key)
        return int(answer.status_code)

    assert put(wanted) == 200
    assert client.get(place, headers=key).json() == wanted
    assert put({"limits": [limit, limit]}) == 422
    assert put({"limits": [{**limit, "subscription_type_id": 99_999}]}) == 422
    assert put({"quiet_begins": "22:00"}) == 422
    assert client.get(place, headers=key).json() == wanted
