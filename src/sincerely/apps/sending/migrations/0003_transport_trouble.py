"""Let a transport say why nothing leaves by it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sending", "0002_seed")]
    operations = [
        migrations.AddField(
            model_name="transport",
            name="trouble",
            field=models.CharField(blank=True, max_length=300, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="transport", name="trouble_at", field=models.DateTimeField(null=True)
        ),
    ]
