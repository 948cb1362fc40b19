"""The words for the codes of this domain: problems, phases, piles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sincerely.apps.people.models import FileProblem, RowProblem
from sincerely.apps.people.rules.choices import Problem

Words = str | Promise

PHASES: dict[str, Words] = {
    "reading": _("Reading the file"),
    "comparing": _("Looking for addresses that come twice"),
    "checking": _("Comparing with the people we know"),
}
PROBLEMS: dict[str, Words] = {
    "unknown_target": _("A column goes to a place that does not exist."),
    "target_twice": _("Two columns go to the same place."),
    "unknown_field": _("A column goes to a field that no longer exists."),
    "field_exists": _(
        "There is a field with the name of this column already. Choose it under “Fields”."
    ),
    "field_put_away": _(
        "A field with the name of this column was put away. Offer it again, or leave this column"
        " out."
    ),
    "field_name": _("A new field needs a name of at most 80 characters."),
    "unknown_kind": _("There is no such kind of field."),
    "label_missing": _("A yes-or-no column needs the name of its label."),
    "no_address_column": _("Say which column holds the e-mail address."),
    "unknown_choice": _("One of the choices does not exist."),
    "too_late": _("This import has already been started or stopped."),
    "not_checked": _("The file has to be checked first."),
    "wrong_count": _("The number you typed is not the number of rows in the file."),
    "cannot_undo": _("This import cannot be undone."),
}
GROUPS: dict[str, tuple[Words, Words]] = {
    "worth": (
        _("Worth writing to"),
        _("They opened, clicked or answered in the last six months."),
    ),
    "between": (_("Drifting"), _("Their last sign of life is six to twelve months old.")),
    "asleep": (
        _("Asleep"),
        _("They were mailed and gave no sign of life for more than 52 weeks."),
    ),
    "unjudged": (
        _("Cannot be judged"),
        _("We cannot see, or do not know yet, whether they read."),
    ),
    "closed": (_("May not be written to"), _("For each of them the reason is below.")),
}
PILES: dict[str, tuple[Words, Words]] = {
    "engaged": (
        _("Engaged in the last six months"),
        _("Start here: a mail to these people builds your sender's good name."),
    ),
    "drifting": (
        _("Last sign of life six to twelve months ago"),
        _("Write less often, about what they clicked on before."),
    ),
    "asleep": (
        _("No sign of life for more than 52 weeks"),
        _("Do not put them in ordinary mailings: ask them once whether they want to stay."),
    ),
    "hidden": (
        _("Opens are hidden, or measuring was refused"),
        _("Judge them by clicks and answers only; give them something to click on."),
    ),
    "no_history": (
        _("No history came with them"),
        _("Begin with a small mailing; or import the file again with its history columns."),
    ),
    "too_new": (
        _("Mailed, not opened yet, here for less than a year"),
        _("Give them a few more mails before you judge."),
    ),
    "not_asked": (
        _("Never asked for permission"),
        _("Ask them at your next real contact, or declare where they agreed when you import."),
    ),
    "withdrawn": (_("Left every kind of mail they once agreed to"), _("Let them go.")),
    "opted_out": (_("Opted out of all marketing mail"), _("Let them go.")),
    "complained": (_("Complained of spam"), _("Never write to them again.")),
    "bounced": (
        _("The address does not work"),
        _("Ask for a new address by another way, or let them go."),
    ),
    "suppressed": (_("Blocked by a member, or erased"), _("Nothing to do.")),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A reason with its number."""

    code: str
    words: Words
    count: int


def row_reasons(counts: Mapping[str, int]) -> list[Counted]:
    """Return reasons in words, the most frequent first."""
    words = dict(RowProblem.choices)
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [Counted(code, words.get(code, code), count) for code, count in ordered if count]


def file_problem(code: str) -> Words:
    """Return why a file was refused."""
    return dict(FileProblem.choices).get(code, _("Something went wrong. Nothing was lost."))


def problem_in_words(problem: Problem) -> str:
    """Return what is wrong in one place."""
    return str(PROBLEMS.get(problem.code, problem.code))


def problems_in_words(problems: Iterable[Problem]) -> str:
    """Return what is wrong with the choices as one text."""
    return " ".join(dict.fromkeys(problem_in_words(problem) for problem in problems))
