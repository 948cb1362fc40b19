"""What letters of a mailing share, and where each goes."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings

from sincerely.apps.sending.letters import Letterhead
from sincerely.apps.sending.models import Dispatch, SenderIdentity
from sincerely.apps.sending.queries.sql import id_rows, id_values, run

RECIPIENTS = """
WITH given AS ({given}) SELECT c.id, c.address, c.domain, c.tracking_tier
FROM given g JOIN contacts_contact c ON c.id = g.id"""


def letterhead_of(dispatch: Dispatch) -> Letterhead:
    """Return the letterhead of a mailing (dispatch with sender, brand and mailing selected)."""
    return letterhead(dispatch.sender, reply_to=dispatch.reply_to, tag=dispatch.mailing.tag)


def letterhead(sender: SenderIdentity, *, reply_to: str = "", tag: str = "campaign") -> Letterhead:
    """Return the letterhead of a sender; links lead to the brand's domain where it has one."""
    brand = sender.brand
    return Letterhead(
        from_name=sender.name,
        from_address=sender.address,
        reply_to=reply_to or sender.reply_to,
        tag=tag,
        list_name=brand.name,
        tracker_url=(brand.link_url or settings.TRACKER_URL).rstrip("/"),
        public_url=settings.PUBLIC_URL.rstrip("/"),
        brand_id=brand.pk,
    )


def recipients(contact_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return (address for the envelope, tracking tier) by contact; the domain as A-labels."""
    found = run(RECIPIENTS.format(given=id_rows()), [id_values(contact_ids)])
    return {
        number: (f"{address.rpartition('@')[0]}@{domain}", tier)
        for number, address, domain, tier in found
    }
