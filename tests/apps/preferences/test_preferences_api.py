"""The thank-you page's words by API, and what a test mail's links say."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from sincerely.apps.engagement.rules.tokens import Purpose, mint
from sincerely.apps.team.actions import create_key
from sincerely.apps.team.models import AuditEntry
from sincerely.apps.team.rules import Capability
from tests.cast import Cast


@pytest.fixture
def call(cast: Cast, client: Client, now: datetime) -> Any:
    _key, secret = create_key(
        "Key", member_id=cast.alice.pk, scopes=[Capability.EDIT_CONTENT], now=now, actor=cast.actor
    )
    path = f"/api/v1/preferences/thank-you/{cast.brand.pk}/"

    def call(method: str, language: str, body: Any = None) -> Any:
        return client.generic(
            method,
            path + language,
            json.dumps(body) if body else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    return call


@pytest.mark.requirement("R064")
def test_words_are_read_written_and_given_back(call: Any) -> None:
    assert call("GET", "nl").json()["changed_at"] is None
    answer = call("PUT", "nl", {"heading": "Dank je wel", "words": "Fijn dat je blijft."})
    assert answer.status_code == 200, answer.content
    assert call("GET", "nl").json()["heading"] == "Dank je wel"
    assert call("GET", "da").json()["heading"] == ""
    assert AuditEntry.objects.filter(act="thank-you page changed").count() == 1
    assert call("PUT", "nl", {"heading": ""}).json()["changed_at"] is None


def test_what_the_page_refuses_is_refused_here(call: Any) -> None:
    answer = call("PUT", "en", {"offer_label": "Go", "offer_url": "javascript:alert(1)"})
    assert answer.status_code == 422
    assert "offer_url" in answer.json()["error"]["fields"]
    assert call("GET", "fr").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "purpose", "words"),
    [
        ("confirm", Purpose.CONFIRM, "this button leads to the thank-you page"),
        ("unsubscribe", Purpose.UNSUBSCRIBE, "the contact leaves here"),
    ],
)
def test_the_links_of_a_test_mail_explain_themselves(
    path: str, purpose: str, words: str, client: Client
) -> None:
    token = mint(settings.TOKEN_KEYS, purpose, mailing_id=3, message_id=0, nonce=b"nonce!")
    page = client.get(f"/p/{path}/{token}")
    assert page.status_code == 200
    assert words in page.content.decode()
