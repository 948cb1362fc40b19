"""The team in the API: the audit trail, members, invitations, brands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.team.models import AuditEntry, Brand, Member
from sincerely.apps.team.rules import Capability
from tests.api.test_frame import call, key_for
from tests.cast import Cast

TEAM = "/api/v1/team"


@pytest.fixture
def headers(cast: Cast) -> dict[str, Any]:
    return key_for(cast, *Capability)


def test_the_trail_is_paged_newest_first_in_words(cast: Cast, headers: dict[str, Any]) -> None:
    call("post", f"{TEAM}/brands", {"name": "Cats", "postal_address": "2 Low Street"}, **headers)
    first = call("get", f"{TEAM}/audit?limit=1", **headers).json()
    (entry,) = first["items"]
    assert (entry["act"], entry["words"]) == ("brand.created", "made a brand")
    assert entry["subject_name"] == "Cats"
    assert entry["api_key_id"] is not None
    second = call("get", f"{TEAM}/audit?limit=1&before={first['next']}", **headers).json()
    assert second["items"][0]["act"] == "api_key.created"
    only = call("get", f"{TEAM}/audit?act=api_key.created", **headers).json()["items"]
    assert {one["act"] for one in only} == {"api_key.created"}


def test_who_is_invited_by_key_can_join(
    cast: Cast, client: Client, headers: dict[str, Any]
) -> None:
    answer = call(
        "post", f"{TEAM}/invitations", {"email": "Eve@team.example", "role": "viewer"}, **headers
    )
    assert answer.status_code == 201
    link = answer.json()["link"]
    waiting = call("get", f"{TEAM}/invitations", **headers).json()["items"]
    assert [(one["email"], one["role"]) for one in waiting] == [("eve@team.example", "viewer")]
    assert "link" not in waiting[0]
    joined = client.post(
        link, {"name": "Eve", "password": "a very long word salad", "language": "en"}
    )
    assert joined.status_code == 302
    assert Member.objects.get(email="eve@team.example").role == "viewer"


def test_roles_and_activity_change_but_an_owner_stays(cast: Cast, headers: dict[str, Any]) -> None:
    bob = f"{TEAM}/members/{cast.bob.pk}"
    changed = call("patch", bob, {"role": "analyst", "is_active": False}, **headers).json()
    assert (changed["role"], changed["is_active"]) == ("analyst", False)
    last = call("patch", f"{TEAM}/members/{cast.alice.pk}", {"role": "viewer"}, **headers)
    assert (last.status_code, last.json()["error"]["code"]) == (409, "conflict")
    assert call("patch", f"{TEAM}/members/999999", {"role": "viewer"}, **headers).status_code == 404


def test_brands_are_made_changed_and_put_away(
    cast: Cast, headers: dict[str, Any], now: datetime
) -> None:
    given = {"name": "Cats", "postal_address": "2 Low Street", "accent_colour": "#aa3366"}
    made = call("post", f"{TEAM}/brands", given, **headers)
    assert made.status_code == 201
    path = f"{TEAM}/brands/{made.json()['id']}"
    changed = call("patch", path, {"text_colour": "#111111"}, **headers).json()
    assert (changed["text_colour"], changed["accent_colour"]) == ("#111111", "#aa3366")
    assert AuditEntry.objects.filter(act="brand.changed").count() == 1
    assert call("post", f"{path}/archive", **headers).json()["archived_at"]
    alone = call("post", f"{TEAM}/brands/{cast.brand.pk}/archive", **headers)
    assert alone.status_code == 409
    assert Brand.objects.filter(archived_at=None).count() == 1


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"name": "Pet shop"}, "name"),
        ({"accent_colour": "red;}"}, "accent_colour"),
        ({"heading_font": "evil"}, "heading_font"),
        ({"privacy_url": "javascript:alert(1)"}, "privacy_url"),
    ],
)
def test_a_wrong_brand_is_refused_at_its_field(
    cast: Cast, headers: dict[str, Any], wrong: dict[str, str], name: str
) -> None:
    given = {"name": "Cats", "postal_address": "2 Low Street"} | wrong
    answer = call("post", f"{TEAM}/brands", given, **headers)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [name])
