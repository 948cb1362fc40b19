"""What a mailing came to for each recipient: exactly one outcome, so the parts add up.

The first that holds counts: a complaint outweighs an unsubscribe, that a bounce, and so on down to
'nothing'. Machine opens and clicks count as nothing; undecided ones are shown elsewhere.
"""

from __future__ import annotations

OUTCOMES = (
    "complained",
    "unsubscribed",
    "bounced",
    "acted",
    "clicked",
    "opened",
    "nothing",
    "unknown",
)
