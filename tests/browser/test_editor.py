"""The mail editor in a real browser: from a template to a saved draft, by mouse and by keyboard."""

from __future__ import annotations

import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.installation import Installation

pytestmark = pytest.mark.browser
LABELS = """
import django; django.setup()
from datetime import UTC, datetime
from sincerely.apps.labels.models import Label
for name in ("Honden", "Katten"):
    Label.objects.get_or_create(name=name, defaults={"created_at": datetime.now(UTC)})
"""
DRAFT = """
import json, sys
import django; django.setup()
from sincerely.apps.content.models import Content
row = Content.objects.get(pk=int(sys.argv[1]))
fields = ("subject", "document", "link_choices", "revision", "text", "is_text_edited", "language")
print(json.dumps({field: getattr(row, field) for field in fields}))
"""
PARTS = """
import json, sys
import django; django.setup()
from sincerely.apps.content.models import Content
from sincerely.apps.content.compiler import compile_content
from sincerely.apps.content.renderer import Renderer
made = Renderer(compile_content(Content.objects.get(pk=int(sys.argv[1])))).render(
    {}, link_url=None, open_url=None, unsubscribe_url="https://u.example", preferences_url="#")
print(json.dumps([made.html, made.text]))
"""


@pytest.fixture
def editor(page: Page, shop: Installation) -> Page:
    """The editor with a new draft made from the announcement."""
    shop.python(LABELS)
    page.goto("/mail/templates/")
    page.get_by_role("link", name="Use it").nth(1).click()
    page.get_by_label("Name of the mail").fill("Spring letter")
    page.get_by_role("button", name="Start writing").click()
    page.wait_for_selector("[data-ready]")
    return page


def number_of(page: Page) -> str:
    return urlsplit(page.url).path.split("/")[3]


def saved(shop: Installation, page: Page) -> dict[str, object]:
    """Wait for the autosave and return what is in the database."""
    page.locator(".ed-status[data-status=saved]").wait_for()
    found: dict[str, object] = json.loads(shop.python(DRAFT, number_of(page)))
    return found


def type_into(page: Page, words: str) -> None:
    box = page.locator(".ed-block-text .ed-rich").first
    box.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


@pytest.mark.requirement("R059")
def test_from_template_to_saved_draft_with_both_parts(
    editor: Page, shop: Installation, shots: Path
) -> None:
    editor.locator("[data-envelope=subject]").fill("Spring is here")
    type_into(editor, " Typed by hand.")
    editor.locator("[data-add]").click()
    editor.locator("[data-kind=button]").click()
    editor.keyboard.type("Toys for dogs")
    editor.locator("[data-setting=url]").fill("shop.example/dogs")
    editor.locator("[data-setting=url]").press("Tab")
    editor.locator("[data-link='https://shop.example/dogs']").select_option(label="Honden")
    draft = saved(shop, editor)
    assert draft["subject"] == "Spring is here"
    assert "Typed by hand." in json.dumps(draft["document"])
    assert draft["document"]["blocks"][-2]["settings"]["label"] == "Toys for dogs"  # type: ignore[index]
    assert list(draft["link_choices"]) == ["https://shop.example/dogs"]  # type: ignore[call-overload]
    html, text = json.loads(shop.python(PARTS, number_of(editor)))
    for part in (html, text):
        assert "Typed by hand." in part
        assert "Toys for dogs" in part
        assert "https://shop.example/dogs" in part
    editor.locator("[data-tab=preview]").click()
    preview = editor.frame_locator(".ed-frame")
    expect(preview.get_by_text("Toys for dogs")).to_be_visible()
    editor.screenshot(path=shots / "editor.png")
    editor.reload()
    editor.wait_for_selector("[data-ready]")
    expect(editor.locator(".ed-canvas")).to_contain_text("Typed by hand.")


def test_blocks_move_copy_and_go_by_keyboard_and_undo_brings_them_back(
    editor: Page, shop: Installation
) -> None:
    def order() -> list[str]:
        return editor.locator(".ed-canvas > .ed-block").evaluate_all(
            "blocks => blocks.map(one => one.dataset.block)"
        )

    before = order()
    second = editor.locator(".ed-canvas > .ed-block").nth(1)
    second.focus()
    editor.keyboard.press("Alt+ArrowDown")
    assert order() == [before[0], before[2], before[1], *before[3:]]
    expect(editor.locator(".ed > [aria-live]")).to_contain_text("Moved to place 3")
    editor.keyboard.press("Delete")
    assert len(order()) == len(before) - 1
    editor.keyboard.press("Control+z")
    editor.keyboard.press("Control+z")
    assert order() == before
    editor.keyboard.press("Control+y")
    assert order()[1] == before[2]
    footer = editor.locator(".ed-block-footer")
    footer.focus()
    editor.keyboard.press("Delete")
    assert order()[-1] == before[-1]
    editor.keyboard.press("Alt+ArrowUp")
    assert order()[-1] == before[-1]


def test_a_block_is_dragged_by_the_mouse(editor: Page) -> None:
    editor.set_viewport_size({"width": 1280, "height": 2600})  # no scrolling while it is held
    blocks = editor.locator(".ed-canvas > .ed-block")
    first, last = blocks.nth(1).get_attribute("data-block"), blocks.nth(4)
    blocks.nth(1).hover()
    blocks.nth(1).locator(".ed-grip").drag_to(last, target_position={"x": 10, "y": 10})
    ids = blocks.evaluate_all("blocks => blocks.map(one => one.dataset.block)")
    assert ids.index(first) > 1


@pytest.mark.requirement("R066")
def test_a_block_is_shown_to_those_with_a_label_and_another_to_the_rest(
    editor: Page, shop: Installation
) -> None:
    editor.locator("[data-add]").click()
    editor.locator("[data-kind=text]").click()
    editor.keyboard.type("Only for dogs")
    editor.get_by_label("Shown to", exact=True).first.select_option(label="only those who …")
    expect(editor.locator(".ed-weight")).to_contain_text("people now")
    editor.get_by_label("Everybody else sees").select_option(label="Text")
    editor.locator(".ed-otherwise .ed-rich").click()
    editor.keyboard.type("For all others")
    draft = saved(shop, editor)
    block = draft["document"]["blocks"][-2]  # type: ignore[index]
    assert block["shown_to"]["all"][0]["criterion"] == "label"
    assert "For all others" in block["otherwise"]["settings"]["html"]
    editor.locator("[data-tab=preview]").click()
    editor.get_by_label("Seen by").select_option("nobody")
    preview = editor.frame_locator(".ed-frame")
    expect(preview.get_by_text("For all others")).to_be_visible()
    expect(preview.get_by_text("Only for dogs")).to_have_count(0)


def test_personalisation_with_a_fallback(editor: Page, shop: Installation) -> None:
    type_into(editor, " Dear ")
    editor.locator(".ed-block-text .ed-tools").first.get_by_label("Personalise").click()
    editor.get_by_label("If we do not know it").fill("reader")
    editor.get_by_role("button", name="Insert").click()
    expect(editor.locator(".ed-chip", has_text="reader")).to_be_visible()
    draft = saved(shop, editor)
    assert 'Dear {{ contact.first_name | default: \\"reader\\" }}' in json.dumps(draft["document"])


def test_a_picture_is_taken_in(editor: Page, shop: Installation) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "#d9795d").save(drawn, "PNG")
    editor.locator("[data-add]").click()
    editor.locator("[data-kind=image]").click()
    editor.locator(".ed-picture-empty").last.click()
    editor.locator("dialog input[type=file]").set_input_files(
        {"name": "cat.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    )
    expect(editor.locator("dialog")).to_have_count(0)
    block = saved(shop, editor)["document"]["blocks"][-2]  # type: ignore[index]
    assert block["settings"]["src"].startswith("/i/")
    expect(editor.locator(".ed-block-image img").last).to_be_visible()


def test_somebody_elses_save_is_a_question_and_nothing_is_lost(
    editor: Page, shop: Installation
) -> None:
    other = editor.context.new_page()
    other.goto(editor.url)
    other.wait_for_selector("[data-ready]")
    type_into(editor, " Theirs.")
    saved(shop, editor)
    type_into(other, " Mine.")
    other.get_by_role("button", name="Put mine on top").click()
    assert "Mine." in json.dumps(saved(shop, other)["document"])
    other.get_by_label("Versions").click()
    expect(other.locator(".ed-versions li")).to_have_count(2)


def test_it_works_at_phone_width_and_without_javascript(editor: Page, shots: Path) -> None:
    address, state = editor.url, editor.context.storage_state()
    browser = editor.context.browser
    assert browser is not None
    phone = browser.new_context(storage_state=state, viewport={"width": 360, "height": 740})
    small = phone.new_page()
    small.goto(address)
    small.wait_for_selector("[data-ready]")
    width = small.evaluate("document.documentElement.scrollWidth")
    small.screenshot(path=shots / "phone.png")
    phone.close()
    assert width <= 360
    bare = browser.new_context(storage_state=state, java_script_enabled=False)
    plain = bare.new_page()
    plain.goto(address)
    plain.locator("#id_subject").fill("Without a script")
    plain.get_by_role("button", name="Button", exact=True).click()
    expect(plain.locator("#id_subject")).to_have_value("Without a script")
    expect(plain.get_by_label("Words on the button").last).to_be_visible()
    bare.close()


def test_paragraphs_are_joined_and_chips_clicked_without_leaving_the_text(editor: Page) -> None:
    """The `page` fixture fails on a refused inline style."""
    first = editor.locator(".ed-rich").first
    first.click()
    editor.keyboard.press("Control+Home")
    editor.keyboard.press("End")
    editor.keyboard.press("Delete")
    joined = first.evaluate("e => [...e.children].map((one) => one.tagName).join()")
    assert joined == "H1"
    assert first.evaluate("e => e.querySelector('[style], span')") is None
    text = editor.locator(".ed-rich", has=editor.locator(".ed-chip")).first
    text.locator(".ed-chip").click()
    editor.keyboard.press("Control+a")
    editor.keyboard.type("All of this block")
    expect(editor.locator(":focus")).to_have_text("All of this block")
    expect(editor.locator("[data-status=saved]")).to_be_visible()
    handles = editor.locator(".ed-block.is-selected > .ed-handles").bounding_box()
    words = editor.locator(":focus").bounding_box()
    assert handles
    assert words
    assert handles["y"] + handles["height"] <= words["y"]
