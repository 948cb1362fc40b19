"""All mailings side by side, and how much went out by which way."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from sincerely.apps.campaigns.queries import campaign_of_mailing
from sincerely.apps.engagement.models import MailingTag
from sincerely.apps.engagement.queries.figures import Reaction
from sincerely.apps.reports.queries.campaigns import MailingRow, mailings_page, totals_by_tag
from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability
from sincerely.wire.row_numbers import row_number

PAGE = 25


@requires(Capability.VIEW_REPORTS)
def overview(request: HttpRequest) -> HttpResponse:
    """Show mailings, newest first, with their rates."""
    before_id = row_number(request.GET.get("before", ""))
    rows = mailings_page(before_id=before_id, limit=PAGE + 1)
    totals = totals_by_tag()
    newest = list(reversed(rows[:PAGE]))
    context = {
        "rows": [(row, campaign_of_mailing(row.mailing.pk)) for row in rows[:PAGE]],
        "totals": [(MailingTag(tag).label, totals.get(tag, 0)) for tag in MailingTag.values],
        "next_before": rows[PAGE - 1].mailing.pk if len(rows) > PAGE else None,
        "labels": [row.mailing.name[:24] for row in newest],
        "series": [
            {"name": _("Opens"), "values": [_ratio(row, row.figures.opens) for row in newest]},
            {"name": _("Clicks"), "values": [_ratio(row, row.figures.clicks) for row in newest]},
        ],
    }
    return render(request, "reports/overview.html", context)


def _ratio(row: MailingRow, reaction: Reaction) -> float | None:
    return reaction.human / row.figures.delivered if row.figures.delivered else None
