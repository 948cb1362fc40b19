"""The few MJML shapes that blocks are drawn with: one rhythm, one dark mode."""

from __future__ import annotations

from sincerely.apps.content.rules.blocks.rich import escape
from sincerely.apps.content.rules.blocks.schema import Paint

SIDE = "32px"
ALIGN = (("left", "Left"), ("center", "Centre"))


def section(inner: str, paint: Paint, *, ground: str = "paper", padding: str = "8px 0") -> str:
    """Return a section on paper, on the tint, on the accent, or on the bare ground."""
    look = paint.look
    colours = {"paper": "#ffffff", "tint": look.tint, "accent": look.accent, "ground": look.ground}
    return (
        f'<mj-section css-class="{ground}" background-color="{colours[ground]}" '
        f'padding="{padding}">{inner}</mj-section>'
    )


def column(inner: str, *, width: str = "") -> str:
    """Return a column, of the given width on wide screens."""
    return f'<mj-column{_attribute("width", width)} vertical-align="top">{inner}</mj-column>'


def rich(html: str, *, align: str = "left", padding: str = f"0 {SIDE}", kind: str = "rich") -> str:
    """Return typed text; `kind` names the style in the head that it follows."""
    if not html:
        return ""
    return f'<mj-text css-class="{kind}" align="{align}" padding="{padding}">{html}</mj-text>'


def picture(address: str, alt: str, paint: Paint, *, href: str = "", **extra: str) -> str:
    """Return an image, linked where there is an address to go to; '' without an image."""
    if not address:
        return ""
    attributes = {"padding": f"0 {SIDE}", "fluid-on-mobile": "true", **_dashed(extra)}
    if href:
        attributes["href"] = escape(href)
    drawn = "".join(_attribute(name, value) for name, value in attributes.items())
    source = escape(paint.look.absolute(address))
    return f'<mj-image src="{source}" alt="{escape(alt)}"{drawn} />'


def button(label: str, href: str, paint: Paint, *, role: str = "action", **extra: str) -> str:
    """Return a button; '' without words. `outline="yes"` draws it hollow."""
    if not label:
        return ""
    look = paint.look
    attributes = {"align": "left", "padding": f"8px {SIDE}", **_dashed(extra)}
    colours = (look.accent, look.on_accent, look.accent)
    if attributes.pop("outline", ""):
        colours = ("#ffffff", look.link, look.link)
    drawn = "".join(_attribute(name, value) for name, value in attributes.items())
    return (
        f'<mj-button css-class="role-{role}" href="{escape(href)}" background-color="{colours[0]}" '
        f'color="{colours[1]}" border="2px solid {colours[2]}"{drawn}>{escape(label)}</mj-button>'
    )


def _dashed(extra: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in extra.items() if value}


def _attribute(name: str, value: str) -> str:
    return f' {name}="{value}"' if value else ""
