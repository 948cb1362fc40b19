"""On SQLite the keys of signals and of contacts' rollups are the numbers of their rows."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations

from sincerely.wire.sqlite.rows import Renumber, RowNumber, RowOfOther


class Migration(migrations.Migration):

    dependencies = [
        ("engagement", "0005_signals_by_capture"),
        ("contacts", "0002_prefix_indexes"),
    ]

    operations = [
        Renumber("signal", "capture_id", RowNumber(primary_key=True, serialize=False)),
        Renumber(
            "contactengagement",
            "contact",
            RowOfOther(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to="contacts.contact"),
        ),
    ]
