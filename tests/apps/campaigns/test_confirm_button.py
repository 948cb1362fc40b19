"""A confirm button to the preference page stops the launch; one click mends it."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.campaigns import actions
from sincerely.apps.campaigns.actions.launch import NotReady
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.schedule import Now
from sincerely.apps.content.actions import create_content
from sincerely.apps.content.actions.editing import save_draft
from sincerely.apps.content.actions.links import review_links
from sincerely.apps.engagement.models import Link
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE
from sincerely.apps.sending.actions import ensure_default_sender
from tests.apps.campaigns.desk import launch
from tests.apps.sending.people import marketing, opted_in
from tests.cast import Cast

TRACKED = "https://mail.shop.example/p/preferences/abc"


def confirm(block_id: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": block_id, "type": "confirm", "settings": {"label": "Yes", "url": url}, **more}


def permission_pass(cast: Cast, now: datetime, **content: Any) -> Campaign:
    """A campaign that is ready in everything but its confirm button."""
    opted_in(2, now=now, kind=marketing(now))
    ensure_default_sender(
        brand_id=cast.brand.pk, name="Pet shop", address="hello@shop.example", now=now
    )
    made = create_content(
        "Stay?",
        brand_id=cast.brand.pk,
        subject="Stay?",
        preheader="One question",
        now=now,
        actor=cast.actor,
        **content,
    )
    review_links(made.pk, now=now, actor=cast.actor)
    campaign = actions.create_campaign("Stay?", content_id=made.pk, now=now, actor=cast.actor)
    audience = {"include": [{"everyone": True}], "exclude": []}
    actions.set_audience(campaign.pk, audience=audience, now=now, actor=cast.actor)
    return campaign


def refused(campaign: Campaign, cast: Cast, now: datetime) -> list[str]:
    with pytest.raises(NotReady) as problem:
        actions.launch_campaign(campaign.pk, schedule=Now(), now=now, actor=cast.actor)
    assert {wall.code for wall in problem.value.walls} == {"content"}
    return [wall.detail for wall in problem.value.walls]


def fixes_on(client: Client, campaign: Campaign) -> list[str]:
    page = client.get(f"/mail/campaigns/{campaign.pk}/check/").content.decode()
    return [unescape(found) for found in re.findall(r'action="([^"]*fix=confirm_page[^"]*)"', page)]


@pytest.mark.requirement("R065")
@pytest.mark.parametrize("url", ["{{ preferences_url }}", "{{preferences_url}}", TRACKED])
def test_the_launch_is_blocked_and_the_fix_clears_it(
    cast: Cast, client: Client, now: datetime, url: str
) -> None:
    hidden = confirm("b", "https://shop.example/thanks", shown_to={"everyone": True})
    hidden["otherwise"] = confirm("b-else", url)
    text = {"id": "t", "type": "text", "settings": {"html": "<p>Hello</p>"}}
    document = {"version": 1, "blocks": [text, confirm("a", url), hidden]}
    campaign = permission_pass(cast, now, mode="blocks", document=document)
    told = refused(campaign, cast, now)
    assert len(told) == 2
    assert "leads to the preference page, where clicks cannot be counted" in told[0]
    client.force_login(cast.bob)
    fixes = fixes_on(client, campaign)
    assert len(fixes) == 2
    for fix in fixes:
        assert client.post(fix).status_code == 302
    assert fixes_on(client, campaign) == []
    launch(campaign, cast, now=now)
    stored = dict(Link.objects.filter(role="confirm").values_list("url", "mailing_id"))
    assert stored == {
        CONFIRM_PAGE: campaign.mailing_id,
        "https://shop.example/thanks": campaign.mailing_id,
    }


@pytest.mark.requirement("R065")
def test_a_link_of_an_own_mail_with_that_role_is_caught_as_well(
    cast: Cast, client: Client, now: datetime
) -> None:
    source = f"<body><p>Stay?</p><a href='{TRACKED}'>Yes</a> <a href='{TRACKED}'>Sure</a></body>"
    campaign = permission_pass(cast, now, mode="html", source=source)
    content_id = campaign.content_id
    assert fixes_on_as(client, cast, campaign) == [], "an ordinary link may lead there"
    save_draft(
        content_id,
        base_revision=campaign.content.revision,
        changes={"link_choices": {TRACKED: {"role": "confirm"}}},
        now=now,
        actor=cast.actor,
    )
    assert len(refused(campaign, cast, now)) == 1
    (fix,) = fixes_on(client, campaign)
    assert client.post(fix).status_code == 302
    launch(campaign, cast, now=now)
    link = Link.objects.get()
    assert (link.url, link.role, link.label_id) == (CONFIRM_PAGE, "confirm", None)


def fixes_on_as(client: Client, cast: Cast, campaign: Campaign) -> list[str]:
    client.force_login(cast.bob)
    return fixes_on(client, campaign)
