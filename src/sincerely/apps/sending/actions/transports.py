"""Transports: ways for mail to leave. A secret goes in, sealed, and never comes out."""

from __future__ import annotations

import ssl
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from sincerely.apps.sending.models import Transport, TransportKind
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor
from sincerely.wire import vault
from sincerely.wire.smtp.session import Route

SECRET_PURPOSE = "transport"  # noqa: S105 -- the name of a purpose, not a secret
EDITABLE = (
    "name",
    "kind",
    "provider",
    "host",
    "port",
    "security",
    "user_name",
    "options",
    "connection_count",
    "per_connection_count",
    "per_hour",
)


def mailbox_transport(*, now: datetime) -> Transport:
    """Return the transport into the test mailbox, made again if it is gone."""
    found = Transport.objects.filter(kind=TransportKind.MAILBOX, archived_at=None).first()
    return found or Transport.objects.create(
        name="Test mailbox",
        kind=TransportKind.MAILBOX,
        security="none",
        is_default=not Transport.objects.filter(is_default=True).exists(),
        connection_count=10,
        per_connection_count=1000,
        created_at=now,
    )


def save_transport(
    transport_id: int | None,
    *,
    values: dict[str, Any],
    secret: str,
    now: datetime,
    actor: Actor,
) -> Transport:
    """Store a transport (None makes a new one); an empty secret leaves the stored one."""
    with transaction.atomic():
        transport = Transport(created_at=now)
        if transport_id is not None:
            transport = Transport.objects.select_for_update().get(pk=transport_id)
        for name in EDITABLE:
            if name in values:
                setattr(transport, name, values[name])
        if secret:
            transport.secret = vault.seal(
                settings.VAULT_KEY, secret.encode(), purpose=SECRET_PURPOSE
            )
        transport.save()
        audit(
            actor,
            "transport.changed" if transport_id else "transport.created",
            now=now,
            subject=transport,
            detail={"secret_changed": bool(secret)},
        )
    return transport


def make_default_transport(transport_id: int, *, now: datetime, actor: Actor) -> None:
    """Make this transport the one that new campaigns use."""
    with transaction.atomic():
        Transport.objects.filter(is_default=True).update(is_default=False)
        Transport.objects.filter(pk=transport_id, archived_at=None).update(is_default=True)
        transport = Transport.objects.get(pk=transport_id)
        audit(actor, "transport.made_default", now=now, subject=transport)


def archive_transport(transport_id: int, *, now: datetime, actor: Actor) -> bool:
    """Take a transport out of every choice and forget its secret; the test mailbox stays."""
    with transaction.atomic():
        transport = Transport.objects.select_for_update().get(pk=transport_id)
        if transport.kind == TransportKind.MAILBOX or transport.is_default:
            return False
        transport.archived_at, transport.secret = now, None
        transport.name = f"{transport.name[:90]} ({transport.pk})"
        transport.save()
        audit(actor, "transport.archived", now=now, subject=transport)
    return True


def secret_of(transport: Transport) -> str:
    """Return the secret for the hand-over itself; never for a page, a log or an answer."""
    if transport.secret is None:
        return ""
    sealed = bytes(transport.secret)
    return vault.unseal(settings.VAULT_KEY, sealed, purpose=SECRET_PURPOSE).decode()


def route_of(transport: Transport, tls: ssl.SSLContext | None = None) -> Route:
    """Return where sessions of an SMTP transport or the test mailbox go."""
    if transport.kind == TransportKind.MAILBOX:
        host, _, port = settings.MAILBOX_ADDRESS.rpartition(":")
        return Route(host, int(port), own_name="sincerely")
    return Route(
        transport.host,
        transport.port,
        transport.security,
        transport.user_name,
        secret_of(transport),
        own_name=settings.MAIL_NAME,
        tls=tls,
    )
