"""The API's frame: keys, scopes, one shape of errors, idempotency, the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sincerely.api.root import api
from sincerely.apps.team import actions
from sincerely.apps.team.models import APIKey, AuditEntry, IdempotencyKey
from sincerely.apps.team.rules import Capability
from sincerely.wire.clock import now as business_now
from tests.cast import Cast

SNAPSHOT = Path(__file__).parent / "openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")


def operations() -> list[tuple[str, str]]:
    paths = api.get_openapi_schema()["paths"]
    return [
        (method, re.sub(r"{\w+}", "999999", path))
        for path, methods in sorted(paths.items())
        for method in METHODS
        if method in methods
    ]


def key_for(cast: Cast, *scopes: Capability) -> dict[str, Any]:
    _key, secret = actions.create_key(
        "test", member_id=cast.alice.pk, scopes=scopes, now=business_now(), actor=cast.actor
    )
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def call(method: str, path: str, body: Any = None, **headers: Any) -> Any:
    given = "" if body is None else json.dumps(body)
    return getattr(Client(), method)(path, given, content_type="application/json", **headers)


def test_every_operation_wants_a_key(cast: Cast) -> None:
    for method, path in operations():
        response = Client().generic(method.upper(), path)
        assert response.status_code == 401, (method, path)
        assert response.json()["error"]["code"] == "unauthenticated"


def test_every_operation_wants_its_scope(cast: Cast) -> None:
    headers = key_for(cast)
    for method, path in operations():
        response = Client().generic(method.upper(), path, **headers)
        assert response.status_code == 403, (method, path)
        assert response.json()["error"]["code"] == "forbidden"


def test_revoked_key_is_no_key(cast: Cast) -> None:
    headers = key_for(cast, Capability.VIEW)
    assert call("get", "/api/v1/team/brands", **headers).status_code == 200
    actions.revoke_key(APIKey.objects.get().pk, now=business_now(), actor=cast.actor)
    assert call("get", "/api/v1/team/brands", **headers).status_code == 401


def test_key_loses_what_its_member_lost(cast: Cast) -> None:
    headers = key_for(cast, Capability.EDIT_SETTINGS)
    cast.alice.role = "viewer"
    cast.alice.save()
    assert call("get", "/api/v1/team/keys", **headers).status_code == 403


def test_use_of_a_key_is_noted_by_day(cast: Cast) -> None:
    call("get", "/api/v1/team/brands", **key_for(cast, Capability.VIEW))
    assert APIKey.objects.get().last_used_on == business_now().date()


def test_errors_have_one_shape(cast: Cast) -> None:
    headers = key_for(cast, Capability.VIEW, Capability.EDIT_SETTINGS)
    missing = call("get", "/api/v1/team/brands/999999", **headers)
    invalid = call("post", "/api/v1/team/keys", {"name": "", "scopes": ["fly"]}, **headers)
    nowhere = call("get", "/api/v1/nowhere", **headers)
    assert [r.status_code for r in (missing, invalid, nowhere)] == [404, 422, 404]
    for response in (missing, invalid, nowhere):
        assert set(response.json()) == {"error"}
        assert set(response.json()["error"]) == {"code", "message", "fields"}
    assert set(invalid.json()["error"]["fields"]) == {"name", "scopes.0"}


BODY = {"name": "Nightly", "scopes": ["view"]}


def test_repeat_gets_the_first_answer_and_nothing_is_done_twice(cast: Cast) -> None:
    headers = key_for(cast, Capability.VIEW, Capability.EDIT_SETTINGS)
    once = {**headers, "HTTP_IDEMPOTENCY_KEY": "abc"}
    first = call("post", "/api/v1/team/keys", BODY, **once)
    second = call("post", "/api/v1/team/keys", BODY, **once)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second["Idempotency-Replayed"] == "true"
    assert APIKey.objects.filter(name="Nightly").count() == 1


def test_refusals_are_repeated_too(cast: Cast) -> None:
    once = {**key_for(cast, Capability.EDIT_SETTINGS), "HTTP_IDEMPOTENCY_KEY": "abc"}
    first = call("post", "/api/v1/team/keys", {"name": ""}, **once)
    second = call("post", "/api/v1/team/keys", {"name": ""}, **once)
    assert (first.status_code, second.status_code) == (422, 422)
    assert first.content == second.content


def test_same_key_with_another_body_is_refused(cast: Cast) -> None:
    once = {**key_for(cast, Capability.EDIT_SETTINGS), "HTTP_IDEMPOTENCY_KEY": "abc"}
    call("post", "/api/v1/team/keys", BODY, **once)
    other = call("post", "/api/v1/team/keys", BODY | {"name": "Other"}, **once)
    assert other.status_code == 422
    assert "another request" in other.json()["error"]["message"]


def test_keys_of_two_callers_do_not_meet(cast: Cast) -> None:
    for _ in range(2):
        headers = key_for(cast, Capability.VIEW, Capability.EDIT_SETTINGS)
        call("post", "/api/v1/team/keys", BODY, **headers, HTTP_IDEMPOTENCY_KEY="abc")
    assert APIKey.objects.filter(name="Nightly").count() == 2


def test_a_crash_leaves_no_claim(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    once = {
        **key_for(cast, Capability.VIEW, Capability.EDIT_SETTINGS),
        "HTTP_IDEMPOTENCY_KEY": "abc",
    }

    def break_after_the_act(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the power went")

    before = AuditEntry.objects.count()
    with monkeypatch.context() as patched:
        patched.setattr("sincerely.api.idempotency.actions.keep_answer", break_after_the_act)
        with pytest.raises(RuntimeError):
            call("post", "/api/v1/team/keys", BODY, **once)
    assert not IdempotencyKey.objects.exists()
    assert AuditEntry.objects.count() == before
    assert call("post", "/api/v1/team/keys", BODY, **once).status_code == 201
    assert APIKey.objects.filter(name="Nightly").count() == 1


def test_old_answers_are_forgotten(cast: Cast) -> None:
    once = {**key_for(cast, Capability.EDIT_SETTINGS), "HTTP_IDEMPOTENCY_KEY": "abc"}
    call("post", "/api/v1/team/keys", {"name": ""}, **once)
    actions.forget_old_answers(now=business_now())
    assert IdempotencyKey.objects.exists()
    IdempotencyKey.objects.update(created_at=business_now() - actions.answers.KEPT * 1.01)
    assert actions.forget_old_answers(now=business_now()) is False
    assert not IdempotencyKey.objects.exists()


def test_a_smuggled_key_cannot_reach_further_than_its_maker(cast: Cast) -> None:
    headers = key_for(cast, Capability.EDIT_SETTINGS)
    answer = call("post", "/api/v1/team/keys", {"name": "x", "scopes": ["send"]}, **headers)
    assert answer.json()["scopes"] == []


def test_reference_page_lists_every_operation(cast: Cast, client: Client) -> None:
    client.force_login(cast.vera)
    page = client.get("/settings/api/").content.decode()
    for path in api.get_openapi_schema()["paths"]:
        assert path in page


def test_schema_is_what_was_agreed(request: pytest.FixtureRequest) -> None:
    """After a wanted change: write it anew with `python -m tests.api.write_snapshot`."""
    current = json.loads(json.dumps(api.get_openapi_schema(), sort_keys=True, default=str))
    assert current == json.loads(SNAPSHOT.read_text()), "the API changed; see this test's words"


def test_a_method_that_is_not_there_is_refused_in_the_one_shape(cast: Cast) -> None:
    answer = call("put", "/api/v1/team/brands", {}, **key_for(cast, Capability.VIEW))
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


def test_a_bad_address_is_named_in_fields(cast: Cast) -> None:
    headers = key_for(cast, Capability.EDIT_CONTACTS, Capability.EDIT_TEAM)
    for path, body, name in (
        ("/api/v1/contacts/", {"address": "no address"}, "address"),
        ("/api/v1/team/invitations", {"email": "no address", "role": "viewer"}, "email"),
        ("/api/v1/team/invitations", {"email": cast.bob.email, "role": "viewer"}, "email"),
    ):
        answer = call("post", path, body, **headers)
        assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [name]), path
