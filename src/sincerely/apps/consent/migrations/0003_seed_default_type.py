"""Seed the default subscription type, *Marketing Information*; count records in a seal."""

from django.db import migrations, models
from django.utils import timezone


def seed(apps, schema_editor):
    kind = apps.get_model("consent", "SubscriptionType")
    if not kind.objects.filter(is_default=True).exists():
        kind.objects.create(
            name="Marketing Information",
            promised_per_month=4,
            is_default=True,
            created_at=timezone.now(),
        )


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_commitment_function")]
    operations = [
        migrations.AddField(
            model_name="consentseal",
            name="record_count",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
