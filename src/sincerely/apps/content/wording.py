"""What is wrong with a mail, said in the member's language; the one place for it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sincerely.apps.content.actions.editing import DraftClosed, EditConflict
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


def closed_words() -> str:
    """Return what is said to whoever changes a mail that a campaign has."""
    return _(
        "This was not saved: the mail belongs to a campaign that is scheduled or has left. Stop the"
        " campaign first, under “Send”."
    )


def unread_words() -> str:
    """Return what is said where the editor sent what cannot be read or kept."""
    return _(
        "This was not saved: it holds a sign that cannot be kept. Take out what you pasted last."
    )


def conflict_words(conflict: EditConflict) -> str:
    """Return why a change was not made to a mail that somebody else has their hands on."""
    if isinstance(conflict, DraftClosed):
        return closed_words()
    return _("Somebody else has saved this mail since. Look at it again.")


def _word(name: str, value: str | int) -> str:
    """Return a value as it stands in a sentence; a reason may be a sentence of ours by itself."""
    if isinstance(value, int):
        return grouped(value)
    return _(value) if name == "why" else value
