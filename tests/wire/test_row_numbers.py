"""Keys that are the number of their row: SQLite keeps no second tree for them."""

from __future__ import annotations

import pytest
from django.db import connection, models

from sincerely.apps.engagement.models import ContactEngagement, Signal


@pytest.mark.django_db
@pytest.mark.parametrize("model", [ContactEngagement, Signal])
def test_a_key_is_the_number_of_its_row(model: type[models.Model]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL numbers no rows")
    key, table = model._meta.pk.column, model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {key} = 1")
        ((*_numbers, plan),) = cursor.fetchall()
    assert "USING INTEGER PRIMARY KEY" in plan
