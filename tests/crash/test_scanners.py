"""A machine fetches every address of a real mail, again and again: nothing moves; one POST does."""

from __future__ import annotations

import email
import html
import http.client
import re
from datetime import datetime, timedelta
from email.policy import default as modern
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import models
from django.test import Client

from sincerely.apps.consent.models import ConsentRecord, OptOut, Permission, Suppression
from sincerely.apps.contacts.models import Contact, ListMembership
from sincerely.apps.interests.models import ContactLabel, LabelDay
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries import is_finished
from sincerely.engines.folder.steps import fold_all
from sincerely.wire import clock
from sincerely.wire.capture import Store
from tests.cast import Cast
from tests.crash.nursery import Nursery
from tests.crash.scale import sized, write_down
from tests.engines.sending_world import Server, planned, sending, serving, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(3_600),
]
WATCHED: tuple[type[models.Model], ...] = (
    ConsentRecord,
    Permission,
    OptOut,
    Suppression,
    ListMembership,
    ContactLabel,
    LabelDay,
    Contact,
)


@pytest.mark.requirement("R004")
def test_a_hundred_fetches_of_every_address_move_nothing(
    cast: Cast, now: datetime, nursery: Nursery, captures: Store
) -> None:
    mail = _sent_mail(cast, now=clock.now())
    addresses = _addresses(mail)
    assert len(addresses) >= 5
    before = _state()
    times = sized(5, 100, 100)
    browser = Client()
    with nursery.running("tracker"):
        until(lambda: _ask(nursery, "GET", "/health")[0] == 200)
        for turn in range(times):
            for address in addresses:
                _fetch(nursery, browser, address, method="HEAD" if turn % 2 else "GET")
        fold_all(now=clock.now() + timedelta(days=2))
        assert _state() == before
        unsubscribe = urlsplit(mail["List-Unsubscribe"].strip("<>"))
        assert _ask(nursery, "POST", unsubscribe.path, "List-Unsubscribe=One-Click")[0] == 200
    fold_all(now=clock.now() + timedelta(days=2))
    assert ConsentRecord.objects.filter(act="withdraw").count() == 1
    write_down(
        11,
        "every address of a mail fetched by GET and HEAD",
        done=times * len(addresses),
        kills=0,
        lost=0,
        twice=0,
        changes=0,
    )


def _sent_mail(cast: Cast, *, now: datetime) -> email.message.EmailMessage:
    with serving(Server()) as server:
        dispatch = planned(cast, server, 1, now=now)
        with sending():
            until(lambda: is_finished(dispatch.pk))
    assert Message.objects.get().state == "accepted"
    return email.message_from_bytes(server.kept[0][1], policy=modern)  # type: ignore[return-value]


def _addresses(mail: email.message.EmailMessage) -> list[str]:
    """Every address of ours in the mail: both parts and the headers."""
    found = {mail["List-Unsubscribe"].strip("<>")}
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            found |= set(re.findall(r"https?://[^\s\"'<>)]+", part.get_content()))
    ours = (settings.TRACKER_URL, settings.PUBLIC_URL)
    return sorted(html.unescape(a) for a in found if a.startswith(ours))


def _fetch(nursery: Nursery, browser: Client, address: str, *, method: str) -> None:
    """Fetch an address as a scanner does: every hop of ours, but no button."""
    for _ in range(4):
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if address.startswith(settings.TRACKER_URL):
            status, address = _ask(nursery, method, path)
        else:
            answer = browser.generic(method, path)
            status, address = answer.status_code, answer.headers.get("Location", "")
        assert status in (200, 301, 302), (path, status)
        if not address.startswith((settings.TRACKER_URL, settings.PUBLIC_URL)):
            return


def _ask(nursery: Nursery, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", nursery.tracker_port, timeout=10)
    try:
        connection.request(method, path, body=body, headers={"user-agent": "Mozilla/5.0 scanner"})
        answer = connection.getresponse()
        answer.read()
    except OSError:
        return 0, ""
    finally:
        connection.close()
    return answer.status, answer.headers.get("Location", "")


def _state() -> dict[str, list[tuple[object, ...]]]:
    return {model.__name__: sorted(model.objects.values_list(), key=repr) for model in WATCHED}
