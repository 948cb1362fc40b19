"""The footer that cannot be lost: who writes, why you get this, unsubscribe and preferences."""

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

WORDS = {
    "en": {
        "why": "You get this mail because you asked {name} to write to you.",
        "preferences": "Choose what you get",
        "unsubscribe": "Unsubscribe",
        "privacy": "Privacy",
    },
    "nl": {
        "why": "Je krijgt deze mail omdat je {name} hebt gevraagd je te schrijven.",
        "preferences": "Kies wat je krijgt",
        "unsubscribe": "Afmelden",
        "privacy": "Privacy",
    },
    "sv": {
        "why": "Du får det här mejlet för att du har bett {name} skriva till dig.",
        "preferences": "Välj vad du får",
        "unsubscribe": "Avregistrera dig",
        "privacy": "Integritet",
    },
    "da": {
        "why": "Du får denne mail, fordi du har bedt {name} om at skrive til dig.",
        "preferences": "Vælg, hvad du får",
        "unsubscribe": "Afmeld",
        "privacy": "Privatliv",
    },
}


def words_for(language: str) -> dict[str, str]:
    """Return the footer's words in the language, or in English where we lack it."""
    return WORDS.get(language[:2].lower(), WORDS["en"])


def _footer(settings: Settings, paint: Paint) -> str:
    look, words = paint.look, words_for(paint.language)
    why = settings["why"] or words["why"].format(name=look.name)
    address = ", ".join(line.strip() for line in look.postal_address.splitlines() if line.strip())
    links = [
        f'<a href="{{{{ preferences_url }}}}">{words["preferences"]}</a>',
        f'<a href="{{{{ unsubscribe_url }}}}">{words["unsubscribe"]}</a>',
    ]
    if look.privacy_url:
        links.append(f'<a href="{escape(look.privacy_url)}">{words["privacy"]}</a>')
    lines = [
        f"<p>{escape(why)}</p>",
        f"<p>{' &nbsp;·&nbsp; '.join(links)}</p>",
        f"<p>{escape(f'{look.name}, {address}' if address else look.name)}</p>",
    ]
    inner = drawing.column(drawing.rich("".join(lines), align="center", kind="foot"))
    return drawing.section(inner, paint, ground="ground", padding="28px 0 36px")


FOOTER = Kind(
    type="footer",
    name=gettext_noop("Footer"),
    hint=gettext_noop("Always there: your address, why they get this, unsubscribe, preferences"),
    fields=(Field("why", "line", gettext_noop("Why they get this (empty: our words)")),),
    draw=_footer,
    says_something=False,
    is_locked=True,
)
