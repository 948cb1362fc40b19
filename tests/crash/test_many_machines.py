"""Machines that share nothing but the database: their processes fall at random, the totals hold.

Three machines with folders of their own: three senders, two trackers, two folders, two runners and
the pages. A campaign is planned, sent, read and clicked, an import comes in and an export goes out
while their processes are killed and started again.
"""

from __future__ import annotations

import json
import quopri
import random
import re
import signal
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.crash.house import House, house, own_database, until
from tests.crash.scale import goals, seeded, sized, write_down
from tests.engines.sending_world import Server, serving
from tests.installation import free_ports, wait_for

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("machines")]
PEOPLE = sized(70, 3_000, 10_000)
KILLS = sized(10, 150, 1_000)
CONNECTIONS = 4  # of a sender, as nobody says otherwise
ROWS = sized(1_500, 20_000, 100_000)
SCENE = """
import io
from datetime import UTC, datetime
from sincerely.project import installation
installation.prepare()
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.people.actions.exporting import start_export
from sincerely.apps.people.actions.imports import bring_file, choose, start
from sincerely.apps.people.rules.choices import from_json
from sincerely.apps.people.tasks import finish
from sincerely.apps.sending.actions.transports import mailbox_transport
from tests.apps.campaigns import desk
from tests.apps.sending import people
from tests.cast import make_cast
count, rows = arguments
now = datetime.now(UTC)
cast = make_cast(now)
kind = people.marketing(now)
mailed = people.opted_in(count, now=now, kind=kind)
audience = desk.put_on_list("Everybody", mailed, now=now)
campaign = desk.draft(cast, now=now)
Campaign.objects.filter(pk=campaign.pk).update(subscription_type=kind,
    transport=mailbox_transport(now=now), audience={"include": [{"list": audience.pk}]})
lines = ["email,first name"] + [f"new{n}@example.net,New{n}" for n in range(rows)]
work = bring_file([chr(10).join(lines).encode()], file_name="new.csv", now=now, actor=cast.actor)
choose(work.pk, from_json(work.choices).with_(permission_decided=True), now=now, actor=cast.actor)
finish(work, now=now)
start(work.pk, now=now, actor=cast.actor)
export = start_export("list", audience.pk, now=now, actor=cast.actor)
from datetime import timedelta
from sincerely.apps.campaigns import actions
from sincerely.apps.campaigns.rules.schedule import Now
actions.launch_campaign(campaign.pk, schedule=Now(), now=now, actor=cast.actor,
    grace=timedelta(0))
print(campaign.mailing_id, work.pk, export.pk)
"""
LOOK = """
import json
from collections import Counter
from datetime import UTC, datetime
from sincerely.apps.consent.models import OptOut, Permission
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.models import Delivery, Event, Signal
from sincerely.apps.people.models import Export, Import
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries import is_finished
from sincerely.web.queries.running import backlog
mailing_id, import_id, export_id = arguments
rows = Message.objects.filter(mailing_id=mailing_id)
waits = backlog(now=datetime.now(UTC))
work, export = Import.objects.get(pk=import_id), Export.objects.get(pk=export_id)
print(json.dumps({
    "states": Counter(rows.values_list("state", flat=True)),
    "unknown": list(rows.filter(state="unknown").values_list("contact__address", flat=True)),
    "is_finished": is_finished(mailing_id),
    "unfolded": waits.unfolded_captures + waits.unfolded_outcomes,
    "delivered": Delivery.objects.filter(mailing_id=mailing_id, delivered_at__isnull=False).count(),
    "clicked": Signal.objects.filter(kind="click").values("message_id").distinct().count(),
    "left": Permission.objects.filter(is_in=False).count() + OptOut.objects.count(),
    "import": [work.state, work.done_count, Contact.objects.filter(address__startswith="new").count()],
    "export": [export.state, export.row_count],
}))
"""  # noqa: E501
LINK = re.compile(r"/c/([\w-]{43})/(\d+)")
LEAVE = re.compile(r"/u/([\w-]{43})")


@dataclass
class Readers:
    """People who click in what arrived, at either tracker, and ask again where none answers."""

    server: Server
    trackers: list[str]
    clicked: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    is_over: bool = False

    def read(self) -> None:
        """Read all mail that arrives until it is over; every tenth reader leaves."""
        seen = 0
        while not self.is_over or seen < len(self.server.kept):
            while seen < len(self.server.kept):
                recipient, raw = self.server.kept[seen]
                text = quopri.decodestring(raw).decode("utf-8", "replace")
                self._ask(f"/c/{LINK.findall(text)[0][0]}/{LINK.findall(text)[0][1]}")
                self.clicked.add(recipient)
                if seen % 10 == 0:
                    unfolded = re.sub(rb"\r\n[ \t]", b"", raw).decode("utf-8", "replace")
                    self._ask(f"/u/{LEAVE.findall(unfolded)[0]}", b"List-Unsubscribe=One-Click")
                    self.left.add(recipient)
                seen += 1
            threading.Event().wait(0.05)

    def _ask(self, path: str, body: bytes | None = None) -> None:
        """Ask until somebody answers for good."""
        for turn in range(2_000):
            address = self.trackers[turn % len(self.trackers)] + path
            try:
                with _opener.open(urllib.request.Request(address, body), timeout=10) as answer:
                    assert answer.status == 200
                    return
            except urllib.error.HTTPError as answered:
                answered.close()
                if answered.code == 302:
                    return
                if answered.code != 503:
                    raise
            except OSError:
                pass
            threading.Event().wait(0.05)
        raise AssertionError("no tracker answers")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any, **_more: Any) -> None:
        """Stay: the shop is not part of the test."""


_opener = urllib.request.build_opener(_Stay)


@pytest.fixture
def stack(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[ExitStack]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite serves one machine")
    with ExitStack() as made:
        made.enter_context(django_db_blocker.unblock())
        yield made


@pytest.mark.timeout(3_600)
def test_many_machines(stack: ExitStack, tmp_path: Path) -> None:
    chance = seeded(3)
    server = stack.enter_context(serving(Server(delay_seconds=0.02)))
    machines, trackers, web = _machines(stack, tmp_path, server)
    ids = [int(word) for word in machines[0].run(SCENE, PEOPLE, ROWS).split()]
    living = [
        (machine, name, machine.begin("engine", name))
        for machine, names in zip(
            machines,
            (
                ("sender", "tracker", "folder", "runner"),
                ("sender", "tracker", "folder", "runner"),
                ("sender", "web"),
            ),
            strict=True,
        )
        for name in names
    ]
    readers = Readers(server, trackers)
    reading = threading.Thread(target=readers.read, daemon=True)
    reading.start()
    kills = _kill_at_random(living, server, chance)
    look = _looker(machines[2], ids)
    until(lambda: look()["is_finished"], seconds=sized(120, 900, 3_000))
    readers.is_over = True
    reading.join(sized(120, 900, 3_000))
    assert not reading.is_alive()
    until(lambda: look()["import"][0] == "done" and look()["export"][0] == "done", seconds=900)
    until(lambda: not look()["unfolded"], seconds=900)
    wait_for(f"http://{web}/account/login/")
    for machine, _name, pid in living:
        machine.end(pid)
    _judge(look(), server, readers, kills)
    status, said = machines[1].command("doctor", "--rebuild-check")
    assert status == 0, said


def _machines(
    stack: ExitStack, tmp_path: Path, server: Server
) -> tuple[list[House], list[str], str]:
    shared = stack.enter_context(own_database())
    first, second, web = (f"127.0.0.1:{port}" for port in free_ports(3))
    shared["SINCERELY_MAILBOX"] = f"127.0.0.1:{server.port}"
    shared["SINCERELY_TRACKER_URL"] = "http://links.example.com"
    machines = [
        stack.enter_context(house(tmp_path / name, **shared, **own))
        for name, own in (
            ("one", {"SINCERELY_TRACKER": first}),
            ("two", {"SINCERELY_TRACKER": second}),
            ("three", {"SINCERELY_WEB": web}),
        )
    ]
    return machines, [f"http://{first}", f"http://{second}"], web


def _kill_at_random(
    living: list[tuple[House, str, int]], server: Server, chance: random.Random
) -> Counter[str]:
    """Kill one after the other as the campaign goes on, and start each again at once."""
    kills: Counter[str] = Counter()
    for goal in goals(KILLS, PEOPLE, connections=CONNECTIONS):
        until(lambda goal=goal: len(server.content_began) >= goal, seconds=600)  # type: ignore[misc]
        place = chance.randrange(len(living))
        machine, name, pid = living[place]
        if name == "web":
            continue
        machine.end(pid, signal.SIGKILL)
        kills[name] += 1
        living[place] = (machine, name, machine.begin("engine", name))
        threading.Event().wait(chance.random() * 0.2)
    return kills


def _looker(machine: House, ids: list[int]) -> Any:
    def look() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(machine.run(LOOK, *ids))
        return found

    return look


def _judge(found: dict[str, Any], server: Server, readers: Readers, kills: Counter[str]) -> None:
    began = Counter(server.content_began)
    arrived = {recipient for recipient, _raw in server.kept}
    states = found["states"]
    unknown = states.get("unknown", 0)
    twice = sum(count - 1 for count in began.values())
    lost = len({f"person{n}@example.com" for n in range(1, PEOPLE + 1)} - arrived)
    lost -= len(set(found["unknown"]) - arrived)
    assert twice == 0, "somebody was sent content twice"
    assert lost == 0, "somebody is missing and not listed"
    assert sum(states.values()) == PEOPLE
    assert states.get("accepted", 0) + unknown == PEOPLE, states
    assert unknown <= kills["sender"] * 4, (unknown, kills)
    assert found["delivered"] == states["accepted"]
    assert readers.clicked == arrived
    assert found["clicked"] == len(readers.clicked)
    assert found["left"] == len(readers.left)
    assert found["import"] == ["done", ROWS, ROWS]
    assert found["export"] == ["done", PEOPLE]
    write_down(
        9,
        "many machines: 3 senders, 2 trackers, 2 folders, 2 runners",
        done=PEOPLE,
        kills=kills.total(),
        lost=lost,
        twice=twice,
        unknown=unknown,
        clicks=len(readers.clicked),
        unsubscribes=len(readers.left),
        imported=ROWS,
    )
