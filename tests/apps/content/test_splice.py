"""The splice renderer equals its oracle, on generated mails and on real templates."""

from __future__ import annotations

import html
import re
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sincerely.apps.content import reference
from sincerely.apps.content.compiler import compile_source
from sincerely.apps.content.renderer import Renderer, RenderProblem
from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.content.rules.encoding import encode_chunk, encode_header, encode_piece
from tests.apps.content.support import ADDRESSES, assert_same, decoded, draft_of, rendered

CORPUS = Path(__file__).parents[4] / "shared" / "corpora" / "templates"

SLOW_MACHINE = [HealthCheck.too_slow]
FIELDS = ("first_name", "city", "age", "born_on", "is_member", "labels", "odd")
TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="<>{}%"
    ),
    max_size=90,
)
WORDS = TEXT.map(html.escape)
LITERAL = st.sampled_from(("friend", "x'y", 'say "hi"', "é", ""))
FILTER = st.one_of(
    st.sampled_from(
        ("upcase", "downcase", "capitalize", "strip", "escape", "truncate: 7", "number: 2")
    ),
    st.sampled_from(("date: '%d %B %Y'", "default: 'friend'", "truncate: 5, '…'", "default: 3")),
)
PATHS = st.sampled_from(
    [f"contact.{name}" for name in FIELDS] + ["contact.label_clicks['Dogs']", "today"]
)


@st.composite
def outputs(draw: st.DrawFn) -> str:
    filters = draw(st.lists(FILTER, max_size=3))
    return "{{ " + " | ".join([draw(PATHS), *filters]) + " }}"


@st.composite
def conditions(draw: st.DrawFn) -> str:
    simple = st.sampled_from(
        (
            "contact.first_name",
            "contact.age > 3",
            "contact.age <= 3",
            "contact.age == nil",
            "contact.city == 'Gent'",
            "contact.city != blank",
            "contact.labels contains 'Dogs'",
            "contact.is_member",
            "contact.is_member == true",
            "contact.label_clicks['Dogs'] >= 2",
            "contact.born_on < '2000-01-01'",
        )
    )
    parts = draw(st.lists(simple, min_size=1, max_size=3))
    joined = parts[0]
    for part in parts[1:]:
        joined += draw(st.sampled_from((" and ", " or "))) + part
    return joined


def pieces(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(conditions(), inner, inner).map(
            lambda t: f"{{% if {t[0]} %}}{t[1]}{{% else %}}{t[2]}{{% endif %}}"
        ),
        st.tuples(conditions(), conditions(), inner, inner).map(
            lambda t: f"{{% if {t[0]} %}}{t[2]}{{% elsif {t[1]} %}}{t[3]}{{% endif %}}"
        ),
        st.tuples(conditions(), inner).map(
            lambda t: f"{{% unless {t[0]} %}}{t[1]}{{% endunless %}}"
        ),
        inner.map(
            lambda t: (
                "{% case contact.city %}{% when 'Gent', 'Aalst' %}"
                + t
                + "{% when 'Lund' %}L{% else %}E{% endcase %}"
            )
        ),
        st.tuples(st.sampled_from("abc"), inner, inner).map(
            lambda t: (
                f"<!--block:{t[0]}--><p>{t[1]}</p><!--else:{t[0]}-->{t[2]}<!--/block:{t[0]}-->"
            )
        ),
        st.tuples(inner, inner).map("".join),
    )


LEAF = st.one_of(
    WORDS.map(lambda words: f"<p>{words}</p>"),
    outputs(),
    st.integers(1, 6).map(lambda n: f'<a href="https://shop.example/{n}?a=1&amp;b={n}">go {n}</a>'),
    outputs().map(lambda out: f'<a href="https://shop.example/?q={out}">find</a>'),
    outputs()
    .map(
        lambda out: f'<p style="color:{out}" title="{html.unescape(out)}">x</p>'.replace(
            '"say', "'say"
        )
    )
    .filter(lambda text: text.count('"') == 4),
)
MAILS = st.recursive(LEAF, pieces, max_leaves=12)
PEOPLE = st.fixed_dictionaries(
    {},
    optional={
        "first_name": TEXT,
        "city": st.sampled_from(("Gent", "Lund", "", "Århus & <b>", "=?x?=\u2028\nBcc: a@b")),
        "age": st.one_of(st.integers(-5, 99), st.floats(0, 9, width=16)),
        "born_on": st.dates(date(1920, 1, 1), date(2020, 1, 1)).map(str),
        "is_member": st.booleans(),
        "labels": st.lists(st.sampled_from(("Dogs", "Cats")), unique=True),
        "label_clicks": st.dictionaries(st.sampled_from(("Dogs",)), st.integers(0, 5)),
        "odd": st.one_of(st.none(), st.integers(), st.booleans()),
        "today": st.just("2026-06-15"),
    },
)


@settings(max_examples=120, deadline=None, suppress_health_check=SLOW_MACHINE)
@given(mail=MAILS, person=PEOPLE, shown=st.sets(st.integers(1, 3)), tracked=st.booleans())
def test_any_mail_equals_the_oracle(
    mail: str, person: dict[str, Any], shown: set[int], tracked: bool
) -> None:
    draft = draft_of(f"<html><body>{mail}</body></html>", subject="Hi {{ contact.first_name }}")
    addresses = {} if tracked else {"link_url": None, "open_url": None}
    assert_same(draft, person, shown=shown, **addresses)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW_MACHINE)
@given(mail=MAILS, person=PEOPLE)
def test_storing_loses_nothing(mail: str, person: dict[str, Any]) -> None:
    compiled = draft_of(f"<body>{mail}</body>").compiled
    again = Compiled.from_json(compiled.as_json())
    assert again == compiled


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW_MACHINE)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=200))
)
def test_pieces_between_soft_breaks_decode_to_their_text(texts: list[str]) -> None:
    body = b"".join(
        encode_chunk(text) if n % 2 else encode_piece(text) for n, text in enumerate(texts)
    )
    whole = b"".join(
        (encode_chunk(text) + b"=\r\n") if n % 2 else encode_piece(text)
        for n, text in enumerate(texts)
    )
    assert body.isascii()
    assert decoded(whole) == "".join(texts)
    assert all(len(line) <= 76 for line in whole.split(b"\r\n"))


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW_MACHINE)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=200))
@example("=?utf-8?q?x?=")
def test_no_subject_can_smuggle_a_header(subject: str) -> None:
    found = rendered("<p>x</p>", {"first_name": subject}, subject="A {{ contact.first_name }}")
    assert not set(found.subject) & set("\r\n\x00")
    raw = b"Subject: " + found.subject_header + b"\r\n\r\nbody"
    message = message_from_bytes(raw, policy=policy.default)
    assert message.keys() == ["Subject"]
    assert message.get_payload() == "body"
    assert " ".join(str(message["Subject"]).split()) == " ".join(found.subject.split())


def test_a_long_subject_is_folded() -> None:
    header = encode_header("Subject", "Zeit für schöne Dinge " * 10)
    assert all(len(line) <= 78 for line in header.split(b"\r\n"))


def test_the_email_package_reads_both_parts() -> None:
    draft = draft_of("<body><p>Dag {{ contact.first_name }}, größer</p></body>")
    oracle = reference.render(draft.compiled, {"first_name": "Åsa"}, **ADDRESSES)
    message = message_from_bytes(oracle.message(), policy=policy.default)
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


def test_a_mail_beyond_a_megabyte_fails_for_that_contact_only() -> None:
    renderer = Renderer(draft_of("<p>" + "{{ contact.note }}" * 150 + "</p>").compiled)
    with pytest.raises(RenderProblem):
        renderer.render({"note": "x" * 10_000}, **ADDRESSES)
    assert renderer.render({"note": "x"}, **ADDRESSES).html


def _words(text: str) -> list[str]:
    text = re.sub(r"(?is)<!--.*?-->|<(style|script|head|title|xml)\b.*?</\1>|<[^>]*>", " ", text)
    return re.findall(r"\w+", html.unescape(text))


def _targets(text: str) -> list[str]:
    text = re.sub(r"(?is)<!--.*?-->", "", text)
    found = re.findall(
        r"(?is)<(?:a|mj-button|mj-navbar-link|mj-image)\b[^>]*?\shref=[\"']([^\"']*)",
        text,
    )
    return [html.unescape(url).strip() for url in found]


def _real_templates() -> list[Path]:
    return sorted([*CORPUS.rglob("*.mjml"), *CORPUS.rglob("*.html")]) if CORPUS.is_dir() else []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the template corpus is not here")
@pytest.mark.parametrize("path", _real_templates(), ids=lambda path: "/".join(path.parts[-2:]))
def test_real_templates_keep_their_text_and_links(path: Path) -> None:
    # Their braces are another program's (Handlebars): `raw` makes them plain words here.
    source = re.sub(
        r"\{\{.*?\}\}|\{%.*?%\}",
        lambda m: "{% raw %}" + m[0] + "{% endraw %}",
        path.read_text(),
        flags=re.DOTALL,
    )
    mode = "mjml" if path.suffix == ".mjml" else "html"
    draft = draft_of(source, mode=mode)
    spliced = assert_same(draft, {}, link_url=None)
    plain = re.sub(r"\{% (?:end)?raw %\}", "", source)
    if mode == "mjml":
        plain = re.sub(r"(?is)<mj-(head|style)\b.*?</mj-\1>", " ", plain)
    made = _words(spliced.html)
    missing = [word for word in set(_words(plain)) if word not in set(made)]
    assert not missing
    wanted = {url for url in _targets(plain) if url and "{{" not in url}
    assert wanted <= set(_targets(spliced.html))
    assert {link.url for link in draft.links if link.number} >= {
        url for url in wanted if re.match(r"https?://[\w.-]+\.\w+", url) and " " not in url
    }
    assert spliced.text.strip()


def test_compiling_the_same_source_gives_the_same_mail() -> None:
    draft = draft_of("<p>{{ contact.first_name }}</p>")
    assert compile_source.__module__
    assert draft_of("<p>{{ contact.first_name }}</p>").compiled == draft.compiled


@pytest.mark.parametrize("words", ["upcase", "truncate: 9", 'default: "x"'])
def test_a_filter_sees_a_list_as_it_is_printed(words: str) -> None:
    draft = draft_of(
        f"<p>{{{{ contact.labels | {words} }}}} {{{{ contact.clicks | {words} }}}}</p>"
    )
    assert_same(draft, {"labels": ["Dogs", "Cats"], "clicks": {"Dogs": 1}})
