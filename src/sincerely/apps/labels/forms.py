"""Forms of the label catalogue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sincerely.apps.labels.models import LabelKind
from sincerely.apps.labels.queries import any_label_named, labels
from sincerely.apps.labels.rules import BadName, checked_name
from sincerely.apps.team.seen import SeenForm

NAME_PROBLEMS = {
    "empty": _("A label needs a name."),
    "comma": _("A comma parts labels in files; a name cannot hold one."),
    "long": _("A name has at most 80 characters."),
    "unprintable": _("The name holds a character that cannot be shown."),
    "taken": _("There is a label with exactly this name already."),
}


class LabelForm(SeenForm):
    """A label's name, kind, description and whether contacts may choose it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("Names are exact: “Dogs” and “dogs” are two labels."),
    )
    kind = forms.ChoiceField(
        label=_("Interest in"), choices=LabelKind.choices, initial=LabelKind.CONTENT
    )
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    is_public = forms.BooleanField(
        label=_("Contacts may see it and choose it themselves"), required=False
    )

    def __init__(self, *args: Any, own_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_id = own_id

    def clean_name(self) -> str:
        """Accept what the rule accepts, once."""
        try:
            name = checked_name(str(self.cleaned_data["name"]))
        except BadName as problem:
            raise forms.ValidationError(NAME_PROBLEMS[problem.code]) from problem
        other = any_label_named(name)
        if other and other.pk != self.own_id:
            raise forms.ValidationError(NAME_PROBLEMS["taken"])
        return name


class MergeForm(forms.Form):
    """Into which label another one goes."""

    into = forms.TypedChoiceField(label=_("Merge into"), coerce=int)

    def __init__(self, *args: Any, from_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        into = self.fields["into"]
        if isinstance(into, forms.ChoiceField):
            into.choices = [("", "–")] + [(x.pk, x.name) for x in labels() if x.pk != from_id]


class LinkRuleForm(forms.Form):
    """A URL pattern whose links get the label."""

    pattern = forms.CharField(
        label=_("Links whose address fits"),
        max_length=300,
        help_text=_("A star stands for anything: https://shop.example/dogs/*"),
    )
