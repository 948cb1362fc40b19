"""What the demo does inside the product, by the same use cases that the pages call."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import timedelta

from sincerely.apps.campaigns.actions import create_campaign, launch_campaign, set_audience
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.schedule import Now
from sincerely.apps.consent.actions import default_subscription_type
from sincerely.apps.content.actions import create_content
from sincerely.apps.content.actions.links import review_links
from sincerely.apps.content.models import Content
from sincerely.apps.engagement.actions.rounds import FINAL
from sincerely.apps.engagement.models import Signal
from sincerely.apps.engagement.queries.watermarks import CAPTURE, capture_store, position
from sincerely.apps.labels.actions import create_labels
from sincerely.apps.labels.models import Label
from sincerely.apps.people.actions.imports import start, start_import
from sincerely.apps.people.models import Import, WorkState
from sincerely.apps.people.rules.choices import Choices, Claim
from sincerely.apps.segments.actions import create_segment
from sincerely.apps.sending.actions import ensure_default_sender
from sincerely.apps.sending.models import Attempt
from sincerely.apps.sending.queries import is_finished
from sincerely.apps.team.models import Brand, Member, Organisation
from sincerely.apps.team.rules import Actor, Role
from sincerely.project.demo.stories import MailingPlan, Story, label_links, source_of
from sincerely.wire import clock

LONGEST_SECONDS = 900.0


def wait_until(done: Callable[[], bool], what: str) -> None:
    """Return when it is done; TimeoutError after a quarter of an hour."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited too long for {what}.")
        time.sleep(0.1)


def set_up() -> Actor:
    """Make the organisation, its brand, sender and owner in the fresh database."""
    now = clock.now()
    Organisation.objects.create(pk=1, name="Demo", set_up_at=now)
    brand = Brand.objects.create(
        name="Demo shop", postal_address="1 High Street, Ghent", created_at=now
    )
    ensure_default_sender(
        brand_id=brand.pk, name="Demo shop", address="hello@shop.example", now=now
    )
    owner = Member.objects.create_user(
        "owner@team.example", None, name="Owner", role=Role.OWNER.value, created_at=now
    )
    return Actor(member_id=owner.pk)


def import_people(story: Story, actor: Actor) -> Import:
    """Import the story's file by the runner and return the finished import."""
    now = clock.now()
    create_labels(story.labels, now=now, actor=actor)
    choices = Choices(
        targets=story.targets,
        claim=Claim(default_subscription_type(now).pk, evidence=1, document=story.title),
        permission_decided=True,
    )
    work = start_import(io.BytesIO(story.table), choices=choices, now=now, actor=actor)
    wait_until(lambda: _state(work) == WorkState.CHECKED, "the check of the file")
    start(work.pk, now=clock.now(), actor=actor)
    wait_until(lambda: _state(work) in (WorkState.DONE, WorkState.FAILED), "the import")
    return work


def _state(work: Import) -> str:
    work.refresh_from_db()
    return work.state


def launch(plan: MailingPlan, actor: Actor) -> Campaign:
    """Write a mailing, choose its audience by rule, label its links and launch it."""
    now = clock.now()
    label = Label.objects.get(name=plan.label)
    rule = plan.rule or {"all": [{"criterion": "label", "label": label.pk}]}
    segment = create_segment(f"{plan.name}: audience", rule, now=now, actor=actor)
    brand = Brand.objects.get()
    content = create_content(
        plan.name, brand_id=brand.pk, mode="mjml", source=source_of(plan), subject=plan.name,
        now=now, actor=actor,
    )  # fmt: skip
    Content.objects.filter(pk=content.pk).update(link_choices=label_links(plan, label.pk))
    review_links(content.pk, now=now, actor=actor)
    campaign = create_campaign(plan.name, content_id=content.pk, now=now, actor=actor)
    audience = {"include": [{"segment": segment.pk}], "exclude": []}
    set_audience(campaign.pk, audience=audience, now=now, actor=actor)
    return launch_campaign(campaign.pk, schedule=Now(), now=now, actor=actor, grace=timedelta(0))


def wait_for_sending(campaigns: list[Campaign]) -> None:
    """Return when no message of these campaigns is without a terminal state."""
    wait_until(lambda: all(is_finished(c.mailing_id) for c in campaigns), "the sending")


def wait_for_deliveries() -> None:
    """Return when every outcome at the wire has been folded."""

    def folded() -> bool:
        last = Attempt.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        return position("attempts") >= last

    wait_until(folded, "the fold of the deliveries")


def wait_for_verdicts() -> None:
    """Return when every capture has been folded and judged for good."""
    store = capture_store()

    def judged() -> bool:
        if position(CAPTURE) < store.last_id():
            return False
        last = Signal.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        return position(f"round {FINAL}") >= last

    wait_until(judged, "the verdicts")
