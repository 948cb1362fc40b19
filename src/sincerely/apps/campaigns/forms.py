"""Forms of the campaign pages: new, envelope, audience, schedule, test."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.forms.boundfield import BoundWidget
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.queries import sources
from sincerely.apps.campaigns.queries.choices import (
    brands,
    people_like,
    senders,
    subscription_types,
    test_members,
    transports,
)
from sincerely.apps.campaigns.rules.audience import Audience
from sincerely.apps.campaigns.rules.schedule import At, Local, Now, Schedule, moment
from sincerely.apps.team.seen import SeenForm

LANGUAGES = [("en", "English"), ("nl", "Nederlands"), ("sv", "Svenska"), ("da", "Dansk")]
Group = tuple[str, list[BoundWidget]]
PATIENCE_HOURS = 72
MOST_PER_HOUR = 100_000_000
EVERYONE = ("everyone:1", _("Everyone"))


class NewCampaignForm(forms.Form):
    """The first step: a name, a brand, a language."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("Only your team sees it."))
    brand = forms.TypedChoiceField(label=_("Brand"), coerce=int)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    template = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["brand"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = brands()


class EnvelopeForm(SeenForm):
    """Who it comes from, which kind of mail it is, and how its links are marked."""

    name = forms.CharField(label=_("Name"), max_length=200)
    sender = forms.TypedChoiceField(label=_("Sender"), coerce=int)
    reply_to = forms.EmailField(
        label=_("Reply address"),
        required=False,
        help_text=_("Leave empty to get replies at the sender's address."),
    )
    subscription_type = forms.TypedChoiceField(
        label=_("Subscription type"),
        coerce=int,
        help_text=_("Only people who agreed to this kind of mail get it."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    transport = forms.TypedChoiceField(label=_("Transport"), coerce=int)
    utm_source = forms.CharField(label=_("UTM source"), max_length=80, required=False)
    utm_medium = forms.CharField(label=_("UTM medium"), max_length=80, required=False)
    utm_campaign = forms.CharField(label=_("UTM campaign"), max_length=80, required=False)
    per_hour = forms.IntegerField(
        label=_("At most per hour"),
        min_value=1,
        max_value=MOST_PER_HOUR,
        required=False,
        help_text=_("Leave empty to send as fast as the transport takes it."),
    )
    patience_hours = forms.IntegerField(
        label=_("Hours that it may wait"),
        min_value=0,
        max_value=8_760,
        initial=PATIENCE_HOURS,
        required=False,
        help_text=_(
            "For people whom a cap or quiet hours hold back. Who would have to wait longer is left"
            " out."
        ),
    )
    priority = forms.TypedChoiceField(
        label=_("Importance"),
        coerce=int,
        initial=0,
        required=False,
        choices=[(1, _("high")), (0, _("usual")), (-1, _("low"))],
        help_text=_("Where a cap leaves room for one of two campaigns, this decides."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("sender", senders()),
            ("transport", transports()),
            ("subscription_type", subscription_types()),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)
            field.choices = choices

    @staticmethod
    def of(campaign: Campaign) -> dict[str, Any]:
        """Return what the form shows for a campaign."""
        return {
            "name": campaign.name,
            "language": campaign.content.language,
            "sender": campaign.sender_id,
            "reply_to": campaign.reply_to,
            "subscription_type": campaign.subscription_type_id,
            "transport": campaign.transport_id,
            "per_hour": campaign.per_hour,
            "patience_hours": campaign.patience_hours,
            "priority": campaign.priority,
            **{f"utm_{key}": campaign.utm.get(key, "") for key in ("source", "medium", "campaign")},
        }

    def envelope(self) -> dict[str, Any]:
        """Return the part that belongs to the campaign."""
        entered = self.cleaned_data
        utm = {key: entered[f"utm_{key}"] for key in ("source", "medium", "campaign")}
        patience = entered["patience_hours"]
        return {
            "name": entered["name"],
            "sender_id": entered["sender"],
            "transport_id": entered["transport"],
            "subscription_type_id": entered["subscription_type"],
            "reply_to": entered["reply_to"],
            "per_hour": entered["per_hour"],
            "patience_hours": PATIENCE_HOURS if patience is None else patience,
            "priority": entered["priority"] or 0,
            "utm": {key: value for key, value in utm.items() if value},
        }

    def words(self) -> dict[str, Any]:
        """Return the part that belongs to the content."""
        return {"language": self.cleaned_data["language"]}


class AudienceForm(SeenForm):
    """Who gets it and who does not: lists, segments and labels by name."""

    include = forms.MultipleChoiceField(
        label=_("Who gets it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everybody in any of these."),
    )
    exclude = forms.MultipleChoiceField(
        label=_("But not"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Whoever is in one of these is left out."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {"list": [], "segment": [], "label": []}
        for choice in sources():
            groups[choice.kind].append((f"{choice.kind}:{choice.pk}", choice.name))
        named = [
            (_("Lists"), groups["list"]),
            (_("Segments"), groups["segment"]),
            (_("Labels"), groups["label"]),
        ]
        for side, extra in (("include", [EVERYONE]), ("exclude", [])):
            field = self.fields[side]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [*extra, *((name, rows) for name, rows in named if rows)]

    def included(self) -> list[Group]:
        """Return the boxes of those who get it, under the heading of their kind."""
        return self._grouped("include")

    def excluded(self) -> list[Group]:
        """Return the boxes of those who are left out, under the heading of their kind."""
        return self._grouped("exclude")

    def _grouped(self, side: str) -> list[Group]:
        field = self.fields[side]
        assert isinstance(field, forms.MultipleChoiceField)
        boxes = iter(self[side])
        groups: list[Group] = []
        for value, label in cast("list[tuple[str, Any]]", field.choices):
            is_group = isinstance(label, list | tuple)
            count = len(label) if is_group else 1
            groups.append((value if is_group else "", [next(boxes) for _one in range(count)]))
        return groups

    @staticmethod
    def of(audience: Audience) -> dict[str, list[str]]:
        """Return what the form shows for an audience."""
        shown: dict[str, list[str]] = {}
        for side in ("include", "exclude"):
            pairs = [next(iter(source.items())) for source in audience.get(side, [])]
            shown[side] = [f"{kind}:{int(value)}" for kind, value in pairs]
        return shown

    def audience(self) -> Audience:
        """Return the audience that was chosen."""
        return {
            side: [_source(value) for value in self.cleaned_data[side]]
            for side in ("include", "exclude")
        }


def _source(value: str) -> dict[str, Any]:
    kind, _colon, number = value.partition(":")
    return {"everyone": True} if kind == "everyone" else {kind: int(number)}


class ScheduleForm(forms.Form):
    """Now, at a time in a named zone, or at a time on each contact's own clock."""

    when = forms.ChoiceField(
        label=_("When"),
        choices=[
            ("now", _("Now; it can be stopped for one minute")),
            ("at", _("At a time")),
            ("local", _("At a time on each contact's own clock")),
        ],
        widget=forms.RadioSelect,
        initial="now",
    )
    on = forms.DateField(
        label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    time = forms.TimeField(
        label=_("Time"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    zone = forms.ChoiceField(label=_("Time zone"), required=False)
    typed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]

    def clean(self) -> dict[str, Any]:
        """See that a day and a time are there where they are needed."""
        entered = super().clean() or {}
        if entered.get("when") in ("at", "local"):
            for name in ("on", "time"):
                if not entered.get(name) and name not in self.errors:
                    self.add_error(name, _("Choose one, or send now."))
        return entered

    def schedule(self) -> Schedule:
        """Return the schedule that was chosen."""
        entered = self.cleaned_data
        if entered["when"] == "at":
            return At(moment(entered["on"], entered["time"], entered["zone"] or "UTC"))
        if entered["when"] == "local":
            return Local(entered["on"], entered["time"])
        return Now()


class TestForm(forms.Form):
    """To whom a test goes, and as which contact it is rendered."""

    to = forms.MultipleChoiceField(
        label=_("To"), widget=forms.CheckboxSelectMultiple, required=False
    )
    address = forms.EmailField(label=_("Another address"), required=False)
    as_contact = forms.CharField(
        label=_("As whom"),
        required=False,
        max_length=254,
        help_text=_("A name or an address. Leave empty for somebody with every field filled in."),
        widget=forms.TextInput(
            attrs={
                "list": "as-people",
                "autocomplete": "off",
                "hx-get": reverse_lazy("campaigns:people-like"),
                "hx-trigger": "input changed delay:200ms",
                "hx-target": "#as-people",
            }
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = test_members()

    def clean_as_contact(self) -> int | None:
        """Return the id of the one contact who is meant."""
        text = self.cleaned_data["as_contact"].strip()
        if not text:
            return None
        found = people_like(text, limit=2)
        exact = [pk for pk, address, _name in found if address.casefold() == text.casefold()]
        if not found:
            raise forms.ValidationError(_("Nobody has this name or address."))
        if len(found) > 1 and not exact:
            raise forms.ValidationError(_("Several people fit. Choose one of the addresses."))
        return (exact or [found[0][0]])[0]

    def addresses(self) -> list[str]:
        """Return every chosen address once."""
        entered = self.cleaned_data
        extra = [entered["address"]] if entered["address"] else []
        return list(dict.fromkeys([*entered["to"], *extra]))
