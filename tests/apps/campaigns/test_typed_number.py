"""Before a campaign leaves for many, their number is typed; a wrong one costs nothing."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.team import typed
from tests.apps.campaigns import desk
from tests.apps.sending.people import marketing, opted_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_wrong_number_is_marked_and_nothing_else_is_lost(
    cast: Cast, client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed, "TYPED_ABOVE", 2)
    opted_in(3, now=now, kind=marketing(now))
    campaign = desk.draft(cast, now=now)
    campaign.audience = {"include": [{"everyone": True}]}
    campaign.save()
    client.force_login(cast.bob)
    address = f"/mail/campaigns/{campaign.pk}/send/"
    assert "aria-invalid" not in client.get(address).content.decode()
    wish = {"when": "at", "on": "2099-11-25", "time": "09:00", "zone": "Asia/Tokyo"}
    page = client.post(address, wish | {"typed": "4"}).content.decode()
    (field,) = re.findall(r'<input[^>]*name="typed"[^>]*>', page)
    assert 'aria-invalid="true"' in field
    assert 'value="4"' in field
    (words,) = re.findall(r'aria-describedby="([^"]*)"', field)
    assert re.search(rf'id="{words}"[^>]*>(?:(?!</div>).)*This is not 3', page, re.DOTALL)
    assert 'value="2099-11-25"' in page
    campaign.refresh_from_db()
    assert campaign.stage == "draft"
    client.post(address, wish | {"typed": " 3 "})
    campaign.refresh_from_db()
    assert campaign.stage == "scheduled"
