"""Invented customers of an invented pet shop, drawn from a seeded generator. Pure.

Nobody here exists: names are combined at random and addresses lie in domains reserved for
documentation (RFC 2606), so no mail could ever reach anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

LABELS: tuple[tuple[str, str, str], ...] = (
    ("Honden", "product", "Dogs: food, beds, leads"),
    ("Katten", "product", "Cats: food, litter, toys"),
    ("Vogels", "product", "Birds: cages and seed"),
    ("Vissen", "product", "Fish: tanks and food"),
    ("Knaagdieren", "product", "Rabbits, hamsters and their kin"),
    ("Aanbiedingen", "promotion", "Clicks on offers"),
    ("Verzorgingstips", "content", "Reads advice on care"),
)
ANIMALS = 5
SHARES = (0.34, 0.32, 0.10, 0.12, 0.12)
DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example",
    "post.example",
    "inbox.example",
)

NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]] = {
    "nl": (
        ("Anna", "Bram", "Daan", "Eva", "Fleur", "Jeroen", "Lotte", "Maarten", "Noor", "Pieter"),
        ("Claes", "de Boer", "Janssens", "Maes", "Peeters", "van Dijk", "Vos", "Wouters"),
        ("Gent", "Utrecht", "Antwerpen", "Leiden"),
        "Europe/Amsterdam",
    ),
    "sv": (
        ("Agnes", "Björn", "Elin", "Gustav", "Hedda", "Lars", "Maja", "Nils", "Åsa", "Örjan"),
        ("Berg", "Ekström", "Lindqvist", "Nyström", "Sjöberg", "Öberg"),
        ("Göteborg", "Malmö", "Uppsala"),
        "Europe/Stockholm",
    ),
    "da": (
        ("Astrid", "Freja", "Ida", "Jens", "Karen", "Mads", "Rasmus", "Signe", "Søren", "Tove"),
        ("Bech", "Friis", "Holm", "Kjær", "Mølgaard", "Østergaard"),
        ("Aarhus", "Odense", "Roskilde"),
        "Europe/Copenhagen",
    ),
    "en": (
        ("Alice", "Bertie", "Clara", "Edmund", "Flora", "Hugh", "Iris", "Maud", "Ned", "Rose"),
        ("Ashdown", "Barrow", "Copse", "Hartley", "Merriweather", "Underhill"),
        ("York", "Bath", "Norwich"),
        "Europe/London",
    ),
}
LANGUAGES = ("nl", "sv", "da", "en")
LANGUAGE_SHARES = (0.45, 0.2, 0.15, 0.2)


@dataclass(frozen=True, slots=True)
class Customer:
    """One invented person with the traits that make their behaviour."""

    address: str
    first_name: str
    last_name: str
    language: str
    time_zone: str
    city: str
    customer_since: date
    pets: int
    animals: tuple[int, ...]
    """Positions in LABELS of the animals they keep; empty for those we know nothing of."""
    eagerness: float
    """How likely they are (0-1) to open a mail that fits them."""
    has_agreed: bool
    client: str
    """How their opens look: plain, hidden (a proxy loads everything) or scanned (a gateway)."""


def customers(count: int, *, seed: int, today: date) -> list[Customer]:
    """Return that many customers; the same seed gives the same people."""
    random = np.random.default_rng(seed)
    return [_customer(number, random, today=today) for number in range(count)]


def _customer(number: int, random: np.random.Generator, *, today: date) -> Customer:
    language = str(random.choice(LANGUAGES, p=LANGUAGE_SHARES))
    first_names, last_names, cities, zone = NAMES[language]
    first, last = str(random.choice(first_names)), str(random.choice(last_names))
    kept = int(random.choice((0, 1, 2), p=(0.08, 0.77, 0.15)))
    animals = tuple(sorted(int(a) for a in random.choice(ANIMALS, kept, replace=False, p=SHARES)))
    # A quarter never opens anything; the rest are spread, most of them lukewarm.
    eager = 0.0 if random.random() < 0.25 else float(random.beta(1.6, 2.4))
    return Customer(
        address=f"{_plain(first)}.{_plain(last)}.{number + 1}@{random.choice(DOMAINS)}",
        first_name=first if random.random() > 0.04 else "",
        last_name=last,
        language=language,
        time_zone=zone,
        city=str(random.choice(cities)),
        customer_since=today - timedelta(days=int(random.integers(20, 1500))),
        pets=kept + int(random.poisson(0.4)),
        animals=animals,
        eagerness=eager,
        has_agreed=bool(random.random() > 0.07),
        client=str(random.choice(("plain", "hidden", "scanned"), p=(0.58, 0.35, 0.07))),
    )


def _plain(name: str) -> str:
    """Return the name in the letters of an address."""
    swap = str.maketrans("åäöæøéü ", "aaoaoeu-")
    return name.lower().translate(swap)
