"""Mails that a campaign has as they stand: nobody changes them until it is stopped."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="content",
            name="closed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
