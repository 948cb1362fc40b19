"""The moments that a newcomer should have: a click in the test mailbox lights a label up."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import LazySettings
from django.test import Client

from sincerely.apps.engagement.models import Event, EventKind, Signal
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.labels.actions import create_label
from sincerely.apps.reports.queries.outcomes import outcome_counts
from sincerely.engines.mailbox import main as mailbox
from tests.installation import free_ports
from tests.stories.shop import DOGS, Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]


@contextmanager
def test_mailbox() -> Iterator[None]:
    """Run the test mailbox's real main in a thread; the sender tries until it listens."""
    stop = threading.Event()
    thread = threading.Thread(target=mailbox.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


test_mailbox.__test__ = False  # type: ignore[attr-defined]


def test_live_label(shop: Shop, settings: LazySettings) -> None:
    """Screens, moment 1: click as the contact, and the open contact page shows it at once."""
    settings.MAILBOX_ADDRESS = f"127.0.0.1:{free_ports(1)[0]}"
    dogs = create_label("Honden", now=shop.now, actor=shop.cast.actor)
    ann = shop.contact("ann", shop.kind())
    bob, vera = Client(), Client()
    bob.force_login(shop.cast.bob)
    vera.force_login(shop.cast.vera)
    with test_mailbox():
        campaign = shop.send("June", labels={DOGS: dogs})
    labels = f"/people/{ann.pk}/labels/"
    seen = re.search(r"\?seen=([^\"&]*)", bob.get(labels, {"seen": "-"}).content.decode())
    assert seen is not None
    box = bob.get("/mail/test-mailbox/").content.decode()
    found = re.search(r"/mail/test-mailbox/(\d+)/", box)
    assert found is not None
    mail = found[0]
    assert ann.address in box
    body = bob.get(f"{mail}body/").content.decode()
    assert "/c/" not in body
    pages = sorted(set(re.findall(rf"{re.escape(mail)}link/\d+/", body)))
    assert len(pages) == 4
    (page,) = [p for p in pages if DOGS in bob.get(p).content.decode().replace("&amp;", "&")]
    shop.fold()
    assert not Signal.objects.exists(), "looking is not clicking"
    assert bob.get(f"{labels}?seen={seen[1]}").status_code == 204
    assert vera.post(f"{page}click/").status_code == 403
    assert bob.post(f"{page}click/").status_code == 200
    shop.fold()
    event = Event.objects.get(kind=EventKind.CLICKED)
    assert (event.verdict, event.is_simulated, event.contact_id) == ("human", True, ann.pk)
    assert ContactLabel.objects.get(contact=ann).label_id == dogs.pk
    assert LabelChange.objects.get().message_id == event.message_id
    answer = bob.get(f"{labels}?seen={seen[1]}")
    assert answer.status_code == 200
    assert "Honden" in answer.content.decode()
    shop.settle()
    assert Event.objects.filter(kind=EventKind.CLICKED).count() == 1
    assert outcome_counts(campaign.mailing_id)["clicked"] == 1
