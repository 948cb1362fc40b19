"""Index messages for claiming per mailing, let rates hold exactly, seed the test mailbox."""

from datetime import UTC, datetime

from django.db import migrations, models


def seed(apps, schema_editor):
    transport = apps.get_model("sending", "Transport")
    if not transport.objects.filter(kind="mailbox").exists():
        transport.objects.create(
            name="Test mailbox",
            kind="mailbox",
            security="none",
            is_default=True,
            connection_count=10,
            per_connection_count=1000,
            created_at=datetime.now(UTC),
        )


class Migration(migrations.Migration):
    dependencies = [("sending", "0001_initial")]
    operations = [
        migrations.RemoveIndex(model_name="message", name="message_due"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state__in", ["planned", "deferred"])),
                fields=["mailing", "due_at", "id"],
                name="message_due",
            ),
        ),
        migrations.AddField(
            model_name="dispatch", name="paced_until", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="transport", name="paced_until", field=models.DateTimeField(null=True)
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
