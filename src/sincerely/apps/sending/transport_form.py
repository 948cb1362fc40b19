"""The form of a transport: an SMTP relay, or any provider that django-anymail knows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sincerely.apps.sending.models import Transport, TransportKind
from sincerely.wire.providers import Setting, known

SECURITY = [
    ("starttls", _("STARTTLS (usual, port 587)")),
    ("tls", _("TLS from the start (port 465)")),
    ("none", _("none (only inside your own network)")),
]
OPTION = "option_"
SETTING_NAMES = {
    "api_key": _("API key (the public half)"),
    "api_url": _("Address of the API"),
    "sender_domain": _("Sender's domain"),
    "message_stream": _("Message stream"),
    "subaccount": _("Subaccount"),
    "sandbox_id": _("Sandbox"),
    "project_id": _("Project"),
    "region": _("Region"),
    "region_name": _("Region"),
    "aws_access_key_id": _("Access key ID"),
    "configuration_set_name": _("Configuration set"),
    "batch_send_mode": _("Mode of batches"),
    "merge_field_format": _("Format of merge fields"),
}


class OptionsField(forms.JSONField):
    """JSON that is shown as nothing where there is nothing."""

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the field."""
        return super().prepare_value(value) if value else ""


class TransportForm(forms.Form):
    """How mail leaves: by SMTP through a relay, or by a provider's API."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(k.value, k.label) for k in (TransportKind.SMTP, TransportKind.PROVIDER)],
    )
    host = forms.CharField(
        label=_("Server"),
        max_length=255,
        error_messages={"required": _("Which server takes the mail?")},
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=587)
    security = forms.ChoiceField(label=_("Encryption"), choices=SECURITY)
    user_name = forms.CharField(label=_("User name"), max_length=255, required=False)
    provider = forms.ChoiceField(
        label=_("Provider"),
        error_messages={"required": _("Which provider is it?")},
        choices=lambda: [("", _("choose …")), *((k, one.name) for k, one in known().items())],
    )
    provider_options = OptionsField(
        label=_("Provider's further settings"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("As JSON; usually empty. Names are those of django-anymail."),
    )
    secret = forms.CharField(
        label=_("Password or API key"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown again. Leave empty to keep it."),
    )
    connection_count = forms.IntegerField(
        label=_("Connections at once"),
        min_value=1,
        max_value=100,
        initial=4,
        help_text=_("Of all sender processes together; each takes its part."),
    )
    per_connection_count = forms.IntegerField(
        label=_("Mails per connection"),
        min_value=1,
        max_value=100_000,
        initial=100,
        help_text=_("After so many the connection is made anew; many servers ask for that."),
    )
    per_hour = forms.IntegerField(
        label=_("At most per hour"),
        min_value=1,
        required=False,
        help_text=_(
            "Of all campaigns together. Leave empty to send as fast as the server takes it."
        ),
    )

    def __init__(self, *args: Any, transport_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._transport_id = transport_id
        if transport_id is None:
            self.fields["secret"].help_text = _("Stored encrypted and never shown again.")
        kind = self.data.get("kind") if self.is_bound else None  # before it, both are on the page
        self.fields["host"].required = kind != TransportKind.PROVIDER
        self.fields["provider"].required = kind != TransportKind.SMTP
        chosen = self.data.get("provider") if self.is_bound else self.initial.get("provider")
        self._provider = known().get(str(chosen or ""))
        options = dict(self.initial.get("provider_options") or {})
        for one in self._provider.settings if self._provider else ():
            is_asked = one.is_required and kind != TransportKind.SMTP
            self.fields[OPTION + one.name] = _setting_field(one, is_asked=is_asked)
            self.initial[OPTION + one.name] = options.pop(one.name, "")
        self.initial["provider_options"] = options

    def settings_fields(self) -> list[forms.BoundField]:
        """Return the fields of the chosen provider's own settings."""
        return [self[name] for name in self.fields if name.startswith(OPTION)]

    def clean_name(self) -> str:
        """Names are unique."""
        name: str = self.cleaned_data["name"]
        if Transport.objects.filter(name=name).exclude(pk=self._transport_id).exists():
            raise forms.ValidationError(_("There is a transport of this name."))
        return name

    def clean_provider_options(self) -> dict[str, Any]:
        """A mapping, or nothing."""
        options = self.cleaned_data["provider_options"] or {}
        if not isinstance(options, dict):
            raise forms.ValidationError(_("Give a JSON object, or leave it empty."))
        return options

    def values(self) -> dict[str, Any]:
        """Return the columns to store."""
        values = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("secret", "provider_options") and not name.startswith(OPTION)
        }
        given = {
            one.name: self.cleaned_data[OPTION + one.name]
            for one in (self._provider.settings if self._provider else ())
            if self.cleaned_data.get(OPTION + one.name)
        }
        return values | {"options": self.cleaned_data["provider_options"] | given}


def _setting_field(setting: Setting, *, is_asked: bool) -> forms.CharField:
    label = SETTING_NAMES.get(setting.name) or setting.name.replace("_", " ").capitalize()
    return forms.CharField(
        label=label,
        max_length=300,
        required=is_asked,
        error_messages={"required": _("This provider needs it.")},
        widget=forms.TextInput(attrs={"placeholder": setting.usual}),
    )
