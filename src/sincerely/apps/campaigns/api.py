"""The JSON API of campaigns: compose, estimate, launch, steer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from ninja.errors import HttpError

from sincerely.apps.campaigns import actions, queries
from sincerely.apps.campaigns.actions.launch import NotReady
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.audience import WrongAudience
from sincerely.apps.campaigns.rules.schedule import At, Local, Now, Schedule, WrongSchedule
from sincerely.apps.campaigns.rules.stages import WrongStage
from sincerely.apps.campaigns.schemas import (
    AudienceIn,
    CampaignIn,
    CampaignOut,
    CampaignPage,
    DuplicateIn,
    EnvelopeIn,
    EstimateOut,
    LaunchIn,
    TallyOut,
)
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

router = Router(tags=["campaigns"])
EDITS = Scope(Capability.EDIT_CONTENT)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the domain's refusals into answers that say what to do."""
    try:
        yield
    except Campaign.DoesNotExist:
        raise HttpError(404, "There is no such campaign.") from None
    except (WrongAudience, WrongSchedule, WrongRule, ValueError) as error:
        status = 409 if isinstance(error, WrongStage) else 422
        raise HttpError(status, str(error)) from None
    except NotReady as refusal:
        found = "; ".join(f"{wall.code} {wall.detail}".strip() for wall in refusal.walls)
        raise HttpError(409, f"The campaign is not ready: {found}.") from None


def found(campaign_id: int) -> Campaign:
    """Return the campaign or answer 404."""
    campaign = queries.campaign(campaign_id)
    if campaign is None:
        raise HttpError(404, "There is no such campaign.")
    return campaign


@router.get("/", response=CampaignPage, auth=Scope(Capability.VIEW))
def list_campaigns(
    request: HttpRequest, before: int | None = None, limit: int = 50
) -> dict[str, Any]:
    """Campaigns, newest first."""
    limit = max(1, min(limit, 500))
    rows = queries.campaigns_page(before_id=before, limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1].pk if len(rows) > limit else None}


@router.post("/", response={201: CampaignOut}, auth=EDITS)
def create(request: HttpRequest, body: CampaignIn) -> Status[Campaign]:
    """Store a draft around a content."""
    made = actions.create_campaign(
        body.name, content_id=body.content_id, now=clock.now(), actor=actor_of(request)
    )
    return Status(201, made)


@router.get("/{campaign_id}", response=CampaignOut, auth=Scope(Capability.VIEW))
def show(request: HttpRequest, campaign_id: int) -> Campaign:
    """One campaign."""
    return found(campaign_id)


@router.patch("/{campaign_id}", response=CampaignOut, auth=EDITS)
def change(request: HttpRequest, campaign_id: int, body: EnvelopeIn) -> Campaign:
    """Change the envelope of a draft."""
    with plain_errors():
        return actions.change_envelope(
            campaign_id,
            changes=body.dict(exclude_unset=True),
            now=clock.now(),
            actor=actor_of(request),
        )


@router.put("/{campaign_id}/audience", response=CampaignOut, auth=EDITS)
def choose_audience(request: HttpRequest, campaign_id: int, body: AudienceIn) -> Campaign:
    """Choose who gets a draft."""
    with plain_errors():
        return actions.set_audience(
            campaign_id, audience=body.dict(), now=clock.now(), actor=actor_of(request)
        )


@router.get("/{campaign_id}/estimate", response=EstimateOut, auth=Scope(Capability.VIEW))
def estimate(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """How many will get it and how many not, by reason."""
    campaign = found(campaign_id)
    with plain_errors():
        counted = queries.audience_estimate(
            campaign.audience,
            subscription_type_id=campaign.subscription_type_id,
            now=clock.now(),
        )
        waiting = queries.would_wait(
            campaign.audience,
            subscription_type_id=campaign.subscription_type_id,
            now=clock.now(),
        )
    return {"will_get_it": counted.pop("", 0), "left_out": counted, "would_wait": waiting}


@router.post("/{campaign_id}/launch", response=CampaignOut, auth=Scope(Capability.SEND))
def launch(request: HttpRequest, campaign_id: int, body: LaunchIn) -> Campaign:
    """Launch a draft; it can be stopped for a minute."""
    with plain_errors():
        return actions.launch_campaign(
            campaign_id, schedule=schedule_of(body), now=clock.now(), actor=actor_of(request)
        )


def schedule_of(body: LaunchIn) -> Schedule:
    """Return the schedule that a request asks for; WrongSchedule where a part is missing."""
    if body.schedule == "at":
        if body.at is None or body.at.tzinfo is None:
            raise WrongSchedule("Give “at” with its offset from UTC.")
        return At(body.at)
    if body.schedule == "local":
        if body.on is None or body.time is None:
            raise WrongSchedule("Give “on” and “time”.")
        return Local(body.on, body.time)
    return Now()


@router.post("/{campaign_id}/duplicate", response={201: CampaignOut}, auth=EDITS)
def duplicate(request: HttpRequest, campaign_id: int, body: DuplicateIn) -> Status[Campaign]:
    """Store a draft with a copy of content, envelope and audience; nothing of its past."""
    source = found(campaign_id)
    made = actions.duplicate_campaign(
        source.pk,
        name=body.name or f"Copy of {source.name}"[:200],
        now=clock.now(),
        actor=actor_of(request),
    )
    return Status(201, made)


@router.post("/{campaign_id}/archive", response=CampaignOut, auth=EDITS)
def archive(request: HttpRequest, campaign_id: int) -> Campaign:
    """Take a draft or a cancelled campaign out of the list; its past stays."""
    with plain_errors():
        actions.archive_campaign(campaign_id, now=clock.now(), actor=actor_of(request))
    return found(campaign_id)


Steer = Callable[..., object]
STEERING: dict[str, Steer] = {
    "stop": actions.stop_launch,
    "pause": actions.pause_campaign,
    "resume": actions.resume_campaign,
    "cancel": actions.cancel_campaign,
}


@router.get("/{campaign_id}/tally", response=TallyOut, auth=Scope(Capability.VIEW_REPORTS))
def show_tally(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """Where the messages of a campaign are."""
    campaign = found(campaign_id)
    counted = tally(campaign.mailing_id)
    return {
        "by_state": counted.by_state,
        "by_reason": counted.by_reason,
        "waiting_by_reason": counted.waiting_by_reason,
        "is_finished": is_finished(campaign.mailing_id),
    }


@router.post("/{campaign_id}/{act}", response=CampaignOut, auth=Scope(Capability.SEND))
def steer(request: HttpRequest, campaign_id: int, act: str) -> Campaign:
    """Stop a scheduled campaign; pause, resume or cancel one that is on its way."""
    if act not in STEERING:
        raise HttpError(404, f"What can be done: launch, {', '.join(STEERING)}.")
    now: datetime = clock.now()
    with plain_errors():
        STEERING[act](campaign_id, now=now, actor=actor_of(request))
    return found(campaign_id)
