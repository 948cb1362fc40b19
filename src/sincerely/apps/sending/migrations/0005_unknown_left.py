"""When a member left the unknown messages of a mailing as they are."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sending', '0004_mailable'),
    ]

    operations = [
        migrations.AddField(
            model_name='dispatch',
            name='unknown_left_at',
            field=models.DateTimeField(null=True),
        ),
    ]
