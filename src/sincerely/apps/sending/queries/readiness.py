"""Whether contacts may be mailed through a transport, in words."""

from __future__ import annotations

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from sincerely.apps.sending.models import SenderIdentity, Transport, TransportKind
from sincerely.apps.sending.rules.readiness import WORDS, Facts, locks
from sincerely.apps.team.queries import organisation


def locked_because(sender: SenderIdentity, transport: Transport) -> list[str | Promise]:
    """Return the reasons why contacts cannot be mailed this way yet; empty means they can."""
    return [gettext_lazy(WORDS[code]) for code in locks_of(sender, transport)]


def locks_of(sender: SenderIdentity, transport: Transport) -> list[str]:
    """Return the same reasons as codes."""
    house = organisation()
    facts = Facts(
        is_mailbox=transport.kind == TransportKind.MAILBOX,
        checks=sender.checks,
        is_verified=sender.verified_at is not None,
        public_url=settings.PUBLIC_URL,
        checked_public_url=house.public_url_checked if house else "",
    )
    return locks(facts)


def launch_locks(sender_id: int | None, transport_id: int | None) -> list[str | Promise]:
    """Return the reasons by ids; an unknown sender or transport locks nothing by itself."""
    sender = SenderIdentity.objects.filter(pk=sender_id).first()
    transport = Transport.objects.filter(pk=transport_id).first()
    return locked_because(sender, transport) if sender and transport else []
