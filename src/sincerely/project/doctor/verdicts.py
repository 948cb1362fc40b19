"""What a check is and what it may find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, as a plain sentence; a note is no fault.

    A note that denies the check's own sentence keeps it from being called fine.
    """

    sentence: str
    is_note: bool = False
    denies: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence that should be true, and how to look whether it is.

    Where it is not, checks after one that is needed say nothing more and are left out.
    """

    sentence: str
    look: Callable[[], list[Finding]]
    is_needed: bool = False
