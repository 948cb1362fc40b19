"""The tracker killed under load, the folder killed anywhere: answered means stored, once."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.conf import settings

from sincerely.apps.consent.models import ConsentRecord
from sincerely.apps.engagement.models import Event, Signal
from sincerely.apps.engagement.queries.rebuilt import contact_slices, differences
from sincerely.apps.engagement.queries.rejudged import wrong_verdicts
from sincerely.apps.engagement.queries.watermarks import CAPTURE, position
from sincerely.apps.engagement.rules.tokens import Purpose, mint
from sincerely.apps.sending.models import Attempt, Message
from sincerely.engines.folder.steps import fold_all
from sincerely.wire import clock
from sincerely.wire.capture import CLICK, OPEN, UNSUBSCRIBE, Store
from tests.apps.engagement.world import FIREFOX, World
from tests.apps.sending.people import marketing
from tests.crash.nursery import Nursery
from tests.crash.scale import sized, write_down
from tests.engines.sending_world import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
]
READERS = 6


def token_of(message: Message, purpose: str) -> str:
    return mint(
        settings.TOKEN_KEYS,
        purpose,
        mailing_id=message.mailing_id,
        message_id=message.pk,
        nonce=bytes(message.nonce),
    )


class Reader(threading.Thread):
    """Opens, clicks and unsubscribes, over one connection after the other; counts the answers."""

    def __init__(self, port: int, messages: list[Message], seed: int) -> None:
        super().__init__(daemon=True)
        self.port, self.messages, self.chance = port, messages, random.Random(seed)
        self.answered: Counter[tuple[int, int]] = Counter()
        self.is_over = False

    def run(self) -> None:
        """Ask until told to stop; a server that is gone is asked again."""
        while not self.is_over:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                while not self.is_over:
                    self.ask(connection)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
            finally:
                connection.close()

    def ask(self, connection: http.client.HTTPConnection) -> None:
        """Ask for one of these, by chance."""
        message = self.chance.choice(self.messages)
        kind = self.chance.choices((OPEN, CLICK, UNSUBSCRIBE), (6, 3, 1))[0]
        method, path, body = {
            OPEN: ("GET", f"/o/{token_of(message, Purpose.OPEN)}.gif", None),
            CLICK: ("GET", f"/c/{token_of(message, Purpose.CLICK)}/1", None),
            UNSUBSCRIBE: (
                "POST",
                f"/u/{token_of(message, Purpose.UNSUBSCRIBE)}",
                "List-Unsubscribe=One-Click",
            ),
        }[kind]
        connection.request(method, path, body=body, headers={"user-agent": FIREFOX})
        answer = connection.getresponse()
        answer.read()
        if answer.status in (200, 302):
            self.answered[message.pk, kind] += 1


def _stored(store: Store) -> Counter[tuple[int, int]]:
    rows = store.read(0, 10_000_000)
    return Counter((row.capture.message_id, row.capture.kind) for row in rows)


def test_what_the_killed_tracker_answered_is_stored(
    now: datetime, nursery: Nursery, captures: Store
) -> None:
    """Per message and kind: never fewer rows than answers, and no row without a request."""
    kills, each = sized(2, 25, 100), sized(300, 1_000, 3_000)
    marketing(now)
    world = World(now)
    messages = [world.message() for _ in range(40)]
    readers = [Reader(nursery.tracker_port, messages, seed) for seed in range(READERS)]

    def count() -> int:
        return sum(sum(reader.answered.values()) for reader in readers)

    for number in range(kills):
        with nursery.running("tracker"):
            if not number:
                for reader in readers:
                    reader.start()
            goal = count() + each
            until(lambda goal=goal: count() >= goal, seconds=300)  # type: ignore[misc]
    for reader in readers:
        reader.is_over = True
    for reader in readers:
        reader.join(30)
    answered = sum((reader.answered for reader in readers), Counter[tuple[int, int]]())
    stored = _stored(captures)
    missing = {key: n - stored[key] for key, n in answered.items() if n > stored[key]}
    assert missing == {}
    # A reader whose answer was cut off asks again: at most one row per reader and kill.
    surplus = stored.total() - answered.total()
    assert 0 <= surplus <= kills * READERS
    left = {message for message, kind in answered if kind == UNSUBSCRIBE}
    assert left <= set(captures.unfolded_unsubscribes(0))
    write_down(
        6,
        "SIGKILL of the tracker under load",
        done=answered.total(),
        kills=kills,
        lost=0,
        twice=0,
        stored=stored.total(),
        unsubscribed=len(left),
    )


def test_the_folder_killed_anywhere_equals_a_rebuild(
    now: datetime, nursery: Nursery, captures: Store
) -> None:
    """Signals and outcomes come in while folders die; at the end each counted exactly once."""
    chance = random.Random(11)
    kills, each = sized(4, 100, 500), sized(60, 200, 500)
    marketing(now)
    world = World(clock.now() - timedelta(hours=6))
    for _ in range(kills):
        something_happens(world, chance, each)
        with nursery.running("folder"):
            time.sleep(chance.random() * 0.3)
    with nursery.running("folder"):
        until(lambda: position(CAPTURE) >= captures.last_id() and _all_outcomes(), seconds=600)
    later = clock.now() + timedelta(days=3)
    fold_all(now=later)
    seen = Counter(Signal.objects.values_list("capture_id", flat=True))
    assert set(seen) == {row.id for row in captures.read(0, 10_000_000)}
    assert set(seen.values()) == {1}
    assert [d for ids in contact_slices() for d in differences(ids)] == []
    assert list(wrong_verdicts()) == []
    withdrawn = Counter(
        ConsentRecord.objects.filter(act="withdraw").values_list("contact_id", flat=True)
    )
    assert max(withdrawn.values(), default=1) == 1
    write_down(
        6,
        "SIGKILL of the folder, compared with a rebuild",
        done=len(seen) + Attempt.objects.count(),
        kills=kills,
        lost=0,
        twice=0,
        signals=len(seen),
        outcomes=Attempt.objects.count(),
    )


def something_happens(world: World, chance: random.Random, count: int) -> None:
    """Capture so many opens, clicks and unsubscribes, of messages just sent and of earlier ones."""
    fresh = [world.message() for _ in range(max(1, count // 20))]
    for _ in range(count):
        message = chance.choice(fresh if chance.random() < 0.5 else world.messages)
        kind = chance.choices(("open", "click", "unsubscribe"), (10, 8, 1))[0]
        world.capture(message, kind, link=chance.randint(1, 6), after=chance.uniform(0, 20_000))


def _all_outcomes() -> bool:
    known = Event.objects.filter(kind__in=["delivered", "bounced"]).count()
    return known >= Attempt.objects.count()
