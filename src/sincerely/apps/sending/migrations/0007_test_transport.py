"""Through which transport a test went, and whether it was accepted."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sending', '0006_restraint'),
    ]

    operations = [
        migrations.AddField(
            model_name='testmail',
            name='is_accepted',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='testmail',
            name='transport',
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to='sending.transport'
            ),
        ),
    ]
