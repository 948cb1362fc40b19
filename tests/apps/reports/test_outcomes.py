"""The counts of outcomes by stored sets are those that a walk over all deliveries gives."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pyroaring import BitMap

from sincerely.apps.engagement.models import Delivery
from sincerely.apps.reports.queries import outcomes
from sincerely.apps.reports.queries.outcomes import judged, outcome_counts, people_with
from sincerely.apps.reports.rules.outcomes import OUTCOMES
from tests.apps.segments.changes import change
from tests.apps.segments.population import Population, populate
from tests.apps.segments.test_stored_sets import build_all


@pytest.fixture
def made(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Population:
    """Sixty contacts with one mail each, and the stored sets of what became of it."""
    population = populate(1, now, size=60)
    Delivery.objects.filter(message_id__gt=0).delete()
    build_all(now, monkeypatch)
    return population


@pytest.mark.requirement("R108")
def test_stored_sets_count_as_the_deliveries_do(
    made: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, read = random.Random(1), 0
    by_sets = outcomes._divided

    def divided(*given: object) -> dict[str, BitMap]:
        nonlocal read
        read += 1
        return by_sets(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(outcomes, "_divided", divided)
    for _ in range(10):
        for mailing in made.mailings:
            sent = Delivery.objects.filter(mailing_id=mailing, sent_at__isnull=False).count()
            assert outcome_counts(mailing, sent=sent) == outcome_counts(mailing)
        for _ in range(5):
            change(chance, made)
    assert read > 0


@pytest.mark.requirement("R108")
def test_the_people_of_an_outcome_are_found_without_a_walk_over_all(made: Population) -> None:
    chance, listed = random.Random(2), 0
    for _ in range(2):
        for mailing in made.mailings:
            for outcome in OUTCOMES:
                right = judged(mailing).filter(outcome=outcome).order_by("contact_id")
                ids = list(right.values_list("contact_id", flat=True))
                with CaptureQueriesContext(connection) as asked:
                    found = people_with(mailing, outcome, limit=3)
                assert [row.contact_id for row in found] == ids[:3]
                found = people_with(mailing, outcome, after=found[-1].contact_id if found else 0)
                assert [row.contact_id for row in found] == ids[3:]
                read = [query["sql"] for query in asked if "engagement_delivery" in query["sql"]]
                assert all('contact_id" IN (' in sql or "JOIN" not in sql for sql in read)
                listed += len(ids)
        change(chance, made)
    assert listed > 0


@pytest.mark.django_db
def test_two_mails_to_one_contact_are_two_outcomes(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = populate(1, now, size=4)
    mailing = made.mailings[0]
    Delivery.objects.all().delete()
    for number in range(2):
        Delivery.objects.create(
            contact_id=made.contacts[0], mailing_id=mailing, message_id=number, sent_at=now,
            delivered_at=now, human_open_count=number,
        )  # fmt: skip
    build_all(now, monkeypatch)
    counted = outcome_counts(mailing, sent=2)
    assert counted["opened"] == counted["nothing"] == 1
    assert sum(counted.values()) == 2
