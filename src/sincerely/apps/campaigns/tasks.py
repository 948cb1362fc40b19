"""What the runner does for campaigns: begin those whose time has come, and plan in slices."""

from __future__ import annotations

import threading
from datetime import datetime

import structlog

from sincerely.apps.campaigns import actions, queries
from sincerely.apps.content.compiler import CompileProblem
from sincerely.apps.team.rules import PROGRAM

log = structlog.get_logger("campaigns")


def launch_due(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Begin one campaign whose time has come; returns whether one was found."""
    campaign_id = queries.due_campaign(now)
    if campaign_id is None or stop.is_set():
        return False
    try:
        return actions.begin_mailing(campaign_id, now=now)
    except CompileProblem as problem:
        # What it is made of was changed since the launch. It must not keep the others waiting.
        log.warning("a campaign became a draft again", campaign=campaign_id, reason=problem.code)
        actions.stop_launch(campaign_id, now=now, actor=PROGRAM)
        return True


def plan_step(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Plan one slice of each launched campaign; returns whether any has more."""
    more = [
        actions.plan_campaign(campaign, now=now)
        for campaign in queries.unplanned_campaigns()
        if not stop.is_set()
    ]
    return any(more)


def finish_cancels(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """End what still waits of cancelled campaigns: a crash may come between the two writes."""
    for campaign in queries.half_cancelled():
        if not stop.is_set():
            actions.end_cancelled(campaign, now=now)
    return False
