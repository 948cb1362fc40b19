"""Setting the cap and quiet hours: one row, its changes on the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from sincerely.apps.sending.models import Restraint as Row
from sincerely.apps.sending.rules.pressure import Limit
from sincerely.apps.sending.rules.quiet import Quiet
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM, Actor

# A sender that has read 'no limit' notes nothing of the mail that it hands over in that commit.
# Until then nobody goes, so that the first who counts sees them all.
SEEN_BY_ALL = timedelta(seconds=3)


def set_restraint(
    limits: Sequence[Limit], *, quiet: Quiet | None, now: datetime, actor: Actor = PROGRAM
) -> Row:
    """Set all limits and the quiet hours (None: none) anew; in force for mail not handed over."""
    kept = [limit for limit in limits if limit.most or limit.gap_hours]
    stored = [[x.subscription_type_id, x.most, x.days, x.gap_hours] for x in kept]
    with transaction.atomic():
        Row.objects.get_or_create(pk=1)
        row = Row.objects.select_for_update().get(pk=1)
        before = as_words(row)
        if stored != row.limits:
            row.round += 1
            if stored and not row.limits:
                row.in_force_at = now + SEEN_BY_ALL
        row.limits = stored
        row.quiet_begins, row.quiet_ends = (quiet.begins, quiet.ends) if quiet else (None, None)
        row.is_on = bool(stored or quiet)
        row.save()
        if before != as_words(row):
            detail = {"before": before, "after": as_words(row)}
            audit(actor, "restraint.changed", now=now, subject=row, detail=detail)
    return row


def as_words(row: Row) -> dict[str, object]:
    """Return what the audit trail keeps of the row."""
    hours = [f"{at:%H:%M}" for at in (row.quiet_begins, row.quiet_ends) if at is not None]
    return {"limits": row.limits, "quiet_hours": hours}
