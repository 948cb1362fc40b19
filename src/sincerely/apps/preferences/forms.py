"""The forms on a contact's own pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sincerely.apps.consent.queries.permission import TypeStanding
from sincerely.apps.team.seen import SeenForm

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


class ThankYouForm(SeenForm):
    """A brand's own words on the thank-you page in one language."""

    heading = forms.CharField(label=_("Heading"), max_length=120, required=False)
    words = forms.CharField(
        label=_("Words"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    offer = forms.CharField(
        label=_("Offer"),
        help_text=_("A small thank-you, or what is new. Leave it empty for none."),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    offer_label = forms.CharField(label=_("Words on its button"), max_length=60, required=False)
    offer_url = forms.URLField(
        label=_("Where the button leads"),
        max_length=500,
        required=False,
        assume_scheme="https",
    )

    def clean_offer_url(self) -> str:
        """Return a web address; no other kind may stand behind the button."""
        url = str(self.cleaned_data["offer_url"])
        if url and not url.lower().startswith(("https://", "http://")):
            raise forms.ValidationError(_("Only a web address, please: https://…"))
        return url

    def clean(self) -> dict[str, Any]:
        """A button needs both words and a place to lead to."""
        given = self.cleaned_data
        if bool(given.get("offer_label")) != bool(given.get("offer_url")):
            missing = "offer_url" if given.get("offer_label") else "offer_label"
            if missing not in self.errors:
                self.add_error(missing, _("The button needs its words and an address."))
        return given


def _words(kind: TypeStanding) -> str:
    told = kind.subscription_type
    return f"{told.name}: {told.description}" if told.description else told.name
