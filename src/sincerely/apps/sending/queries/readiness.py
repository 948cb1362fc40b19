"""Whether contacts may be mailed through a transport, in words."""

from __future__ import annotations

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sincerely.apps.sending.models import SenderIdentity, Transport, TransportKind
from sincerely.apps.sending.rules.readiness import Facts, locks
from sincerely.apps.team.queries import organisation

WORDS: dict[str, str | Promise] = {
    "spf": _("The sender's domain has no valid SPF record."),
    "dkim": _("The sender's domain does not publish our DKIM key."),
    "dmarc": _("The sender's domain has no DMARC policy."),
    "unchecked": _("The sender's domain has not been checked yet."),
    "local_address": _(
        "This installation's public address is a local one: links would lead nowhere."
    ),
    "public_address": _("The public address of this installation has not answered yet."),
}


def locked_because(sender: SenderIdentity, transport: Transport) -> list[str | Promise]:
    """Return the reasons why contacts cannot be mailed this way yet; empty means they can."""
    house = organisation()
    facts = Facts(
        is_mailbox=transport.kind == TransportKind.MAILBOX,
        checks=sender.checks,
        is_verified=sender.verified_at is not None,
        public_url=settings.PUBLIC_URL,
        checked_public_url=house.public_url_checked if house else "",
    )
    return [WORDS[code] for code in locks(facts)]


def launch_locks(sender_id: int | None, transport_id: int | None) -> list[str | Promise]:
    """Return the reasons by ids; an unknown sender or transport locks nothing by itself."""
    sender = SenderIdentity.objects.filter(pk=sender_id).first()
    transport = Transport.objects.filter(pk=transport_id).first()
    return locked_because(sender, transport) if sender and transport else []
