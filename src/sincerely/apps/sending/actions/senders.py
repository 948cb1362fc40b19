"""Senders: made with a DKIM key of their own, checked against the DNS, archived."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from sincerely.apps.sending.actions.readiness import lift_what_is_ready
from sincerely.apps.sending.models import SenderIdentity
from sincerely.apps.sending.rules import alignment
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM, Actor
from sincerely.wire import dkim, vault
from sincerely.wire.dns import Resolver

SELECTOR = "sincerely"
DKIM_PURPOSE = "dkim"


def create_sender(
    *,
    brand_id: int,
    name: str,
    address: str,
    now: datetime,
    reply_to: str = "",
    actor: Actor = PROGRAM,
) -> SenderIdentity:
    """Store a sender with a fresh DKIM key; the first one becomes the default."""
    pair = dkim.make_key()
    with transaction.atomic():
        is_first = not SenderIdentity.objects.filter(archived_at=None, is_default=True).exists()
        sender = SenderIdentity.objects.create(
            brand_id=brand_id,
            name=name,
            address=address.strip(),
            reply_to=reply_to.strip(),
            dkim_selector=SELECTOR,
            dkim_private_key=vault.seal(settings.VAULT_KEY, pair.private_pem, purpose=DKIM_PURPOSE),
            dkim_public_key=pair.public_base64,
            is_default=is_first,
            created_at=now,
        )
        audit(actor, "sender.created", now=now, subject=sender)
    return sender


def ensure_default_sender(
    *, brand_id: int, name: str, address: str, now: datetime, actor: Actor = PROGRAM
) -> SenderIdentity:
    """Return the default sender, made from these values if there is none yet."""
    found = SenderIdentity.objects.filter(archived_at=None, is_default=True).first()
    return found or create_sender(
        brand_id=brand_id, name=name, address=address, now=now, actor=actor
    )


def edit_sender(
    sender_id: int, *, name: str, address: str, reply_to: str, now: datetime, actor: Actor
) -> SenderIdentity:
    """Change a sender; a new domain has to pass its checks again."""
    with transaction.atomic():
        sender = SenderIdentity.objects.select_for_update().get(pk=sender_id)
        if sender.address.rpartition("@")[2].lower() != address.rpartition("@")[2].lower():
            sender.checks, sender.checked_at, sender.verified_at = {}, None, None
        sender.name, sender.address, sender.reply_to = name, address.strip(), reply_to.strip()
        sender.save()
        audit(actor, "sender.changed", now=now, subject=sender)
    return sender


def make_default_sender(sender_id: int, *, now: datetime, actor: Actor) -> None:
    """Make this sender the default one."""
    with transaction.atomic():
        SenderIdentity.objects.filter(is_default=True).update(is_default=False)
        SenderIdentity.objects.filter(pk=sender_id, archived_at=None).update(is_default=True)
        sender = SenderIdentity.objects.get(pk=sender_id)
        audit(actor, "sender.made_default", now=now, subject=sender)


def archive_sender(sender_id: int, *, now: datetime, actor: Actor) -> None:
    """Take a sender out of every choice; mailings that used it keep it. The default stays."""
    with transaction.atomic():
        sender = SenderIdentity.objects.select_for_update().get(pk=sender_id)
        if not sender.is_default and sender.archived_at is None:
            sender.archived_at = now
            sender.save(update_fields=["archived_at"])
            audit(actor, "sender.archived", now=now, subject=sender)


def check_sender(sender_id: int, *, resolver: Resolver, now: datetime) -> SenderIdentity:
    """Look up SPF, DKIM, DMARC and MX of the sender's domain and store what was found.

    `verified_at` is set while all three pass, and taken away when one no longer does.
    """
    sender = SenderIdentity.objects.get(pk=sender_id)
    domain = sender.address.rpartition("@")[2].lower()
    reply_domain = (sender.reply_to or sender.address).rpartition("@")[2].lower()
    found = alignment.look_up(
        resolver,
        domain=domain,
        selector=sender.dkim_selector,
        public_key=sender.dkim_public_key,
        reply_domain=reply_domain,
    )
    passed = alignment.passes(found)
    SenderIdentity.objects.filter(pk=sender_id).update(
        checks=found,
        checked_at=now,
        verified_at=(sender.verified_at or now) if passed else None,
    )
    sender.refresh_from_db()
    if passed:
        lift_what_is_ready(now=now)
    return sender


def signing_of(sender: SenderIdentity) -> dkim.Signing | None:
    """Return what it takes to sign for this sender, or None where it has no key."""
    if sender.dkim_private_key is None:
        return None
    pem = vault.unseal(settings.VAULT_KEY, bytes(sender.dkim_private_key), purpose=DKIM_PURPOSE)
    domain = sender.address.rpartition("@")[2].lower()
    return dkim.Signing(domain=domain, selector=sender.dkim_selector, private_pem=pem)


def signer_of(sender: SenderIdentity) -> dkim.Signer | None:
    """Return what signs for this sender, or None where it has no key."""
    signing = signing_of(sender)
    return signing.signer() if signing else None
