"""The tracker over real HTTP: what it answers, stores and refuses, and what it survives."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sincerely.apps.engagement.rules.tokens import mint, prove_simulated
from sincerely.wire.keys import derive_key, load_secret
from tests.apps.engagement.world import FIREFOX
from tests.installation import Installation, free_ports, installation

pytestmark = pytest.mark.engines
MAKE_WORLD = """
import json
import django; django.setup()
from sincerely.wire import clock
from tests.apps.engagement.world import World
world = World(clock.now())
messages = [world.message() for _ in range(10)]
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
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.sending.models import Message
number = dict(Message.objects.values_list("contact_id", "pk"))
print(json.dumps({
    "labels": [[number[c], n] for c, n in
               ContactLabel.objects.values_list("contact_id", "label__name")],
    "clicks": list(Event.objects.filter(kind="clicked").values_list(
        "message_id", "link__number", "verdict")),
    "records": [[number[c], a] for c, a in ConsentRecord.objects.values_list("contact_id", "act")],
}))
"""


@dataclass(frozen=True)
class Tracked:
    """A running tracker with a small world behind it."""

    place: Installation
    key: bytes
    mailing_id: int
    messages: list[tuple[int, bytes]]

    def token(self, message: int, purpose: str) -> str:
        number, nonce = self.messages[message]
        return mint(self.key, purpose, mailing_id=self.mailing_id, message_id=number, nonce=nonce)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        host = urlsplit(self.place.tracker_url)
        connection = http.client.HTTPConnection("127.0.0.1", host.port or 0, timeout=10)
        connection.request(
            method, path, body=body, headers={"user-agent": FIREFOX} | (headers or {})
        )
        answer = connection.getresponse()
        found = (answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return found

    def captured(self) -> list[tuple[object, ...]]:
        db = sqlite3.connect(self.place.home / "capture.sqlite3")
        rows = db.execute(
            "SELECT message_id, kind, link_number, method, headers, is_simulated FROM capture"
            " ORDER BY id"
        ).fetchall()
        db.close()
        return rows

    def folded(self) -> dict[str, list[list[object]]]:
        found: dict[str, list[list[object]]] = json.loads(self.place.python(FOLD_LATER))
        return found


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracked]:
    """One installation for the module; each test uses messages of its own."""
    with installation(tmp_path_factory.mktemp("tracker"), only=("tracker",)) as place:
        made = json.loads(place.python(MAKE_WORLD))
        secret = load_secret(place.home, "a secret for this installation")
        running = Tracked(
            place,
            derive_key(secret, "tokens"),
            made["mailing"],
            [(number, bytes.fromhex(nonce)) for number, nonce in made["messages"]],
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                assert running.ask("/health")[2] == b"ok"
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield running


@pytest.mark.requirement("R030")
def test_a_click_is_stored_and_sent_on_byte_for_byte(tracked: Tracked) -> None:
    status, headers, _body = tracked.ask(f"/c/{tracked.token(0, 'click')}/1")
    assert (status, headers["location"]) == (302, "https://shop.example/dogs?a=1&b=%C3%A9#top")
    assert headers["referrer-policy"] == "no-referrer"
    assert "no-store" in headers["cache-control"]
    assert (tracked.messages[0][0], 2, 1, "GET", "", 0) in tracked.captured()
    forged = tracked.token(0, "click")[:-2] + "AA"
    for path in (f"/c/{forged}/1", f"/c/{tracked.token(0, 'open')}/1", "/c/x/1", "/c/"):
        status, headers, _body = tracked.ask(path)
        assert status == 404
        assert "location" not in headers
    for number in ("0", "99", "x", "1/2", "%C2%B2", "-1", "123456"):
        assert tracked.ask(f"/c/{tracked.token(0, 'click')}/{number}")[0] == 404


def test_the_pixel(tracked: Tracked) -> None:
    status, headers, body = tracked.ask(
        f"/o/{tracked.token(1, 'open')}.gif",
        headers={"Sec-Purpose": "prefetch;anonymous-client-ip"},
    )
    assert (status, headers["content-type"], len(body)) == (200, "image/gif", 43)
    row = next(r for r in tracked.captured() if r[:2] == (tracked.messages[1][0], 1))
    assert json.loads(str(row[4])) == {"sec-purpose": "prefetch;anonymous-client-ip"}
    assert tracked.ask(f"/o/{tracked.token(1, 'click')}.gif")[0] == 404


@pytest.mark.requirement("R004")
def test_get_never_unsubscribes_and_one_post_does(tracked: Tracked) -> None:
    leave = f"/u/{tracked.token(2, 'unsubscribe')}"
    for _ in range(100):
        for method in ("GET", "HEAD"):
            status, headers, _body = tracked.ask(leave, method=method)
            assert status == 302
            assert headers["location"].endswith(f"/p/unsubscribe/{leave[3:]}")
    assert tracked.ask(leave, method="POST", body="")[0] == 400
    mine = tracked.messages[2][0]
    assert [mine, "withdraw"] not in tracked.folded()["records"]
    form = {"content-type": "application/x-www-form-urlencoded"}
    status, headers, body = tracked.ask(
        leave, method="POST", body="List-Unsubscribe=One-Click", headers=form
    )
    assert (status, "location" in headers, "set-cookie" in headers) == (200, False, False)
    assert body
    assert tracked.folded()["records"].count([mine, "withdraw"]) == 1


@pytest.mark.requirement("R023")
def test_a_click_labels_and_a_scanner_does_not(tracked: Tracked) -> None:
    reader, scanner = tracked.messages[3][0], tracked.messages[4][0]
    for number in range(1, 5):
        assert tracked.ask(f"/c/{tracked.token(4, 'click')}/{number}", method="HEAD")[0] == 302
        assert tracked.ask(f"/c/{tracked.token(4, 'click')}/{number}")[0] == 302
    token = tracked.token(3, "click")
    proof = prove_simulated(tracked.key, token)
    assert tracked.ask(f"/c/{token}/2?simulated={proof}")[0] == 302
    assert tracked.ask(f"/c/{tracked.token(4, 'click')}/2?simulated={proof}")[0] == 302
    folded = tracked.folded()
    assert [reader, "Cats"] in folded["labels"]
    assert scanner not in {label[0] for label in folded["labels"]}
    assert {v for m, _link, v in folded["clicks"] if m == scanner} == {"machine"}


def test_one_hundred_times_every_address_changes_nothing(tracked: Tracked) -> None:
    mine = tracked.messages[5][0]
    paths = [f"/c/{tracked.token(5, 'click')}/{n}" for n in range(1, 7)]
    paths += [f"/o/{tracked.token(5, 'open')}.gif", f"/u/{tracked.token(5, 'unsubscribe')}"]
    for turn in range(100):
        for path in paths:
            assert tracked.ask(path, method="HEAD" if turn % 2 else "GET")[0] in (200, 302)
    folded = tracked.folded()
    assert mine not in {row[0] for row in folded["labels"] + folded["records"]}
    assert all(v == "machine" for m, _link, v in folded["clicks"] if m == mine)


def test_other_methods_and_paths(tracked: Tracked) -> None:
    assert tracked.ask(f"/c/{tracked.token(6, 'click')}/1", method="POST")[0] == 405
    assert tracked.ask(f"/u/{tracked.token(6, 'unsubscribe')}", method="DELETE")[0] == 405
    assert tracked.ask("/")[0] == 404
    big = "List-Unsubscribe=One-Click" + "x" * 5_000
    assert tracked.ask(f"/u/{tracked.token(6, 'unsubscribe')}", method="POST", body=big)[0] == 400


def test_readers_get_on_while_the_store_is_locked_and_nobody_is_told_a_lie(
    tracked: Tracked,
) -> None:
    """Redirects and pixels answer; a one-click is not called taken; what waited is stored."""
    mine = tracked.messages[6][0]
    leave = f"/u/{tracked.token(6, 'unsubscribe')}"
    form = {"content-type": "application/x-www-form-urlencoded"}

    def press() -> int:
        body = "List-Unsubscribe=One-Click"
        return tracked.ask(leave, method="POST", body=body, headers=form)[0]

    assert tracked.ask(f"/o/{tracked.token(9, 'open')}.gif")[0] == 200, "the store is there"
    store = sqlite3.connect(tracked.place.home / "capture.sqlite3", isolation_level=None)
    store.execute("BEGIN IMMEDIATE")
    for _ in range(20):
        status, headers, _body = tracked.ask(f"/c/{tracked.token(6, 'click')}/1")
        assert (status, "location" in headers) == (302, True)
        assert tracked.ask(f"/o/{tracked.token(6, 'open')}.gif")[0] == 200
    assert press() == 503
    assert tracked.ask("/health")[0] == 503
    assert mine not in {row[0] for row in tracked.captured()}
    store.execute("ROLLBACK")
    store.close()
    deadline = time.monotonic() + 30
    while tracked.ask("/health")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert press() == 200
    kinds = [row[1] for row in tracked.captured() if row[0] == mine]
    assert (kinds.count(2), kinds.count(1)) == (20, 20)
    assert [mine, "withdraw"] in tracked.folded()["records"]


def test_killed_under_load_everything_answered_is_stored(tracked: Tracked, tmp_path: Path) -> None:
    """SIGKILL in the middle of eight busy readers: each answered click has its row."""
    port = free_ports(1)[0]
    environment = tracked.place.environment | {"SINCERELY_TRACKER": f"127.0.0.1:{port}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "sincerely.cli", "engine", "tracker"], env=environment
    )
    answered = [0] * 8
    path = f"/c/{tracked.token(7, 'click')}/3"
    try:
        _wait_for(port)

        def click(reader: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                while True:
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    answer.read()
                    answered[reader] += answer.status == 302
            except (OSError, http.client.HTTPException):
                return

        readers = [threading.Thread(target=click, args=(n,)) for n in range(8)]
        for reader in readers:
            reader.start()
        while sum(answered) < 1_000:
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    for reader in readers:
        reader.join()
    stored = sum(row[0] == tracked.messages[7][0] for row in tracked.captured())
    assert 1_000 <= sum(answered) <= stored


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.requirement("R030")
def test_without_the_main_database_readers_get_on_after_a_start_too(tracked: Tracked) -> None:
    """A known link leads on, an unknown one asks to come back; who leaves is heard."""
    path = f"/c/{tracked.token(8, 'click')}/1"
    assert tracked.ask(path)[0] == 302
    away = tracked.place.home / "away"
    away.mkdir()
    main = [p for p in tracked.place.home.glob("main.sqlite3*") if p.is_file()]
    port = free_ports(1)[0]
    environment = tracked.place.environment | {"SINCERELY_TRACKER": f"127.0.0.1:{port}"}
    for file in main:
        file.rename(away / file.name)
    process = subprocess.Popen(
        [sys.executable, "-m", "sincerely.cli", "engine", "tracker"], env=environment
    )
    try:
        _wait_for(port)
        place = replace(tracked.place, tracker_url=f"http://localhost:{port}")
        alone = replace(tracked, place=place)
        status, headers, _body = alone.ask(path)
        assert (status, headers["location"]) == (302, "https://shop.example/dogs?a=1&b=%C3%A9#top")
        assert alone.ask(f"/o/{alone.token(8, 'open')}.gif")[0] == 200
        elsewhere = replace(alone, mailing_id=alone.mailing_id + 1)
        status, headers, _body = elsewhere.ask(f"/c/{elsewhere.token(8, 'click')}/1")
        assert (status, headers["retry-after"]) == (503, "5")
        leave = f"/u/{alone.token(8, 'unsubscribe')}"
        form = {"content-type": "application/x-www-form-urlencoded"}
        left = alone.ask(leave, method="POST", body="List-Unsubscribe=One-Click", headers=form)
        assert left[0] == 200
    finally:
        process.terminate()
        process.wait(timeout=30)
        for file in main:
            file.unlink(missing_ok=True)
            (away / file.name).rename(file)
    assert (tracked.messages[8][0], 3) in {row[:2] for row in tracked.captured()}
    assert [tracked.messages[8][0], "withdraw"] in tracked.folded()["records"]
