"""The forms of import and export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from sincerely.apps.people.rules.choices import Choices, Claim, KnownField, Problem, Target

PARTS = (
    ("ignore", _("Leave out")),
    ("address", _("E-mail address")),
    ("first_name", _("First name")),
    ("last_name", _("Last name")),
    ("full_name", _("Full name")),
    ("language", _("Language")),
    ("time_zone", _("Time zone")),
    ("labels", _("Interest labels, separated by commas")),
    ("label_flag", _("Yes or no: has the label of this name")),
)
DATES = (
    ("signed_up_at", _("Signed up on")),
    ("last_sent_at", _("Last mailed on")),
    ("last_open_at", _("Last opened on")),
    ("last_click_at", _("Last clicked on")),
)
PROOF = (
    ("permission_at", _("Permission given on")),
    ("document", _("Where the permission was given")),
    ("ip", _("IP address of the permission")),
)
KINDS = (
    ("text", _("New field: text")),
    ("number", _("New field: number")),
    ("date", _("New field: date")),
    ("boolean", _("New field: yes or no")),
    ("choice", _("New field: choice")),
)
DUPLICATES = (
    ("merge", _("Put the rows together; later ones win")),
    ("first", _("Keep the first row")),
    ("last", _("Keep the last row")),
)
TIERS = (
    ("full", _("Clicks and opens")),
    ("hygiene", _("Only the date of the last open")),
    ("none", _("Nothing")),
)


class UploadForm(forms.Form):
    """A file to import."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, TSV or Excel (.xlsx). Encoding and separators are found by themselves."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[
            ("contacts", _("People to add or bring up to date")),
            ("opt_out", _("People who no longer want mail (opt-out list)")),
        ],
        initial="contacts",
        widget=forms.RadioSelect,
    )


class MappingForm(forms.Form):
    """What each column is, and how duplicates and known people are treated."""

    duplicates = forms.ChoiceField(
        label=_("The same address twice in the file"), choices=DUPLICATES, initial="merge"
    )
    keep_known = forms.BooleanField(
        label=_("Only fill what is empty; never overwrite what we know"), required=False
    )
    lists = forms.MultipleChoiceField(label=_("Put everybody on these lists"), required=False)
    new_list = forms.CharField(label=_("Or on a new list"), max_length=120, required=False)
    tracking_tier = forms.ChoiceField(
        label=_("What may be measured of new people"), choices=TIERS, initial="full"
    )

    def __init__(
        self,
        *args: Any,
        header: Sequence[str],
        choices: Choices,
        fields: Mapping[str, KnownField],
        lists: Mapping[int, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._header = list(header)
        self._before = choices
        self._known = fields
        groups = [
            (_("Person"), PARTS),
            (_("History of an older tool"), DATES),
            (_("Permission"), PROOF),
            (_("Fields"), [(f"field:{f.key}", f.name) for f in fields.values()]),
            (_("New field"), [(f"new:{kind}", label) for kind, label in KINDS]),
        ]
        for place, name in enumerate(self._header):
            target = choices.targets[place] if place < len(choices.targets) else Target()
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=name, choices=groups, initial=_word_of(target)
            )
        lists_field = self.fields["lists"]
        assert isinstance(lists_field, forms.MultipleChoiceField)
        lists_field.choices = [(str(key), name) for key, name in lists.items()]
        self.initial = {
            "duplicates": choices.duplicates,
            "keep_known": choices.keep_known,
            "lists": [str(key) for key in choices.list_ids],
            "tracking_tier": choices.tracking_tier,
            **self.initial,
        }

    def columns(self) -> Iterator[BoundField]:
        """Yield the bound field of each column of the file."""
        for place in range(len(self._header)):
            yield self[f"column_{place}"]

    def clean(self) -> dict[str, Any]:
        """Refuse a mapping without an address column."""
        cleaned = super().clean() or {}
        words = [cleaned.get(f"column_{place}") for place in range(len(self._header))]
        if words.count("address") != 1:
            raise forms.ValidationError(_("Exactly one column must be the e-mail address."))
        return cleaned

    def mark(self, problems: Iterable[Problem], words: Callable[[Problem], str]) -> None:
        """Show each problem at its column, or above the form where it is about none."""
        for problem in problems:
            name = None if problem.column is None else f"column_{problem.column}"
            self.add_error(name, words(problem))

    def result(self) -> Choices:
        """Return the choices as they are now."""
        cleaned = self.cleaned_data
        targets = tuple(
            self._target(place, cleaned[f"column_{place}"]) for place in range(len(self._header))
        )
        return self._before.with_(
            targets=targets,
            duplicates=cleaned["duplicates"],
            keep_known=cleaned["keep_known"],
            list_ids=tuple(int(key) for key in cleaned["lists"]),
            tracking_tier=cleaned["tracking_tier"],
        )

    def _target(self, place: int, word: str) -> Target:
        guessed = self._before.targets[place] if place < len(self._before.targets) else Target()
        name = self._header[place].strip()[:80]
        how: dict[str, Any] = {"order": guessed.order, "decimal_comma": guessed.decimal_comma}
        if word.startswith("new:"):
            key = guessed.key or f"column_{place + 1}"
            shown = name or f"Column {place + 1}"
            return Target(to="new_field", key=key, name=shown, kind=word[4:], **how)
        if word.startswith("field:"):
            known = self._known[word[6:]]
            return Target(to="field", key=known.key, name=known.name, kind=known.kind, **how)
        if word == "label_flag":
            return Target(to=word, label=name)
        return Target(to=word, **how)


def _word_of(target: Target) -> str:
    if target.to == "new_field":
        return f"new:{target.kind}"
    return f"field:{target.key}" if target.to == "field" else target.to


class PermissionForm(forms.Form):
    """Where the permission of these people comes from; without one they are only stored."""

    # What a yes needs is asked for by the server alone: a browser would ask with a no, too.
    use_required_attribute = False
    decision = forms.ChoiceField(
        label=_("Did these people agree to get your mail?"),
        choices=[
            ("none", _("I do not know, or no: store them, do not mail them")),
            ("single", _("Yes, they agreed (single opt-in)")),
            ("double", _("Yes, and they confirmed it by a link in a mail (double opt-in)")),
        ],
        widget=forms.RadioSelect,
    )
    subscription_type = forms.ChoiceField(
        label=_("To what kind of mail?"), error_messages={"required": _("Choose a kind of mail.")}
    )
    document = forms.CharField(
        label=_("Where and how did they agree?"),
        max_length=300,
        help_text=_(
            "Needed with a yes. For example: form on our website, with this wording; paper list of"
            " the fair."
        ),
        error_messages={"required": _("Say where they agreed: this is the proof you keep.")},
    )
    agreed_on = forms.DateField(
        label=_("When?"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Left empty: the sign-up date in the file, else today."),
    )
    note = forms.CharField(label=_("Note for your own records"), max_length=500, required=False)

    def __init__(self, *args: Any, types: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["subscription_type"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(pk), name) for pk, name in types]
        if self.is_bound and self.data.get(self.add_prefix("decision")) == "none":
            for name in ("subscription_type", "document"):
                self.fields[name].required = False

    def claim(self) -> Claim | None:
        """Return the declared origin, or None."""
        cleaned = self.cleaned_data
        if cleaned["decision"] == "none":
            return None
        on = cleaned["agreed_on"]
        return Claim(
            subscription_type_id=int(cleaned["subscription_type"]),
            evidence=2 if cleaned["decision"] == "double" else 1,
            at=datetime.combine(on, time(0), UTC).isoformat() if on else "",
            document=cleaned["document"],
            note=cleaned["note"],
        )


class ExportForm(forms.Form):
    """Who goes into a file, and which columns."""

    subject = forms.ChoiceField(label=_("Who"))
    minimum_clicks = forms.IntegerField(
        label=_("With at least so many clicks on the label"),
        min_value=0,
        required=False,
        help_text=_("Only for a label."),
    )
    columns = forms.MultipleChoiceField(label=_("Columns"), widget=forms.CheckboxSelectMultiple)

    def __init__(
        self,
        *args: Any,
        subjects: Sequence[tuple[Any, Any]],
        columns: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        subject, chosen = self.fields["subject"], self.fields["columns"]
        assert isinstance(subject, forms.ChoiceField)
        assert isinstance(chosen, forms.MultipleChoiceField)
        subject.choices = list(subjects)
        chosen.choices = list(columns)

    def clean_columns(self) -> list[str]:
        """Keep the address: without it the file cannot come back."""
        columns: list[str] = self.cleaned_data["columns"]
        return columns if "address" in columns else ["address", *columns]
