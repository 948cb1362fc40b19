"""The forms on a contact's own pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sincerely.apps.consent.queries.permission import TypeStanding

ANSWERS = (
    ("too_often", _("Too many mails")),
    ("not_relevant", _("It is not about what I care for")),
    ("never_asked", _("I never asked for this mail")),
    ("other_way", _("I follow you in another way")),
    ("other", _("Something else")),
)


class LeaveForm(forms.Form):
    """Leave one kind of mail or all of it; the reason is never required."""

    scope = forms.ChoiceField(choices=[("type", "type"), ("all", "all")])
    answer = forms.ChoiceField(
        label=_("Would you tell us why?"),
        choices=[("", _("I would rather not say")), *ANSWERS],
        required=False,
    )
    words = forms.CharField(
        label=_("In your own words"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ChoiceForm(forms.Form):
    """One box for each subscription type."""

    wanted = forms.MultipleChoiceField(
        label=_("What would you like to get?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, types: list[TypeStanding], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["wanted"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(kind.subscription_type.pk), _words(kind)) for kind in types]
        field.initial = [str(k.subscription_type.pk) for k in types if k.state == "in"]

    def wanted_ids(self) -> set[int]:
        """Return the ids of the chosen types of a valid form."""
        return {int(value) for value in self.cleaned_data["wanted"]}


def _words(kind: TypeStanding) -> str:
    told = kind.subscription_type
    return f"{told.name}: {told.description}" if told.description else told.name
