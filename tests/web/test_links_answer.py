"""No dead ends: what a page links to answers, and what it sends in is taken, for each role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from sincerely.apps.labels.actions import create_label
from sincerely.apps.segments.actions import create_segment
from sincerely.apps.team.models import Member
from sincerely.apps.team.rules import Capability, Role, may
from tests.apps.campaigns.desk import draft, launch, put_on_list
from tests.apps.sending.people import marketing, opted_in
from tests.cast import Cast

# Leaving the product, or starting work that this test does not need.
NOT_WALKED = ("/account/", "/static/", "/i/", "/p/", "/api/")
# Where also those who only read find no closed door.
FOR_ALL = ("/mail/campaigns/", "/mail/test-mailbox/", "/reports/", "/people/labels/")
Doors = list[tuple[str, str]]


class Reader(HTMLParser):
    """Collects what a page opens (GET) and where its forms go (POST)."""

    def __init__(self) -> None:
        super().__init__()
        self.doors: Doors = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in has:
            self.doors.append(("get", has["href"]))
        if tag == "form" and "action" in has:
            self.doors.append((has.get("method", "get").lower(), has["action"]))
        self.doors += [
            (verb, has[f"hx-{verb}"]) for verb in ("get", "post") if has.get(f"hx-{verb}")
        ]


def doors_of(page: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield each door of a page with an address inside the product."""
    reader = Reader()
    reader.feed(page)
    for verb, address in reader.doors:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or address.startswith("#"):
            continue
        place = parts.path if parts.path.startswith("/") else path + parts.path
        if not place.startswith(NOT_WALKED):
            yield verb, place + (f"?{parts.query}" if parts.query else "")


def kind_of(address: str) -> str:
    """Return what is the same for all addresses of one page: numbers and values are left out."""
    return re.sub(r"(?<=/)\d+(?=/)|(?<==)[^&]*", "_", address)


def complaint_about_post(address: str, member: Member) -> str:
    try:
        view = resolve(urlsplit(address).path).func
    except Resolver404:
        return "leads nowhere"
    capability = getattr(view, "capability", None)
    allowed = capability is None or may(member.role, Capability(capability))
    return "" if allowed else "is refused"


def behind(answer: Any, path: str) -> Doors:
    """Return the doors of an answer: those of the page, or where it sends one on to."""
    if answer.status_code in (301, 302):
        return [("get", answer["Location"])]
    is_page = "text/html" in answer["Content-Type"]
    return list(doors_of(answer.content.decode(), path)) if is_page else []


def walked(client: Client, member: Member) -> list[str]:
    """Open one page of each kind that can be reached from home; return what went wrong."""
    client.force_login(member)
    client.raise_request_exception = False
    waiting, seen, wrong = [("/", "/")], {"/"}, []
    while waiting:
        address, where = waiting.pop()
        answer = client.get(address)
        if answer.status_code >= 400:
            wrong.append(f"{where} → GET {address}: {answer.status_code}")
            continue
        doors = behind(answer, urlsplit(address).path)
        for verb, door in doors:
            if (kind := f"{verb} {kind_of(door)}") in seen:
                continue
            seen.add(kind)
            if verb == "get":
                waiting.append((door, address))
            elif complaint := complaint_about_post(door, member):
                wrong.append(f"{address} → POST {door}: {complaint}")
    return wrong


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_every_door_opens(cast: Cast, client: Client, now: datetime, role: Role) -> None:
    people = opted_in(3, now=now, kind=marketing(now))
    made = put_on_list("Friends", people[:2], now=now)
    create_label("Cats", now=now, actor=cast.actor)
    create_segment("All", {"everyone": True}, now=now, actor=cast.actor)
    sent = draft(cast, now=now)
    sent.audience = {"include": [{"list": made.pk}], "exclude": []}
    sent.save()
    launch(sent, cast, now=now)
    draft(cast, now=now)
    member = cast.alice if role == Role.OWNER else cast.vera
    wrong = [one for one in walked(client, member) if role == Role.OWNER or one.startswith(FOR_ALL)]
    assert not wrong, "\n".join(wrong)
