"""SIGKILL of the sender in the middle, again and again: nobody twice, nobody lost, all listed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connection

from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.apps.sending.rules.message_id import read_message_id
from tests.cast import Cast
from tests.engines.sending_world import Server, planned, serving, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
CONNECTIONS = 4
# One process imports everything once and forks a sender at each line it reads: starting is quick
# enough to be killed often, also on a busy machine.
NURSERY = """
import os, sys, threading, django
django.setup()
from django.db import connections
connections.settings["default"]["NAME"] = os.environ["TEST_DATABASE_NAME"]
from sincerely.engines.sender.main import run
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(threading.Event())
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


class Nursery:
    """Where senders are started and killed."""

    def __init__(self) -> None:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        while self._line() != "ready":
            pass

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the nursery ended"
        return line.strip()

    @contextmanager
    def sender(self) -> Iterator[None]:
        """A sender that lives until the block ends; then it is killed, wherever it is."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        number = self._line()
        while not number.isdigit():
            number = self._line()
        try:
            yield
        finally:
            os.kill(int(number), signal.SIGKILL)
            while self._line() != "gone":
                pass

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture
def nursery(cast: Cast) -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.mark.requirement("R061")
def test_killed_and_started_again(cast: Cast, now: datetime, nursery: Nursery) -> None:
    chance = random.Random(7)
    kills = 4
    server = Server(delay_seconds=0.02)
    with serving(server):
        dispatch = planned(cast, server, 240, now=now, connections=CONNECTIONS)
        for number in range(1, kills + 1):
            with nursery.sender():
                until(lambda goal=number * 45: len(server.content_began) >= goal, seconds=120)  # type: ignore[misc]
                time.sleep(chance.random() * 0.05)
        with nursery.sender():
            until(lambda: is_finished(dispatch.pk), seconds=120)
    _judge(server, dispatch.pk, kills)


def _judge(server: Server, mailing_id: int, kills: int) -> None:
    began = Counter(server.content_began)
    assert max(began.values()) == 1, "somebody was sent content twice"
    found = tally(mailing_id)
    unknown = found.by_state.get("unknown", 0)
    assert found.by_state.get("accepted", 0) + unknown == 240
    assert unknown <= kills * CONNECTIONS
    arrived = {recipient for recipient, _ in server.kept}
    listed = set(
        Message.objects.filter(mailing_id=mailing_id, state="unknown").values_list(
            "contact__address", flat=True
        )
    )
    everybody = set(Message.objects.values_list("contact__address", flat=True))
    assert everybody - arrived <= listed, "somebody is missing and not listed"


def test_transactional_mail_is_repeated_under_the_same_number(
    cast: Cast, now: datetime, nursery: Nursery
) -> None:
    server = Server(delay_seconds=0.3)
    with serving(server):
        dispatch = planned(cast, server, 6, now=now, tag="transactional", connections=2)
        with nursery.sender():
            until(lambda: len(server.content_began) >= 1, seconds=120)
        with nursery.sender():
            until(lambda: is_finished(dispatch.pk), seconds=120)
    assert tally(dispatch.pk).by_state == {"accepted": 6}
    assert {recipient for recipient, _ in server.kept} == set(
        Message.objects.values_list("contact__address", flat=True)
    )
    numbers = Counter(read_number(raw) for _, raw in server.kept)
    assert len(numbers) == 6


def read_number(raw: bytes) -> tuple[int, bytes] | None:
    return read_message_id(raw.decode("utf-8", "replace"))
