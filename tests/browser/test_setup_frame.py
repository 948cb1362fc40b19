"""The frame in a real browser: phone width, keyboard, menu, dark, strict content policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/settings/",
    "/settings/members/",
    "/settings/roles/",
    "/settings/brands/",
    "/settings/api-keys/",
    "/settings/audit/",
    "/settings/me/",
    "/settings/system/",
    "/settings/api/",
    "/search?q=a",
)


@pytest.mark.parametrize("path", PAGES)
def test_page_fits_a_phone(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_keyboard_reaches_content_and_search(page: Page) -> None:
    page.goto("/settings/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("body").press("/")
    expect(page.get_by_role("searchbox", name="Search everything")).to_be_focused()


def test_menu_opens_on_a_phone_and_closes_with_escape(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/settings/")
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


def test_page_is_dark_when_the_system_is(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/settings/")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(20, 25, 23)"


def test_page_is_light_on_the_wire(page: Page) -> None:
    sizes: list[int] = []
    page.on(
        "response",
        lambda answer: sizes.append(int(answer.headers.get("content-length") or 0)),
    )
    page.goto("/settings/")
    page.wait_for_load_state("networkidle")
    assert 0 < sum(sizes) < 300_000
