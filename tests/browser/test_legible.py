"""Every page can be read and named: contrast of AA in light and dark, names, ids, phone width."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser
PAGES = (
    "/",
    "/people/",
    "/people/segments/new/?start=engaged",
    "/people/labels/",
    "/people/labels/drift/",
    "/people/import/new/",
    "/people/diagnosis/",
    "/mail/campaigns/",
    "/mail/templates/",
    "/mail/saved-blocks/",
    "/mail/test-mailbox/",
    "/reports/",
    "/settings/brands/",
    "/settings/transports/",
    "/settings/limits/",
    "/settings/members/",
    "/settings/audit/",
    "/settings/system/running/",
    "/account/2fa/",
)
# WCAG 2.2: 1.4.3 contrast (4.5, large words 3), 4.1.2 names of controls; and ids stand once.
LOOK = """() => {
  const numbers = (css) => (css.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (start) => {
    for (let one = start; one; one = one.parentElement) {
      const found = numbers(getComputedStyle(one).backgroundColor);
      if (found.length >= 3 && (found.length < 4 || found[3] > 0.99)) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const isSeen = (one) => one.getBoundingClientRect().width > 2
    && getComputedStyle(one).visibility !== 'hidden'
    && !one.closest('[disabled], [aria-disabled=true], .visually-hidden, .skip');
  const wrong = [];
  for (const one of document.querySelectorAll('body *')) {
    const says = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!says || !isSeen(one) || one.closest('svg, iframe, noscript, script')) continue;
    const style = getComputedStyle(one);
    const both = [light(numbers(style.color).slice(0, 3)), light(ground(one))];
    const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) {
      wrong.push(`${contrast.toFixed(1)} ${one.textContent.trim().slice(0, 40)}`);
    }
  }
  const controls = 'input:not([type=hidden]), select, textarea, button, a[href]';
  for (const one of document.querySelectorAll(controls)) {
    const name = one.getAttribute('aria-label') || one.getAttribute('aria-labelledby')
      || one.textContent.trim() || one.title || (one.labels && one.labels.length);
    if (!name && isSeen(one)) wrong.push(`no name: ${one.outerHTML.slice(0, 80)}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  wrong.push(...new Set(ids.filter((id, place) => ids.indexOf(id) !== place)));
  return wrong;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_legible_and_named(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 740})
    found = {}
    for path in PAGES:
        page.goto(path)
        found[path] = page.evaluate(LOOK)
        if page.evaluate("document.documentElement.scrollWidth") > 360:
            found[path].append("wider than a phone")
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
