"""A backup taken while everything runs, and what a restore promises."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from sincerely.project.backup.sqlite_files import follows_on
from sincerely.wire.capture import Capture, SqliteStore
from sincerely.wire.capture.packing import PER_BATCH
from tests.crash.house import House, house, own_database, until
from tests.crash.scale import sized, write_down
from tests.engines.sending_world import Server, serving
from tests.installation import free_ports

pytestmark = [
    pytest.mark.engines,
    pytest.mark.xdist_group("backup"),
    pytest.mark.timeout(3_600),
]
PEOPLE, ROUNDS = sized(60, 2_000, 10_000), sized(1, 5, 20)
OPEN = {"planned", "claimed", "dialling", "deferred"}
SETTLE = """
import json, sys
from datetime import UTC, datetime
from sincerely.project import installation
installation.prepare()
from tests.cast import make_cast
from tests.engines.sending_world import Server, planned
from sincerely.apps.operation.actions import store
now = datetime.now(UTC)
dispatch = planned(make_cast(now), Server(port=arguments[0]), arguments[1], now=now, connections=3)
store("people.csv", [b"address\\n" * 100_000], now=now)
print(dispatch.pk)
"""
STATES = """
import json
from collections import Counter
from sincerely.apps.sending.models import Hold, Message
from sincerely.apps.operation.queries import pieces
print(json.dumps({
    "states": Counter(Message.objects.values_list("state", flat=True)),
    "holds": [hold.words for hold in Hold.objects.filter(lifted_at=None)],
    "file": sum(map(len, pieces("people.csv"))),
}))
"""
RELEASE = """
from datetime import UTC, datetime
from sincerely.apps.sending.actions import lift_hold
from sincerely.apps.sending.models import Hold
for hold in Hold.objects.filter(lifted_at=None):
    assert lift_hold(hold.pk, now=datetime.now(UTC))
"""
# A message that is made after the backup, and its one-click token.
LATER = """
from datetime import UTC, datetime
from django.conf import settings
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.engagement.rules.tokens import mint
from sincerely.apps.sending.models import Message
from secrets import token_bytes
now = datetime.now(UTC)
mailing = Mailing.objects.create(tag="campaign", name="later", created_at=now)
old = Message.objects.first()
made = Message.objects.create(mailing=mailing, contact_id=old.contact_id, nonce=token_bytes(6),
    address_key=old.address_key, state="accepted", due_at=now, planned_at=now)
token = mint(settings.TOKEN_KEYS, "unsubscribe", mailing_id=mailing.pk, message_id=made.pk,
    nonce=made.nonce)
print(mailing.pk, made.pk, token)
"""
# After the restore: ids go on above; a message that is forced under the old id has another nonce.
REUSED = """
from datetime import UTC, datetime
from secrets import token_bytes
from django.conf import settings
from sincerely.apps.consent.models import OptOut, Permission
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.engagement.queries.watermarks import capture_store
from sincerely.apps.engagement.rules.tokens import open_token
from sincerely.apps.sending.models import Message
from sincerely.engines.folder.steps import fold_all
from sincerely.wire.capture import UNSUBSCRIBE, Capture
mailing_id, message_id, token = arguments
now = datetime.now(UTC)
assert Mailing.objects.create(tag="campaign", name="new", created_at=now).pk > mailing_id
old = Message.objects.order_by("pk").first()
fields = dict(contact_id=old.contact_id, address_key=old.address_key, state="accepted", due_at=now,
    planned_at=now)
new = Mailing.objects.create(pk=mailing_id, tag="campaign", name="reused", created_at=now)
reused = Message.objects.create(pk=message_id, mailing=new, nonce=token_bytes(6), **fields)
facts = open_token(settings.TOKEN_KEYS, "unsubscribe", token)
assert (facts.mailing_id, facts.message_id) == (new.pk, reused.pk), "the token is genuine"
assert bytes(reused.nonce) != facts.nonce
capture_store().append([Capture(int(now.timestamp() * 1e6), UNSUBSCRIBE, facts.mailing_id,
    facts.message_id, facts.nonce, method="POST")])
before = Permission.objects.filter(is_in=True).count()
fold_all(now=now)
assert not OptOut.objects.exists()
assert Permission.objects.filter(is_in=True).count() == before > 0
newest = Message.objects.create(mailing=new, occasion=7, nonce=token_bytes(6), **fields)
assert newest.pk > message_id + 1_000_000, newest.pk
"""


@pytest.fixture(scope="module")
def stack(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[ExitStack]:
    with ExitStack() as made:
        made.enter_context(django_db_blocker.unblock())
        yield made


@pytest.fixture(scope="module")
def server(stack: ExitStack) -> Server:
    return stack.enter_context(serving(Server(delay_seconds=0.04)))


@pytest.fixture(scope="module")
def one(stack: ExitStack, server: Server, tmp_path_factory: pytest.TempPathFactory) -> House:
    """An installation with a mailing to send; the tests of this file use it one after the other."""
    home = tmp_path_factory.mktemp("house") / "one"
    shared = stack.enter_context(own_database())
    mailbox = f"127.0.0.1:{free_ports(1)[0]}"
    made = stack.enter_context(
        house(home, SINCERELY_LOG_LEVEL="DEBUG", SINCERELY_MAILBOX=mailbox, **shared)
    )
    made.run(SETTLE, server.port, PEOPLE)
    return made


def states(one: House) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one.run(STATES))
    return found


def test_backup_while_it_runs_and_restore(
    stack: ExitStack, server: Server, one: House, tmp_path: Path
) -> None:
    """Two senders are at work; each backup is restored, the first is also let go on."""
    one.run(RELEASE)
    engines = ("sender", "sender", "folder", "runner", "mailbox")
    running = [one.begin("engine", name) for name in engines]
    for number in range(ROUNDS):
        goal = 20 + number * PEOPLE // (ROUNDS + 1)
        until(lambda goal=goal: len(server.kept) >= goal, seconds=600)  # type: ignore[misc]
        server.delay_seconds = 5  # so that the backup falls into the middle on any machine
        status, said = one.command("backup", str(tmp_path / f"backup{number}"))
        server.delay_seconds = 0.04
        assert status == 0, said
        assert "The secret is not in it" in said
        assert len(server.kept) < PEOPLE, "the backup was not taken in the middle"
    later = one.run(LATER).split()
    until(lambda: len(server.kept) == PEOPLE, seconds=600)
    assert [one.end(pid) for pid in running] == [0] * len(engines), one.log.read_text()
    assert max(Counter(server.content_began).values()) == 1
    _logs_are_structured_and_hold_no_address(one.log)

    for number in range(ROUNDS):
        with ExitStack() as own:
            name = f"two{number}"
            two = own.enter_context(house(tmp_path / name, **own.enter_context(own_database())))
            _restored(two, tmp_path / f"backup{number}")
            if not number:
                two.run(REUSED, int(later[0]), int(later[1]), later[2])
                _nothing_leaves_until_released(two, server)
            assert two.command("doctor")[0] == 0
    write_down(
        8,
        "backup while two senders run, restore",
        done=PEOPLE,
        kills=0,
        lost=0,
        twice=0,
        backups=ROUNDS,
    )


def _restored(two: House, backup: Path) -> None:
    """Restore it: everybody is there, and every mailing is held."""
    status, said = two.command("restore", str(backup))
    assert status == 0, said
    found = states(two)
    assert sum(found["states"].values()) == PEOPLE
    assert 20 <= found["states"]["accepted"] < PEOPLE
    assert found["file"] == 800_000
    assert "Restored from a backup of" in found["holds"][0]


def _logs_are_structured_and_hold_no_address(log: Path) -> None:
    """What the processes wrote while a campaign left, at the most talkative level."""
    lines = log.read_text().splitlines()
    assert lines, "the processes wrote nothing"
    assert [line for line in lines if "@" in line] == []
    assert all({"event", "level", "timestamp"} <= json.loads(line).keys() for line in lines)


def _nothing_leaves_until_released(two: House, server: Server) -> None:
    began = len(server.content_began)
    sender = two.begin("engine", "sender")
    until(lambda: "dialling" not in states(two)["states"])
    found = states(two)
    assert found["states"].get("unknown", 0) <= 2 * 3, "two senders with three connections"
    assert len(server.content_began) == began, "a held mailing left"
    two.run(RELEASE)
    waiting = found["states"].get("planned", 0)
    until(lambda: not OPEN & set(states(two)["states"]), seconds=600)
    assert two.end(sender) == 0
    assert len(server.content_began) - began == waiting


def test_what_a_restore_refuses(one: House, tmp_path: Path) -> None:
    assert one.command("backup", str(tmp_path / "backup"))[0] == 0
    refused = [one.command("restore", str(tmp_path / "backup"))]
    assert "in use" in refused[0][1]
    runner = one.begin("engine", "runner")
    until(lambda: "runner" in one.run(ALIVE), seconds=60)
    refused.append(one.command("restore", "--replace", str(tmp_path / "backup")))
    assert "Stop" in refused[1][1]
    one.end(runner)
    for damage in (_cut_short, _without_manifest, _of_another_secret):
        shutil.copytree(tmp_path / "backup", tmp_path / damage.__name__)
        damage(tmp_path / damage.__name__)
        refused.append(one.command("restore", "--replace", str(tmp_path / damage.__name__)))
    assert [status for status, _said in refused] == [1] * 5, refused
    one.run(
        "from sincerely.apps.contacts.models import Contact; Contact.objects.create("
        "address='late@example.com', address_key=b'k' * 16, created_at='2026-01-01T00:00Z',"
        "changed_at='2026-01-01T00:00Z')"
    )
    status, said = one.command("restore", "--replace", str(tmp_path / "backup"))
    assert status == 0, said
    assert "replaced" in said
    assert one.run(COUNT).strip() == str(PEOPLE)


ALIVE = """
from sincerely.apps.operation.queries import heartbeats
print([row.process for row in heartbeats()])
"""
COUNT = "from sincerely.apps.contacts.models import Contact; print(Contact.objects.count())"


def _cut_short(folder: Path) -> None:
    largest = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    content = largest.read_bytes()
    largest.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _without_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _of_another_secret(folder: Path) -> None:
    path = folder / "manifest.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps(facts | {"secret_print": "0" * 16}))


def test_captures_that_were_deleted_between_the_two_copies_are_noticed(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "main") as main:
        main.execute("CREATE TABLE engagement_watermark (reader TEXT, position INTEGER)")
        main.execute("INSERT INTO engagement_watermark VALUES ('capture', ?)", (PER_BATCH * 3 + 7,))
    store = SqliteStore(tmp_path / "capture")
    for _ in range(6):
        store.append([Capture(1, 1, 1, 1, b"nonce!")])
    assert follows_on(tmp_path / "main", tmp_path / "capture")
    for through, is_whole in ((3, True), (4, False)):
        with sqlite3.connect(tmp_path / "capture") as opened:
            opened.execute("DELETE FROM batch WHERE id <= ?", (through,))
        assert follows_on(tmp_path / "main", tmp_path / "capture") is is_whole
    store.close()
