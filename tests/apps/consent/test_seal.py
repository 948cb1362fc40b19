"""Seals: every record once, chained, and a change of the past is noticed."""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.consent import actions, tasks
from sincerely.apps.consent.actions.sealing import seal_next
from sincerely.apps.consent.models import ConsentRecord, ConsentSeal
from sincerely.apps.consent.queries.seals import broken_seals
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.consent.rules.seal import merkle_root
from sincerely.apps.contacts.actions import create_contact
from tests.cast import Cast


def store(cast: Cast, now: datetime, *, count: int) -> None:
    kind = actions.default_subscription_type(now)
    for number in range(count):
        contact = create_contact(f"p{number}@example.com", now=now, actor=cast.actor)
        actions.permit(
            contact.pk,
            subscription_type_id=kind.pk,
            channel="form",
            evidence=1,
            proof=Proof(address=contact.address),
            now=now,
            actor=cast.actor,
        )


def test_records_are_sealed_once_in_a_chain(cast: Cast, now: datetime) -> None:
    store(cast, now, count=7)
    assert seal_next(now=now, limit=3)
    assert seal_next(now=now, limit=3)
    assert not seal_next(now=now, limit=3)
    assert not tasks.seal(now=now, owner="test", stop=threading.Event())
    assert [s.record_count for s in ConsentSeal.objects.order_by("last_id")] == [3, 3, 1]
    assert list(broken_seals()) == []


def test_erasure_keeps_the_chain_and_a_forged_record_breaks_it(cast: Cast, now: datetime) -> None:
    store(cast, now, count=4)
    assert not seal_next(now=now)
    first = ConsentRecord.objects.order_by("pk")[0]
    actions.forget_evidence(first.contact_id)
    assert list(broken_seals()) == []
    ConsentRecord.objects.filter(pk=first.pk).update(commitment=b"f" * 32)
    assert list(broken_seals()) == [ConsentSeal.objects.get().pk]


def test_deleted_record_breaks_its_seal(cast: Cast, now: datetime) -> None:
    store(cast, now, count=3)
    seal_next(now=now)
    ConsentRecord.objects.order_by("pk")[1].contact.delete()
    assert len(list(broken_seals())) == 1


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20), st.integers(0, 19))
def test_root_changes_with_any_leaf(leaves: list[bytes], place: int) -> None:
    changed = list(leaves)
    place %= len(leaves)
    changed[place] = hashlib.sha256(changed[place]).digest()
    assert merkle_root(changed) != merkle_root(leaves)


def test_nothing_cannot_be_sealed() -> None:
    with pytest.raises(ValueError, match="Nothing"):
        merkle_root([])
