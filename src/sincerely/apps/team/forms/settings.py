"""Forms about the organisation, API keys and the audit trail's filter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sincerely.apps.team.act_words import act_words
from sincerely.apps.team.forms.people import zone_choices
from sincerely.apps.team.queries import members, recent_acts
from sincerely.apps.team.rules import Capability, may
from sincerely.apps.team.seen import SeenForm
from sincerely.apps.team.words import CAPABILITY_NAMES

TIERS = (
    ("full", _("Full: opens and clicks of each person")),
    ("hygiene", _("Hygiene: only the date of the last open")),
    ("none", _("None: nothing about the person")),
)


class OrganisationForm(SeenForm):
    """The organisation's own settings."""

    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language of contacts"),
        choices=settings.LANGUAGES,
        help_text=_("For contacts whose language is not known."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        help_text=_("Days in reports and rules begin at midnight here."),
    )
    default_tracking_tier = forms.ChoiceField(
        label=_("Tracking of new contacts"),
        choices=TIERS,
        help_text=_("What may be remembered about opening and clicking, unless a person chose."),
    )
    label_half_life_days = forms.IntegerField(
        label=_("Half-life of interest, in days"),
        min_value=7,
        max_value=730,
        help_text=_("After this time without a click a label counts half as much."),
    )
    label_minimum_clicks = forms.IntegerField(
        label=_("Clicks that make a label"),
        min_value=1,
        max_value=20,
        help_text=_("By a person, not a machine."),
    )


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=120,
        help_text=_("For example: the shop, the nightly report."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one thing that the key may do.")},
    )

    def __init__(self, *args: Any, role: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope.value, CAPABILITY_NAMES[scope]) for scope in Capability if may(role, scope)
        ]


class TrailForm(forms.Form):
    """Which entries of the audit trail are shown."""

    act = forms.ChoiceField(label=_("What"), required=False)
    member_id = forms.TypedChoiceField(label=_("Who"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        acts = sorted(((act, act_words(act)) for act in recent_acts()), key=lambda one: one[1])
        people = [(str(one.pk), str(one)) for one in members()]
        self.fields["act"].choices = [("", _("Everything")), *acts]  # type: ignore[attr-defined]
        self.fields["member_id"].choices = [("", _("Everybody")), *people]  # type: ignore[attr-defined]
