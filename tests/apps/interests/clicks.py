"""Clicks for the tests of this domain: events as the folder writes them, and their deltas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.models import Event, Link, Mailing
from sincerely.apps.interests.actions import learn
from sincerely.apps.interests.rules.clicks import ClickDelta
from sincerely.apps.labels.models import Label

NUMBERS = {"human": (1, 0), "undecided": (0, 1), "machine": (0, 0)}


@dataclass
class Clicking:
    """One link with one label in one mailing."""

    mailing: Mailing
    link: Link
    label: Label

    def click(
        self, contact: Contact, *, at: datetime, verdict: str = "human", now: datetime | None = None
    ) -> Event:
        """Store the event of a click and let the interests learn from it."""
        event = Event.objects.create(
            contact=contact,
            kind="clicked",
            at=at,
            mailing=self.mailing,
            message_id=7,
            link=self.link,
            verdict=verdict,
        )
        self._learn(contact, at=at, change=NUMBERS[verdict], now=now or at)
        return event

    def rejudge(self, event: Event, verdict: str, *, now: datetime) -> None:
        """Change the verdict of a click, and hand over the difference."""
        old, new = NUMBERS[event.verdict], NUMBERS[verdict]
        event.verdict = verdict
        event.save(update_fields=["verdict"])
        change = (new[0] - old[0], new[1] - old[1])
        self._learn(event.contact, at=event.at, change=change, now=now)

    def _learn(
        self, contact: Contact, *, at: datetime, change: tuple[int, int], now: datetime
    ) -> None:
        if change == (0, 0):
            return
        delta = ClickDelta(
            contact_id=contact.pk,
            label_id=self.label.pk,
            mailing_id=self.mailing.pk,
            at=at,
            human=change[0],
            undecided=change[1],
            message_id=7,
        )
        learn([delta], now=now)


def clicking(label: Label, *, now: datetime, name: str = "Spring") -> Clicking:
    """Store a mailing with one link that has the label."""
    mailing = Mailing.objects.create(tag="campaign", name=name, created_at=now)
    link = Link.objects.create(mailing=mailing, number=1, url="https://shop.example/x", label=label)
    return Clicking(mailing, link, label)
