"""Keys that are the number of their row on SQLite: one tree to look into instead of two.

A key of type bigint has a tree of its own there, which leads to the row's number; one of type
integer is that number. On PostgreSQL nothing differs.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def _as_row_number(column_type: str, connection: Any) -> str:
    return "integer" if connection.vendor == "sqlite" else column_type


class RowNumber(models.BigIntegerField):  # type: ignore[type-arg]
    """A primary key that somebody else gives."""

    def db_type(self, connection: Any) -> str:
        """Return the type that makes the key the row's number."""
        return _as_row_number(super().db_type(connection) or "", connection)


class RowOfOther(models.OneToOneField):  # type: ignore[type-arg]
    """A primary key that is another row's, of which this one tells more."""

    def db_type(self, connection: Any) -> str:
        """Return the type that makes the key the row's number."""
        return _as_row_number(super().db_type(connection) or "", connection)


class Renumber(migrations.AlterField):
    """An AlterField that makes a key its row's number.

    Django would write anew each table that refers to it too, though these stay as they are.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """Write the table anew; `states` are the one before and the one after."""
        if schema_editor.connection.vendor != "sqlite":
            return
        before, after = (state.apps.get_model(app_label, self.model_name) for state in states)
        if self.allow_migrate_model(schema_editor.connection.alias, after):
            fields = (model._meta.get_field(self.name) for model in (before, after))  # noqa: SLF001
            schema_editor._remake_table(before, alter_fields=[tuple(fields)])  # noqa: SLF001
