"""One reader of the product's pages by real HTTP, and what each page took."""

from __future__ import annotations

import http.client
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.world import World

ROUNDS = 20


def pages(world: World, made: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Yield a name and an address for each page."""
    last, middle = 60, world.contacts // 2
    for name, query in {
        "all": "", "never asked": "status=unspecified&", "opted out": "status=out&",
        "suppressed": "status=suppressed&", "may be mailed": "status=in&",
        "on list 1 and opted out": f"list={world.list_id}&status=out&",
        "of a segment": f"segment={made['unwatched']}&",
    }.items():  # fmt: skip
        yield f"contacts, {name}: first", f"/people/?{query}"
        yield f"contacts, {name}: middle", f"/people/?{query}before={middle}"
        yield f"contacts, {name}: last", f"/people/?{query}before={last * 20 if query else last}"
    yield "contacts, search", "/people/?q=person9999"
    yield "contact", f"/people/{middle}/"
    for name, address in {
        "list": f"/people/lists/{world.list_id}/",
        "segment, watched": f"/people/segments/{made['watched']}/",
        "segment, unwatched": f"/people/segments/{made['unwatched']}/",
    }.items():
        yield f"{name}: first", address
        yield f"{name}: last", f"{address}?after={world.contacts - 400}"
    address = f"/reports/campaigns/{made['campaign']}/recipients/"
    for outcome in (
        "",
        "opened",
        "acted",
        "clicked",
        "bounced",
        "complained",
        "nothing",
        "unknown",
    ):
        yield f"recipients, {outcome or 'all'}: first", f"{address}?outcome={outcome}"
        yield (
            f"recipients, {outcome or 'all'}: last",
            f"{address}?outcome={outcome}&after={world.contacts - 400}",
        )
    for state in ("accepted", "unknown", "failed"):
        yield f"recipients, {state}: first", f"{address}?state={state}"
        yield f"recipients, {state}: last", f"{address}?state={state}&after={world.contacts - 900}"
    yield "recipients, left out as stale: first", f"{address}?reason=stale"


def cpu_ms(pid: int) -> float:
    """Return the CPU time of a process and its children so far."""
    spent, waiting = 0.0, [pid]
    while waiting:
        root = Path(f"/proc/{waiting.pop()}/task")
        for task in root.iterdir() if root.exists() else ():
            spent += int((task / "schedstat").read_text().split()[0]) / 1e6
            waiting += map(int, (task / "children").read_text().split())
    return spent


@dataclass
class Browser:
    """One kept connection with a member's session."""

    port: int
    cookies: dict[str, str]

    def __post_init__(self) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, address: str, posted: dict[str, str] | None = None) -> tuple[float, int, str]:
        """Return milliseconds until the whole answer was read, its status and its text."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if posted is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode(posted | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})
        began = time.perf_counter()
        self.line.request("POST" if body else "GET", address, body, headers)
        answer = self.line.getresponse()
        text = answer.read().decode()
        return (time.perf_counter() - began) * 1e3, answer.status, text


Spent = dict[str, list[tuple[float, float]]]


def measure(browser: Browser, world: World, made: dict[str, int], *, pid: int) -> Spent:
    """Ask for every page in turn, several times, and save forms in between."""
    spent: Spent = defaultdict(list)
    asked = list(pages(world, made))
    for turn in range(ROUNDS):
        for name, address in asked:
            before = cpu_ms(pid)
            wall, status, _text = browser.ask(address)
            assert status == 200, (name, address, status)
            if turn:
                spent[name].append((wall, cpu_ms(pid) - before))
        contact_id = 1 + turn * 9973 % world.contacts
        form = {
            "address": f"person{contact_id}@example{contact_id % 500}.com",
            "first_name": f"Ann {turn} {time.time_ns()}", "last_name": "Lee", "language": "nl",
            "tracking_tier": "full",
        }  # fmt: skip
        for name, address, posted in (
            ("save: a contact", f"/people/{contact_id}/edit/", form),
            ("save: a list", f"/people/lists/{world.list_id}/edit/", {"name": "List 1"}),
        ):
            before = cpu_ms(pid)
            wall, status, text = browser.ask(address, posted)
            assert status == 302, (name, status, re.findall(r"invalid-feedback[^<]*<", text))
            spent[name].append((wall, cpu_ms(pid) - before))
    return spent
