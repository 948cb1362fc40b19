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
    host = forms.CharField(label=_("Server"), max_length=255, required=False)
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=587)
    security = forms.ChoiceField(label=_("Encryption"), choices=SECURITY)
    user_name = forms.CharField(label=_("User name"), max_length=255, required=False)
    provider = forms.ChoiceField(
        label=_("Provider"),
        required=False,
        choices=lambda: [("", _("choose …")), *((k, one.name) for k, one in known().items())],
    )
    provider_options = OptionsField(
        label=_("Provider's further settings"),
        required=False,
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
        label=_("Mails per connection"), min_value=1, max_value=100_000, initial=100
    )
    per_hour = forms.IntegerField(label=_("At most per hour"), min_value=1, required=False)

    def __init__(self, *args: Any, transport_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._transport_id = transport_id
        chosen = self.data.get("provider") if self.is_bound else self.initial.get("provider")
        self._provider = known().get(str(chosen or ""))
        options = dict(self.initial.get("provider_options") or {})
        for one in self._provider.settings if self._provider else ():
            self.fields[OPTION + one.name] = _setting_field(one)
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

    def clean(self) -> dict[str, Any]:
        """Each kind needs its own fields."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") == TransportKind.SMTP and not cleaned.get("host"):
            self.add_error("host", _("Which server takes the mail?"))
        if cleaned.get("kind") == TransportKind.PROVIDER:
            if self._provider is None:
                self.add_error("provider", _("Which provider is it?"))
            for one in self._provider.settings if self._provider else ():
                if one.is_required and not cleaned.get(OPTION + one.name):
                    self.add_error(OPTION + one.name, _("This provider needs it."))
        return cleaned

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


def _setting_field(setting: Setting) -> forms.CharField:
    label = SETTING_NAMES.get(setting.name) or setting.name.replace("_", " ").capitalize()
    return forms.CharField(
        label=label,
        max_length=300,
        required=False,
        help_text=_("Needed.") if setting.is_required else "",
        widget=forms.TextInput(attrs={"placeholder": setting.usual}),
    )
