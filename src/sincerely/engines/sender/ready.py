"""A mail that is ready to leave, as it passes between the sender's threads."""

from __future__ import annotations

from typing import NamedTuple

from sincerely.apps.sending.actions.outbox import Claimed


class Ready(NamedTuple):
    """One claimed message, written and signed; `shown` are the blocks it shows, by number.

    No line of `content` begins with a dot (content/rules/encoding.py sees to that).
    """

    message: Claimed
    sender: str
    recipient: str
    content: bytes
    shown: str = ""
    is_repeatable: bool = False
