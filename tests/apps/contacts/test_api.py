"""Contacts, consent, labels and interests through the JSON API, with keys and their scopes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.consent.models import Permission
from sincerely.apps.contacts.models import Contact
from sincerely.apps.interests.models import LabelChange
from sincerely.apps.team.models import APIKey, AuditEntry
from sincerely.apps.team.rules import Capability, hash_secret
from tests.cast import Cast


class Caller:
    """Speaks to the API with one key."""

    def __init__(self, secret: str) -> None:
        self.client = Client(headers={"authorization": f"Bearer {secret}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query)

    def send(self, method: str, path: str, **body: Any) -> Any:
        call = getattr(self.client, method)
        return call(f"/api/v1{path}", json.dumps(body), content_type="application/json")


def make_key(cast: Cast, now: datetime, *scopes: Capability) -> Caller:
    secret = "s-" + "-".join(scopes)
    APIKey.objects.create(
        name="test",
        prefix=str(len(scopes)),
        secret_hash=hash_secret(secret),
        scopes=[s.value for s in scopes],
        member=cast.alice,
        created_at=now,
    )
    return Caller(secret)


@pytest.fixture
def caller(cast: Cast, now: datetime) -> Caller:
    return make_key(
        cast,
        now,
        Capability.VIEW,
        Capability.EDIT_CONTACTS,
        Capability.EDIT_CONSENT,
        Capability.EDIT_SETTINGS,
    )


def store(caller: Caller, address: str, **more: Any) -> int:
    answer = caller.send("post", "/contacts/", address=address, **more)
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


@pytest.mark.requirement("R003")
def test_contact_by_api_is_stored_and_not_mailable_without_an_origin(caller: Caller) -> None:
    pk = store(caller, "Ann@Example.com", first_name="Ann")
    assert caller.get(f"/consent/contacts/{pk}").json()["is_mailable"] is False
    kind = caller.get("/consent/types").json()[0]["id"]
    wanted: dict[str, Any] = {"contact_id": pk, "subscription_type_id": kind}
    refused = caller.send("post", "/consent/permits", **wanted)
    assert refused.status_code == 422
    assert not Permission.objects.exists()
    taken = caller.send("post", "/consent/permits", **wanted, document="card 12")
    assert taken.status_code == 201
    assert taken.json()["is_mailable"] is True
    record = caller.get(f"/consent/contacts/{pk}/records").json()[0]
    assert (record["channel"], record["document"], record["is_verifiable"]) == (
        "api",
        "card 12",
        True,
    )


def test_withdrawal_wins_over_a_later_permit_by_api(caller: Caller) -> None:
    pk = store(caller, "ann@example.com")
    kind = caller.get("/consent/types").json()[0]["id"]
    wanted: dict[str, Any] = {"contact_id": pk, "subscription_type_id": kind}
    caller.send("post", "/consent/permits", **wanted, document="card 12")
    assert caller.send("post", "/consent/withdrawals", **wanted).json() == {"is_new": True}
    assert caller.send("post", "/consent/withdrawals", **wanted).json() == {"is_new": False}
    again = caller.send("post", "/consent/permits", **wanted, document="card 13")
    assert again.json()["is_mailable"] is False


def test_same_address_updates_and_search_finds(caller: Caller) -> None:
    first = store(caller, "ann@example.com", first_name="Ann")
    assert store(caller, "ANN@EXAMPLE.com", last_name="Berg") == first
    other = store(caller, "ann@example.com", share=True)
    assert other != first
    found = caller.get("/contacts/", search="ber").json()["items"]
    assert [(c["first_name"], c["last_name"]) for c in found] == [("Ann", "Berg")]
    assert len(caller.get("/contacts/", address="ann@example.com").json()["items"]) == 2
    assert caller.get("/contacts/", address="nonsense").status_code == 422


def test_pages_by_id(caller: Caller) -> None:
    ids = [store(caller, f"p{i}@example.com") for i in range(5)]
    first = caller.get("/contacts/", limit=3).json()
    second = caller.get("/contacts/", limit=3, after=first["next"]).json()
    assert [c["id"] for c in first["items"] + second["items"]] == ids
    assert second["next"] is None


def test_change_with_typed_fields_and_clear_errors(caller: Caller) -> None:
    caller.send("post", "/contacts/fields", name="Dogs", kind="number")
    pk = store(caller, "ann@example.com", fields={"dogs": "2"})
    assert caller.get(f"/contacts/{pk}").json()["fields"] == {"dogs": 2}
    wrong = caller.send("patch", f"/contacts/{pk}", fields={"dogs": "two"})
    assert wrong.status_code == 422
    assert "dogs" in wrong.content.decode()
    unknown = caller.send("patch", f"/contacts/{pk}", fields={"cats": 1})
    assert unknown.status_code == 422
    cleared = caller.send("patch", f"/contacts/{pk}", fields={"dogs": None}, first_name="Ann")
    assert (cleared.json()["fields"], cleared.json()["first_name"]) == ({}, "Ann")
    assert caller.get("/contacts/999999").status_code == 404


@pytest.mark.requirement("R022", partial="the workflow's triggers that read this feed")
def test_label_by_api_is_given_and_taken_once(caller: Caller) -> None:
    pk = store(caller, "ann@example.com")
    label = caller.send("post", "/labels/", name="Honden").json()["id"]
    assert caller.send("post", "/labels/", name="Honden").status_code == 409
    assert caller.send("post", "/labels/", name="a,b").status_code == 422
    wanted = {"label_id": label, "contact_ids": [pk]}
    assert caller.send("post", "/interests/assign", **wanted).json() == {"contact_ids": [pk]}
    assert caller.send("post", "/interests/assign", **wanted).json() == {"contact_ids": []}
    assert caller.get(f"/interests/contacts/{pk}").json()[0]["route"] == "api"
    assert caller.send("post", "/interests/remove", **wanted).json() == {"contact_ids": [pk]}
    assert [c.is_added for c in LabelChange.objects.order_by("pk")] == [True, False]
    assert AuditEntry.objects.filter(act="label given to many").exists()


def test_lists_and_suppressions(caller: Caller) -> None:
    pk = store(caller, "ann@example.com")
    made = caller.send("post", "/contacts/lists", name="Fair")
    path = f"/contacts/lists/{made.json()['id']}"
    assert caller.send("post", f"{path}/members", contact_ids=[pk, 99]).json() == {"count": 1}
    assert [c["id"] for c in caller.get(f"{path}/members").json()["items"]] == [pk]
    assert caller.send("post", f"{path}/remove", contact_ids=[pk]).json() == {"count": 1}
    row = caller.send("post", "/consent/suppressions", address="ann@example.com").json()
    assert row["masked"] == "a…@example.com"
    assert caller.get(f"/consent/contacts/{pk}").json()["suppressed_for"] == ["manual"]
    lifted = caller.send("post", f"/consent/suppressions/{row['id']}/lift", note="asked us to")
    assert lifted.json()["lifted_at"]
    assert caller.get(f"/consent/contacts/{pk}").json()["suppressed_for"] == []


def test_default_type_cannot_be_deleted(caller: Caller) -> None:
    kind = caller.get("/consent/types").json()[0]
    assert kind["name"] == "Marketing Information"
    assert caller.send("delete", f"/consent/types/{kind['id']}").status_code == 409
    new = caller.send("post", "/consent/types", name="Offers", promised_per_month=2)
    assert new.status_code == 201
    assert caller.send("delete", f"/consent/types/{new.json()['id']}").status_code == 204
    assert caller.send("post", "/consent/types", name="No promise").status_code == 422


def test_scopes_and_strangers(cast: Cast, now: datetime) -> None:
    looking = make_key(cast, now, Capability.VIEW)
    assert looking.get("/contacts/").status_code == 200
    assert looking.send("post", "/contacts/", address="a@example.com").status_code == 403
    assert looking.send("post", "/consent/permits").status_code == 403
    assert Caller("nobody").get("/contacts/").status_code == 401
    assert not Contact.objects.exists()
