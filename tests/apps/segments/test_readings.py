"""The readings of a rule are equal: SQL over a real database, and the evaluator."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sincerely.apps.segments.compile import compiled
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.queries import full_catalogue, people
from sincerely.apps.segments.queries.selecting import fetch_ids
from sincerely.apps.segments.rules import Moment, check, evaluate, normal, sentence
from sincerely.apps.segments.rules.form import from_fields, to_fields
from tests.apps.segments.population import Population, populate
from tests.apps.segments.strategies import rules

ZONES = ("UTC", "Europe/Amsterdam", "America/St_Johns")


def _with_segments(made: Population) -> None:
    first = Segment.objects.create(
        name="Label holders",
        rule={"criterion": "label", "label": made.labels[0]},
        created_at=made.now,
        changed_at=made.now,
    )
    Segment.objects.create(
        name="Not those",
        rule={"none": [{"criterion": "segment", "segment": first.pk}]},
        created_at=made.now,
        changed_at=made.now,
    )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.requirement("R050")
def test_sql_and_evaluator_select_the_same(seed: int, now: datetime) -> None:
    made = populate(seed, now)
    _with_segments(made)
    named = {"criterion": "mail", "mailing": made.mailings}
    catalogue = full_catalogue(named)
    facts = people(made.contacts)

    @settings(
        max_examples=120,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(rule=rules(catalogue), zone=st.sampled_from(ZONES))
    def equal(rule: dict[str, object], zone: str) -> None:
        moment = Moment(now, ZoneInfo(zone))
        found = fetch_ids(compiled(rule, moment=moment, catalogue=catalogue))
        brute = {
            number
            for number, person in facts.items()
            if evaluate(rule, person, moment=moment, catalogue=catalogue)
        }
        assert set(found) == brute
        assert len(found) == len(set(found))
        batch = made.contacts[::2]
        query = compiled(rule, moment=moment, catalogue=catalogue, among=batch)
        assert set(fetch_ids(query)) == brute & set(batch)

    equal()


@pytest.mark.django_db
@pytest.mark.requirement("R050")
def test_form_round_trip_and_sentence(now: datetime) -> None:
    made = populate(1, now)
    _with_segments(made)
    catalogue = full_catalogue({"criterion": "mail", "mailing": made.mailings})

    @settings(max_examples=400, deadline=None, database=None)
    @given(rule=rules(catalogue))
    def same(rule: dict[str, object]) -> None:
        posted = QueryDict(mutable=True)
        for name, values in to_fields(rule).items():
            posted.setlist(name, values)
        assert from_fields(posted, catalogue) == rule
        assert normal(normal(rule)) == normal(rule)
        assert check(normal(rule), catalogue) == []
        words = sentence(rule, catalogue)
        assert words.endswith(".")
        assert "…" not in words
        assert "{" not in words

    same()
