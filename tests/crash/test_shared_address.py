"""Many contacts with one address: at most one mail per campaign, whichever way they came in."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

import pytest
from django.db import connection

from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.actions import plan_slice
from sincerely.apps.sending.models import Hold, Message
from sincerely.apps.sending.queries import is_finished, tally
from tests.apps.sending import people
from tests.cast import Cast
from tests.crash.scale import sized, write_down
from tests.engines.sending_world import Server, relay, sending, serving, until, version_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(3_600),
]
EACH = 5


def test_one_mail_per_address(cast: Cast, now: datetime) -> None:
    """Two planners at once, in small slices; more contacts with known addresses come meanwhile."""
    count = sized(20, 400, 4_000)
    kind = people.marketing(now)
    first = people.opted_in(count, now=now, kind=kind)

    def twins(share: int) -> None:
        for contact in first:
            twin = people.add_contact(contact.address.upper(), now=now, share=share)
            people.add_permission(twin, kind, now=now)

    twins(1)
    twins(2)
    with serving(Server()) as server:
        transport = relay(server, cast, now=now)
        dispatch = people.add_dispatch(cast, now=now, kind=kind, transport_id=transport.pk)
        Hold.objects.update(lifted_at=now)
        version = version_for(dispatch, cast, now=now)
        _planned_by_two(dispatch.pk, version.pk, now)
        with sending():
            for share in range(3, EACH):
                twins(share)
            until(lambda: is_finished(dispatch.pk), seconds=600)
    arrived = Counter(address.lower() for address, _ in server.kept)
    assert len(arrived) == count
    assert set(arrived.values()) == {1}
    found = tally(dispatch.pk)
    assert found.by_state["accepted"] == count
    assert found.by_state["skipped"] == found.by_reason["same_address"] == 2 * count
    assert Message.objects.count() == 3 * count
    write_down(
        11,
        "addresses shared by several contacts, two planners",
        done=Contact.objects.count(),
        kills=0,
        lost=0,
        twice=0,
        mails=count,
    )


def _planned_by_two(mailing_id: int, version_id: int, now: datetime) -> None:
    failures: list[BaseException] = []

    def plan() -> None:
        try:
            while not plan_slice(
                mailing_id, people.EVERYBODY, version_id=version_id, due_at=now, now=now, limit=7
            ).is_done:
                pass
        except BaseException as error:  # noqa: BLE001 -- told to the test
            failures.append(error)
        finally:
            connection.close()

    planners = [threading.Thread(target=plan) for _ in range(2)]
    for planner in planners:
        planner.start()
    for planner in planners:
        planner.join()
    assert failures == []
