"""Campaigns as tests need them: a draft from a ready-made design, launched and planned at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from sincerely.apps.campaigns import actions, tasks
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.schedule import Now, Schedule
from sincerely.apps.contacts.models import Contact, ContactList, ListMembership
from sincerely.apps.content.actions import create_content
from sincerely.apps.content.actions.links import review_links
from sincerely.apps.sending.actions import ensure_default_sender
from sincerely.apps.sending.actions.transports import mailbox_transport
from tests.cast import Cast

STOP = threading.Event()
SOURCE = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ contact.first_name | default: "there" }},
<a href="https://shop.example/dogs">dogs</a> and <a href="https://shop.example/cats">cats</a>.</mj-text>
<mj-button href="https://shop.example/offers">Offers</mj-button>
</mj-column></mj-section></mj-body></mjml>"""


def draft(cast: Cast, *, now: datetime) -> Campaign:
    """A draft campaign by a sender of the brand, its links reviewed."""
    ensure_default_sender(
        brand_id=cast.brand.pk, name="Pet shop", address="hello@shop.example", now=now
    )
    mailbox_transport(now=now)  # what a transactional test before this one may have flushed
    content = create_content(
        "June",
        brand_id=cast.brand.pk,
        mode="mjml",
        source=SOURCE,
        subject="Hello {{ contact.first_name | default: 'there' }}",
        now=now,
        actor=cast.actor,
    )
    review_links(content.pk, now=now, actor=cast.actor)
    return actions.create_campaign("June", content_id=content.pk, now=now, actor=cast.actor)


def put_on_list(name: str, contacts: Sequence[Contact], *, now: datetime) -> ContactList:
    """A list with these contacts."""
    made = ContactList.objects.create(name=name, created_at=now)
    ListMembership.objects.bulk_create(
        ListMembership(contact=contact, contact_list=made, added_at=now) for contact in contacts
    )
    return made


def launch(
    campaign: Campaign, cast: Cast, *, now: datetime, schedule: Schedule | None = None
) -> None:
    """Launch without the minute of grace and plan to the end."""
    actions.launch_campaign(
        campaign.pk,
        schedule=schedule or Now(),
        now=now,
        actor=cast.actor,
        grace=timedelta(0),
    )
    run(now)


def run(now: datetime) -> None:
    """Do what the runner would do for campaigns at this moment."""
    while tasks.launch_due(now=now, owner="test", stop=STOP):
        pass
    while tasks.plan_step(now=now, owner="test", stop=STOP):
        pass
