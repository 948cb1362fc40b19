"""Components drawn from what folding leaves are those that django-cotton draws."""

from __future__ import annotations

import copy
import random
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.template import Template, engines
from django.test import RequestFactory, override_settings
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

from sincerely.web.folding import Scope, fold, text_of

COMPONENTS = Path(settings.PACKAGE) / "web" / "templates" / "components"
NAMES = sorted(path.stem.replace("_", "-") for path in COMPONENTS.glob("*.html"))
STOCK = copy.deepcopy(settings.TEMPLATES)
STOCK[0]["OPTIONS"]["builtins"][0] = "django_cotton.templatetags.cotton"
USES = 10
# Sentences and values that each request fills in, with what escaping and languages do to them.
SENTENCES = [
    f"<c-card>{written}</c-card>"
    for written in (
        "{% blocktranslate with name=x %}Choose {{ name }}{% endblocktranslate %}",
        "{% blocktranslate with name=count %}Choose {{ name }}{% endblocktranslate %}",
        "{% blocktranslate with name=not.there %}Choose {{ name }}{% endblocktranslate %}",
        "{% blocktranslate %}Choose {{ x }}{% endblocktranslate %}",
        "{% blocktranslate with name=at asvar t %}Choose {{ name }}{% endblocktranslate %}{{ t }}",
        "{% blocktranslate with n=x trimmed %}\n 5 % Choose\n {{ n }}{% endblocktranslate %}",
        "{% blocktranslate with name=x|safe %}Choose {{ name }}{% endblocktranslate %}",
        "{% autoescape off %}{{ x }}{% trans x %}{{ word }}{% endautoescape %}",
        "{{ x }}{{ x|safe }}{{ at }}{{ count }}{{ strength }}{{ yes }}{{ form }}{{ not.there }}",
    )
]


class Letter(forms.Form):
    subject = forms.CharField(help_text="Short and warm.")
    kind = forms.ChoiceField(choices=[("a", "Apple")], widget=forms.RadioSelect)


def values() -> dict[str, Any]:
    letter = Letter({"kind": "a"})
    return {
        "at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "form": letter, "field": letter["subject"],
        "word": "bounced", "labels": ["May", "June"], "count": 1234, "strength": 0.4, "value": 0.25,
        "series": [{"name": "Open <rate>", "values": [0.2, None]}], "max": 9, "x": "<b>&amp;'\"",
        "nothing": "", "kind": "line", "level": 3, "yes": True,
    }  # fmt: skip


def uses(name: str, draw: random.Random) -> list[str]:
    """Return uses of a component as pages have them: written, asked, missing, in slots."""
    source = (COMPONENTS / f"{name.replace('-', '_')}.html").read_text()
    declared = re.search(r"<c-vars(.*?)/>", source, re.DOTALL)
    names = re.findall(r'(:?)([a-z_]+)="', declared[1]) if declared else []
    return [_use(name, names, draw) for _ in range(USES)]


def _use(name: str, names: list[tuple[str, str]], draw: random.Random) -> str:
    given, slots = [], ""
    for is_typed, key in names:
        sort = draw.randrange(8)
        if is_typed:
            given += [f':{key}="{key}"'] * (sort < 5) + [f':{key}="not.there"'] * (sort == 5)
        elif sort < 5:
            word = "line" if key == "kind" else "Written & more"
            given += [
                f'{key}="{word}"', f'{key}="{{{{ x }}}}"', f'{key}="{{{{ nothing }}}}"',
                f"{key}=\"{{% trans 'Cancel' %}}\"", key,
            ][sort:sort + 1]  # fmt: skip
        elif sort == 5:
            slots += f'<c-slot name="{key}">{{{{ x }}}} <c-badge>in</c-badge></c-slot>'
        elif sort == 6:
            given += draw.choice([[], [f'{key}="Both"']])
            slots += (
                f'{{% if yes %}}<c-slot name="{key}">{{% trans "Close" %}}</c-slot>{{% endif %}}'
            )
    given += draw.choice([[], ['data-a="b"'], ['data-a="{{ x }}"', "hidden"]])
    words = draw.choice(["", "Words", "{{ x }}", "{% for n in labels %}{{ n }}{% endfor %}"])
    return f"<c-{name} {' '.join(given)}>{words}{slots}</c-{name}>"


def drawn(sources: list[str]) -> list[str]:
    return [_drawn(source) for source in sources]


def _drawn(source: str) -> str:
    request = RequestFactory().get("/")
    request.META["CSRF_COOKIE"] = "a" * 32
    try:
        template = engines["django"].from_string(CottonCompiler().process(source))
        html = [template.render(values(), request) for _turn in range(2)][1]
    except Exception as problem:  # noqa: BLE001 -- what cannot be drawn fails in the same way
        return type(problem).__name__
    return re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", html)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_component_is_drawn_as_django_cotton_draws_it(language: str) -> None:
    draw = random.Random(7)
    sources = [source for name in NAMES for source in uses(name, draw)] + SENTENCES
    with translation.override(language):
        ours = drawn(sources)
        with override_settings(TEMPLATES=STOCK):
            theirs = drawn(sources)
    for source, one, other in zip(sources, ours, theirs, strict=True):
        assert one == other, (source, one, other)
    assert sum(len(one) > 40 for one in ours) > 0.8 * len(ours)


def test_a_component_follows_the_readers_language() -> None:
    source = CottonCompiler().process("<c-card><c-badge>{% trans 'Cancel' %}</c-badge></c-card>")
    template = engines["django"].from_string(source)
    seen = []
    for language in ("en", "nl", "en"):
        with translation.override(language):
            seen.append(template.render({}, RequestFactory().get("/")))
    assert seen[0] == seen[2] != seen[1]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("{% if word %}yes{% else %}no{% endif %}", "yes"),
        ("{% if not word or gone %}yes{% elif word %}so{% endif %}", None),
        ("{{ word|upper }}{% firstof none word %}", "A &lt; BA &lt; B"),
        ("{{ word|random }}", None),
        ("{% for word in gone %}{{ word }}{% endfor %}", None),
        ("{% with word=gone %}{{ word }}{% endwith %}", None),
        ("{{ gone }}", None),
        ("{% blocktranslate with n=gone %}Choose {{ n }}{% endblocktranslate %}", None),
    ],
)
def test_only_what_is_known_is_drawn_beforehand(source: str, left: str | None) -> None:
    template = Template(source)
    known = Scope.of({"word": "a < b".upper(), "none": ""}, template)
    assert text_of(fold(template.nodelist, known)) == left
