"""From the button to the outbox: launch, the minute for stopping, planning, switches.

A launch only stores when planning begins; the runner freezes the content, opens the dispatch and
plans in slices. Each step is safe to repeat: a crash anywhere resumes without a gap or a double.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from sincerely.apps.campaigns.actions.compose import locked
from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.campaigns.queries import audience_query, readiness, time_zones
from sincerely.apps.campaigns.rules import stages
from sincerely.apps.campaigns.rules.schedule import (
    GRACE,
    At,
    Local,
    Now,
    Schedule,
    due_moments,
    launch_moment,
)
from sincerely.apps.content.actions import close_draft, freeze, open_draft
from sincerely.apps.content.queries import version_of
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.sending import actions as sending
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM, Actor

PLAN_LIMIT = 50_000


class NotReady(Exception):
    """The launch is refused; `walls` says why, one entry for each thing to mend."""

    def __init__(self, walls: list[stages.Wall]) -> None:
        super().__init__("; ".join(f"{wall.code} {wall.detail}".strip() for wall in walls))
        self.walls = walls


def launch_campaign(
    campaign_id: int,
    *,
    schedule: Schedule,
    now: datetime,
    actor: Actor,
    zone: str = "",
    grace: timedelta = GRACE,
) -> Campaign:
    """Schedule a draft; nothing leaves before `grace`, and its mail is closed until it is stopped.

    Raises NotReady, WrongSchedule, WrongStage, and EditConflict where somebody changed the mail
    while it was looked at.
    """
    begins_at = launch_moment(schedule, now=now, grace=grace)
    facts = readiness(campaign_id, now=now)
    if found := stages.walls(facts):
        raise NotReady(found)
    with transaction.atomic():
        campaign = locked(campaign_id, "launch")
        close_draft(campaign.content_id, revision=facts.revision, now=now)
        campaign.stage = Stage.SCHEDULED
        campaign.launch_after, campaign.schedule_zone = begins_at, zone
        campaign.schedule = {Now: "now", At: "at", Local: "local"}[type(schedule)]
        campaign.scheduled_at = schedule.at if isinstance(schedule, At) else None
        campaign.local_on = schedule.on if isinstance(schedule, Local) else None
        campaign.local_time = schedule.at if isinstance(schedule, Local) else None
        campaign.changed_at = now
        campaign.save()
        audit(
            actor,
            "campaign.launched",
            now=now,
            subject=campaign,
            detail={"schedule": campaign.schedule, "begins_at": begins_at.isoformat()},
        )
    return campaign


def stop_launch(campaign_id: int, *, now: datetime, actor: Actor) -> Campaign:
    """Take a scheduled campaign back to a draft; possible until planning begins."""
    with transaction.atomic():
        campaign = locked(campaign_id, "stop")
        campaign.stage, campaign.launch_after, campaign.changed_at = Stage.DRAFT, None, now
        campaign.save(update_fields=["stage", "launch_after", "changed_at"])
        open_draft(campaign.content_id)
        audit(actor, "campaign.stopped", now=now, subject=campaign)
    return campaign


def begin_mailing(campaign_id: int, *, now: datetime) -> bool:
    """Freeze the content and open the dispatch of a campaign whose time has come.

    Returns False if it was stopped meanwhile, or scheduled anew for later. The audience's rule is
    read as of `launched_at`, so that a plan that is interrupted goes on with the same question.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if campaign.stage != Stage.SCHEDULED or (campaign.launch_after or now) > now:
            return False
        freeze(campaign.content_id, mailing_id=campaign.mailing_id, now=now, utm=campaign.utm)
        sending.open_dispatch(
            campaign.mailing_id,
            sender_id=campaign.sender_id or 0,
            transport_id=campaign.transport_id or 0,
            subscription_type_id=campaign.subscription_type_id,
            reply_to=campaign.reply_to,
            utm=campaign.utm,
            per_hour=campaign.per_hour,
            patient_until=_patient_until(campaign, now),
            priority=campaign.priority,
            now=now,
        )
        campaign.stage, campaign.launched_at = Stage.LAUNCHED, now
        campaign.save(update_fields=["stage", "launched_at"])
        Mailing.objects.filter(pk=campaign.mailing_id).update(started_at=now)
    return True


def plan_campaign(campaign: Campaign, *, now: datetime) -> bool:
    """Plan the next slice of a launched campaign; returns whether there is more to plan."""
    launched_at = campaign.launched_at or now
    audience = audience_query(campaign.audience, now=launched_at)
    version = version_of(campaign.mailing_id)
    if audience is None or version is None:
        return False
    progress = sending.plan_slice(
        campaign.mailing_id,
        audience,
        version_id=version.pk,
        due_at=launched_at,
        now=now,
        limit=PLAN_LIMIT,
        due_by_zone=_due_by_zone(campaign, launched_at),
    )
    return not progress.is_done


def _due_by_zone(campaign: Campaign, launched_at: datetime) -> dict[str, datetime]:
    if campaign.schedule != "local" or campaign.local_on is None or campaign.local_time is None:
        return {}
    schedule = Local(campaign.local_on, campaign.local_time)
    zones = time_zones()
    due = due_moments(schedule, set(zones.values()), launch=launched_at)
    return {stored: due[real] for stored, real in zones.items()}


def _patient_until(campaign: Campaign, launched_at: datetime) -> datetime:
    """Return until when mail may be held back: its patience after the last is due."""
    last_due = max(_due_by_zone(campaign, launched_at).values(), default=launched_at)
    return last_due + timedelta(hours=campaign.patience_hours)


def pause_campaign(campaign_id: int, *, now: datetime, actor: Actor) -> None:
    """Stop a campaign on its way; what is being handed over at this moment still arrives."""
    with transaction.atomic():
        campaign = locked(campaign_id, "pause")
        sending.pause(campaign.mailing_id, now=now, actor=PROGRAM)
        _turn(campaign, Stage.PAUSED, now=now)
        audit(actor, "campaign.paused", now=now, subject=campaign)


def resume_campaign(campaign_id: int, *, now: datetime, actor: Actor) -> None:
    """Let a paused campaign go on where it stopped."""
    with transaction.atomic():
        campaign = locked(campaign_id, "resume")
        sending.resume(campaign.mailing_id, now=now, actor=PROGRAM)
        _turn(campaign, Stage.LAUNCHED, now=now)
        audit(actor, "campaign.resumed", now=now, subject=campaign)


def cancel_campaign(campaign_id: int, *, now: datetime, actor: Actor) -> int:
    """End a campaign: what was not handed over stays here. Returns how many were stopped."""
    with transaction.atomic():
        campaign = locked(campaign_id, "cancel")
        sending.switch_off(campaign.mailing_id, now=now, actor=PROGRAM)
        _turn(campaign, Stage.CANCELLED, now=now)
        audit(actor, "campaign.cancelled", now=now, subject=campaign)
    return end_cancelled(campaign, now=now)


def end_cancelled(campaign: Campaign, *, now: datetime) -> int:
    """End what still waits of a cancelled campaign; safe to repeat. Returns how many it were."""
    return sending.cancel(campaign.mailing_id, now=now, actor=PROGRAM)


def _turn(campaign: Campaign, stage: str, *, now: datetime) -> None:
    campaign.stage, campaign.changed_at = stage, now
    campaign.save(update_fields=["stage", "changed_at"])
