"""User agents that give a machine away, and image proxies that people's opens come through.

The list of robots is the package crawler-user-agents; a few patterns of its own follow, found by
testing the list against people's browsers and the corpus of robots. An agent says nothing about
scanners that dress as browsers: timing and networks speak there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from crawleruseragents import is_crawler as is_listed

APPLE_PROXY = "Mozilla/5.0"
GMAIL_PREFETCH = re.compile(r"Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246 Mozilla/5\.0\s*$")
IMAGE_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy|Bytespider-Image-Proxy", re.IGNORECASE)
TOOLS = re.compile(
    r"^(?:python|curl|wget|java|go-http|okhttp|axios|node|ruby|php|perl|libwww|aiohttp|httpx|got)\b"
    r"|python-requests|python-urllib|HeadlessChrome|PhantomJS|Puppeteer|Playwright|scrapy"
    r"|\b(?:bot|crawler|spider|scanner|preview|monitor)\b",
    re.IGNORECASE,
)


class Traits(NamedTuple):
    """What a user agent gives away."""

    is_robot: bool
    is_prefetcher: bool
    is_image_proxy: bool


def warm_up() -> None:
    """Compile the list's patterns: half a second that is better spent before the work begins."""
    is_listed("warm-up")


@lru_cache(maxsize=32_768)
def traits_of(user_agent: str) -> Traits:
    """Return what is told by a user agent; remembered, since a few thousand are all there is."""
    return Traits(
        is_robot(user_agent), is_prefetcher(user_agent), bool(IMAGE_PROXIES.search(user_agent))
    )


def is_robot(user_agent: str) -> bool:
    """Say whether the agent names itself a robot or tool; an empty one counts as a tool."""
    agent = user_agent.strip()
    if not agent:
        return True
    if IMAGE_PROXIES.search(agent):
        return False
    return bool(TOOLS.search(agent)) or is_listed(agent)


def is_prefetcher(user_agent: str) -> bool:
    """Say whether an image was fetched ahead of its reader: Apple's relay or Gmail's prefetch.

    Apple's proxy sends exactly 'Mozilla/5.0', which no browser does; its address ranges are a
    list of hundreds of thousands that changes weekly, so the agent alone decides.
    """
    agent = user_agent.strip()
    return agent == APPLE_PROXY or bool(GMAIL_PREFETCH.search(agent))
