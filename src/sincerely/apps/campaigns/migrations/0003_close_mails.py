"""Closes the mails of campaigns that were launched before launching did so."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def close_mails(apps, schema_editor):
    """Close them as of the campaign's last change."""
    campaigns = apps.get_model("campaigns", "Campaign").objects.exclude(stage="draft")
    changed_at = campaigns.filter(content_id=OuterRef("pk")).values("changed_at")[:1]
    apps.get_model("content", "Content").objects.filter(
        pk__in=campaigns.values("content_id")
    ).update(closed_at=Subquery(changed_at))


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0002_waiting"),
        ("content", "0002_closed"),
    ]

    operations = [migrations.RunPython(close_mails, migrations.RunPython.noop, elidable=True)]
