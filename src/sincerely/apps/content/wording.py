"""What is wrong with a mail, said in the member's language; the one place for it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sincerely.apps.content.rules.wrong import SENTENCES, Wrong
from sincerely.apps.team.numbers import grouped


def said(problem: Wrong) -> str:
    """Return a problem in words, with its line where one is known."""
    values = {name: _word(name, value) for name, value in problem.values.items()}
    sentence = _(SENTENCES[problem.code]) % values
    if not problem.line:
        return sentence
    words = {"line": grouped(problem.line), "problem": sentence}
    return _("Line %(line)s: %(problem)s") % words


def _word(name: str, value: str | int) -> str:
    """Return a value as it stands in a sentence; a reason may be a sentence of ours by itself."""
    if isinstance(value, int):
        return grouped(value)
    return _(value) if name == "why" else value
