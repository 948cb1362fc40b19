"""How long a campaign waits for people who are held back, and which campaign goes first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='patience_hours',
            field=models.PositiveSmallIntegerField(default=72),
        ),
        migrations.AddField(
            model_name='campaign',
            name='priority',
            field=models.SmallIntegerField(default=0),
        ),
    ]
