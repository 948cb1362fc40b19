"""The block document: what is stored, what is refused, what is drawn."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sincerely.apps.content import ready_made
from sincerely.apps.content.compiler import Source, compile_source
from sincerely.apps.content.rules.blocks import KINDS
from sincerely.apps.content.rules.blocks.rich import clean_rich, clean_snippet, clean_url
from sincerely.apps.content.rules.document import (
    BadDocument,
    block_rules,
    check_document,
    links_of,
    roles_by_url,
    tidy,
    to_mjml,
)
from sincerely.apps.content.rules.editing import clean_changes, command, renamed_blocks
from sincerely.apps.content.rules.look import BrandLook, contrast

LOOK = BrandLook("Pet shop", postal_address="1 High Street\nGhent", base_url="https://x.example")
RULE = {"all": [{"criterion": "label", "test": "has", "label": 1}]}


def block(kind: str, number: str = "b1", **settings: Any) -> dict[str, Any]:
    return {"id": number, "type": kind, "settings": settings}


def document(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "blocks": list(blocks)}


texts = st.text(max_size=40)
values = st.one_of(
    texts, st.none(), st.integers(), st.lists(st.dictionaries(texts, texts), max_size=3)
)
blocks = st.builds(
    lambda number, kind, settings: {"id": f"b{number}", "type": kind, "settings": settings},
    st.integers(1, 10_000),
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(
        st.sampled_from(sorted({field.name for kind in KINDS.values() for field in kind.fields})),
        values,
    ),
)
documents = st.builds(
    lambda rows: document(*rows),
    st.lists(blocks, max_size=6, unique_by=lambda row: row["id"]),
)


@settings(max_examples=40)
@given(documents)
def test_tidy_settles_and_always_ends_with_the_footer(raw: dict[str, Any]) -> None:
    tidied = tidy(raw)
    assert tidy(tidied) == tidied
    assert [row["type"] for row in tidied["blocks"]].count("footer") == 1
    assert tidied["blocks"][-1]["type"] == "footer"
    json.dumps(tidied)


@settings(max_examples=40)
@given(documents)
def test_every_document_draws_its_footer_and_no_script(raw: dict[str, Any]) -> None:
    drawn = to_mjml(raw, LOOK).lower()
    assert "unsubscribe_url" in drawn
    assert "1 high street, ghent" in drawn
    assert "<script" not in drawn


@settings(max_examples=40)
@given(documents, st.data(), st.sampled_from(["up", "down", "copy", "delete", "add"]))
def test_moves_keep_documents_sound(raw: dict[str, Any], data: st.DataObject, verb: str) -> None:
    tidied = tidy(raw)
    subjects = [*(row["id"] for row in tidied["blocks"]), *KINDS, "", "b 1"]
    moved = command(tidied, f"{verb}:{data.draw(st.sampled_from(subjects))}")
    assert tidy(moved) == moved


@given(st.text(alphabet="<>/abps =\"'onclickhref:javt{}%|&;", max_size=80))
def test_rich_text_is_clean_after_one_pass(text: str) -> None:
    cleaned = clean_rich(text)
    assert clean_rich(cleaned) == cleaned


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("<p>Hi</p><script>alert(1)</script>", "<p>Hi</p>"),
        ('<p onclick="x()" style="color:red">Hi</p>', "<p>Hi</p>"),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ("<div>a</div><div>b</div>", "<p>a</p><p>b</p>"),
        ('<img src=x onerror="y"><svg onload=z>', ""),
        (
            'Hi {{ contact.first_name | default: "a & b" }}',
            'Hi {{ contact.first_name | default: "a & b" }}',
        ),
        ("{% if contact.age &lt; 5 %}x{% endif %}", "{% if contact.age < 5 %}x{% endif %}"),
    ],
)
def test_what_survives_of_typed_text(raw: str, kept: str) -> None:
    assert clean_rich(raw) == kept


def test_a_pasted_snippet_keeps_tables_and_styles_but_nothing_that_runs() -> None:
    raw = '<table style="width:1px"><tr><td onclick="x">a<script>b</script></td></tr></table>'
    cleaned = clean_snippet(raw)
    assert 'style="width:1px"' in cleaned
    assert "onclick" not in cleaned
    assert "script" not in cleaned


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("shop.example/a", "https://shop.example/a"),
        ("https://shop.example", "https://shop.example"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("javascript:alert(1)", ""),
        (" java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("{{ preferences_url }}", "{{ preferences_url }}"),
        ("", ""),
    ],
)
def test_which_addresses_may_stand_in_a_mail(typed: str, kept: str) -> None:
    assert clean_url(typed) == kept


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {"version": 2, "blocks": []},
        {"version": 1, "blocks": [{"id": "b1", "type": "marquee"}]},
        {"version": 1, "blocks": [{"id": "../x", "type": "text"}]},
        {"version": 1, "blocks": [{"id": "b1", "type": "text"}, {"id": "b1", "type": "text"}]},
        {"version": 1, "blocks": [{"id": f"b{n}", "type": "divider"} for n in range(101)]},
        {"version": 1, "blocks": [{"id": "b1", "type": "text", "shown_to": "everybody"}]},
        document(block("text", text="<div>" * 7_000)),
        document(block("columns", columns=[{"text": "<b><i>" * 5_000}])),
    ],
)
def test_what_is_no_document_is_refused_with_a_reason(raw: Any) -> None:
    with pytest.raises(BadDocument) as refusal:
        tidy(raw)
    assert refusal.value.problems[0].message


def test_a_block_by_rule_stands_between_marks_with_its_alternative() -> None:
    shown = block("text", html="<p>Dogs</p>") | {
        "shown_to": RULE,
        "otherwise": block("text", "b2", html="<p>Everybody</p>"),
    }
    drawn = to_mjml(document(shown), LOOK)
    marks = [drawn.index(f"<!--{mark}:b1-->") for mark in ("block", "else", "/block")]
    assert marks == sorted(marks)
    assert marks[0] < drawn.index("<p>Dogs</p>") < marks[1] < drawn.index("<p>Everybody</p>")
    assert block_rules(document(shown)) == {"b1": RULE}


def test_a_mail_that_could_be_empty_for_somebody_is_named() -> None:
    shown = block("text", html="<p>Dogs</p>") | {"shown_to": RULE}
    assert [p.code for p in check_document(document(block("header", "b0"), shown))] == ["empty"]
    other = shown | {"otherwise": block("text", "b2", html="<p>Everybody</p>")}
    assert check_document(document(other)) == []
    assert check_document(document(shown, block("text", "b3", html="<p>All</p>"))) == []


def test_links_come_in_reading_order_with_their_roles() -> None:
    raw = document(
        block("text", html='<p><a href="https://a.example/?x=1&amp;y=2">one</a></p>'),
        block("button", "b2", label="Go", url="https://b.example", role="action"),
        block("confirm", "b3", label="Yes", url="https://c.example"),
    )
    found = [(where, link.url, link.text) for where, link in links_of(raw)]
    assert found == [
        ("b1", "https://a.example/?x=1&y=2", "one"),
        ("b2", "https://b.example", "Go"),
        ("b3", "https://c.example", "Yes"),
    ]
    assert roles_by_url(raw) == {"https://b.example": "action", "https://c.example": "confirm"}


@given(
    st.from_regex(r"#[0-9a-f]{6}", fullmatch=True), st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
)
def test_whatever_colours_a_brand_has_its_mail_can_be_read(accent: str, ink: str) -> None:
    look = BrandLook("x", accent_colour=accent, text_colour=ink)
    assert contrast(look.ink, "#ffffff") >= 4.5
    assert contrast(look.link, "#ffffff") >= 4.5
    assert contrast(look.on_accent, look.accent) >= 4.5


@pytest.mark.parametrize("language", ready_made.LANGUAGES)
def test_all_ready_made_designs_compile_in_every_language(language: str) -> None:
    for design in ready_made.designs(language):
        assert tidy(renamed_blocks(design.document))
        walls = {p.code for p in check_document(design.document) if p.is_wall}
        assert walls <= {"button-link"}, design.key
        assert [p for p in check_document(design.document) if p.code == "alt"] == []
        source = Source(
            mode="blocks",
            source=to_mjml(design.document, LOOK, language=language),
            subject=design.subject,
            preheader=design.preheader,
            language=language,
            look=LOOK,
        )
        compile_source(source)


@pytest.mark.requirement("R116", partial="reply rate is a report; re-engagement mails come later")
def test_welcome_and_win_back_invite_replies_and_removing_it_is_no_wall() -> None:
    for key in ("welcome", "winback"):
        raw = ready_made.design(key).document
        assert "reply" in [row["type"] for row in raw["blocks"]]
        assert "hear from you" in json.dumps(raw)
        without = raw | {"blocks": [row for row in raw["blocks"] if row["type"] != "reply"]}
        assert {p.code for p in check_document(without) if p.is_wall} <= {"button-link"}


def test_changes_are_typed_and_unknown_ones_refused() -> None:
    kept = clean_changes(
        {"subject": "a\r\nBcc: x", "is_text_edited": "yes", "link_choices": {"u": {"label": "x"}}}
    )
    assert kept == {"subject": "a Bcc: x", "is_text_edited": False, "link_choices": {}}
    for bad in ({"revision": 3}, {"mode": "php"}, {"name": "  "}, {"subject": 4}, []):
        with pytest.raises(BadDocument):
            clean_changes(bad)
