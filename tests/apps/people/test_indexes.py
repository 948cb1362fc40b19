"""The tables that an import writes carry no index that another one makes needless."""

from __future__ import annotations

import pytest
from django.db import connection, models

from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.contacts.models import Contact, ContactNote, ListMembership
from sincerely.apps.interests.models import ContactLabel, LabelChange, LabelDay
from sincerely.apps.people.models import ImportReject, ImportTouch

LARGE: list[type[models.Model]] = [
    *(Contact, ContactNote, ListMembership, ContactLabel, LabelChange, LabelDay),
    *(ConsentRecord, Permission, ImportReject, ImportTouch),
]


def _indexes(model: type[models.Model]) -> dict[str, list[str]]:
    """Return the columns of the indexes that cover all rows, by name."""
    partial = {index.name for index in model._meta.indexes if index.condition}
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return {
        name: one["columns"]
        for name, one in found.items()
        if (one["index"] or one["unique"]) and name not in partial
    }


@pytest.mark.django_db
@pytest.mark.parametrize("model", LARGE)
def test_no_index_begins_another_one(model: type[models.Model]) -> None:
    found = _indexes(model)
    assert found
    needless = [
        name
        for name, columns in found.items()
        for other, longer in found.items()
        if other != name and longer[: len(columns)] == columns
    ]
    assert not needless
