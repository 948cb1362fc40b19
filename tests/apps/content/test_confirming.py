"""The confirm button without an address leads to the hosted page, in every rendering alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.content.rules.confirming import (
    leads_to_preferences,
    misled_blocks,
    with_hosted_page,
)
from sincerely.apps.content.rules.document import tidy, to_mjml
from sincerely.apps.content.rules.links import LinkFacts
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE
from tests.apps.content.support import ADDRESSES, LOOK, assert_same, draft_of

HOSTED = "https://mail.example/p/confirm/token"


def document(url: str) -> dict[str, Any]:
    block = {"id": "c", "type": "confirm", "settings": {"label": "Yes", "url": url}}
    return tidy({"version": 1, "blocks": [block]})


def confirm_links(links: tuple[LinkFacts, ...]) -> list[tuple[str, int | None, bool]]:
    return [(x.url, x.number, x.may_be_labelled) for x in links if x.role == "confirm"]


@pytest.mark.requirement("R064")
@pytest.mark.parametrize("url", ["", CONFIRM_PAGE, "confirm:other"])
def test_an_empty_address_is_tracked_to_the_hosted_page(url: str) -> None:
    draft = draft_of(to_mjml(document(url), LOOK), mode="mjml")
    assert confirm_links(draft.links) == [(CONFIRM_PAGE, 1, False)]
    tracked = assert_same(draft, {})
    assert f"{ADDRESSES['link_url']}1" in tracked.html
    assert f"({ADDRESSES['link_url']}1)" in tracked.text
    direct = assert_same(draft, {}, link_url=None, open_url=None, confirm_url=HOSTED)
    assert HOSTED in direct.html
    assert f"({HOSTED})" in direct.text
    shown = assert_same(draft, {}, link_url=None, open_url=None)
    assert CONFIRM_PAGE not in shown.html + shown.text


def test_an_edited_text_keeps_the_way_there() -> None:
    source = f"<body><p>x</p><a href='{CONFIRM_PAGE}'>Yes</a></body>"
    draft = draft_of(source, edited_text="Please confirm: yes\n" + draft_of(source).text_source)
    said = assert_same(draft, {}).text
    assert "Please confirm: yes" in said
    assert f"({ADDRESSES['link_url']}1)" in said
    only = draft_of("<body><p>x</p></body>", edited_text=f"Stay: {CONFIRM_PAGE}\n")
    assert confirm_links(only.links) == [(CONFIRM_PAGE, 1, False)]


@pytest.mark.requirement("R065")
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("{{ preferences_url }}", True),
        ("{{preferences_url}}", True),
        ("{{- preferences_url | escape }}", True),
        ("https://mail.example/p/preferences/toKEN", True),
        ("https://mail.example/p/preferences", True),
        ("https://mail.example/p/preferences?a=1", True),
        ("https://mail.example/p/preferences-of-cats", False),
        ("https://mail.example/thanks", False),
        ("{{ contact.preferences_url }}", False),
        (CONFIRM_PAGE, False),
        ("", False),
    ],
)
def test_which_addresses_are_the_preference_page(url: str, expected: bool) -> None:
    assert leads_to_preferences(url) is expected


@given(st.sampled_from(["{{ preferences_url }}", "https://x.example/p/preferences/t", ""]))
def test_the_fix_always_clears_what_it_was_offered_for(url: str) -> None:
    raw = document(url)
    for block_id, _url in misled_blocks(raw):
        mended = with_hosted_page(raw, block_id)
        assert mended is not None
        assert misled_blocks(mended) == []
    assert with_hosted_page(raw, "footer") is None
    assert misled_blocks(raw) == ([("c", url)] if url else [])
