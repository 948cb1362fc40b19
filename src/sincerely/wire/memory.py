"""Python's collector of cycles, told to look seldom: while it looks, everybody waits."""

from __future__ import annotations

import gc

# An engine makes thousands of small tuples in a batch and lets go of them at its end. To look
# through them each time that 700 were made took 5 % of the fold's processor time.
SELDOM = (50_000, 20, 20)


def look_seldom() -> None:
    """Leave what stands now out of sight for good, and look through the rest seldom.

    Call it when all is loaded, before the work begins.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
