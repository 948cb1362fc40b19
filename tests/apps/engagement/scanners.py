"""Readers and nine families of scanners, as the tracker would see them; seeded, labelled."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sincerely.apps.engagement.rules.verdict import Circumstances, Hit

DELIVERED = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
LINKS = 8
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/139.0.0.0 Safari/537.36"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.4 Safari/605.1.15"
    ),
    (
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/139.0.0.0 Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "CriOS/138.0 Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
        "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.3",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
)


@dataclass(frozen=True)
class Case:
    """The hits of one message, and the truth."""

    family: str
    hits: list[Hit]
    circumstances: Circumstances

    @property
    def is_human(self) -> bool:
        return self.family.startswith("human")


def home(chance: random.Random) -> str:
    return f"81.{chance.randrange(16, 60)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def click(after: float, number: int, agent: str, ip: str, **more: object) -> Hit:
    return Hit(
        kind="click",
        at=DELIVERED + timedelta(seconds=after),
        link_number=number,
        is_system_link=number == 0,
        user_agent=agent,
        ip=ip,
        **more,  # type: ignore[arg-type]
    )


def human_single(chance: random.Random) -> list[Hit]:
    """Somebody who clicks once: log-normal delay with a median of 3.1 hours."""
    after = max(2.0, chance.lognormvariate(9.32, 2.33))
    return [click(after, chance.randint(1, LINKS), chance.choice(BROWSERS), home(chance))]


def human_browsing(chance: random.Random) -> list[Hit]:
    """Somebody who comes back for two or three more links, seconds to minutes apart."""
    after = max(5.0, chance.lognormvariate(9.32, 2.33))
    agent, ip = chance.choice(BROWSERS), home(chance)
    hits = []
    for number in chance.sample(range(1, LINKS + 1), chance.randint(2, 4)):
        hits.append(click(after, number, agent, ip))
        after += chance.uniform(4, 180)
    return hits


def human_behind_proofpoint(chance: random.Random) -> list[Hit]:
    """Browser isolation: a person's click comes from a filter's network, hours later."""
    after = max(60.0, chance.lognormvariate(9.32, 2.33))
    return [click(after, chance.randint(1, LINKS), chance.choice(BROWSERS), "148.163.130.9")]


def human_double(chance: random.Random) -> list[Hit]:
    """A double click on the same link."""
    after = chance.uniform(300, 30_000)
    agent, ip = chance.choice(BROWSERS), home(chance)
    number = chance.randint(1, LINKS)
    return [click(after, number, agent, ip), click(after + 0.3, number, agent, ip)]


def human_tabs(chance: random.Random) -> list[Hit]:
    """Somebody who opens two or three links in tabs, as fast as a hand can."""
    after = max(30.0, chance.lognormvariate(9.32, 2.33))
    agent, ip = chance.choice(BROWSERS), home(chance)
    hits = []
    for number in chance.sample(range(1, LINKS + 1), chance.choice((2, 2, 3))):
        hits.append(click(after, number, agent, ip))
        after += chance.uniform(0.8, 3)
    return hits


def human_on_a_rented_network(chance: random.Random) -> list[Hit]:
    """A person behind a VPN that leaves by a hosting network."""
    after = max(60.0, chance.lognormvariate(9.32, 2.33))
    return [click(after, chance.randint(1, LINKS), chance.choice(BROWSERS), "88.198.7.7")]


def burst(chance: random.Random, start: float, spread: float) -> list[Hit]:
    agent, ip = chance.choice(BROWSERS), home(chance)
    numbers = list(range(LINKS + 1))
    chance.shuffle(numbers)
    return [click(start + chance.uniform(0, spread), n, agent, ip) for n in numbers]


def scanner_gateway(chance: random.Random) -> list[Hit]:
    """All links within two seconds of delivery, dressed as a browser."""
    return burst(chance, chance.uniform(-1, 2), 1.5)


def scanner_late_burst(chance: random.Random) -> list[Hit]:
    """All links at once, minutes or hours later, as when a mail is scanned again on opening."""
    return burst(chance, chance.uniform(120, 20_000), 2)


def scanner_patient(chance: random.Random) -> list[Hit]:
    """All links one after another within ten seconds, half a minute after delivery."""
    return burst(chance, chance.uniform(5, 90), 9)


def scanner_slow(chance: random.Random) -> list[Hit]:
    """All links within fifty seconds, never three in two seconds."""
    start, agent, ip = chance.uniform(3, 25), chance.choice(BROWSERS), home(chance)
    return [click(start + n * 5.5, n, agent, ip) for n in range(1, LINKS + 1)]


def scanner_microsoft(chance: random.Random) -> list[Hit]:
    """One or two links out of Microsoft's filtering tier, at any time."""
    ip = f"40.{chance.choice((92, 93, 107))}.{chance.randrange(256)}.{chance.randrange(256)}"
    numbers = chance.sample(range(1, LINKS + 1), chance.randint(1, 2))
    start = chance.uniform(0, 5_000)
    return [click(start + n, n, BROWSERS[1], ip) for n in numbers]


def scanner_head(chance: random.Random) -> list[Hit]:
    """HEAD requests and prefetches that check whether a link is alive."""
    start, agent, ip = chance.uniform(1, 9_000), chance.choice(BROWSERS), home(chance)
    return [
        click(start + n, n, agent, ip, method="HEAD")
        if chance.random() < 0.5
        else click(start + n, n, agent, ip, is_prefetch=True)
        for n in chance.sample(range(1, LINKS + 1), chance.randint(1, 3))
    ]


def scanner_named(chance: random.Random) -> list[Hit]:
    """A link checker that says what it is, quickly."""
    agent = chance.choice(
        (
            "python-requests/2.32.3",
            "Mozilla/5.0 (compatible; SafeDNSBot; +https://www.safedns.com/searchbot)",
            "curl/8.9.1",
            "",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        )
    )
    start, ip = chance.uniform(0, 20), home(chance)
    return [click(start + n * 0.4, n, agent, ip) for n in range(1, chance.randint(3, LINKS))]


def scanner_isolation(chance: random.Random) -> list[Hit]:
    """A probable network, shortly after delivery: two links out of Mimecast."""
    start = chance.uniform(0, 15)
    return [click(start + n, n, BROWSERS[1], "205.139.110.61") for n in (1, 2)]


def scanner_lonely(chance: random.Random) -> list[Hit]:
    """The hard one: a single link, a browser's name, a hosting network, at any time."""
    return [click(chance.uniform(0, 7_200), chance.randint(1, LINKS), BROWSERS[1], "3.90.1.2")]


HUMANS: tuple[Callable[[random.Random], list[Hit]], ...] = (
    *[human_single] * 14,
    *[human_browsing] * 5,
    *[human_double] * 2,
    human_behind_proofpoint,
    human_tabs,
    human_on_a_rented_network,
)
SCANNERS: tuple[Callable[[random.Random], list[Hit]], ...] = (
    scanner_gateway,
    scanner_late_burst,
    scanner_patient,
    scanner_slow,
    scanner_microsoft,
    scanner_head,
    scanner_named,
    scanner_isolation,
    scanner_lonely,
)


def cases(seed: int, count: int) -> Iterator[Case]:
    """Yield labelled cases, half of them people."""
    chance = random.Random(seed)
    for number in range(count):
        make = chance.choice(HUMANS) if number % 2 else chance.choice(SCANNERS)
        hits = sorted(make(chance), key=lambda hit: hit.at)
        yield Case(make.__name__, hits, Circumstances(delivered_at=DELIVERED, link_count=LINKS))
