"""Writes of the engagement domain."""

from __future__ import annotations

from sincerely.apps.engagement.actions.mailings import (
    LinkSpec,
    label_link,
    register_mailing,
    replace_links,
    start_mailing,
)
from sincerely.apps.engagement.actions.outcomes import record, record_happened, record_outcomes
from sincerely.apps.engagement.actions.recount import recount
from sincerely.apps.engagement.actions.retention import forget_signals
from sincerely.apps.engagement.actions.rounds import Look, looks, rejudge, settle
from sincerely.apps.engagement.actions.signals import take, when
from sincerely.apps.engagement.actions.watermarks import by_index, move, take_turn

__all__ = [
    "LinkSpec",
    "Look",
    "by_index",
    "forget_signals",
    "label_link",
    "looks",
    "move",
    "record",
    "record_happened",
    "record_outcomes",
    "recount",
    "register_mailing",
    "rejudge",
    "replace_links",
    "settle",
    "start_mailing",
    "take",
    "take_turn",
    "when",
]
