"""Addresses that tell people not to answer (R115)."""

from __future__ import annotations

import re

# no-reply in the product's languages and its neighbours; letters only, separators taken out.
WORDS = (
    "noreply",
    "noreplies",
    "donotreply",
    "dontreply",
    "nepasrepondre",
    "pasderéponse",
    "nichtantworten",
    "keineantwort",
    "nietbeantwoorden",
    "nietantwoorden",
    "geenantwoord",
    "svarainte",
    "svarej",
    "svarikke",
    "ikkesvar",
    "besvaraej",
    "noresponder",
    "norespondere",
    "nonrispondere",
    "naoresponder",
    "unmonitored",
)
_SEPARATORS = re.compile(r"[\W_\d]+")


def is_no_reply(address: str) -> bool:
    """Say whether an address refuses answers by its name: noreply@, do-not-reply@, svar-ej@ …"""
    local = _SEPARATORS.sub("", address.rpartition("@")[0].lower())
    return any(word in local for word in WORDS)
