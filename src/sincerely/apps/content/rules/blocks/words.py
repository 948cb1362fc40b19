"""Blocks of words: header, text, reply invitation, and source written in MJML or HTML."""

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

ALIGN = Field(
    "align",
    "choice",
    gettext_noop("Alignment"),
    "left",
    choices=(("left", gettext_noop("left")), ("center", gettext_noop("centre"))),
)
GROUND = Field(
    "ground",
    "choice",
    gettext_noop("Background"),
    "paper",
    choices=(("paper", gettext_noop("white")), ("tint", gettext_noop("a tint of your colour"))),
)


def _header(settings: Settings, paint: Paint) -> str:
    look, align = paint.look, settings["align"]
    if look.logo_url and settings["show"] == "logo":
        mark = drawing.picture(
            look.logo_url, look.name, paint, width="150px", align=align, fluid_on_mobile="false"
        )
    else:
        mark = drawing.rich(f"<p>{escape(look.name)}</p>", align=align, kind="brand")
    words = escape(settings["line"])
    line = drawing.rich(f"<p>{words}</p>" if words else "", align=align, kind="quiet")
    return drawing.section(drawing.column(mark + line), paint, padding="28px 0 16px")


def _text(settings: Settings, paint: Paint) -> str:
    ground = settings["ground"]
    words = drawing.rich(settings["html"], align=settings["align"])
    padding = "8px 0 0" if ground == "paper" else "28px 0 14px"
    return drawing.section(drawing.column(words), paint, ground=ground, padding=padding)


def _reply(settings: Settings, paint: Paint) -> str:
    name = escape(settings["name"])
    face = drawing.picture(
        settings["src"],
        settings["name"],
        paint,
        width="64px",
        align="left",
        border_radius="32px",
        fluid_on_mobile="false",
        padding=f"0 {drawing.SIDE} 10px",
    )
    signed = f"<p><strong>{name}</strong></p>" if name else ""
    words = drawing.rich(settings["html"] + signed)
    inner = drawing.column(face + words)
    return drawing.section(inner, paint, ground="tint", padding="28px 0 14px")


def _source(settings: Settings, paint: Paint) -> str:
    code = settings["code"]
    if not code.strip():
        return ""
    if settings["language"] == "mjml":
        return str(code)
    words = drawing.rich(code, padding="0", kind="source")
    return drawing.section(drawing.column(words), paint, padding="0")


HEADER = Kind(
    type="header",
    name=gettext_noop("Header"),
    hint=gettext_noop("Your logo or name on top"),
    fields=(
        Field(
            "show",
            "choice",
            gettext_noop("Show"),
            "logo",
            choices=(("logo", gettext_noop("logo")), ("name", gettext_noop("name"))),
        ),
        Field("line", "line", gettext_noop("Small line under it"), on_canvas=True),
        ALIGN,
    ),
    draw=_header,
    says_something=False,
)
TEXT = Kind(
    type="text",
    name=gettext_noop("Text"),
    hint=gettext_noop("Headings, paragraphs, lists"),
    fields=(Field("html", "rich", gettext_noop("Text"), on_canvas=True), ALIGN, GROUND),
    draw=_text,
)
REPLY = Kind(
    type="reply",
    name=gettext_noop("Reply invitation"),
    hint=gettext_noop("Ask for an answer, from a person with a name"),
    fields=(
        Field(
            "html",
            "rich",
            gettext_noop("Invitation"),
            "<p>We want to hear from you. Just answer this mail: a person reads it.</p>",
            on_canvas=True,
        ),
        Field("name", "line", gettext_noop("Who reads the answers"), on_canvas=True),
        Field("src", "image", gettext_noop("Portrait")),
    ),
    draw=_reply,
)
SOURCE = Kind(
    type="source",
    name=gettext_noop("Source"),
    hint=gettext_noop("A piece of MJML or HTML of your own"),
    fields=(
        Field(
            "language",
            "choice",
            gettext_noop("Language"),
            "html",
            choices=(("html", "HTML"), ("mjml", "MJML")),
        ),
        Field("code", "code", gettext_noop("Source")),
    ),
    draw=_source,
)
