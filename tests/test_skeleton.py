"""The house stands: migrations are complete on this database."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from tests.cast import Cast


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_cast_is_stored(cast: Cast) -> None:
    assert cast.organisation.pk == 1
    assert cast.bob.role == "editor"
