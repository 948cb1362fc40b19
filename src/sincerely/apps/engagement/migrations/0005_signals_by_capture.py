"""A signal's id is its capture's: one index less, and known before the row is written.

References follow. Of the indexes those go that nobody read; NULLs are no longer indexed.
"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

# By way of negative numbers, so that no row meets another on its way.
FOLLOW = [
    statement
    for table in ("engagement_event", "engagement_signalverdict")
    for statement in (
        f"UPDATE {table} SET signal = (SELECT -s.capture_id FROM engagement_oldsignal s"  # noqa: S608
        f" WHERE s.id = {table}.signal) WHERE signal IS NOT NULL",
        f"UPDATE {table} SET signal = -signal WHERE signal IS NOT NULL",  # noqa: S608
    )
]
COLUMNS = (
    "capture_id, kind, at, contact_id, mailing_id, message_id, link_id, ip, user_agent, method,"
    " headers, is_simulated"
)
COPY = (
    f"INSERT INTO engagement_signal ({COLUMNS}) SELECT {COLUMNS} FROM engagement_oldsignal"  # noqa: S608
)
MARKS = """
UPDATE engagement_watermark SET position = COALESCE((SELECT MAX(s.capture_id)
    FROM engagement_oldsignal s WHERE s.id <= engagement_watermark.position), 0)
WHERE reader IN ('round 2', 'round 3')
"""
ENOUGH = "SET CONSTRAINTS ALL IMMEDIATE"  # PostgreSQL alters no table with checks outstanding


def settle(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ENOUGH)


class Migration(migrations.Migration):

    dependencies = [
        ("engagement", "0004_rollup_spans"),
        ("contacts", "0002_prefix_indexes"),
    ]

    operations = [
        migrations.AlterField("event", "signal", models.BigIntegerField(null=True)),
        migrations.AlterField("signalverdict", "signal", models.BigIntegerField()),
        migrations.RemoveIndex("signal", "signal_message_at"),
        migrations.RemoveIndex("signal", "signal_contact_at"),
        migrations.RemoveIndex("signal", "signal_mailing_kind"),
        migrations.RenameModel("Signal", "OldSignal"),
        migrations.CreateModel(
            name="Signal",
            fields=[
                ("capture_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("open", "open"), ("click", "click"), ("unsubscribe", "one-click unsubscribe")], max_length=12)),
                ("at", models.DateTimeField()),
                ("message_id", models.BigIntegerField()),
                ("ip", models.GenericIPAddressField(null=True)),
                ("user_agent", models.CharField(blank=True, max_length=400)),
                ("method", models.CharField(default="GET", max_length=8)),
                ("headers", models.JSONField(default=dict)),
                ("is_simulated", models.BooleanField(default=False)),
                ("contact", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to="contacts.contact")),
                ("link", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to="engagement.link")),
                ("mailing", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to="engagement.mailing")),
            ],
        ),
        migrations.RunSQL([COPY, *FOLLOW, MARKS], migrations.RunSQL.noop),
        migrations.RunPython(settle, migrations.RunPython.noop),
        migrations.DeleteModel("OldSignal"),
        migrations.AlterField(
            "event",
            "signal",
            models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to="engagement.signal"),
        ),
        migrations.AlterField(
            "signalverdict",
            "signal",
            models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to="engagement.signal"),
        ),
        migrations.AlterField(
            "event",
            "link",
            models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to="engagement.link"),
        ),
        migrations.AddConstraint(
            "event",
            models.UniqueConstraint(condition=models.Q(("signal__isnull", False)), fields=("signal",), name="one_event_per_signal"),
        ),
        migrations.AddIndex(
            "event",
            models.Index(condition=models.Q(("link__isnull", False)), fields=["link"], name="event_link"),
        ),
        migrations.AddIndex(
            "signal",
            models.Index(fields=["contact", "message_id"], name="signal_contact_message"),
        ),
        migrations.AddIndex(
            "signal",
            models.Index(condition=models.Q(("link__isnull", False)), fields=["link"], name="signal_link"),
        ),
    ]
