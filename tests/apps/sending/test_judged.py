"""An audience judged by stored sets falls apart as the gate's own statement says."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import datetime

import pytest
from pyroaring import BitMap

from sincerely.apps.consent.models import ConsentRecord, OptOut, Permission
from sincerely.apps.consent.rules.proof import commitment_of
from sincerely.apps.contacts.models import Contact
from sincerely.apps.segments import tasks
from sincerely.apps.segments.actions import sets
from sincerely.apps.segments.models import StoredSet
from sincerely.apps.sending.queries import estimate
from sincerely.apps.sending.queries import judged as module
from tests.apps.segments import changes
from tests.apps.segments.population import populate
from tests.apps.sending.people import EVERYBODY

LATELY = (changes.evidence, changes.evidence, changes.shares, changes.mailed_long_ago)
pytestmark = pytest.mark.django_db


def _two_to_an_address(person: Contact, place: int) -> None:
    key = (10**9 + place // 2).to_bytes(16, "big")
    Contact.objects.filter(pk=person.pk).update(address_key=key, share_number=place % 2)


def _permits(person: Contact, kind: int, now: datetime) -> None:
    record = ConsentRecord.objects.create(
        contact=person, subscription_type_id=kind, act="permit", channel="import", at=now,
        recorded_at=now, salt=b"0123456789abcdef", payload="{}",
        commitment=commitment_of(b"0123456789abcdef", "{}"),
    )  # fmt: skip
    Permission.objects.update_or_create(
        contact=person,
        subscription_type_id=kind,
        defaults={"is_in": True, "evidence": 2, "record": record, "since": now},
    )


@pytest.mark.requirement("R050")
@pytest.mark.parametrize("seed", [1])
def test_sets_and_the_gates_statement_judge_the_same_while_all_changes(
    seed: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = populate(seed, now)
    OptOut.objects.filter(pk__in=list(OptOut.objects.values_list("pk", flat=True))[1:]).delete()
    chance = random.Random(seed)
    for place, person in enumerate(Contact.objects.order_by("pk")):
        _two_to_an_address(person, place)
        _permits(person, made.types[0], now)
    monkeypatch.setattr(tasks, "FEWEST_CONTACTS", 0)
    while tasks.keep_sets(now=now, owner="test", stop=threading.Event()):
        pass
    assert StoredSet.objects.filter(name=f"evidenced:{made.types[0]}", state="ready").exists()
    seen: Counter[str] = Counter()
    for _ in range(30):
        for each in (*LATELY, *(changes.change,) * 3):
            each(chance, made)
        sets.take_touches(now=now, limit=chance.choice([1, 4, 10_000]))
        people = BitMap(Contact.objects.values_list("pk", flat=True))
        kind = chance.choice([*made.types, None])
        ours = module.judged(people, subscription_type_id=kind, now=now)
        with monkeypatch.context() as plain:
            plain.setattr(module, "current_sets", lambda _names: None)
            theirs = module.judged(people, subscription_type_id=kind, now=now)
        ours, theirs = ({k: ids for k, ids in one.items() if ids} for one in (ours, theirs))
        assert ours == theirs
        counted = {reason: len(ids) for reason, ids in ours.items()}
        assert counted == {
            reason: n
            for reason, n in estimate(EVERYBODY, subscription_type_id=kind, now=now).items()
            if n
        }
        seen.update(counted)
    assert {"", "complaint", "opted_out_all", "suppressed", "no_permission"} <= set(seen)
    assert {"opted_out", "no_evidence", "stale", "same_address"} <= set(seen), seen
