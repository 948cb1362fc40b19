"""Every component of the library renders, alone and with its attributes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone
from django_cotton.compiler_regex import CottonCompiler

COMPONENTS = Path(settings.PACKAGE) / "web" / "templates" / "components"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "components.md"
NAMES = sorted(path.stem.replace("_", "-") for path in COMPONENTS.glob("*.html"))


class Letter(forms.Form):
    subject = forms.CharField(help_text="Short and warm.")
    kind = forms.ChoiceField(choices=[("a", "Apple")], widget=forms.RadioSelect)
    urgent = forms.BooleanField(required=False)


def render(source: str, **context: object) -> str:
    request = RequestFactory().get("/")
    compiled = CottonCompiler().process(source)
    return engines["django"].from_string(compiled).render(context, request)


@pytest.mark.parametrize("name", NAMES)
def test_component_renders_without_attributes(name: str) -> None:
    if name in {"field", "fields", "chart"}:
        pytest.skip("needs a form or numbers; see below")
    html = render(f"<c-{name}>Words</c-{name}>")
    assert "<c-" not in html


@pytest.mark.parametrize("name", NAMES)
def test_component_is_documented(name: str) -> None:
    assert f"<c-{name}" in REFERENCE.read_text(), f"{name} is missing in components.md"


def test_no_component_has_inline_style_or_handler() -> None:
    for path in Path(settings.PACKAGE).rglob("templates/**/*.html"):
        if "mail" in path.parts or "ready_made" in path.parts:
            continue
        text = path.read_text()
        assert not re.search(r"<[^>]+\sstyle=", text), path
        assert not re.search(r"<[^>]+\son[a-z]+=", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), path


def test_field_shows_label_help_and_error_at_the_field() -> None:
    html = render(
        "<c-form :form='form' submit='Go'><c-fields :form='form' /></c-form>", form=Letter({})
    )
    assert "Short and warm." in html
    assert 'aria-invalid="true"' in html
    assert html.count("invalid-feedback") == 2
    assert 'class="form-control is-invalid"' in html
    assert "csrfmiddlewaretoken" in html


def test_component_does_not_see_the_pages_variables() -> None:
    html = render("<c-card>Body</c-card>", title="Of the page")
    assert "Of the page" not in html


def test_slots_see_the_pages_variables() -> None:
    html = render(
        "<c-card>{{ title }}<c-slot name='footer'>{{ title }}</c-slot></c-card>", title="T!"
    )
    assert html.count("T!") == 2


def test_values_are_escaped() -> None:
    html = render("<c-card title='{{ x }}'>{{ x }}</c-card><c-badge>{{ x }}</c-badge>", x="<b>")
    assert "<b>" not in html
    assert "&amp;lt;" not in html


def test_state_has_colour_and_shape() -> None:
    html = render("<c-state :word='word' />", word="bounced")
    assert "badge-bad" in html
    assert "#mail-off" in html


def test_chart_has_picture_and_table() -> None:
    html = render(
        "<c-chart kind='line' title='Opens' :labels='labels' :series='series' unit='%' />",
        labels=["May", "June"],
        series=[{"name": "Open <rate>", "values": [0.2, None]}],
    )
    assert "<svg viewBox" in html
    assert "Open &lt;rate&gt;" in html
    assert "20 %" in html


def test_time_is_shown_in_the_active_zone() -> None:
    at = timezone.datetime(2026, 6, 15, 22, 30, tzinfo=timezone.get_fixed_timezone(0))
    with timezone.override("Europe/Amsterdam"):
        assert "16 Jun 2026, 00:30" in render("<c-time :at='at' />", at=at)
