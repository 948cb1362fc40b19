"""Blocks with pictures and their like: image, product, columns, divider, spacer."""

from __future__ import annotations

from sincerely.apps.content.rules.blocks import drawing
from sincerely.apps.content.rules.blocks.rich import escape
from sincerely.apps.content.rules.blocks.schema import (
    Field,
    Kind,
    Paint,
    Settings,
    gettext_noop,
)
from sincerely.apps.content.rules.blocks.words import ALIGN, GROUND

SRC = Field("src", "image", gettext_noop("Image"), on_canvas=True)
ALT = Field("alt", "line", gettext_noop("What the image shows (for those who cannot see it)"))
URL = Field("url", "url", gettext_noop("Link"))
LABEL = Field("label", "line", gettext_noop("Button"), on_canvas=True)
# The edge of a row and the gap in each of its columns add up to the side of single texts.
EDGE, GAP = "20px", "12px"
WIDTHS = {"full": "600px", "medium": "420px", "small": "220px"}
HEIGHTS = {"small": "12px", "medium": "28px", "large": "56px"}


def _image(settings: Settings, paint: Paint) -> str:
    wide = settings["width"] == "full"
    drawn = drawing.picture(
        settings["src"],
        settings["alt"],
        paint,
        href=settings["url"],
        width="" if wide else WIDTHS[settings["width"]],
        align="center",
        padding="0" if wide else f"0 {drawing.SIDE}",
        border_radius="0" if wide else "8px",
    )
    if not drawn:
        return ""
    return drawing.section(drawing.column(drawn), paint, padding="0" if wide else "10px 0")


def _product(settings: Settings, paint: Paint) -> str:
    image = drawing.picture(
        settings["src"],
        settings["alt"] or settings["name"],
        paint,
        href=settings["url"],
        border_radius="8px",
        padding=f"0 {GAP} 12px",
    )
    name = f"<h3>{escape(settings['name'])}</h3>" if settings["name"] else ""
    price = f"<p class='price'>{escape(settings['price'])}</p>" if settings["price"] else ""
    words = drawing.rich(name + settings["html"] + price, padding=f"0 {GAP}")
    action = drawing.button(settings["label"], settings["url"], paint, padding=f"0 {GAP} 8px")
    if image and settings["layout"] == "side":
        inner = drawing.column(image, width="42%") + drawing.column(words + action, width="58%")
    else:
        inner = drawing.column(image + words + action)
    return drawing.section(inner, paint, padding=f"12px {EDGE}")


def _columns(settings: Settings, paint: Paint) -> str:
    inner = "".join(drawing.column(_cell(item, paint)) for item in settings["items"])
    is_tinted = settings["ground"] == "tint"
    padding = f"24px {EDGE} 12px" if is_tinted else f"12px {EDGE}"
    return drawing.section(inner, paint, ground=settings["ground"], padding=padding)


def _cell(item: Settings, paint: Paint) -> str:
    image = drawing.picture(
        item["src"],
        item["alt"],
        paint,
        href=item["url"],
        border_radius="8px",
        padding=f"0 {GAP} 12px",
    )
    words = drawing.rich(item["html"], padding=f"0 {GAP}")
    action = drawing.button(
        item["label"],
        item["url"],
        paint,
        role="content",
        outline="yes",
        padding=f"0 {GAP} 14px",
        inner_padding="8px 16px",
        font_size="15px",
    )
    return image + words + action


def _divider(settings: Settings, paint: Paint) -> str:
    short = settings["style"] == "short"
    line = (
        f'<mj-divider border-width="{"3px" if short else "1px"}" '
        f'border-color="{paint.look.accent if short else "#dcdcd6"}" '
        f'width="{"64px" if short else "100%"}" padding="6px {drawing.SIDE}" />'
    )
    return drawing.section(drawing.column(line), paint)


def _spacer(settings: Settings, paint: Paint) -> str:
    gap = f'<mj-spacer height="{HEIGHTS[settings["height"]]}" />'
    return drawing.section(drawing.column(gap), paint, padding="0")


IMAGE = Kind(
    type="image",
    name=gettext_noop("Image"),
    hint=gettext_noop("A picture, with a link if you like"),
    fields=(
        SRC,
        ALT,
        URL,
        Field(
            "width",
            "choice",
            gettext_noop("Width"),
            "full",
            choices=(
                ("full", gettext_noop("edge to edge")),
                ("medium", gettext_noop("medium")),
                ("small", gettext_noop("small")),
            ),
        ),
    ),
    draw=_image,
)
PRODUCT = Kind(
    type="product",
    name=gettext_noop("Product"),
    hint=gettext_noop("Picture, name, price and a button"),
    fields=(
        SRC,
        ALT,
        Field("name", "line", gettext_noop("Name"), on_canvas=True),
        Field("html", "rich", gettext_noop("Description"), on_canvas=True),
        Field("price", "line", gettext_noop("Price"), on_canvas=True),
        LABEL,
        URL,
        Field(
            "layout",
            "choice",
            gettext_noop("Picture"),
            "side",
            choices=(("side", gettext_noop("beside")), ("top", gettext_noop("above"))),
        ),
    ),
    draw=_product,
    role="action",
)
COLUMNS = Kind(
    type="columns",
    name=gettext_noop("Columns"),
    hint=gettext_noop("Two or three things side by side"),
    fields=(
        Field(
            "items",
            "items",
            gettext_noop("Columns"),
            fields=(
                SRC,
                ALT,
                Field("html", "rich", gettext_noop("Text"), on_canvas=True),
                LABEL,
                URL,
            ),
            least=2,
            most=3,
            on_canvas=True,
        ),
        GROUND,
    ),
    draw=_columns,
)
DIVIDER = Kind(
    type="divider",
    name=gettext_noop("Divider"),
    hint=gettext_noop("A line between two thoughts"),
    fields=(
        Field(
            "style",
            "choice",
            gettext_noop("Line"),
            "line",
            choices=(("line", gettext_noop("thin")), ("short", gettext_noop("short and bold"))),
        ),
    ),
    draw=_divider,
    says_something=False,
)
SPACER = Kind(
    type="spacer",
    name=gettext_noop("Space"),
    hint=gettext_noop("Some air"),
    fields=(
        Field(
            "height",
            "choice",
            gettext_noop("Height"),
            "medium",
            choices=(
                ("small", gettext_noop("small")),
                ("medium", gettext_noop("medium")),
                ("large", gettext_noop("large")),
            ),
        ),
    ),
    draw=_spacer,
    says_something=False,
)
__all__ = ["ALIGN", "COLUMNS", "DIVIDER", "IMAGE", "PRODUCT", "SPACER"]
