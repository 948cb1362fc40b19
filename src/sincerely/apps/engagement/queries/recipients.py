"""The people behind each number of a mailing, page by page."""

from __future__ import annotations

from django.db.models import Q

from sincerely.apps.engagement.models import Delivery, Event, EventKind, Mailing, Verdict

BEHAVIOURS: dict[str, Q] = {
    "sent": Q(sent_at__isnull=False),
    "delivered": Q(delivered_at__isnull=False),
    "bounced": Q(bounced_at__isnull=False),
    "unknown": Q(sent_at__isnull=False, delivered_at=None, bounced_at=None),
    "unsubscribed": Q(unsubscribed_at__isnull=False),
    "complained": Q(complained_at__isnull=False),
    "opened": Q(human_open_count__gt=0),
    "opened_undecided": Q(human_open_count=0, undecided_open_count__gt=0),
    "opened_machine": Q(human_open_count=0, undecided_open_count=0, machine_open_count__gt=0),
    "clicked": Q(human_click_count__gt=0),
    "clicked_undecided": Q(human_click_count=0, undecided_click_count__gt=0),
    "clicked_machine": Q(human_click_count=0, undecided_click_count=0, machine_click_count__gt=0),
    "not_opened": Q(delivered_at__isnull=False, human_open_count=0, human_click_count=0),
}


def is_known(mailing_id: int) -> bool:
    """Say whether there is such a mailing."""
    return Mailing.objects.filter(pk=mailing_id).exists()


def recipients(
    mailing_id: int, behaviour: str = "sent", *, after: int = 0, limit: int = 50
) -> list[Delivery]:
    """Return one page of a mailing's rollups with their contacts, by contact id after `after`.

    `behaviour` is a key of BEHAVIOURS; KeyError for any other.
    """
    return list(
        Delivery.objects.filter(BEHAVIOURS[behaviour], mailing_id=mailing_id, contact_id__gt=after)
        .select_related("contact")
        .order_by("contact_id", "message_id")[:limit]
    )


def clickers(link_id: int, *, after: int = 0, limit: int = 50) -> list[int]:
    """Return the ids of contacts who clicked a link themselves, in order, after an id."""
    events = Event.objects.filter(
        link_id=link_id,
        kind=EventKind.CLICKED,
        verdict=Verdict.HUMAN,
        contact_id__gt=after,
    )
    ids = events.order_by("contact_id").values_list("contact_id", flat=True).distinct()
    return list(ids[:limit])
