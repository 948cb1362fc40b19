"""The small Liquid: what it says, what it refuses in plain words, and what it cannot reach."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from sincerely.apps.content.compiler import CompileProblem
from sincerely.apps.content.renderer import Renderer
from sincerely.apps.content.rules.liquid import LiquidProblem, parse_condition, parse_output
from sincerely.apps.content.rules.unparse import said, said_condition
from tests.apps.content.support import ADDRESSES, assert_same, draft_of, rendered

PERSON = {"first_name": "Ann", "city": "Gent", "age": 4, "labels": ["Dogs"], "total": 1234.5}


@pytest.mark.parametrize(
    ("template", "said_to_ann"),
    [
        ("{{ contact.first_name }}", "Ann"),
        ("{{ contact.nickname | default: 'friend' }}", "friend"),
        ("{{ contact.first_name | upcase | truncate: 5 }}", "ANN"),
        ("{{ contact.total | number: 2 }}", "1,234.50"),
        ("{{ contact['city'] }}", "Gent"),
        ("{{ 'fixed' }}", "fixed"),
        ("{{ brand.name }}", "Pet shop"),
        ("{% if contact.labels contains 'Dogs' %}woof{% else %}miaow{% endif %}", "woof"),
        ("{% if contact.age > 3 and contact.city == 'Gent' %}y{% endif %}", "y"),
        ("{% unless contact.nickname %}none{% endunless %}", "none"),
        ("{% case contact.city %}{% when 'Lund' %}L{% when 'Gent', 'Aalst' %}G{% endcase %}", "G"),
        ("{% comment %}secret{% endcomment %}x", "x"),
        ("{% raw %}{{ contact.first_name }}{% endraw %}", "{{ contact.first_name }}"),
        ("a {{- contact.city -}} b", "aGentb"),
    ],
)
def test_what_it_says(template: str, said_to_ann: str) -> None:
    html = assert_same(draft_of(f"<body><p>{template}</p></body>"), PERSON).html
    assert f"<p>{said_to_ann}</p>" in html


def test_dates_and_numbers_speak_the_language_of_the_mail() -> None:
    template = "<p>{{ contact.born_on | date: '%-d %B %Y' }} {{ contact.total | number: 2 }}</p>"
    person = {"born_on": "1990-05-01", "total": 1234.5}
    assert "1 mei 1990 1.234,50" in rendered(template, person, language="nl").html
    assert "1 maj 1990 1\u00a0234,50" in rendered(template, person, language="sv").html


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% for i in contact.labels %}x{% endfor %}", "no tag ‘for’"),
        ("{% assign x = 'y' %}", "no tag ‘assign’"),
        ("{% include 'x' %}", "no tag ‘include’"),
        ("{% capture x %}{% endcapture %}", "no tag ‘capture’"),
        ("{{ contact.x | join: '' }}", "no filter ‘join’"),
        ("{{ (1..99999999) | upcase }}", "cannot be read"),
        ("{{ settings.SECRET_KEY }}", "‘settings’ is not known"),
        ("{% if contact.x %}never closed", "never closed"),
        ("{% endif %}", "closes nothing"),
        ("{{ contact.first_name }", "opened but not closed"),
        ("{% if contact.x == %}y{% endif %}", "not finished"),
        ("{{ contact.x | date: '%1000000000d' }}", "a date needs a form"),
        ("{{ contact.x | number: 99999999 }}", "decimal places"),
        ("{{ " + "contact.x | upcase " * 50 + "}}", "too long"),
        ("<p {% if contact.x %}class='a'{% endif %}>x</p>", "between attributes"),
        ("x" * (513 * 1024), "larger than 512 kB"),
        ("{{ today }}" * 2_001, "at most 2000 pieces"),
        ("{% if contact.x %}" * 30 + "{% endif %}" * 30, "nested too deeply"),
    ],
)
def test_what_it_refuses_in_plain_words(template: str, why: str) -> None:
    with pytest.raises(CompileProblem, match=why):
        draft_of(f"<body>{template}</body>")


def test_an_error_names_its_line() -> None:
    with pytest.raises(CompileProblem, match=r"^Line 3: "):
        draft_of("<body>\n<p>one</p>\n{{ contact.x | nothing }}</body>")


# Server-side template injection payloads: Python objects, Django, Jinja, Liquid's own doors.
PAYLOADS = (
    "{{ contact.__class__ }}",
    "{{ contact['__class__']['__mro__'] }}",
    "{{ contact.first_name.__class__.__mro__ }}",
    "{{ contact.__init__.__globals__ }}",
    "{{ contact.keys }}",
    "{{ contact.first_name.upper }}",
    "{{ contact.labels.first }}",
    "{{ contact.label_clicks.size }}",
    "{{ brand.__class__ }}",
    "{{ brand.logo }}",
    "{{ today.__class__ }}",
    "{{ self }}",
    "{{ request }}",
    "{{ settings.SECRET_KEY }}",
    "{{ config }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ 7 | times: 7 }}",
    "{{ 7*7 }}",
    "{% debug %}",
    "{% load module %}",
    "{% render 'settings' %}",
    "{% include '/etc/passwd' %}",
    "{% liquid\necho 'x' %}",
    "{% tablerow i in (1..9) %}{% endtablerow %}",
    "{{ contact | json }}",
    "${7*7} #{7*7} <%= 7*7 %>",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_template_reads_outside_the_contact(payload: str) -> None:
    """Each payload is refused, or says nothing that the contact's own facts do not say."""
    person = {"first_name": "Ann", "labels": ["Dogs"], "label_clicks": {"Dogs": 2}}
    try:
        draft = draft_of(f"<body><p id=here>{payload}</p></body>")
    except CompileProblem:
        return
    html = assert_same(draft, person).html
    said_here = html.split('<p id="here">', 1)[1].split("</p>")[0].split(";</p>")[0]
    assert said_here in ("", "${7*7} #{7*7} &lt;%= 7*7 %&gt;")


def test_values_cannot_become_markup_addresses_or_styles() -> None:
    evil = "\"><script>alert(1)</script>'"
    person = {"name": evil, "site": "javascript:alert(1)", "colour": "red;background:url(//x)"}
    html = rendered(
        "<body><p title='{{ contact.name }}' style='color:{{ contact.colour }}'>"
        "{{ contact.name }}</p><a href='{{ contact.site }}'>x</a>"
        "<a href='https://x.example/?q={{ contact.name }}'>y</a></body>",
        person,
    ).html
    assert "<script>" not in html
    assert "javascript" not in html
    assert "url(" not in html
    assert "?q=%22%3E%3Cscript%3E" in html


def test_nothing_is_loaded_from_files_or_the_network() -> None:
    html = rendered(
        "<html><head><link rel=stylesheet href='file:///etc/passwd'>"
        "<link rel=stylesheet href='https://evil.example/x.css'></head><body><p>x</p></body></html>"
    ).html
    assert "passwd" not in html
    with pytest.raises(CompileProblem, match="mj-include"):
        draft_of("<mjml><mj-body><mj-include path='/etc/passwd' /></mj-body></mjml>", mode="mjml")


def test_a_large_mail_renders_in_time() -> None:
    html = "<body>" + "{{ contact.first_name | default: 'friend' | upcase }}<p>x</p>" * 2_000
    renderer = Renderer(draft_of(f"{html}</body>").compiled)
    started = time.process_time()
    renderer.render(PERSON, **ADDRESSES)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("sign", [" ", "{", "{{", "{%", "<", "-}}", "{{-", "<a ", "&", "@"])
def test_no_sign_repeated_takes_long(sign: str) -> None:
    started = time.process_time()
    with suppress(CompileProblem):
        draft_of("<body>" + sign * (60_000 // len(sign)))
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "source",
    ['contact.first_name | default: "x" | upcase', 'contact["a b"]', "3 | number: 2", "today"],
)
def test_expressions_can_be_written_back(source: str) -> None:
    assert parse_output(said(parse_output(source))) == parse_output(source)


def test_conditions_group_from_the_right_and_can_be_written_back() -> None:
    source = 'contact.a == 1 and contact.b or contact.c contains "x"'
    condition = parse_condition(source)
    assert condition[0] == "and"
    assert condition[2][0] == "or"
    assert parse_condition(said_condition(condition)) == condition


def test_unfinished_strings_are_refused() -> None:
    with pytest.raises(LiquidProblem):
        parse_output('"abc')


@pytest.mark.requirement("R068", partial="purchase and browsing data come with integrations")
def test_three_personas_and_a_missing_attribute() -> None:
    template = (
        "<body><p>Dear {{ contact.first_name | default: 'friend' }}</p>"
        "{% if contact.age >= 65 %}<p>Senior offer</p>"
        "{% elsif contact.city == 'Gent' %}<p>Come to our shop in Gent</p>"
        "{% else %}<p>Order from home</p>{% endif %}</body>"
    )
    draft = draft_of(template)
    renderer = Renderer(draft.compiled)
    golden = {
        "senior": ({"first_name": "Emma", "age": 70}, "Dear Emma", "Senior offer"),
        "local": ({"first_name": "Ben", "city": "Gent", "age": 30}, "Dear Ben", "in Gent"),
        "stranger": ({}, "Dear friend", "Order from home"),
    }
    for person, greeting, offer in golden.values():
        html = assert_same(draft, person).html
        assert greeting in html
        assert offer in html
    assert renderer.missing({}) == ["first_name"]
    assert renderer.missing({"first_name": "Ann"}) == []
