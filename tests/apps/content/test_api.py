"""The JSON API of drafts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.labels.models import Label
from sincerely.apps.team.models import APIKey
from sincerely.apps.team.rules import hash_secret
from tests.cast import Cast

ROOT = "/api/v1/content"


@pytest.fixture
def call(cast: Cast, client: Client, now: datetime) -> Any:
    APIKey.objects.create(
        name="Key",
        prefix="k",
        secret_hash=hash_secret("secret"),
        scopes=["view", "edit_content"],
        member=cast.alice,
        created_at=now,
    )
    APIKey.objects.create(
        name="Reader",
        prefix="r",
        secret_hash=hash_secret("reader"),
        scopes=["view"],
        member=cast.alice,
        created_at=now,
    )

    def call(method: str, path: str, body: Any = None, *, key: str = "secret") -> Any:
        return client.generic(
            method,
            f"{ROOT}{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    return call


def test_a_draft_from_beginning_to_preview(call: Any, cast: Cast, now: datetime) -> None:
    label = Label.objects.create(name="Dogs", created_at=now)
    source = "<body><p>Hi {{ contact.first_name }}</p><a href='https://a.example/x'>Go</a></body>"
    new = {"name": "Mail", "brand_id": cast.brand.pk, "mode": "html", "source": source}
    made = call("POST", "/", new | {"subject": "Hello"})
    assert made.status_code == 201, made.content
    content = made.json()
    path = f"/{content['id']}"
    assert call("GET", path).json()["source"] == source
    changed = call("PATCH", path, {"revision": content["revision"], "preheader": "News"})
    assert changed.json()["revision"] == content["revision"] + 1
    stale = call("PATCH", path, {"revision": content["revision"], "preheader": "Late"})
    assert stale.status_code == 409
    links = call("GET", f"{path}/links").json()
    assert [link["url"] for link in links["items"]] == ["https://a.example/x"]
    assert links["review"] == "open"
    chosen = {"url": "https://a.example/x", "label_id": label.pk}
    assert call("PUT", f"{path}/links", chosen).json()["review"] == "current"
    wrong = call("PUT", f"{path}/links", {"url": "https://no.example/", "label_id": label.pk})
    assert wrong.status_code == 422
    assert call("POST", f"{path}/links/review").json()["items"][0]["label_id"] == label.pk
    assert "no_fallback" in {row["code"] for row in call("GET", f"{path}/checks").json()}
    shown = call("GET", f"{path}/preview?viewer=nobody").json()
    assert shown["subject"] == "Hello"
    assert shown["missing"] == ["first_name"]
    assert "<p>Hi </p>" in shown["html"]


def test_pages_of_drafts(call: Any, cast: Cast) -> None:
    for number in range(3):
        call("POST", "/", {"name": f"Mail {number}", "brand_id": cast.brand.pk})
    first = call("GET", "/?limit=2").json()
    rest = call("GET", f"/?limit=2&after={first['next']}").json()
    assert [row["name"] for row in first["items"] + rest["items"]] == ["Mail 0", "Mail 1", "Mail 2"]
    assert rest["next"] is None


def test_what_is_refused(call: Any, cast: Cast) -> None:
    new = {"name": "Mail", "brand_id": cast.brand.pk}
    assert call("POST", "/", new, key="").status_code == 401
    assert call("POST", "/", new, key="reader").status_code == 403
    assert call("GET", "/", key="reader").status_code == 200
    assert call("POST", "/", new | {"brand_id": 999_999}).status_code == 422
    assert call("POST", "/", new | {"document": {"blocks": "no"}}).status_code == 422
    assert call("GET", "/999999").status_code == 404
    broken = call("POST", "/", new | {"mode": "html", "source": "{% for %}"}).json()
    for path in ("links", "preview"):
        assert call("GET", f"/{broken['id']}/{path}").status_code == 422
    assert call("GET", f"/{broken['id']}/checks").json()[0]["severity"] == "wall"
