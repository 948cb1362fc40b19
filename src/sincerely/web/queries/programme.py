"""What Home shows: how far the beginning is, the programme's health, this week's mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.consent.queries import permission_counts, subscription_types
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.models import ContactEngagement, Link
from sincerely.apps.labels.models import Label
from sincerely.apps.segments.models import Segment
from sincerely.apps.sending.models import SenderIdentity, TestMail, Transport, TransportKind
from sincerely.apps.team.queries import organisation
from sincerely.web.suggestions import Facts

ACTIVE_DAYS = 90
WEEK = timedelta(days=7)
SHOWN_CAMPAIGNS = 5


@dataclass(frozen=True, slots=True)
class Beginning:
    """How far a new installation has come, in the order of the checklist."""

    has_sender: bool
    has_people: bool
    has_mail: bool
    has_test: bool

    @property
    def is_over(self) -> bool:
        """True once somebody has sent a first mail, to themselves or to others."""
        return self.has_test

    @property
    def current(self) -> str:
        """Return the name of the first step that is still to do."""
        steps = ("sender", "people", "mail", "test")
        return next((step for step in steps if not getattr(self, f"has_{step}")), "")


@dataclass(frozen=True, slots=True)
class Health:
    """The programme at a glance."""

    contacts: int
    mailable: int
    mailed: int
    active: int
    sent_this_week: int
    facts: Facts

    @property
    def active_ratio(self) -> float | None:
        """Return the share of those we wrote to who opened or clicked lately."""
        return self.active / self.mailed if self.mailed else None


@dataclass(frozen=True, slots=True)
class TypePermission:
    """How many people agreed to a kind of mail, and how many said no."""

    name: str
    agreed: int
    declined: int


def beginning() -> Beginning:
    """Return how far the installation has come; four look-ups of one row."""
    sent = Campaign.objects.filter(launched_at__isnull=False).exists()
    return Beginning(
        has_sender=SenderIdentity.objects.filter(archived_at=None).exists(),
        has_people=Contact.objects.exists(),
        has_mail=Campaign.objects.exists(),
        has_test=sent or TestMail.objects.exists(),
    )


def health(now: datetime) -> Health:
    """Return the figures of Home. It counts whole tables: Home loads it after the first paint."""
    since = now - timedelta(days=ACTIVE_DAYS)
    engaged = ContactEngagement.objects.filter(last_sent_at__isnull=False)
    active = engaged.filter(Q(last_open_at__gte=since) | Q(last_click_at__gte=since))
    contacts = Contact.objects.count()
    mailable = max((agreed for agreed, _declined in permission_counts().values()), default=0)
    mailed, active_count = engaged.count(), active.count()
    return Health(
        contacts=contacts,
        mailable=mailable,
        mailed=mailed,
        active=active_count,
        sent_this_week=engaged.filter(last_sent_at__gte=now - WEEK).count(),
        facts=_facts(
            now,
            contacts=contacts,
            mailable=mailable,
            active_ratio=active_count / mailed if mailed else None,
        ),
    )


def _facts(now: datetime, *, contacts: int, mailable: int, active_ratio: float | None) -> Facts:
    latest = (
        Campaign.objects.filter(launched_at__isnull=False)
        .order_by("-launched_at")
        .values_list("launched_at", flat=True)
        .first()
    )
    house = organisation()
    return Facts(
        contacts=contacts,
        mailable=mailable,
        active_ratio=active_ratio,
        labels=Label.objects.filter(archived_at=None).count(),
        labelled_links=int(Link.objects.filter(label__isnull=False).exists()),
        segments=Segment.objects.filter(archived_at=None).count(),
        days_since_last_mail=(now - latest).days if latest else None,
        drafts=Campaign.objects.filter(stage=Stage.DRAFT, archived_at=None).count(),
        has_outside_transport=Transport.objects.exclude(kind=TransportKind.MAILBOX).exists(),
        sample_loaded=bool(house and house.sample_loaded_at),
    )


def permission_by_type() -> list[TypePermission]:
    """Return, for each kind of mail in use, how many agreed and how many said no."""
    counts = permission_counts()
    return [
        TypePermission(kind.name, *counts.get(kind.pk, (0, 0))) for kind in subscription_types()
    ]


def week(now: datetime) -> dict[str, list[Campaign]]:
    """Return the campaigns of the last seven days and those that come."""
    rows = Campaign.objects.filter(archived_at=None)
    gone = rows.filter(launched_at__gte=now - WEEK).order_by("-launched_at")
    coming = rows.filter(stage=Stage.SCHEDULED).order_by("launch_after", "pk")
    return {"gone": list(gone[:SHOWN_CAMPAIGNS]), "coming": list(coming[:SHOWN_CAMPAIGNS])}
