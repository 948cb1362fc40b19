"""When the file of an export was removed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0005_forgotten'),
    ]

    operations = [
        migrations.AddField(
            model_name='export',
            name='forgotten_at',
            field=models.DateTimeField(null=True),
        ),
    ]
