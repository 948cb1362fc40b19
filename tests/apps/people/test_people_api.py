"""Import and export by API."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sincerely.apps.contacts.models import Contact
from sincerely.apps.people.models import Export, Import
from sincerely.apps.people.tasks import finish, finish_export
from sincerely.apps.team.models import APIKey
from sincerely.apps.team.rules import hash_secret
from tests.apps.people.desk import claim
from tests.cast import Cast

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/people"


def keyed(cast: Cast, now: datetime, *scopes: str) -> Client:
    secret = "sk_test_" + "-".join(scopes)
    APIKey.objects.create(
        name="robot",
        prefix=secret[-12:],
        secret_hash=hash_secret(secret),
        scopes=list(scopes),
        member=cast.alice,
        created_at=now,
    )
    return Client(headers={"authorization": f"Bearer {secret}"})


def send(client: Client, method: str, path: str, body: object) -> object:
    answer = getattr(client, method)(
        f"{ROOT}{path}", json.dumps(body), content_type="application/json"
    )
    assert answer.status_code < 300, answer.content
    return answer.json()


def test_a_file_comes_in_and_goes_out_by_api(cast: Cast, now: datetime) -> None:
    client = keyed(cast, now, "edit_contacts", "export", "view")
    text = "email,first name\na@example.com,Ann\nb@example.com,Bo\nbad,X\n"
    file = SimpleUploadedFile("people.csv", text.encode())
    answer = client.post(f"{ROOT}/imports", {"file": file})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert [target["to"] for target in made["choices"]["targets"]] == ["address", "first_name"]
    kind = claim(now).subscription_type_id
    body = {
        "targets": made["choices"]["targets"],
        "claim": {"subscription_type_id": kind, "document": "web form"},
    }
    path = f"/imports/{made['id']}"
    send(client, "put", f"{path}/choices", body)
    work = finish(Import.objects.get(), now=now)
    assert client.get(f"{ROOT}{path}").json()["preview"]["counts"]["new"] == 2
    send(client, "post", f"{path}/start", {})
    finish(work, now=now)
    assert Contact.objects.count() == 2
    rejects = client.get(f"{ROOT}{path}/rejects").json()
    assert rejects["items"][0]["reason"] == "bad_address"
    assert rejects["next"] is None
    groups = client.get(f"{ROOT}/diagnosis?import_id={work.pk}").json()["groups"]
    assert groups["unjudged"] == 2
    export = send(client, "post", "/exports", {"kind": "everyone", "columns": ["address"]})
    finish_export(Export.objects.get(), now=now)
    assert isinstance(export, dict)
    got = client.get(f"{ROOT}/exports/{export['id']}/file")
    assert b"".join(got.streaming_content) == b"E-mail\r\na@example.com\r\nb@example.com\r\n"
    assert client.get(f"{ROOT}/exports/{export['id']}").json()["manifest"]["row_count"] == 2
    assert len(client.get(f"{ROOT}/exports").json()["items"]) == 1
    assert len(client.get(f"{ROOT}/imports").json()["items"]) == 1


def test_wrong_requests_say_what_is_wrong(cast: Cast, now: datetime) -> None:
    client = keyed(cast, now, "edit_contacts", "export")
    answer = client.post(f"{ROOT}/imports", {"file": SimpleUploadedFile("x.csv", b"%PDF")})
    assert answer.status_code == 422
    for body in ({"kind": "list", "id": 9}, {"kind": "rule", "rule": {"criterion": "no"}}):
        answer = client.post(f"{ROOT}/exports", json.dumps(body), content_type="application/json")
        assert answer.status_code == 422, answer.content
    assert client.get(f"{ROOT}/imports/7").status_code == 404


def test_a_key_without_the_scope_is_refused(cast: Cast, now: datetime) -> None:
    client = keyed(cast, now, "view")
    assert client.get(f"{ROOT}/exports").status_code == 403
    assert Client().get(f"{ROOT}/imports").status_code == 401
