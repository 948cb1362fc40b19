"""The sentence: a rule in plain words, in the reader's language; wrong parts show as '…'."""

from __future__ import annotations

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.checking import check
from sincerely.apps.segments.rules.criterion import CRITERIA
from sincerely.apps.segments.rules.marking import Say, gettext_noop
from sincerely.apps.segments.rules.tree import Rule, children_of, group_of, is_everyone

_ = gettext_noop
JOINED = {"all": _("{first}, and {rest}"), "any": _("{first}, or {rest}")}


def untranslated(text: str) -> str:
    """Leave a phrase in English."""
    return text


def sentence(rule: Rule, names: Catalogue, say: Say = untranslated) -> str:
    """Return the whole rule as one sentence that begins with 'People' or 'Everyone'.

    `say` translates a phrase (gettext); `names` gives the names behind ids.
    """
    if is_everyone(rule):
        return say(_("Everyone."))
    return say(_("People {phrase}.")).format(phrase=phrase_of(rule, names, say))


def phrase_of(node: Rule, names: Catalogue, say: Say = untranslated) -> str:
    """Return a part of a rule as a fragment that can follow 'People'."""
    if is_everyone(node):
        return say(_("of every kind"))
    kind = group_of(node)
    if kind is None:
        return _criterion(node, names, say)
    parts = [_inner(child, names, say) for child in children_of(node)]
    if not parts:
        return "…"
    if kind == "none":
        return say(_("except those {phrase}")).format(phrase=_join("any", parts, say))
    return _join(kind, parts, say)


def _inner(child: Rule, names: Catalogue, say: Say) -> str:
    phrase = phrase_of(child, names, say)
    is_compound = group_of(child) == "none" or len(children_of(child)) > 1
    return f"({phrase})" if is_compound else phrase


def _join(kind: str, parts: list[str], say: Say) -> str:
    phrase = parts[-1]
    for part in reversed(parts[:-1]):
        phrase = say(JOINED[kind]).format(first=part, rest=phrase)
    return phrase


def _criterion(node: Rule, names: Catalogue, say: Say) -> str:
    if not isinstance(node, dict) or check(node, names):
        return "…"
    return CRITERIA[node["criterion"]].phrase(node, names, say)
