"""The team in the API: the audit trail, members, invitations, brands."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from sincerely.apps.team.actions import invite, issue_password_link
from sincerely.apps.team.models import AuditEntry, Brand, Member, SetUpToken
from sincerely.apps.team.rules import Capability, Role
from sincerely.wire import clock
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


def sent_logo(brand_id: int, raw: bytes, headers: dict[str, Any]) -> Any:
    upload = SimpleUploadedFile("logo.png", raw, content_type="image/png")
    return Client().post(f"{TEAM}/brands/{brand_id}/logo", {"logo": upload}, **headers)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(out, "JPEG")
    return out.getvalue()


def test_a_logo_is_checked_drawn_anew_read_and_taken_away(
    cast: Cast, headers: dict[str, Any]
) -> None:
    address = f"{TEAM}/brands/{cast.brand.pk}"
    assert call("get", f"{address}/logo", **headers).status_code == 404
    assert call("get", address, **headers).json()["has_logo"] is False
    assert sent_logo(cast.brand.pk, picture(), headers).json()["has_logo"] is True
    answer = call("get", f"{address}/logo", **headers)
    assert (answer["Content-Type"], answer.content[:4]) == ("image/png", b"\x89PNG")
    for wrong in (b"<svg onload='alert(1)'/>", b"\x89PNG" * (1024 * 1024)):
        refused = sent_logo(cast.brand.pk, wrong, headers)
        assert refused.status_code == 422
        assert refused.json()["error"]["fields"]["logo"]
    assert sent_logo(999_999, picture(), headers).status_code == 404
    reader = key_for(cast, Capability.VIEW)
    assert sent_logo(cast.brand.pk, picture(), reader).status_code == 403
    assert call("delete", f"{address}/logo", **reader).status_code == 403
    gone = call("delete", f"{address}/logo", **headers).json()
    assert gone["has_logo"] is False
    assert call("get", f"{address}/logo", **headers).status_code == 404
    assert AuditEntry.objects.filter(act="brand.changed").count() == 2


def test_a_withdrawn_invitation_opens_no_door(
    cast: Cast, client: Client, headers: dict[str, Any]
) -> None:
    given = {"email": "Eve@team.example", "role": "viewer"}
    made = call("post", f"{TEAM}/invitations", given, **headers).json()
    address = f"{TEAM}/invitations/{made['id']}"
    assert call("delete", address, **headers).status_code == 204
    assert call("delete", address, **headers).status_code == 404
    assert client.get(made["link"]).status_code == 404
    entry = AuditEntry.objects.get(act="member.invitation_withdrawn")
    assert entry.detail["address"] == "eve@team.example"


def test_an_invitation_is_withdrawn_on_the_page_and_a_password_link_is_none(
    cast: Cast, client: Client, now: datetime
) -> None:
    link = invite("eve@team.example", Role.VIEWER, now=clock.now(), actor=cast.actor)
    issue_password_link(cast.bob.pk, now=clock.now())
    password, invitation = SetUpToken.objects.order_by("role", "pk")
    client.force_login(cast.alice)
    assert "Withdraw" in client.get("/settings/members/").content.decode()
    for token in (password, invitation):
        client.post(f"/settings/members/invitations/{token.pk}/withdraw/")
    assert list(SetUpToken.objects.all()) == [password]
    assert Client().get(f"/join/{link}/").status_code == 404
