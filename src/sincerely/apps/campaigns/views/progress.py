"""What moves while a campaign leaves: how far, how fast, how long still, what keeps it.

A pace and a time are shown only while mail leaves; where it waits, the page says for what instead.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext

from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.campaigns.views.leaving import first_leaves, leaves
from sincerely.apps.campaigns.views.shared import found, frame
from sincerely.apps.sending.models import Hold, SkipReason
from sincerely.apps.sending.queries import dispatch_of, holds_of, tally, undecided_count
from sincerely.apps.sending.queries.pace import due_between, pace
from sincerely.apps.sending.queries.waiting import Waiting, waiting
from sincerely.apps.sending.rules.pace import rounded
from sincerely.apps.team.access import requires
from sincerely.apps.team.durations import lasting
from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

NO_PACE = {"rate": "", "left": ""}
MANY = 100_000  # to count so many costs the database a while; then the page asks less often


@requires(Capability.VIEW)
def progress(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Answer the moving part while a campaign leaves; at its end the page is shown anew."""
    context = moving(request, found(campaign_id))
    answer = render(request, "campaigns/_progress.html", context)
    if not context["is_moving"]:
        answer["HX-Refresh"] = "true"
    return answer


def moving(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """Return all that the page of a campaign on its way shows."""
    counted = tally(campaign.mailing_id)
    now = clock.now()
    begins_at = campaign.launch_after
    is_waiting = campaign.stage == Stage.SCHEDULED and begins_at is not None
    left = (begins_at - now) if is_waiting and begins_at else timedelta(0)
    waits, holds = _why_it_waits(campaign, now), holds_of(campaign.mailing_id)
    is_leaving = campaign.stage == Stage.LAUNCHED and bool(counted.open_count)
    is_leaving = is_leaving and not _is_kept(waits, holds)
    return {
        **frame(request, campaign, "send"),
        "tally": counted,
        "seconds_left": max(0, round(left.total_seconds()))
        if left < timedelta(minutes=2)
        else None,
        "leaves": leaves(campaign),
        "first_leaves": first_leaves(campaign),
        "undecided_count": undecided_count(campaign.mailing_id),
        "failed_count": counted.by_state.get("failed", 0),
        "deferred_count": counted.by_state.get("deferred", 0),
        "held_back": [
            (SkipReason.words(reason), n) for reason, n in counted.waiting_by_reason.items()
        ],
        "holds": holds,
        "waits": waits,
        "is_moving": campaign.stage in (Stage.SCHEDULED, Stage.LAUNCHED)
        and (counted.open_count > 0 or not counted.by_state),
        "ask_every": 5 if counted.audience_count > MANY else 1,
        **(_pace(campaign, now, counted.open_count) if is_leaving else NO_PACE),
    }


def _why_it_waits(campaign: Campaign, now: datetime) -> Waiting:
    """Return what keeps a launched campaign; one that is paused or ended needs no reason."""
    if campaign.stage != Stage.LAUNCHED:
        return Waiting()
    return waiting(campaign.mailing_id, now=now, real_now=datetime.now(UTC))


def _is_kept(waits: Waiting, holds: list[Hold]) -> bool:
    """Say whether no mail leaves for now; a rate per hour only makes pauses between mails."""
    is_put_off = waits.next_at is not None and not waits.paced_by
    keeps = (waits.server_says, waits.obstacle, waits.is_stuck, is_put_off)
    return bool(holds) or not waits.has_sender or any(keeps)


def _pace(campaign: Campaign, now: datetime, open_count: int) -> dict[str, str]:
    """Return how fast it goes and how long it still takes, in words; '' where nobody can say."""
    found = pace(campaign.mailing_id, now=now)
    dispatch = dispatch_of(campaign.mailing_id)
    _first, last = due_between(campaign.mailing_id)
    left = found.time_left(open_count, until_last_due=(last or now) - now)
    is_counted = dispatch is not None and dispatch.is_planned
    return {
        "rate": _rate_words(found.per_hour) if found.is_known else "",
        "left": lasting(left) if left is not None and is_counted else "",
    }


def _rate_words(per_hour: float) -> str:
    per_minute = rounded(per_hour / 60)
    if per_minute >= 10:
        return ngettext("about %(n)s mail a minute", "about %(n)s mails a minute", per_minute) % {
            "n": grouped(per_minute)
        }
    n = rounded(per_hour)
    return ngettext("about %(n)s mail an hour", "about %(n)s mails an hour", n) % {"n": grouped(n)}
