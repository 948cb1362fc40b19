"""What an answer of a receiving server means, and when to try again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

EXPIRY = timedelta(hours=72)
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=8)
# RFC 3463: bad destination mailbox, bad system, syntax, moved, null MX (RFC 7505), disabled.
DEAD_CODES = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b|\b5\.2\.1\b")
ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
DEAD_WORDS = re.compile(
    r"user (?:is )?unknown|unknown (?:user|recipient|local.?part|mailbox|address)"
    r"|no such (?:user|recipient|mailbox|person|address)|does(?: not|n.t) exist"
    r"|(?:mailbox|recipient|address|user|account) (?:was )?not found|invalid (?:recipient|mailbox)"
    r"|account (?:has been |is )?(?:disabled|deleted|closed)|no mailbox here",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took responsibility."""


@dataclass(frozen=True, slots=True)
class Later:
    """Try again at this moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """Never try again; `is_dead` where the address itself does not exist."""

    is_dead: bool = False
    is_expired: bool = False


Judgement = Accepted | Later | Failed


def pause_after(attempt_count: int) -> timedelta:
    """Return how long to wait after that many attempts: 5, 15, 45, 135 min …, at most 8 h."""
    factor: int = 3 ** min(max(attempt_count - 1, 0), 6)
    return min(FIRST_PAUSE * factor, LONGEST_PAUSE)


def is_dead_address(code: int, text: str) -> bool:
    """Say whether a permanent answer speaks of the address, not of our reputation or content."""
    if not 500 <= code < 600:
        return False
    if DEAD_CODES.search(text):
        return True
    if ENHANCED.search(text):
        return False
    return code in (550, 551, 553) and bool(DEAD_WORDS.search(text))


def judge(
    code: int,
    text: str,
    *,
    at_recipient: bool,
    attempt_count: int,
    first_at: datetime,
    now: datetime,
) -> Judgement:
    """Say what follows from the last answer for a message.

    `at_recipient`: the answer was to RCPT or to the content (an answer to MAIL or a greeting says
    nothing about the address). `first_at` is when the message first was due.
    """
    if 200 <= code < 300:
        return Accepted()
    if 400 <= code < 500:
        at = now + pause_after(attempt_count)
        return Later(at) if at <= first_at + EXPIRY else Failed(is_expired=True)
    return Failed(is_dead=at_recipient and is_dead_address(code, text))
