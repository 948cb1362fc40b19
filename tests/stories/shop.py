"""A shop for whole-path stories: real campaigns, real SMTP, the real tracker, the real fold.

The clock of the process is turned, so that a click can come an hour after its mail.
"""

from __future__ import annotations

import email
import gc
import http.client
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default as modern
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from sincerely.apps.campaigns import actions as campaigns
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.schedule import Now, Schedule
from sincerely.apps.consent.actions import default_subscription_type, permit
from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.contacts.models import Contact
from sincerely.apps.content.actions import create_content, freeze
from sincerely.apps.content.actions.links import choose_label, review_links
from sincerely.apps.engagement.actions import register_mailing
from sincerely.apps.engagement.models import Link
from sincerely.apps.engagement.queries.watermarks import capture_conninfo, capture_store
from sincerely.apps.labels.models import Label
from sincerely.apps.sending.actions import ensure_default_sender, open_dispatch, plan_slice
from sincerely.apps.sending.actions.transports import mailbox_transport
from sincerely.apps.sending.models import Message, SenderIdentity
from sincerely.apps.sending.queries import is_finished
from sincerely.apps.sending.rules.message_id import read_message_id
from sincerely.engines.folder.steps import fold_all
from sincerely.engines.tracker import main as tracker
from sincerely.wire import clock
from sincerely.wire.capture import open_store
from tests.apps.campaigns.desk import run
from tests.apps.sending.people import EVERYBODY
from tests.cast import Cast
from tests.engines.sending_world import Server, sending, until

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
DOGS = "https://shop.example/dogs?a=1&b=%C3%A9#top"
CATS = "https://shop.example/cats"
OFFERS = "https://shop.example/offers"
ABOUT = "https://shop.example/about"
SOURCE = f"""<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{{{ contact.first_name | default: "there" }}}},
<a href="{DOGS.replace("&", "&amp;")}">dogs</a>, <a href="{CATS}">cats</a>
and <a href="{ABOUT}">us</a>.</mj-text>
<mj-button href="{OFFERS}">Offers</mj-button>
</mj-column></mj-section></mj-body></mjml>"""
EVERYONE: dict[str, Any] = {"include": [{"everyone": True}], "exclude": []}


@dataclass
class Shop:
    """The cast at work: who may write to whom, what leaves, what arrives, what comes back."""

    cast: Cast
    server: Server
    tracker_port: int
    turned: timedelta = field(default_factory=timedelta)

    @property
    def now(self) -> datetime:
        """The business time."""
        return clock.now()

    def later(self, **amount: float) -> datetime:
        """Turn the clock forward."""
        self.turned += timedelta(**amount)
        clock.set_offset(self.turned)
        return self.now

    def kind(self, name: str = "") -> SubscriptionType:
        """A subscription type by its name; the default one without."""
        if not name:
            return default_subscription_type(self.now)
        return SubscriptionType.objects.get_or_create(name=name, defaults={"created_at": self.now})[
            0
        ]

    def contact(self, name: str, *kinds: SubscriptionType, **columns: Any) -> Contact:
        """A contact who agreed to these kinds of mail."""
        made = create_contact(
            f"{name}@example.com",
            first_name=name.title(),
            now=self.now,
            actor=self.cast.actor,
            **columns,
        )
        for kind in kinds:
            permit(
                made.pk,
                subscription_type_id=kind.pk,
                channel="form",
                evidence=1,
                proof=Proof(address=made.address, ip="192.0.2.1", document="card 7"),
                now=self.now,
                actor=self.cast.actor,
            )
        return made

    def draft(
        self,
        name: str = "June",
        *,
        audience: dict[str, Any] | None = None,
        kind: SubscriptionType | None = None,
        labels: dict[str, Label] | None = None,
        **content: Any,
    ) -> Campaign:
        """A draft with four links (some labelled), ready to launch."""
        ensure_default_sender(
            brand_id=self.cast.brand.pk, name="Pet shop", address="hello@shop.example", now=self.now
        )
        given = {"subject": f"News: {name}"} | (content or {"mode": "mjml", "source": SOURCE})
        with_whom: dict[str, Any] = {"now": self.now, "actor": self.cast.actor}
        written = create_content(name, brand_id=self.cast.brand.pk, **with_whom, **given)
        for url, label in (labels or {}).items():
            choose_label(written.pk, url=url, label_id=label.pk, **with_whom)
        review_links(written.pk, **with_whom)
        made = campaigns.create_campaign(name, content_id=written.pk, **with_whom)
        changes: dict[str, Any] = {"utm": {}}  # so that addresses can be compared
        campaigns.set_audience(made.pk, audience=audience or EVERYONE, **with_whom)
        if kind is not None:
            changes["subscription_type_id"] = kind.pk
        campaigns.change_envelope(made.pk, changes=changes, **with_whom)
        return Campaign.objects.get(pk=made.pk)

    def plan(self, campaign: Campaign, *, schedule: Schedule | None = None) -> Campaign:
        """Launch without the minute of grace and plan everybody."""
        campaigns.launch_campaign(
            campaign.pk,
            schedule=schedule or Now(),
            now=self.now,
            actor=self.cast.actor,
            grace=timedelta(0),
        )
        run(self.now)
        return Campaign.objects.get(pk=campaign.pk)

    def deliver(self, *mailing_ids: int) -> None:
        """Run the sender until these mailings are finished, and fold what came of them."""
        with sending():
            until(lambda: all(is_finished(mailing_id) for mailing_id in mailing_ids))
        self.fold()

    def send(self, name: str = "June", **more: Any) -> Campaign:
        """Write, launch, plan and deliver a campaign."""
        campaign = self.plan(self.draft(name, **more))
        self.deliver(campaign.mailing_id)
        return campaign

    def open_as(
        self, tag: str, name: str, *, kind: SubscriptionType | None = None
    ) -> tuple[int, int]:
        """Open a mailing that is no campaign's, as a workflow will; return it and its version."""
        content = self.draft(name).content
        mailing = register_mailing(
            name, tag=tag, now=self.now, subscription_type_id=kind.pk if kind else None
        )
        version = freeze(content.pk, mailing_id=mailing.pk, now=self.now)
        sender = SenderIdentity.objects.get()
        open_dispatch(
            mailing.pk,
            sender_id=sender.pk,
            transport_id=mailbox_transport(now=self.now).pk,
            subscription_type_id=kind.pk if kind else None,
            now=self.now,
        )
        return mailing.pk, version.pk

    def send_as(self, tag: str, name: str, *, kind: SubscriptionType | None = None) -> int:
        """Send everybody a mail that is no campaign's; return the mailing."""
        mailing_id, version_id = self.open_as(tag, name, kind=kind)
        moment = self.now
        plan_slice(mailing_id, EVERYBODY, version_id=version_id, due_at=moment, now=moment)
        self.deliver(mailing_id)
        return mailing_id

    def fold(self) -> None:
        """Let the folder take everything that is due."""
        fold_all(now=self.now)

    def settle(self) -> None:
        """Let a day pass, so that every verdict is final."""
        self.later(hours=25)
        self.fold()

    def inbox(self, contact: Contact) -> list[EmailMessage]:
        """The mail that the server keeps for a contact."""
        kept = [raw for recipient, raw in self.server.kept if recipient == contact.address]
        return [email.message_from_bytes(raw, policy=modern) for raw in kept]  # type: ignore[misc]

    def received(self) -> dict[str, list[str]]:
        """The subjects that arrived, by address."""
        found: dict[str, list[str]] = defaultdict(list)
        for recipient, raw in self.server.kept:
            found[recipient].append(str(email.message_from_bytes(raw, policy=modern)["Subject"]))
        return dict(found)

    def ask(
        self,
        address: str,
        *,
        method: str = "GET",
        body: str | None = None,
        agent: str = FIREFOX,
        ip: str = "127.0.0.1",
    ) -> tuple[int, str]:
        """Ask the tracker over real HTTP; return status and where it leads."""
        asking = http.client.HTTPConnection(
            "127.0.0.1", self.tracker_port, timeout=10, source_address=(ip, 0)
        )
        headers = {"user-agent": agent}
        if body is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        place = urlsplit(address)
        path = place.path + (f"?{place.query}" if place.query else "")
        asking.request(method, path, body=body, headers=headers)
        answer = asking.getresponse()
        answer.read()
        asking.close()
        return answer.status, answer.getheader("location") or ""

    def click(self, mail: EmailMessage, url: str, **more: Any) -> None:
        """Click the link that leads to this address, as its reader would."""
        assert self.ask(link_to(mail, url), **more) == (302, url)


def html_of(mail: EmailMessage) -> str:
    """The HTML part."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def links_in(mail: EmailMessage) -> list[str]:
    """The tracked addresses in a mail, each once, in their order."""
    found = re.findall(r"href=\"([^\"]*/c/[^\"]+)\"", html_of(mail))
    return list(dict.fromkeys(unescape(address) for address in found))


def link_to(mail: EmailMessage, url: str) -> str:
    """The tracked address whose link leads to this URL, by its number in the mailing."""
    found = read_message_id(str(mail["Message-ID"]))
    assert found is not None
    mailing_id = Message.objects.values_list("mailing_id", flat=True).get(pk=found[0])
    number = Link.objects.get(mailing_id=mailing_id, url=url).number
    return next(a for a in links_in(mail) if a.endswith(f"/{number}"))


def pixel_in(mail: EmailMessage) -> str:
    """The address of the open pixel, '' where there is none."""
    found = re.search(r"src=\"([^\"]*/o/[^\"]+\.gif)\"", html_of(mail))
    return unescape(found[1]) if found else ""


def unsubscribe_in(mail: EmailMessage) -> str:
    """The address in the List-Unsubscribe header."""
    return str(mail["List-Unsubscribe"]).strip("<>")


def states_of(mailing_id: int) -> dict[str, str]:
    """Reason ('' for none) by address of a mailing's messages."""
    rows = Message.objects.filter(mailing_id=mailing_id)
    return dict(rows.values_list("contact__address", "reason"))


def addresses(people: Sequence[Contact]) -> list[str]:
    """Their addresses, sorted."""
    return sorted(contact.address for contact in people)


@contextmanager
def tracking(port: int) -> Iterator[None]:
    """Run the tracker's real main in a thread."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            tracker.run(stop)
        except BaseException as error:  # noqa: BLE001 -- reported by the test
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        _wait_for(port, failures)
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
        del thread
        gc.collect()  # the tracker's connection must not outlive it
        assert not failures, failures


def _wait_for(port: int, failures: list[BaseException]) -> None:
    deadline = time.monotonic() + 20
    while True:
        assert not failures, failures
        try:
            asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            asking.request("GET", "/health")
            asking.getresponse().read()
            asking.close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def forget_captures() -> None:
    """Empty the store of captures: on PostgreSQL its table outlives a test."""
    store = open_store(settings.CAPTURE_PATH, capture_conninfo())
    while store.trim(store.last_id(), 10_000):
        pass
    store.close()
    if connection.vendor == "postgresql":
        capture_store().close()  # it connects again; an open session would keep the database
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'tracker'"
            )
