"""Forms of contacts, lists and custom fields; the rules check, the forms only speak."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sincerely.apps.contacts.models import Contact, FieldDefinition, FieldKind, TrackingTier
from sincerely.apps.contacts.queries import field_definitions, field_named, list_named
from sincerely.apps.contacts.rules.addresses import BadAddress, parse_address
from sincerely.apps.contacts.rules.fields import BadValue, typed
from sincerely.apps.team.seen import SeenForm

CUSTOM = "field_"
VALUE_PROBLEMS = {
    "not_a_number": _("Write a number."),
    "not_a_date": _("Write a date as year-month-day."),
    "not_a_boolean": _("Write yes or no."),
    "not_a_choice": _("Choose one of the offered values."),
    "bad_text": _("This text is too long, or holds a character that cannot be kept."),
}
ADDRESS_PROBLEM = _("This is not an address that mail can be sent to.")
ADDRESS_TAKEN = _("Another contact has this address.")


def _zones() -> list[tuple[str, Any]]:
    zones = sorted(z for z in available_timezones() if "/" in z and not z.startswith("Etc/"))
    return [("", _("the organisation’s")), *((zone, zone.replace("_", " ")) for zone in zones)]


class ContactForm(SeenForm):
    """A contact's own columns and every custom field."""

    address = forms.CharField(
        label=_("E-mail address"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    first_name = forms.CharField(label=_("First name"), max_length=120, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=120, required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    tracking_tier = forms.ChoiceField(
        label=_("What they let us see"),
        choices=TrackingTier.choices,
        required=False,
        help_text=_("Clicks and opens are only measured as far as the person allows."),
    )

    def __init__(self, *args: Any, contact: Contact | None = None, **kwargs: Any) -> None:
        if contact is not None:
            kwargs.setdefault("initial", self.initial_of(contact))
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        zone = self.fields["time_zone"]
        if isinstance(language, forms.ChoiceField) and isinstance(zone, forms.ChoiceField):
            language.choices = [("", _("not known")), *settings.LANGUAGES]
            zone.choices = _zones()
        if contact is None:
            del self.fields["tracking_tier"]
        self.definitions = field_definitions()
        for definition in self.definitions:
            self.fields[CUSTOM + definition.key] = _control(definition)

    @staticmethod
    def initial_of(contact: Contact) -> dict[str, Any]:
        """Return what the form shows of a contact at first."""
        plain = ("address", "first_name", "last_name", "language", "time_zone", "tracking_tier")
        shown = {name: getattr(contact, name) for name in plain}
        for key, value in contact.fields.items():
            shown[CUSTOM + key] = {True: "true", False: "false"}.get(value, value)
        return shown

    def clean_address(self) -> str:
        """Accept what the rule accepts, without space around it."""
        raw = str(self.cleaned_data["address"]).strip()
        try:
            return parse_address(raw).address
        except BadAddress as problem:
            raise forms.ValidationError(ADDRESS_PROBLEM) from problem

    def clean(self) -> dict[str, Any]:
        """Gather the custom fields with their types under `fields`."""
        cleaned: dict[str, Any] = super().clean() or {}
        values: dict[str, Any] = {}
        for definition in self.definitions:
            name = CUSTOM + definition.key
            given = cleaned.pop(name, None)
            try:
                values[definition.key] = typed(
                    given, kind=definition.kind, choices=definition.choices
                )
            except BadValue as problem:
                self.add_error(name, str(VALUE_PROBLEMS[problem.code]))
        return {**cleaned, "fields": values}


def _control(definition: FieldDefinition) -> forms.Field:
    choices: list[tuple[str, Any]] = [("", "–")]
    if definition.kind == FieldKind.BOOLEAN:
        choices += [("true", _("yes")), ("false", _("no"))]
    elif definition.kind == FieldKind.CHOICE:
        choices += [(str(c), str(c)) for c in definition.choices]
    else:
        kinds = {FieldKind.NUMBER: "number", FieldKind.DATE: "date"}
        attrs = {"type": kinds.get(FieldKind(definition.kind), "text"), "step": "any"}
        if attrs["type"] != "number":
            del attrs["step"]
        return forms.CharField(
            label=definition.name, required=False, widget=forms.TextInput(attrs=attrs)
        )
    return forms.ChoiceField(label=definition.name, required=False, choices=choices)


class ListForm(SeenForm):
    """A list's name and description."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, own_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_id = own_id

    def clean_name(self) -> str:
        """Use a name once."""
        name = str(self.cleaned_data["name"]).strip()
        other = list_named(name)
        if other and other.pk != self.own_id:
            raise forms.ValidationError(_("There is a list with this name already."))
        return name


class FieldForm(forms.Form):
    """A custom field: the kind is chosen once."""

    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=FieldKind.choices)
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line; only for the kind “choice”."),
    )

    def __init__(self, *args: Any, own: FieldDefinition | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        if own is not None:
            del self.fields["kind"]
            self.initial = {"name": own.name, "choices": "\n".join(own.choices)}
            if own.kind != FieldKind.CHOICE:
                del self.fields["choices"]

    def clean_name(self) -> str:
        """Use a name once."""
        name = str(self.cleaned_data["name"]).strip()
        other = field_named(name)
        if other and (self.own is None or other.pk != self.own.pk):
            raise forms.ValidationError(_("There is a field with this name already."))
        return name

    def clean_choices(self) -> list[str]:
        """Return the choices, each once."""
        lines = str(self.cleaned_data["choices"]).splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def clean(self) -> dict[str, Any]:
        """A choice needs something to choose from."""
        cleaned: dict[str, Any] = super().clean() or {}
        kind = self.own.kind if self.own else cleaned.get("kind")
        if kind == FieldKind.CHOICE and not cleaned.get("choices"):
            self.add_error("choices", str(_("Write at least one choice.")))
        return cleaned
