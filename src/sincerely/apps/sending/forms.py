"""Forms of the sending settings: sender, transport, test of a transport, test address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sincerely.apps.consent.queries import subscription_types
from sincerely.apps.sending.queries.senders import brand_choices
from sincerely.apps.sending.rules.no_reply import is_no_reply
from sincerely.apps.sending.rules.pressure import ALL_TYPES, Limit
from sincerely.apps.sending.rules.quiet import Quiet
from sincerely.apps.sending.rules.restraint import Restraint
from sincerely.apps.team.seen import SeenForm


class SenderForm(SeenForm):
    """Who mail comes from."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What people see as the sender.")
    )
    address = forms.EmailField(label=_("Address"))
    reply_to = forms.EmailField(
        label=_("Reply address"),
        required=False,
        help_text=_("Leave empty to get replies at the sender's address."),
    )
    brand = forms.TypedChoiceField(label=_("Brand"), coerce=int)
    reason = forms.CharField(
        label=_("Why nobody may answer"),
        max_length=200,
        required=False,
        help_text=_("Only needed for a no-reply address, which we advise against."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["brand"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = brand_choices()

    def clean(self) -> dict[str, Any]:
        """A no-reply address needs a reason: people want to answer, and providers see it."""
        cleaned = super().clean() or {}
        for name in ("address", "reply_to"):
            if is_no_reply(cleaned.get(name) or "") and not cleaned.get("reason"):
                self.add_error(
                    name,
                    _("People cannot answer this address. Choose a real mailbox, or say why not."),
                )
        return cleaned


class TryForm(forms.Form):
    """Where the test of a transport goes."""

    address = forms.EmailField(label=_("Send a test to"))


class TestAddressForm(forms.Form):
    """An address for the saved test list."""

    address = forms.EmailField(label=_("Address"))
    name = forms.CharField(label=_("Name"), max_length=120, required=False)


class LimitsForm(SeenForm):
    """How much mail one address gets, of all kinds and of each, and when nobody is mailed."""

    quiet_begins = forms.TimeField(
        label=_("Quiet from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_ends = forms.TimeField(
        label=_("until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = [(kind.pk, kind.name) for kind in subscription_types()]
        for number in (ALL_TYPES, *(pk for pk, _name in self.kinds)):
            for name, field in _limit_fields().items():
                self.fields[f"{name}_{number}"] = field

    def overall(self) -> list[forms.BoundField]:
        """Return the fields of the limit for all mail."""
        return self._fields_of(ALL_TYPES)

    def each(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the fields of each subscription type under its name."""
        return [(name, self._fields_of(pk)) for pk, name in self.kinds]

    def _fields_of(self, number: int) -> list[forms.BoundField]:
        return [self[f"{name}_{number}"] for name in _limit_fields()]

    @staticmethod
    def of(restraint: Restraint | None) -> dict[str, Any]:
        """Return what the form shows for what is set."""
        shown: dict[str, Any] = {}
        for limit in restraint.limits if restraint else ():
            number = limit.subscription_type_id
            shown[f"most_{number}"] = limit.most
            shown[f"days_{number}"] = limit.days if limit.most else None
            shown[f"gap_hours_{number}"] = limit.gap_hours or None
        if restraint and restraint.quiet:
            shown |= {
                "quiet_begins": restraint.quiet.begins,
                "quiet_ends": restraint.quiet.ends,
            }
        return shown

    def clean(self) -> dict[str, Any]:
        """A number of mails needs its days; quiet hours need both ends, and they differ."""
        cleaned = super().clean() or {}
        for number in (ALL_TYPES, *(pk for pk, _name in self.kinds)):
            if cleaned.get(f"most_{number}") and not cleaned.get(f"days_{number}"):
                self.add_error(f"days_{number}", _("In how many days?"))
        begins, ends = cleaned.get("quiet_begins"), cleaned.get("quiet_ends")
        if (begins is None) != (ends is None):
            self.add_error("quiet_ends", _("Quiet hours need a beginning and an end."))
        elif begins is not None and begins == ends:
            self.add_error("quiet_ends", _("The whole day cannot be quiet: nothing would leave."))
        return cleaned

    def limits(self) -> list[Limit]:
        """Return the limits that were entered."""
        entered = self.cleaned_data
        return [
            Limit(
                number,
                entered[f"most_{number}"],
                entered[f"days_{number}"] or 7,
                entered[f"gap_hours_{number}"] or 0,
            )
            for number in (ALL_TYPES, *(pk for pk, _name in self.kinds))
        ]

    def quiet(self) -> Quiet | None:
        """Return the quiet hours that were entered, if any."""
        begins, ends = self.cleaned_data["quiet_begins"], self.cleaned_data["quiet_ends"]
        return Quiet(begins, ends) if begins is not None else None


def _limit_fields() -> dict[str, forms.Field]:
    """One limit: so many mails in so many days, and hours between two."""
    return {
        "most": forms.IntegerField(
            label=_("At most so many mails"), min_value=1, max_value=100, required=False
        ),
        "days": forms.IntegerField(
            label=_("in so many days"), min_value=1, max_value=366, required=False
        ),
        "gap_hours": forms.IntegerField(
            label=_("Hours between two mails"), min_value=0, max_value=720, required=False
        ),
    }
