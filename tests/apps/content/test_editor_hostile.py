"""What the editor's island would never send: refused in words, never kept, never a 500."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.content.models import Content
from tests.apps.campaigns.desk import draft
from tests.cast import Cast

BODIES = (
    "[" * 100_000,
    '{"revision": "x", "changes": {}}',
    '{"revision": [1], "changes": {}}',
    '{"revision": null}',
    '{"revision": 1e999, "changes": {}}',
    '{"revision": REVISION, "changes": []}',
    '{"revision": REVISION, "changes": {"subject": 5}}',
    '{"revision": REVISION, "changes": {"subject": "a\\u0000b"}}',
    '{"revision": REVISION, "changes": {"subject": "\\ud800"}}',
    '{"revision": REVISION, "changes": {"document": {"version": NaN}}}',
    '{"revision": REVISION, "changes": {"document": {"blocks": [{"id": "a"}]}}}',
    "\xff",
)


@pytest.fixture
def mail(cast: Cast, client: Client, now: datetime) -> Content:
    client.force_login(cast.alice)
    return draft(cast, now=now).content


@pytest.mark.parametrize("body", BODIES)
def test_an_odd_save_is_refused_in_words(mail: Content, client: Client, body: str) -> None:
    path = f"/mail/content/{mail.pk}/save/"
    sent = body.replace("REVISION", str(mail.revision)).encode("latin-1")
    answer = client.put(path, sent, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["message"]
    assert Content.objects.get(pk=mail.pk).subject == mail.subject


@pytest.mark.parametrize("path", ["versions/1/restore/", "rules/"])
@pytest.mark.parametrize("body", BODIES)
def test_nothing_else_breaks_at_it(mail: Content, client: Client, path: str, body: str) -> None:
    place = f"/mail/content/{mail.pk}/{path}" if path != "rules/" else "/mail/rules/weigh/"
    sent = body.encode("latin-1")
    assert client.post(place, sent, content_type="application/json").status_code < 500
