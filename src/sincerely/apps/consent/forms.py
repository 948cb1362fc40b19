"""Forms of subscription types, permission by hand, and suppression."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sincerely.apps.consent.models import Evidence
from sincerely.apps.consent.queries import subscription_types, type_named
from sincerely.apps.contacts.rules.addresses import BadAddress, parse_address
from sincerely.apps.team.seen import SeenForm

NOTE = forms.CharField(
    label=_("Your note on this decision"),
    required=False,
    max_length=500,
    widget=forms.Textarea(attrs={"rows": 2}),
    help_text=_("Who advised, and why. It is kept with your name and the time."),
)


class TypeForm(SeenForm):
    """A subscription type and its promise."""

    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(
        label=_("What people get"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Contacts read this when they choose."),
    )
    promised_per_month = forms.IntegerField(
        label=_("At most how many mails a month"),
        min_value=1,
        max_value=300,
        help_text=_("This is a promise. Keeping it is what keeps people."),
    )
    note = NOTE

    def __init__(self, *args: Any, own_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_id = own_id

    def clean_name(self) -> str:
        """Use a name once."""
        name = str(self.cleaned_data["name"]).strip()
        other = type_named(name)
        if other and other.pk != self.own_id:
            raise forms.ValidationError(_("There is a subscription type with this name already."))
        return name


class PermitForm(forms.Form):
    """A permission that a contact gave outside of the product, with its origin."""

    subscription_type = forms.ChoiceField(label=_("For which kind of mail"))
    evidence = forms.TypedChoiceField(
        label=_("How strong is the evidence"),
        coerce=int,
        choices=[
            (Evidence.SINGLE.value, Evidence.SINGLE.label),
            (Evidence.DOUBLE.value, Evidence.DOUBLE.label),
        ],
    )
    given_on = forms.DateField(
        label=_("When did they agree"), widget=forms.DateInput(attrs={"type": "date"})
    )
    document = forms.CharField(
        label=_("Where is the proof"),
        max_length=500,
        help_text=_("A card, a letter, a call: where one can look it up."),
    )
    wording = forms.CharField(
        label=_("What they were shown"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The exact text that they agreed to, if there was one."),
    )
    note = NOTE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = self.fields["subscription_type"]
        if isinstance(kinds, forms.ChoiceField):
            kinds.choices = [(kind.pk, kind.name) for kind in subscription_types()]


class SuppressForm(forms.Form):
    """An address that must not be mailed."""

    address = forms.CharField(label=_("E-mail address"), max_length=320)
    detail = forms.CharField(label=_("Why"), max_length=300)

    def clean_address(self) -> str:
        """Accept what the rule accepts."""
        raw = str(self.cleaned_data["address"]).strip()
        try:
            return parse_address(raw).address
        except BadAddress as problem:
            raise forms.ValidationError(
                _("This is not an address that mail can be sent to.")
            ) from problem


class LiftForm(forms.Form):
    """Why a suppression ends."""

    note = forms.CharField(
        label=_("Why may this address be mailed again"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
