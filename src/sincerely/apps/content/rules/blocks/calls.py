"""Blocks that ask for a click: button, confirm button, social links."""

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
from sincerely.apps.content.rules.blocks.words import ALIGN
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE

NETWORKS = (
    ("website", gettext_noop("Website")),
    ("instagram", "Instagram"),
    ("facebook", "Facebook"),
    ("linkedin", "LinkedIn"),
    ("youtube", "YouTube"),
    ("tiktok", "TikTok"),
    ("bluesky", "Bluesky"),
    ("mastodon", "Mastodon"),
    ("x", "X"),
    ("pinterest", "Pinterest"),
    ("whatsapp", "WhatsApp"),
)
WEBSITE = {"en": "Website", "nl": "Website", "sv": "Webbplats", "da": "Websted"}


def _button(settings: Settings, paint: Paint) -> str:
    drawn = drawing.button(
        settings["label"],
        settings["url"],
        paint,
        role=settings["role"],
        align=settings["align"],
        outline="yes" if settings["style"] == "outline" else "",
    )
    return drawing.section(drawing.column(drawn), paint) if drawn else ""


def _confirm(settings: Settings, paint: Paint) -> str:
    words = drawing.rich(settings["html"], align="center")
    url = settings["url"] or CONFIRM_PAGE
    drawn = drawing.button(
        settings["label"], url, paint, role="confirm", align="center", font_size="18px"
    )
    inner = drawing.column(words + drawn)
    return drawing.section(inner, paint, ground="tint", padding="30px 0 26px")


def _social(settings: Settings, paint: Paint) -> str:
    names = {**dict(NETWORKS), "website": WEBSITE.get(paint.language, "Website")}
    links = [
        f'<a href="{escape(item["url"])}">{names[item["network"]]}</a>'
        for item in settings["items"]
        if item["url"]
    ]
    if not links:
        return ""
    words = drawing.rich(
        f"<p>{' &nbsp;·&nbsp; '.join(links)}</p>", align=settings["align"], kind="social"
    )
    return drawing.section(drawing.column(words), paint, padding="16px 0")


BUTTON = Kind(
    type="button",
    name=gettext_noop("Button"),
    hint=gettext_noop("One clear thing to do"),
    fields=(
        Field("label", "line", gettext_noop("Words on the button"), on_canvas=True),
        Field("url", "url", gettext_noop("Link")),
        Field(
            "style",
            "choice",
            gettext_noop("Style"),
            "filled",
            choices=(("filled", gettext_noop("filled")), ("outline", gettext_noop("outline"))),
        ),
        ALIGN,
        Field(
            "role",
            "choice",
            gettext_noop("Counts as"),
            "action",
            choices=(
                ("action", gettext_noop("the call to action")),
                ("content", gettext_noop("an ordinary link")),
            ),
        ),
    ),
    draw=_button,
)
CONFIRM = Kind(
    type="confirm",
    name=gettext_noop("Confirm button"),
    hint=gettext_noop("'Yes, keep writing to me': leads to a thank-you page"),
    fields=(
        Field(
            "html",
            "rich",
            gettext_noop("Question"),
            "<h2>Shall we keep writing to you?</h2>",
            on_canvas=True,
        ),
        Field("label", "line", gettext_noop("Words on the button"), "Yes, please", on_canvas=True),
        Field("url", "url", gettext_noop("Own thank-you page (leave it empty for ours)")),
    ),
    draw=_confirm,
    role="confirm",
)
SOCIAL = Kind(
    type="social",
    name=gettext_noop("Social links"),
    hint=gettext_noop("Where else to find you"),
    fields=(
        Field(
            "items",
            "items",
            gettext_noop("Places"),
            fields=(
                Field("network", "choice", gettext_noop("Place"), "website", choices=NETWORKS),
                Field("url", "url", gettext_noop("Link")),
            ),
            least=1,
            most=8,
        ),
        ALIGN,
    ),
    draw=_social,
    says_something=False,
)
