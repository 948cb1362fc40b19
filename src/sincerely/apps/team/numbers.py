"""Numbers in a sentence that Python makes: grouped as the language that is active does."""

from __future__ import annotations

from django.utils.formats import number_format


def grouped(number: int) -> str:
    """Return a whole number with its thousands apart, in the language that is active."""
    return str(number_format(number, use_l10n=True, force_grouping=True))
