"""A running installation and a headless Chromium that is logged in as Alice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.installation import OWNER, Installation, installation

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all browser tests of a run."""
    with installation(tmp_path_factory.mktemp("installation")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Install Debian's package chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, shop: Installation) -> Iterator[Page]:
    """A page that is logged in as the owner; what it logs as an error fails the test."""
    context = chromium.new_context(base_url=shop.url, viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    errors: list[str] = []
    tab.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto("/account/login/")
    tab.get_by_label("E-mail").fill(OWNER[0])
    tab.get_by_label("Password").first.fill(OWNER[1])
    tab.locator("main form button[type=submit]").first.click()
    tab.wait_for_url(f"{shop.url}/")
    yield tab
    context.close()
    assert errors == []


@pytest.fixture
def shots(request: pytest.FixtureRequest) -> Path:
    """A folder for the screenshots of a test, for people to look at."""
    folder = Path("test-results") / request.node.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
