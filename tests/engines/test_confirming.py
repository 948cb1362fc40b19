"""The confirm button over real HTTP: a person stays, a scanner confirms nothing."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from sincerely.apps.engagement.rules.tokens import mint
from sincerely.wire.keys import derive_key, load_secret
from tests.apps.engagement.world import FIREFOX
from tests.installation import Installation, installation

pytestmark = pytest.mark.engines
MAKE_WORLD = """
import json
import django; django.setup()
from datetime import timedelta
from sincerely.apps.consent.actions import permit
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.engagement.actions import LinkSpec, replace_links
from sincerely.apps.engagement.models import Link
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE
from sincerely.apps.team.rules import PROGRAM
from sincerely.wire import clock
from tests.apps.engagement.world import World
world = World(clock.now() - timedelta(hours=3))
links = [LinkSpec(l.number, l.url, l.text, l.role) for l in Link.objects.order_by("number")]
replace_links(world.mailing.pk, [*links, LinkSpec(7, CONFIRM_PAGE, "Yes", "confirm")])
messages = [world.message() for _ in range(3)]
for message in messages:
    permit(message.contact_id, subscription_type_id=world.mailing.subscription_type_id,
           channel="import", evidence=0, proof=Proof(address=message.contact.address),
           now=world.now, actor=PROGRAM)
print(json.dumps({"mailing": world.mailing.pk,
                  "messages": [[m.pk, bytes(m.nonce).hex()] for m in messages]}))
"""
FOLD_LATER = """
import json
import django; django.setup()
from datetime import timedelta
from sincerely.engines.folder.steps import fold_all
from sincerely.wire import clock
fold_all(now=clock.now() + timedelta(hours=2))
from sincerely.apps.consent.models import ConsentRecord
from sincerely.apps.engagement.models import Event
print(json.dumps({
    "records": list(ConsentRecord.objects.exclude(message_id=None).order_by("pk").values_list(
        "message_id", "cause", "evidence", "channel")),
    "clicks": list(Event.objects.filter(kind="clicked").values_list("message_id", "verdict")),
}))
"""


@dataclass(frozen=True)
class Mailed:
    """A running tracker and web process, and three people with a mail in their inbox."""

    place: Installation
    key: bytes
    mailing_id: int
    messages: list[tuple[int, bytes]]

    def click(self, message: int, link: int, *, method: str = "GET") -> str:
        """Ask the tracker for a link and return where it leads."""
        number, nonce = self.messages[message]
        token = mint(self.key, "click", mailing_id=self.mailing_id, message_id=number, nonce=nonce)
        path = f"{self.place.tracker_url}/c/{token}/{link}"
        status, headers, _body = ask(path, method=method)
        assert status == 302
        return headers["location"]

    def folded(self) -> dict[str, list[list[object]]]:
        found: dict[str, list[list[object]]] = json.loads(self.place.python(FOLD_LATER))
        return found


def ask(url: str, *, method: str = "GET") -> tuple[int, dict[str, str], str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=20)
    connection.request(method, parts.path, headers={"user-agent": FIREFOX, "host": parts.netloc})
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    found = (answer.status, headers, answer.read().decode())
    connection.close()
    return found


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailed]:
    """One installation for the module; each test uses messages of its own."""
    with installation(tmp_path_factory.mktemp("confirming"), only=("tracker", "web")) as place:
        made = json.loads(place.python(MAKE_WORLD))
        key = derive_key(load_secret(place.home, "a secret for this installation"), "tokens")
        messages = [(number, bytes.fromhex(nonce)) for number, nonce in made["messages"]]
        deadline = time.monotonic() + 30
        while True:
            try:
                assert ask(f"{place.tracker_url}/health")[0] == 200
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield Mailed(place, key, made["mailing"], messages)


@pytest.mark.requirement("R064")
def test_a_person_who_clicks_stays_and_the_button_makes_it_certain(mailed: Mailed) -> None:
    page = mailed.click(0, 7)
    assert page.startswith(f"{mailed.place.url}/p/confirm/")
    status, headers, body = ask(page)
    assert status == 200
    assert "set-cookie" not in headers
    assert "Thank you" in body
    assert "Reconfirmed" not in body
    mine = mailed.messages[0][0]
    kept = [mine, "confirm click", 1, "link"]
    assert [r for r in mailed.folded()["records"] if r[0] == mine] == [kept]
    assert "Reconfirmed" in ask(page)[2]
    for _ in range(2):
        status, headers, _body = ask(page, method="POST")
        assert (status, headers["location"]) == (302, urlsplit(page).path)
    certain = [mine, "confirmed", 2, "link"]
    assert [r for r in mailed.folded()["records"] if r[0] == mine] == [kept, certain]
    assert "<button" not in ask(page)[2]


@pytest.mark.requirement("R064")
def test_a_scanner_sees_the_page_and_confirms_nothing(mailed: Mailed) -> None:
    pages = set()
    for method in ("HEAD", "GET"):
        for link in range(1, 8):
            location = mailed.click(1, link, method=method)
            if link == 7:
                pages.add(location)
    assert len(pages) == 1
    page = pages.pop()
    for method in ("HEAD", "GET"):
        assert ask(page, method=method)[0] == 200
    mine = mailed.messages[1][0]
    folded = mailed.folded()
    assert {verdict for number, verdict in folded["clicks"] if number == mine} == {"machine"}
    assert [r for r in folded["records"] if r[0] == mine] == []
    assert "Reconfirmed" not in ask(page)[2]


def test_the_pages_token_opens_nothing_else(mailed: Mailed) -> None:
    token = mailed.click(2, 7).rpartition("/")[2]
    for path in (
        f"/p/unsubscribe/{token}",
        f"/p/preferences/{token}",
        f"/p/confirm/{token[:-2]}AA",
    ):
        assert ask(mailed.place.url + path)[0] == 404
    assert ask(f"{mailed.place.tracker_url}/c/{token}/7")[0] == 404
