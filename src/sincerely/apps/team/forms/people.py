"""Forms about members: the first owner, joining, inviting, the profile."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sincerely.apps.team.models import Member
from sincerely.apps.team.queries import member_by_address
from sincerely.apps.team.rules import ROLE_ORDER, Role
from sincerely.apps.team.words import ROLE_NAMES


@lru_cache(maxsize=1)
def zone_choices() -> list[tuple[str, str]]:
    """Return the time zones of the world as choices, by region."""
    regions = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Pacific/")
    names = sorted(name for name in available_timezones() if name.startswith(regions))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class _WithPassword(forms.Form):
    """A form whose password is checked against the other fields."""

    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text=_(
            "Ten characters or more. A few words that only you would put together is best."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse passwords that are common or look like the person."""
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password:
            person = Member(email=cleaned.get("email") or "", name=cleaned.get("name") or "")
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class JoinForm(_WithPassword):
    """A person who was invited says who they are; the address is fixed by the invitation."""

    field_order: tuple[str, ...] = ("name", "password", "language")
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class OwnerForm(JoinForm):
    """The first owner."""

    field_order = ("name", "email", "password", "language", "time_zone")
    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("You log in with it."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        widget=forms.Select(attrs={"data-controller": "zone"}),
    )

    def clean_email(self) -> str:
        """Refuse an address that a member has."""
        email = str(self.cleaned_data["email"])
        if member_by_address(email):
            raise ValidationError(_("A member with this address exists already."))
        return email


class ProfileForm(forms.Form):
    """What a member decides about themselves."""

    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        help_text=_("All times in these pages are shown in it."),
    )


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, ROLE_NAMES[role]) for role in ROLE_ORDER]
    )


class InviteForm(RoleForm):
    """Somebody who shall join the team."""

    field_order = ("email", "role")
    email = forms.EmailField(label=_("E-mail address"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = Role.EDITOR.value

    def clean_email(self) -> str:
        """Refuse an address that a member has."""
        email = str(self.cleaned_data["email"])
        if member_by_address(email):
            raise ValidationError(_("A member with this address exists already."))
        return email
