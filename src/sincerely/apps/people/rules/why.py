"""Why somebody did or didn't get a mail: which fact decided. Pure; the page finds words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """The short answer."""

    YES = "yes"
    NO = "no"
    NOT_YET = "not_yet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known: the message row, if there is one, and where the campaign is.

    `fits_audience` is the audience's rule read for this person now; None where it cannot be read.
    `would_refuse` is what the gate would say now, `would_wait` what would hold the mail back.
    """

    state: str = ""
    reason: str = ""
    stage: str = "draft"
    is_planned: bool = False
    has_audience: bool = True
    fits_audience: bool | None = None
    is_younger: bool = False
    would_refuse: str = ""
    would_wait: str = ""


@dataclass(frozen=True, slots=True)
class Because:
    """The answer and the code of the fact that decided it."""

    answer: Answer
    code: str


_BY_STATE = {
    "accepted": Because(Answer.YES, "accepted"),
    "failed": Because(Answer.NO, "bounced"),
    "unknown": Because(Answer.UNKNOWN, "unknown"),
    "cancelled": Because(Answer.NO, "cancelled"),
    "planned": Because(Answer.NOT_YET, "waiting"),
    "claimed": Because(Answer.NOT_YET, "waiting"),
    "dialling": Because(Answer.NOT_YET, "waiting"),
    "deferred": Because(Answer.NOT_YET, "deferred"),
}


def because(facts: Facts) -> Because:
    """Return the fact that decides; a message row always does, else the audience."""
    if facts.state in {"skipped", "refused"}:
        return Because(Answer.NO, facts.reason or "refused")
    if facts.state in {"planned", "deferred"} and facts.reason:
        return Because(Answer.NOT_YET, f"waits_{facts.reason}")
    if facts.state in _BY_STATE:
        return _BY_STATE[facts.state]
    if facts.stage == "cancelled":
        return Because(Answer.NO, "campaign_cancelled")
    if facts.stage in {"launched", "paused"} and facts.is_planned:
        return _left_out(facts)
    return _to_come(facts)


def _left_out(facts: Facts) -> Because:
    if facts.fits_audience and facts.is_younger:
        return Because(Answer.NO, "came_later")
    if facts.fits_audience:
        return Because(Answer.NO, "joined_later")
    return Because(Answer.NO, "not_in_audience")


def _to_come(facts: Facts) -> Because:
    if not facts.has_audience:
        return Because(Answer.NOT_YET, "no_audience")
    if facts.fits_audience is None:
        return Because(Answer.NOT_YET, "audience_unreadable")
    if not facts.fits_audience:
        return Because(Answer.NOT_YET, "would_not_be_in_audience")
    if facts.would_refuse:
        return Because(Answer.NOT_YET, "would_be_refused")
    if facts.would_wait:
        return Because(Answer.NOT_YET, f"would_wait_{facts.would_wait}")
    return Because(Answer.NOT_YET, "would_get_it")
