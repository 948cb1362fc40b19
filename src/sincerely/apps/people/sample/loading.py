"""Loading the pet shop: the customers by a real import, then its past, campaign by campaign.

The work is the import's row (kind `sample`), so that it survives a crash and shows its progress:
`totals["past"]` counts the campaigns that stand. Signals go through the capture store and are
folded like all others, so that every number can be opened and rebuilt.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from sincerely.apps.campaigns.actions import create_campaign, set_audience
from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.consent import actions as consent
from sincerely.apps.consent.models import Channel, SuppressionReason
from sincerely.apps.contacts.actions import create_list
from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.contacts.rules.addresses import masked
from sincerely.apps.content.actions import create_content, freeze
from sincerely.apps.content.actions.editing import create_from_template, save_draft
from sincerely.apps.content.actions.links import review_links
from sincerely.apps.content.models import Content, ContentVersion
from sincerely.apps.engagement.actions import record_outcomes, register_mailing
from sincerely.apps.engagement.models import Mailing, MailingTag
from sincerely.apps.engagement.queries.watermarks import capture_store
from sincerely.apps.engagement.rules.facts import Outcome
from sincerely.apps.labels.actions import create_label
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions.imports import bring_file, choose
from sincerely.apps.people.models import Import
from sincerely.apps.people.queries.imports import all_fields
from sincerely.apps.people.sample.customers import LABELS, Customer, customers
from sincerely.apps.people.sample.mail import link_of, source_of, with_links
from sincerely.apps.people.sample.past import (
    OPEN,
    PAST,
    PastCampaign,
    Response,
    bounces,
    is_reached,
    responses,
)
from sincerely.apps.people.sample.table import FILE_NAME, choices, file_of
from sincerely.apps.sending.actions import open_dispatch
from sincerely.apps.sending.actions.transports import mailbox_transport
from sincerely.apps.sending.models import Dispatch, Message, SenderIdentity, State
from sincerely.apps.team.actions import audit
from sincerely.apps.team.models import Brand, Organisation
from sincerely.apps.team.rules import Actor
from sincerely.wire.capture.port import CLICK, Capture
from sincerely.wire.capture.port import OPEN as OPENED

COUNT, SEED = 2_000, 2_026
SLICE = 200
LIST_NAME = "Pet shop customers"
DRAFT_NAME = "Your first campaign"


class NothingToWriteWith(Exception):
    """There is no brand with a sender yet: the set-up comes first."""


def queue_sample(*, now: datetime, actor: Actor) -> Import:
    """Make the labels, the list and the import of the pet shop; the runner does the rest."""
    people = customers(COUNT, seed=SEED, today=now.date())
    with transaction.atomic():
        known = set(Label.objects.values_list("name", flat=True))
        for name, kind, description in LABELS:
            if name not in known:
                create_label(name, kind=kind, description=description, now=now, actor=actor)
        owned = ContactList.objects.filter(name=LIST_NAME).first()
        owned = owned or create_list(LIST_NAME, now=now, actor=actor)
        default = consent.default_subscription_type(now)
        work = bring_file(
            [file_of(people)], file_name=FILE_NAME, now=now, actor=actor, kind="sample"
        )
        chosen = choices(type_id=default.pk, list_id=owned.pk, fields=all_fields().values())
        return choose(work.pk, chosen, now=now, actor=actor)


def people_of(work: Import) -> list[tuple[Customer, Contact]]:
    """Return the invented customers with their contacts, as the import stored them."""
    invented = customers(COUNT, seed=SEED, today=work.created_at.date())
    stored = {
        contact.address: contact
        for contact in Contact.objects.filter(importtouch__batch=work).iterator(chunk_size=SLICE)
    }
    return [(c, stored[c.address]) for c in invented if c.address in stored]


def load_past(work: Import, number: int) -> None:
    """Store one campaign of the past with what came of it; what a crash left half-made goes."""
    past = PAST[number]
    forget_campaign(past.name)
    sent_at = work.created_at - timedelta(days=past.days_ago)
    campaign = _campaign_of(past, work, sent_at)
    random = np.random.default_rng([SEED, number])
    reached = [
        pair
        for pair in people_of(work)
        if is_reached(
            pair[0], past, since_days=(work.created_at.date() - pair[0].customer_since).days
        )
    ]
    for start in range(0, len(reached), SLICE):
        _deliver(campaign, past, reached[start : start + SLICE], random=random)
    Dispatch.objects.filter(pk=campaign.mailing_id).update(is_planned=True)


def forget_campaign(name: str) -> None:
    """Remove a campaign of the pet shop with its mailing and all that hangs on it."""
    for campaign in Campaign.objects.filter(name=name):
        mailing_id, content_id = campaign.mailing_id, campaign.content_id
        with transaction.atomic():
            campaign.delete()
            Message.objects.filter(mailing_id=mailing_id).delete()
            Mailing.objects.filter(pk=mailing_id).delete()
            ContentVersion.objects.filter(mailing_id=mailing_id).delete()
            Content.objects.filter(pk=content_id).delete()


def _campaign_of(past: PastCampaign, work: Import, sent_at: datetime) -> Campaign:
    actor = Actor(member_id=work.member_id)
    brand = Brand.objects.filter(archived_at=None).order_by("pk").first()
    sender = SenderIdentity.objects.filter(archived_at=None).order_by("pk").first()
    transport = mailbox_transport(now=sent_at)
    if brand is None or sender is None:
        raise NothingToWriteWith
    kind = consent.default_subscription_type(sent_at)
    ids = dict(Label.objects.values_list("name", "pk"))
    with transaction.atomic():
        content = create_content(
            past.name, brand_id=brand.pk, mode="mjml", source=source_of(past),
            subject=past.subject, now=sent_at, actor=actor,
        )  # fmt: skip
        chosen = {link_of(label): {"label": ids[LABELS[label][0]]} for label in past.links}
        Content.objects.filter(pk=content.pk).update(link_choices=chosen)
        mailing = register_mailing(
            past.name, tag=MailingTag.CAMPAIGN, now=sent_at, subscription_type_id=kind.pk
        )
        freeze(content.pk, mailing_id=mailing.pk, now=sent_at)
        Mailing.objects.filter(pk=mailing.pk).update(started_at=sent_at)
        open_dispatch(
            mailing.pk, sender_id=sender.pk, transport_id=transport.pk,
            subscription_type_id=kind.pk, now=sent_at,
        )  # fmt: skip
        return Campaign.objects.create(
            name=past.name, mailing=mailing, content=content, sender=sender, transport=transport,
            subscription_type=kind, audience={"include": [{"everyone": True}], "exclude": []},
            stage=Stage.LAUNCHED, launched_at=sent_at, created_at=sent_at, changed_at=sent_at,
        )  # fmt: skip


def _deliver(
    campaign: Campaign,
    past: PastCampaign,
    pairs: list[tuple[Customer, Contact]],
    *,
    random: np.random.Generator,
) -> None:
    """Store the messages of a slice as sent, and append to the capture store what they did."""
    sent_at = campaign.launched_at or campaign.created_at
    with transaction.atomic():
        failed = {contact.pk for _c, contact in pairs if bounces(random)}
        messages = Message.objects.bulk_create(
            Message(
                mailing_id=campaign.mailing_id, contact=contact, nonce=secrets.token_bytes(6),
                address_key=bytes(contact.address_key), due_at=sent_at, planned_at=sent_at,
                state=State.FAILED if contact.pk in failed else State.ACCEPTED,
                finished_at=sent_at, attempt_count=1,
            )
            for _customer, contact in pairs
        )  # fmt: skip
        record_outcomes(
            [
                Outcome(m.pk, m.contact_id, m.mailing_id, sent_at, m.state, "550 5.1.1")
                if m.state == State.FAILED
                else Outcome(m.pk, m.contact_id, m.mailing_id, sent_at, m.state)
                for m in messages
            ]
        )
        for (_customer, contact), message in zip(pairs, messages, strict=True):
            if message.state == State.FAILED:
                consent.suppress(
                    bytes(message.address_key), reason=SuppressionReason.HARD_BOUNCE, now=sent_at,
                    actor=Actor(), detail="550 5.1.1", masked=masked(contact.address),
                )  # fmt: skip
    captures = [
        _capture(message, response, place=place, sent_at=sent_at)
        for place, ((customer, _contact), message) in enumerate(zip(pairs, messages, strict=True))
        if message.state == State.ACCEPTED
        for response in responses(customer, past, random)
    ]
    if captures:
        capture_store().append(captures)


def _capture(message: Message, response: Response, *, place: int, sent_at: datetime) -> Capture:
    at = sent_at + timedelta(seconds=response.delay_seconds)
    return Capture(
        at_us=int(at.timestamp() * 1_000_000),
        kind=OPENED if response.kind == OPEN else CLICK,
        mailing_id=message.mailing_id,
        message_id=message.pk,
        nonce=bytes(message.nonce),
        link_number=response.link,
        ip=f"198.51.100.{place % 250 + 1}",
        user_agent=response.browser,
    )


def leave_some(work: Import) -> None:
    """Let those leave who never agreed to stay: they opted out before the first campaign."""
    gone = [contact.pk for customer, contact in people_of(work) if not customer.has_agreed]
    for start in range(0, len(gone), SLICE):
        with transaction.atomic():
            consent.withdraw_many(
                gone[start : start + SLICE], subscription_type_id=None, channel=Channel.LINK,
                now=work.created_at, cause="sample",
            )  # fmt: skip


def write_draft(work: Import) -> None:
    """Leave a first campaign on the desk, its links labelled, ready for the test mailbox."""
    now, actor = work.created_at, Actor(member_id=work.member_id)
    brand = Brand.objects.filter(archived_at=None).order_by("pk").first()
    owned = ContactList.objects.filter(name=LIST_NAME).first()
    if brand is None or owned is None or Campaign.objects.filter(name=DRAFT_NAME).exists():
        return
    ids = dict(Label.objects.values_list("name", "pk"))
    with transaction.atomic():
        content = create_from_template(
            "newsletter", name=DRAFT_NAME, brand_id=brand.pk, language="en", now=now, actor=actor
        )
        content = save_draft(
            content.pk, base_revision=content.revision,
            changes={"document": with_links(content.document)}, now=now, actor=actor,
        )  # fmt: skip
        chosen = {link_of(n): {"label": ids[name]} for n, (name, _k, _d) in enumerate(LABELS)}
        Content.objects.filter(pk=content.pk).update(link_choices=chosen)
        review_links(content.pk, now=now, actor=actor)
        campaign = create_campaign(DRAFT_NAME, content_id=content.pk, now=now, actor=actor)
        audience = {"include": [{"list": owned.pk}], "exclude": []}
        set_audience(campaign.pk, audience=audience, now=now, actor=actor)
        Organisation.objects.update(sample_loaded_at=now)
        audit(actor, "sample.loaded", now=now, subject=work)
