"""The report of a campaign: its numbers, the people behind each, and the file of recipients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from sincerely.apps.campaigns.views.shared import found, frame
from sincerely.apps.people.rules.columns import lines as csv_lines
from sincerely.apps.reports.queries import outcomes as people
from sincerely.apps.reports.queries.campaigns import Report, report_of
from sincerely.apps.reports.rules.outcomes import OUTCOMES
from sincerely.apps.reports.views.wording import OUTCOME_WORDS
from sincerely.apps.sending.queries import undecided_count
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock


@requires(Capability.VIEW_REPORTS)
def report(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show the report of a campaign."""
    campaign = found(campaign_id)
    made = report_of(campaign)
    context: dict[str, Any] = {
        **frame(request, campaign, "result"),
        "report": made,
        "may_export": may(member_of(request).role, Capability.EXPORT),
        "unknown_count": made.tally.by_state.get("unknown", 0),
        "undecided_count": undecided_count(campaign.mailing_id),
        "outcomes": [(key, OUTCOME_WORDS[key], made.outcomes[key]) for key in OUTCOMES],
        "rates": {
            "opens": made.ratio(made.figures.opens.human),
            "clicks": made.ratio(made.figures.clicks.human),
            "left": made.ratio(made.figures.unsubscribed),
        },
        **_over_time(made),
    }
    return render(request, "reports/campaign.html", context)


def _over_time(made: Report) -> dict[str, Any]:
    hours = made.hours[:168]
    return {
        "hour_labels": [timezone.localtime(row[0]).strftime("%d.%m. %H:00") for row in hours],
        "hour_series": [
            {"name": _("Opens"), "values": [row[1] for row in hours]},
            {"name": _("Clicks"), "values": [row[2] for row in hours]},
        ],
    }


@requires(Capability.EXPORT)
def export(request: HttpRequest, campaign_id: int) -> StreamingHttpResponse:
    """Stream every recipient with the outcome and counts as CSV."""
    campaign, now = found(campaign_id), clock.now()
    audit(actor_of(request), "report.exported", now=now, subject=campaign)
    header = ["e-mail", "name", "outcome", "human opens", "human clicks", "machine clicks"]

    def lines() -> Iterator[str]:
        yield csv_lines([header])
        for row in people.every_recipient(campaign.mailing_id):
            counts = [row.human_opens, row.human_clicks, row.machine_clicks]
            yield csv_lines([[row.address, row.name, row.outcome, *map(str, counts)]])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    name = f"recipients-{campaign.pk}-{now:%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
