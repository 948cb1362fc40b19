"""The pet shop's past: campaigns that went out, and how each customer took them. Pure.

Delays are log-normal: to an open median 6.9 h, sigma 2.21; to a click median 3.1 h, sigma 2.33 (fit
to the response times that GetResponse published in 2022). A customer opens what fits their animals
far more often than what does not, loses interest slowly, and some vanish altogether.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sincerely.apps.people.sample.customers import ANIMALS, LABELS, Customer

BROWSERS = (
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
)
HIDDEN = "Mozilla/5.0"
SHORTEST_SECONDS = 45.0
OPEN, CLICK = "open", "click"


@dataclass(frozen=True, slots=True)
class PastCampaign:
    """One campaign of the past; `links` are positions in LABELS, link n is `links[n - 1]`."""

    name: str
    subject: str
    days_ago: int
    links: tuple[int, ...]


PAST: tuple[PastCampaign, ...] = (
    PastCampaign("Spring clean", "A fresh basket for spring", 420, (0, 1, 5)),
    PastCampaign("Summer with animals", "Cool drinks for warm dogs", 310, (0, 1, 2, 6)),
    PastCampaign("Back to school", "Who walks the dog now?", 240, (0, 4, 6)),
    PastCampaign("Autumn offers", "Twenty offers for grey days", 180, (0, 1, 3, 5)),
    PastCampaign("Winter care", "Paws, salt and snow", 95, (0, 1, 6)),
    PastCampaign("Aquarium month", "A small sea at home", 50, (3, 2, 5)),
    PastCampaign("Cat week", "Nine lives, nine toys", 24, (1, 5, 6)),
    PastCampaign("Dog days", "Long walks, light leads", 9, (0, 5, 6)),
)


@dataclass(frozen=True, slots=True)
class Response:
    """One hit on the tracker, `delay_seconds` after delivery; `link` is 0 for an open."""

    kind: str
    link: int
    delay_seconds: float
    browser: str


def is_reached(customer: Customer, campaign: PastCampaign, *, since_days: int) -> bool:
    """Say whether the customer was there and had agreed when the campaign went out."""
    return customer.has_agreed and since_days >= campaign.days_ago


def bounces(random: np.random.Generator) -> bool:
    """Say whether the address fails for good this time (0.4 % of mails, as Mailchimp reported)."""
    return bool(random.random() < 0.004)


def responses(
    customer: Customer, campaign: PastCampaign, random: np.random.Generator
) -> list[Response]:
    """Return what the tracker sees of this customer for this campaign, in order of time."""
    found = list(_machines(customer, campaign, random))
    wanted = [n for n, label in enumerate(campaign.links, 1) if _cares(customer, label)]
    interest = 1.0 if wanted else 0.25
    if random.random() < customer.eagerness * interest:
        browser = BROWSERS[int(random.integers(len(BROWSERS)))]
        opened = _delay(random, 6.9, 2.21)
        if customer.client != "hidden":
            found.append(Response(OPEN, 0, opened, browser))
        if random.random() < (0.45 if wanted else 0.04):
            link = int(random.choice(wanted or range(1, len(campaign.links) + 1)))
            clicked = opened + _delay(random, 0.05, 1.0)
            found.append(Response(CLICK, link, clicked, browser))
            if len(wanted) > 1 and random.random() < 0.3:
                other = int(random.choice(wanted))
                found.append(Response(CLICK, other, clicked + 40 + random.random() * 90, browser))
    return sorted(found, key=lambda response: response.delay_seconds)


def _cares(customer: Customer, label: int) -> bool:
    kind = LABELS[label][1]
    return label in customer.animals if label < ANIMALS else kind == "promotion"


def _machines(
    customer: Customer, campaign: PastCampaign, random: np.random.Generator
) -> list[Response]:
    """A proxy that loads every picture, or a gateway that fetches every link within two seconds."""
    if customer.client == "hidden":
        return [Response(OPEN, 0, 30 + random.random() * 600, HIDDEN)]
    if customer.client == "scanned":
        return [
            Response(CLICK, n, 0.3 + random.random() * 1.5, BROWSERS[0])
            for n in range(1, len(campaign.links) + 1)
        ]
    return []


def _delay(random: np.random.Generator, median_hours: float, sigma: float) -> float:
    drawn = float(np.exp(random.normal(np.log(median_hours * 3600), sigma)))
    return min(max(drawn, SHORTEST_SECONDS), 6 * 86_400.0)
