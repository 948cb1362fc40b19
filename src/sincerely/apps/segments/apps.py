"""Registration of the segments domain with Django."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SegmentsConfig(AppConfig):
    """The rule language and the saved rules that select contacts."""

    name = "sincerely.apps.segments"
    label = "segments"

    def ready(self) -> None:
        """See that the triggers stand after each migration."""
        post_migrate.connect(_watch_tables, sender=self)


def _watch_tables(**_sent: Any) -> None:
    from django.db import connection  # noqa: PLC0415 -- not before the apps are ready

    from sincerely.apps.segments.sql.triggers import put_up  # noqa: PLC0415

    if "segments_touch" in connection.introspection.table_names():
        put_up()
