"""The measures of the surface: how many clicks a person needs, counted in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_editor import LABELS
from tests.installation import Installation

pytestmark = pytest.mark.browser
AT_WORK = ".htmx-request, .htmx-swapping, .htmx-settling"
DRAFT = """
import django; django.setup()
from datetime import UTC, datetime
from sincerely.apps.content.actions import create_content
from sincerely.apps.team.models import Brand
from sincerely.apps.team.rules import PROGRAM
links = "".join(f"<p><a href='https://shop.example/{n}'>Story {n}</a></p>" for n in range(3))
made = create_content("Three links", brand_id=Brand.objects.first().pk, mode="html",
    source=f"<body>{links}</body>", subject="Three", now=datetime.now(UTC), actor=PROGRAM)
print(made.pk)
"""


class Hand:
    """Clicks and counts; choosing from a list is two clicks, typing is none."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, place: Locator) -> None:
        self.clicks += 1
        place.click()

    def choose(self, place: Locator, label: str) -> None:
        self.clicks += 2
        place.select_option(label=label)


def test_three_links_get_labels_in_six_clicks(page: Page, shop: Installation) -> None:
    shop.python(LABELS)
    number = shop.python(DRAFT).strip()
    page.goto(f"/mail/content/{number}/links/")
    selects = page.locator("main table select")
    hand = Hand()
    for place in range(3):
        with page.expect_response("**/links/label/"):
            hand.choose(selects.nth(place), "Honden" if place else "Katten")
        # The answer puts a new list in its place: a person waits for that blink, too.
        expect(page.locator(AT_WORK)).to_have_count(0)
    assert hand.clicks <= 6
    page.reload()
    chosen = [selects.nth(place).locator("option:checked").inner_text() for place in range(3)]
    assert chosen == ["Katten", "Honden", "Honden"]


def test_dog_owners_who_click_are_a_segment_in_eight_clicks(page: Page, shop: Installation) -> None:
    shop.python(LABELS)
    page.goto("/")
    hand = Hand()
    menu = page.get_by_role("navigation", name="Main menu")
    hand.click(menu.get_by_role("link", name="People"))
    hand.click(menu.get_by_role("link", name="Segments"))
    hand.click(page.get_by_role("link", name="New segment").first)
    card = page.locator("main form").filter(has=page.get_by_role("combobox")).first
    hand.choose(card.get_by_role("combobox"), "Honden")
    hand.click(card.get_by_role("button", name="Use this"))
    page.get_by_label("Name", exact=True).fill("Dog people who click")
    hand.click(page.get_by_role("button", name="Save the segment"))
    expect(page.locator("h1")).to_have_text("Dog people who click")
    expect(page.get_by_text("at least 2 times in the last 90 days").first).to_be_visible()
    assert hand.clicks <= 8


def test_choosing_a_label_works_on_a_phone(page: Page, shop: Installation) -> None:
    shop.python(LABELS)
    number = shop.python(DRAFT).strip()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/mail/content/{number}/links/")
    box = page.locator("main table select").first.bounding_box()
    assert box is not None
    assert box["width"] >= 130
    assert box["x"] + box["width"] <= 360
