"""The numbers of a report that overlap: who clicked also opened, and may have left since.

A deed is named in the address of the list behind its number. Of opens and clicks each person is
counted once under the best verdict (human before undecided before machine); the deeds `made` count
everybody with at least one click of that verdict, as the row of all clicks does.
"""

from __future__ import annotations

DEEDS = (
    "delivered",
    "bounced",
    "complained",
    "unsubscribed",
    "opened",
    "clicked",
)
BY_BEST_VERDICT = tuple(
    f"{deed}-{verdict}" for deed in ("opened", "clicked") for verdict in ("undecided", "machine")
)
MADE = ("made-undecided", "made-machine")
ALL = (*DEEDS, *BY_BEST_VERDICT, *MADE)
