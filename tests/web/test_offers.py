"""No page offers what a role may not do: every link and button of every page, per role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.people.models import Import, WorkState
from sincerely.apps.people.sample.tasks import STEPS
from sincerely.apps.sending.models import TestMail as SentTest
from sincerely.apps.team.models import Member
from sincerely.apps.team.rules import may
from sincerely.web.navigation import MAP, menu
from tests.cast import Cast

OFFER = re.compile(r'(?:href|action|hx-get|hx-post)="([^"#]+)')
PARTS = ("/home/health/",)


@pytest.fixture(params=["begun", "empty"])
def house(request: pytest.FixtureRequest, cast: Cast, now: datetime) -> str:
    """A house that was just set up, or one with people, mail and the pet shop."""
    if request.param == "begun":
        create_contact("ann@example.org", now=now, actor=cast.actor)
        SentTest.objects.create(address="bob@team.example", at=now, outcome="250 taken")
        Import.objects.create(
            kind="sample",
            size_bytes=1,
            state=WorkState.DONE,
            totals={"past": len(STEPS)},
            member_id=cast.alice.pk,
            created_at=now,
        )
    return str(request.param)


def offers(client: Client, path: str) -> Iterator[str]:
    answer = client.get(path)
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return
    for found in OFFER.findall(answer.content.decode()):
        whole = urlsplit(urljoin(path, found.replace("&amp;", "&")))
        if not whole.netloc:
            yield whole.path


def closed(member: Member, path: str) -> bool:
    """Say whether this address is shut for the member; files and the like have no guard."""
    try:
        capability = getattr(resolve(path).func, "capability", None)
    except Resolver404:
        return False
    return capability is not None and not may(member.role, capability)


@pytest.mark.parametrize("name", ["bob", "ann_lyst", "vera"])
def test_no_page_offers_what_a_role_may_not_do(
    house: str, cast: Cast, client: Client, name: str
) -> None:
    member: Member = getattr(cast, name)
    client.force_login(member)
    pages = {
        page.path for one in MAP for entry in menu(member.role, one.prefix) for page in entry.pages
    }
    assert len(pages) > 10
    wrong = {
        (path, offer)
        for path in sorted({"/", *PARTS, *pages})
        for offer in offers(client, path)
        if closed(member, offer)
    }
    assert wrong == set()


def test_the_owner_is_offered_what_others_are_not(
    cast: Cast, client: Client, now: datetime
) -> None:
    client.force_login(cast.alice)
    offered = list(offers(client, "/"))
    assert any(closed(cast.vera, path) for path in offered)
