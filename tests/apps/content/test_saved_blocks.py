"""The page of the saved blocks: found in the menu, renamed, deleted."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.content.actions.editing import save_block
from sincerely.apps.content.models import SavedBlock
from tests.cast import Cast

PAGE = "/mail/saved-blocks/"


@pytest.mark.django_db
def test_a_saved_block_is_renamed_and_deleted(cast: Cast, client: Client, now: datetime) -> None:
    client.force_login(cast.bob)
    first, second = (
        save_block(name=name, block={"type": "divider"}, now=now, actor=cast.actor)
        for name in ("Line", "Rule")
    )
    assert f'href="{PAGE}"' in client.get("/mail/campaigns/").content.decode()
    assert "Line" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}{first.pk}/", {"name": "Rule"}).status_code == 422
    assert client.post(f"{PAGE}{first.pk}/", {"name": "Thin line"}).status_code == 302
    client.post(f"{PAGE}{second.pk}/delete/")
    assert list(SavedBlock.objects.values_list("name", flat=True)) == ["Thin line"]
    assert client.get(f"{PAGE}{second.pk}/").status_code == 404
