"""What the folder tells the higher domains: how the verdict on a click has changed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class ClickChange(NamedTuple):
    """One click on a labelled link, or on a confirm link, whose verdict is new or has changed.

    `before` is None for a click that was not counted yet; `after` is 'human', 'undecided' or
    'machine'. Whoever keeps counts takes one from `before` and adds one to `after`. A confirm link
    has no label: a click on it says that somebody stays, not what they like.
    """

    contact_id: int
    label_id: int | None
    mailing_id: int
    message_id: int
    at: datetime
    before: str | None
    after: str
    is_simulated: bool = False
    is_confirming: bool = False
