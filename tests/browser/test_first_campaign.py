"""The first campaign as a newcomer makes it: the pet shop's draft, sent, read and clicked."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.installation import Installation

pytestmark = pytest.mark.browser
TURN = """
import os
from datetime import timedelta
from pathlib import Path
from sincerely.wire import clock
clock.turn(Path(os.environ["SINCERELY_HOME"]), timedelta(seconds=61))
"""
PATIENCE_MS = 300_000


def test_first_campaign_ends_in_a_label(page: Page, shop: Installation, shots: Path) -> None:
    """From the loaded pet shop to a sent campaign, a click as the contact, and their label."""
    page.goto("/")
    if page.get_by_role("button", name="Load the pet shop").count():
        page.get_by_role("button", name="Load the pet shop").click()
    expect(page.get_by_role("button", name="Remove the pet shop")).to_be_visible(
        timeout=PATIENCE_MS
    )
    page.goto("/mail/campaigns/")
    page.get_by_role("link", name="Your first campaign").click()
    expect(page.get_by_label("Subscription type")).to_be_visible()
    _send(page, shop)
    page.screenshot(path=shots / "sent.png")
    landed = _click_as_the_contact(page)
    landed.get_by_role("link", name="See what it did to the contact").click()
    label = landed.locator("#labels").get_by_text("Katten", exact=True).first
    expect(label).to_be_visible(timeout=10_000)
    expect(landed.get_by_text("clicks · Your first campaign")).to_be_visible()
    landed.screenshot(path=shots / "label.png")
    page.goto("/mail/campaigns/")
    page.get_by_role("link", name="Your first campaign").click()
    page.get_by_role("link", name="Result", exact=True).click()
    clicked = page.locator(".stat").filter(has_text="person clicked")
    expect(clicked.locator(".stat-value")).to_have_text("1")


def _send(page: Page, shop: Installation) -> None:
    """Type the number that is asked for, press the button, and skip the minute of grace."""
    page.get_by_role("link", name="Send", exact=True).click()
    typed = page.get_by_label("to confirm")
    typed.fill(str(page.locator("label[for=typed-typed] strong").text_content()))
    page.get_by_role("button", name="Send the campaign").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    shop.python(TURN)
    expect(page.get_by_role("link", name="See the result")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".page-header").get_by_text("Sent", exact=True)).to_be_visible(
        timeout=PATIENCE_MS
    )


def _click_as_the_contact(page: Page) -> Page:
    """Open the newest mail of the test mailbox and follow its second link, in a tab of its own."""
    page.goto("/mail/test-mailbox/")
    page.locator("main table tbody a").first.click()
    with page.expect_popup() as opened:
        page.frame_locator("main iframe").get_by_text("Read the whole story").click()
    expect(opened.value.get_by_text("The contact would land here")).to_be_visible()
    expect(opened.value.get_by_text("Clicked, as the contact")).to_be_visible()
    return opened.value
