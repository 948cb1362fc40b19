"""What components need beyond plain tags: icons, states, widgets, charts, numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import forms, template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from sincerely.apps.contacts.rules.addresses import readable
from sincerely.apps.team.numbers import grouped
from sincerely.web import charts
from sincerely.web.states import State, state_of
from sincerely.wire import clock

register = template.Library()
register.filter("readable", readable)

CONTROL_CLASS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.Select, "form-select"),
)

SELECTED = SafeString(" selected")


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return an icon; without a label it is decoration and hidden from screen readers."""
    return _icon(name, str(label))


@lru_cache(maxsize=512)
def _icon(name: str, label: str) -> SafeString:
    sheet = static("dist/icons.svg")
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            label,
            sheet,
            name,
        )
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', sheet, name
    )


@register.simple_tag
def options(things: Iterable[Any], chosen: object = None) -> SafeString:
    """Return an `<option>` for each thing that has a key and a name; a page may hold hundreds."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((one.pk, SELECTED if one.pk == chosen else "", one.name) for one in things),
    )


@register.filter
def state(word: object) -> State:
    """Return how a state word is shown."""
    return state_of(word)


@register.filter
def control(field: BoundField) -> SafeString:
    """Return the field's widget with the class names that the styles know."""
    widget = field.field.widget
    name = next((name for kind, name in CONTROL_CLASS if isinstance(widget, kind)), "form-control")
    if field.errors:
        name += " is-invalid"
    if widget.attrs.get("class"):
        name += f" {widget.attrs['class']}"
    return field.as_widget(attrs={"class": name})


@register.filter
def field_kind(field: BoundField) -> str:
    """Return 'check', 'choices' or 'line': how the field is laid out."""
    widget = field.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "check" if isinstance(widget, forms.CheckboxInput) else "line"


@register.filter
def figure(value: Any) -> str:
    """Return a number in the reader's language with grouped thousands; other values as they are."""
    if isinstance(value, bool) or value is None:
        return "–" if value is None else str(value)
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, float | Decimal):
        shown: Any = round(value, 1)  # number_format cuts off, it does not round
        return str(number_format(shown, decimal_pos=1, use_l10n=True, force_grouping=True))
    return str(value)


@register.filter
def percent(value: float | None) -> str:
    """Return a ratio (0–1) as a percentage; None as a dash."""
    if value is None:
        return "–"
    decimals = 1 if 0 < abs(value) < 0.0995 else 0
    return f"{number_format(round(100 * value, decimals), decimal_pos=decimals, use_l10n=True)} %"


@register.filter
def ago(value: datetime) -> str:
    """Return how long ago a moment was by the business clock, in words."""
    drift = clock.now() - datetime.now(UTC)
    return str(naturaltime(value - drift))


@register.filter(expects_localtime=True)
def day(value: date | None) -> str:
    """Return a date in the reader's language; each is written once, lists repeat them."""
    if not value:
        return ""
    return _day(date(value.year, value.month, value.day), get_language())


@lru_cache(maxsize=4096)
def _day(value: date, _language: str | None) -> str:
    return str(date_format(value, "DATE_FORMAT"))


@register.filter(expects_localtime=True)
def moment(value: datetime | None) -> str:
    """Return a date and time in the reader's language; what is shown ends at the minute."""
    if not value:
        return ""
    # Without its zone: in another zone the same moment has other words.
    shown = value.replace(second=0, microsecond=0, tzinfo=None)
    return _moment(shown, get_language())


@lru_cache(maxsize=4096)
def _moment(value: datetime, _language: str | None) -> str:
    return str(date_format(value, "DATETIME_FORMAT"))


@register.filter
def hundredths(value: float | str | None) -> int:
    """Return a ratio as a whole number from 0 to 100, for bars."""
    return max(0, min(100, round(100 * float(value or 0))))


@register.filter
def is_moment(value: object) -> bool:
    """Say whether a value has a time of day."""
    return isinstance(value, datetime)


@register.filter
def machine_time(value: date | None) -> str:
    """Return a date or time as an HTML `datetime` attribute."""
    return value.isoformat() if value else ""


@register.simple_tag
def chart(kind: charts.Kind, labels: Any, series: Any, *, unit: str) -> dict[str, Any]:
    """Return a chart's SVG and table rows; see `sincerely.web.charts.draw` for the values."""
    drawn = charts.draw(kind, list(labels or ()), list(series or ()), unit=unit)
    return {
        "svg": mark_safe(drawn.svg),  # noqa: S308 -- draw() escapes every word it is given
        "names": drawn.names,
        "legend": drawn.legend,
        "rows": drawn.rows,
    }
