"""Leaving out those whom the mail's labels do not concern: a segment of its own, excluded."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sincerely.apps.campaigns.actions.compose import set_audience
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.queries import audience_query, campaign
from sincerely.apps.content.actions.fixes import NotFixable
from sincerely.apps.content.compiler import compile_content
from sincerely.apps.content.queries.relevance import exclusion, irrelevance
from sincerely.apps.segments.actions import create_segment
from sincerely.apps.team.rules import Actor


def exclude_irrelevant(campaign_id: int, *, now: datetime, actor: Actor) -> Campaign:
    """Exclude holders of other labels only; raises NotFixable where the mail fits everybody."""
    found = campaign(campaign_id)
    query = audience_query(found.audience, now=now) if found else None
    if found is None or query is None:
        raise NotFixable("Nobody is chosen yet.")
    compiled = compile_content(found.content)
    relevance = irrelevance(found.content, compiled, query, now=now)
    if not relevance.mismatched_count:
        raise NotFixable("The mail fits everybody.")
    name = f"{found.name[:80]} – {now:%Y-%m-%d %H:%M:%S}"
    with transaction.atomic():
        segment = create_segment(name, exclusion(relevance), now=now, actor=actor)
        excluded = [*found.audience.get("exclude", []), {"segment": segment.pk}]
        audience = {"include": found.audience.get("include", []), "exclude": excluded}
        return set_audience(campaign_id, audience=audience, now=now, actor=actor)
