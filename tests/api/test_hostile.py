"""What a careless or hostile program sends: refused with a reason, never kept, never a 500."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.team.models import APIKey
from sincerely.apps.team.rules import Capability
from tests.api.test_frame import BODY, call, key_for
from tests.cast import Cast

HUGE = 2**70


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("name", ["a\x00b", "\ud800", "\x00"])
@pytest.mark.parametrize("path", ["contacts/lists", "labels/", "segments/", "team/keys"])
def test_text_that_cannot_be_kept_is_refused(cast: Cast, name: str, path: str) -> None:
    body = {"name": name, "description": "x", "rule": {"everyone": True}, "scopes": ["view"]}
    answer = call("post", f"/api/v1/{path}", body, **key_for(cast, *Capability))
    assert refusal(answer) == (422, "invalid")
    assert "zero byte" in answer.json()["error"]["message"]


def test_text_deep_in_a_body_is_read_as_strictly(cast: Cast) -> None:
    headers = key_for(cast, Capability.EDIT_CONTACTS)
    for fields in ({"a": ["\x00"]}, {"\x00": 1}, {"a": {"b": HUGE}}):
        body = {"address": "ann@example.com", "fields": fields}
        assert refusal(call("post", "/api/v1/contacts/", body, **headers)) == (422, "invalid")
    assert not Contact.objects.exists()


@pytest.mark.parametrize("raw", ['{"name": NaN}', '{"name": 1e999}', '{"name": -Infinity}'])
def test_numbers_that_json_does_not_know_are_refused(cast: Cast, raw: str) -> None:
    headers = key_for(cast, Capability.EDIT_CONTACTS)
    answer = Client().generic("POST", "/api/v1/contacts/lists", raw, "application/json", **headers)
    assert refusal(answer) == (422, "invalid")


def test_a_body_nested_without_end_is_refused(cast: Cast) -> None:
    headers = key_for(cast, Capability.EDIT_CONTACTS)
    raw = "[" * 100_000
    answer = Client().generic("POST", "/api/v1/contacts/lists", raw, "application/json", **headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "contacts/?search=%00",
        "team/audit?act=%00",
        f"team/audit?member_id={HUGE}",
        f"sending/mailings/{HUGE}/tally",
        f"engagement/contacts/{HUGE}/events",
    ],
)
def test_no_query_breaks_anything(cast: Cast, path: str) -> None:
    answer = call("get", f"/api/v1/{path}", **key_for(cast, *Capability))
    assert answer.status_code in {200, 404, 422}, answer.content


def test_ids_out_of_range_are_refused(cast: Cast) -> None:
    headers = key_for(cast, Capability.EDIT_CONTACTS)
    kept = ContactList.objects.create(name="Friends", created_at=cast.brand.created_at)
    path = f"/api/v1/contacts/lists/{kept.pk}/members"
    assert refusal(call("post", path, {"contact_ids": [HUGE]}, **headers)) == (422, "invalid")


def test_a_repeat_is_known_however_its_scheme_is_written(cast: Cast) -> None:
    headers = key_for(cast, Capability.VIEW, Capability.EDIT_SETTINGS)
    secret = headers["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    once = {"HTTP_AUTHORIZATION": f"bearer {secret}", "HTTP_IDEMPOTENCY_KEY": "abc"}
    first = call("post", "/api/v1/team/keys", BODY, **once)
    second = call("post", "/api/v1/team/keys", BODY, **once)
    assert (first.status_code, first.content) == (201, second.content)
    assert APIKey.objects.filter(name="Nightly").count() == 1


def test_a_refused_request_leaves_nothing_half_done(cast: Cast) -> None:
    headers = key_for(cast, *Capability)
    path = f"/api/v1/team/members/{cast.alice.pk}"
    once = {**headers, "HTTP_IDEMPOTENCY_KEY": "abc"}
    first = call("patch", path, {"role": "owner", "is_active": False}, **once)
    again = call("patch", path, {"role": "owner", "is_active": False}, **once)
    assert (first.status_code, again.status_code) == (409, 409)
    assert again["Idempotency-Replayed"] == "true"
    cast.alice.refresh_from_db()
    assert cast.alice.is_active


def test_a_refusal_by_the_database_is_kept_as_an_answer(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL takes no further statement after a refused one, the keeping of the answer too."""

    def break_a_rule(*args: object, **kwargs: object) -> None:
        ContactList.objects.create(name="Friends", created_at=cast.brand.created_at)

    monkeypatch.setattr("sincerely.apps.contacts.api.actions.create_list", break_a_rule)
    ContactList.objects.create(name="Friends", created_at=cast.brand.created_at)
    once = {**key_for(cast, Capability.EDIT_CONTACTS), "HTTP_IDEMPOTENCY_KEY": "abc"}
    for _ in range(2):
        answer = call("post", "/api/v1/contacts/lists", {"name": "Others"}, **once)
        assert refusal(answer) == (409, "conflict")
