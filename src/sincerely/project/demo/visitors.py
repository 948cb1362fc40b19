"""Who clicks when: believable delays after delivery, and scanners among them. Pure.

The delay from delivery to click is log-normal with median 3.1 h and sigma 2.33 (fit to the
response times that GetResponse published in 2022), cut off at two weeks and never below 40 s.
Scanners fetch every link of a mail within two seconds of its delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

MEDIAN_SECONDS, SIGMA = 3.1 * 3600, 2.33
SHORTEST_SECONDS, LONGEST_SECONDS = 40.0, 14 * 86_400.0
SCANNED_RATIO = 0.03
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
    (
        "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/130.0.0.0 Mobile Safari/537.36"
    ),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One human click: `delay_seconds` after delivery, from the contact's own loopback address."""

    address: str
    delay_seconds: float
    source: str
    browser: str


def visits(addresses: Sequence[str], *, seed: int) -> list[Visit]:
    """Return one visit per address, ordered by delay; the same seed gives the same visits."""
    random = np.random.default_rng(seed)
    drawn = np.exp(random.normal(np.log(MEDIAN_SECONDS), SIGMA, len(addresses)))
    # Redrawing what lies outside keeps the shape; clipping would pile visits up at the ends.
    while (outside := (drawn < SHORTEST_SECONDS) | (drawn > LONGEST_SECONDS)).any():
        drawn[outside] = np.exp(random.normal(np.log(MEDIAN_SECONDS), SIGMA, int(outside.sum())))
    browsers = random.integers(0, len(BROWSERS), len(addresses))
    planned = [
        Visit(address, float(delay), loopback_of(number), BROWSERS[int(browser)])
        for number, (address, delay, browser) in enumerate(
            zip(addresses, drawn, browsers, strict=True)
        )
    ]
    return sorted(planned, key=lambda visit: visit.delay_seconds)


def scanned(addresses: Iterable[str], *, seed: int, ratio: float = SCANNED_RATIO) -> set[str]:
    """Return the addresses whose mail a gateway scans."""
    random = np.random.default_rng(seed)
    return {address for address in addresses if random.random() < ratio}


def loopback_of(number: int) -> str:
    """Return a loopback address of its own for each number below four million."""
    return f"127.{64 + number // 64_516}.{1 + number // 254 % 254}.{1 + number % 254}"


def steps(planned: Sequence[Visit], *, count: int) -> list[list[Visit]]:
    """Cut ordered visits into at most `count` groups of equal size, to turn the clock between."""
    size = max(1, -(-len(planned) // count))
    return [list(planned[start : start + size]) for start in range(0, len(planned), size)]
