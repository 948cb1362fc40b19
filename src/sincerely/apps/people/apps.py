"""Registration of the people domain with Django."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PeopleConfig(AppConfig):
    """What touches all of a person: contact page, import, export, why or why not."""

    name = "sincerely.apps.people"
    label = "people"

    def ready(self) -> None:
        """See that keys of tables written in bulk are checked in bulk, after each migration."""
        post_migrate.connect(_exchange_keys, sender=self)


def _exchange_keys(**_sent: Any) -> None:
    from sincerely.apps.people.sql.keys import put_up  # noqa: PLC0415 -- apps are ready now

    put_up()
