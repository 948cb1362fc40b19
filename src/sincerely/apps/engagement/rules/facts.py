"""What the folder hands to the engagement domain about messages, which a higher domain owns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class MessageFacts(NamedTuple):
    """The message behind a token: its contact's tracking tier, and the signals that it has."""

    contact_id: int
    mailing_id: int
    nonce: bytes
    tier: str = "full"
    signal_count: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the receiving server said: accepted, failed or unknown count, anything else does not."""

    message_id: int
    contact_id: int
    mailing_id: int
    at: datetime
    outcome: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class OneClick:
    """A one-click unsubscribe whose message is known."""

    contact_id: int
    mailing_id: int
    message_id: int
    subscription_type_id: int | None
    at: datetime
    ip: str = ""
    user_agent: str = ""
