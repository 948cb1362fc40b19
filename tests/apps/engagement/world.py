"""A small world for tests of the fold: contacts, a mailing with links, messages, captures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.actions import LinkSpec, register_mailing, replace_links
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.labels.models import Label
from sincerely.apps.sending.models import Attempt, Message
from sincerely.apps.team.rules import PROGRAM
from sincerely.wire.capture import CLICK, OPEN, UNSUBSCRIBE, Capture

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
KINDS = {"open": OPEN, "click": CLICK, "unsubscribe": UNSUBSCRIBE}


@dataclass
class World:
    """One mailing of six links (Dogs, Cats, two plain ones, legal, unsubscribe), sent at `now`."""

    now: datetime
    mailing: Mailing = field(init=False)
    dogs: Label = field(init=False)
    cats: Label = field(init=False)
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        kind = SubscriptionType.objects.get(is_default=True)
        self.dogs = Label.objects.create(name="Dogs", created_at=self.now)
        self.cats = Label.objects.create(name="Cats", created_at=self.now)
        self.mailing = self.mail("Spring")
        assert self.mailing.subscription_type_id == kind.pk

    def mail(self, name: str) -> Mailing:
        kind = SubscriptionType.objects.get(is_default=True)
        mailing = register_mailing(name, tag="campaign", now=self.now, subscription_type_id=kind.pk)
        shop = "https://shop.example"
        replace_links(
            mailing.pk,
            [
                LinkSpec(1, f"{shop}/dogs?a=1&b=%C3%A9#top", "Dogs", label_id=self.dogs.pk),
                LinkSpec(2, f"{shop}/cats", "Cats", label_id=self.cats.pk),
                LinkSpec(3, f"{shop}/fish", "Fish"),
                LinkSpec(4, f"{shop}/all", "All", role="action"),
                LinkSpec(5, f"{shop}/terms", "Terms", role="legal"),
                LinkSpec(6, f"{shop}/leave", "Unsubscribe", role="unsubscribe"),
            ],
        )
        return mailing

    def contact(self, name: str = "", tier: str = "full") -> Contact:
        name = name or f"contact{Contact.objects.count()}"
        contact = create_contact(f"{name}@people.example", now=self.now, actor=PROGRAM)
        Contact.objects.filter(pk=contact.pk).update(tracking_tier=tier)
        contact.refresh_from_db()
        return contact

    def message(
        self,
        contact: Contact | None = None,
        *,
        outcome: str = "accepted",
        mailing: Mailing | None = None,
        at: datetime | None = None,
    ) -> Message:
        """A message whose outcome is known; it was delivered at `at`, else at `now`."""
        contact = contact or self.contact()
        message = Message.objects.create(
            mailing=mailing or self.mailing,
            contact=contact,
            nonce=contact.pk.to_bytes(6, "big"),
            address_key=bytes(contact.address_key),
            state=outcome,
            due_at=self.now,
            planned_at=self.now,
        )
        if outcome:
            Attempt.objects.create(message=message, at=at or self.now, outcome=outcome)
        self.messages.append(message)
        return message

    def capture(
        self,
        message: Message,
        kind: str = "click",
        *,
        link: int = 1,
        after: float = 3_600,
        agent: str = FIREFOX,
        ip: str = "198.51.100.7",
        method: str = "GET",
        headers: dict[str, str] | None = None,
        simulated: bool = False,
        nonce: bytes | None = None,
    ) -> None:
        """Capture a request so many seconds after `now`."""
        at = self.now + timedelta(seconds=after)
        capture_store().append(
            [
                Capture(
                    at_us=int(at.timestamp() * 1_000_000),
                    kind=KINDS[kind],
                    mailing_id=message.mailing_id,
                    message_id=message.pk,
                    nonce=bytes(message.nonce) if nonce is None else nonce,
                    link_number=link if kind == "click" else 0,
                    ip=ip,
                    user_agent=agent,
                    method=method,
                    headers=json.dumps(headers) if headers else "",
                    is_simulated=simulated,
                )
            ]
        )
