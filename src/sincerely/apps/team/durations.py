"""Spans of time in a sentence: 'about 12 minutes' needs no more than this."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import ngettext

from sincerely.apps.team.numbers import grouped

MINUTE, HOUR, DAY = 60, 3600, 86400
FEW = 20  # up to here each second and minute counts; beyond, every fifth


def lasting(span: timedelta) -> str:
    """Return about how long, in the largest unit of which there are some."""
    seconds = max(1, round(span.total_seconds()))
    if seconds < 1.5 * MINUTE:
        n = _coarse(seconds)
        return ngettext("%(n)s second", "%(n)s seconds", n) % {"n": n}
    if seconds < 1.5 * HOUR:
        n = _coarse(round(seconds / MINUTE))
        return ngettext("%(n)s minute", "%(n)s minutes", n) % {"n": n}
    if seconds < 1.5 * DAY:
        n = round(seconds / HOUR)
        return ngettext("%(n)s hour", "%(n)s hours", n) % {"n": n}
    n = round(seconds / DAY)
    return ngettext("%(n)s day", "%(n)s days", n) % {"n": grouped(n)}


def _coarse(number: int) -> int:
    return number if number <= FEW else 5 * round(number / 5)
