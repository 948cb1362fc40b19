"""Mailings and their links: what a message belongs to, and what the tracker looks up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sincerely.apps.engagement.models import Link, LinkRole, Mailing


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """One target of a mailing: `number` stands in the tracked address, `url` is kept as written."""

    number: int
    url: str
    text: str = ""
    role: str = LinkRole.CONTENT
    label_id: int | None = None


def register_mailing(
    name: str, *, tag: str, now: datetime, subscription_type_id: int | None = None
) -> Mailing:
    """Store a mailing that has not started and return it; `tag` says how it is sent."""
    return Mailing.objects.create(
        name=name[:200], tag=tag, subscription_type_id=subscription_type_id, created_at=now
    )


@transaction.atomic
def replace_links(mailing_id: int, links: Sequence[LinkSpec]) -> None:
    """Make these the mailing's links. A number that stays keeps its row, and so its clicks."""
    Link.objects.filter(mailing_id=mailing_id).exclude(
        number__in=[link.number for link in links]
    ).delete()
    Link.objects.bulk_create(
        [
            Link(
                mailing_id=mailing_id,
                number=link.number,
                url=link.url,
                text=link.text[:300],
                role=link.role,
                label_id=link.label_id,
            )
            for link in links
        ],
        update_conflicts=True,
        unique_fields=["mailing", "number"],
        update_fields=["url", "text", "role", "label"],
    )


def label_link(link_id: int, label_id: int | None) -> None:
    """Give a link of a running mailing another label; clicks from now on count for that one."""
    Link.objects.filter(pk=link_id).update(label_id=label_id)


def start_mailing(mailing_id: int, *, now: datetime) -> None:
    """Note when the mailing first went on its way; later calls change nothing."""
    Mailing.objects.filter(pk=mailing_id, started_at=None).update(started_at=now)
