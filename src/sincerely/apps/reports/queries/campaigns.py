"""The report of one campaign, and the table of all mailings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.engagement.models import Delivery, Mailing
from sincerely.apps.engagement.queries.figures import (
    Figures,
    LinkFigures,
    figures_of,
    labels_clicked,
    links_clicked,
    over_time,
)
from sincerely.apps.reports.queries.outcomes import outcome_counts
from sincerely.apps.sending.models import SkipReason
from sincerely.apps.sending.queries import Tally, tally


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the report of a mailing shows."""

    tally: Tally
    figures: Figures
    outcomes: dict[str, int]
    links: list[LinkFigures]
    labels: list[tuple[int, str, int, int]]
    hours: list[tuple[datetime, int, int, int, int, int]]

    @property
    def left_out(self) -> list[tuple[str, str, int]]:
        """Return (reason, words, count) of those who did not get it, most first."""
        return _in_words(self.tally.by_reason)

    @property
    def held_back(self) -> list[tuple[str, str, int]]:
        """Return (reason, words, count) of those who have to wait, most first."""
        return _in_words(self.tally.waiting_by_reason)

    def ratio(self, count: float) -> float | None:
        """Return a count per delivered mail (0-1), None where none was delivered."""
        return count / self.figures.delivered if self.figures.delivered else None


def _in_words(by_reason: dict[str, int]) -> list[tuple[str, str, int]]:
    pairs = sorted(by_reason.items(), key=lambda pair: -pair[1])
    return [(reason, SkipReason.words(reason), count) for reason, count in pairs]


def report_of(campaign: Campaign) -> Report:
    """Return the report of a campaign as of what has been folded."""
    mailing_id = campaign.mailing_id
    figures = figures_of(mailing_id)
    return Report(
        tally=tally(mailing_id),
        figures=figures,
        outcomes=outcome_counts(mailing_id, sent=figures.sent),
        links=links_clicked(mailing_id),
        labels=labels_clicked(mailing_id),
        hours=over_time(mailing_id),
    )


@dataclass(frozen=True, slots=True)
class MailingRow:
    """One mailing in the table of all."""

    mailing: Mailing
    figures: Figures


def mailings_page(*, before_id: int | None = None, limit: int = 25) -> list[MailingRow]:
    """Return mailings that have started, newest first, with their figures."""
    rows = Mailing.objects.filter(started_at__isnull=False)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [MailingRow(row, figures_of(row.pk)) for row in rows.order_by("-pk")[:limit]]


def totals_by_tag() -> dict[str, int]:
    """Return how many mails were sent by tag: campaign, automated, transactional."""
    rows = Delivery.objects.filter(sent_at__isnull=False).order_by()
    return dict(rows.values_list("mailing__tag").annotate(n=Count("id")))
