"""A unique key that a change of state does not touch; no index beside another that begins alike."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sending', '0003_transport_trouble'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='message',
            name='one_message_per_address',
        ),
        migrations.AddField(
            model_name='message',
            name='is_mailable',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.RunSQL(
            "UPDATE sending_message SET is_mailable = FALSE WHERE state = 'skipped'",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='message',
            name='contact',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='contacts.contact'),
        ),
        migrations.AlterField(
            model_name='message',
            name='mailing',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.mailing'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(condition=models.Q(('is_mailable', True)), fields=('mailing', 'occasion', 'address_key'), name='one_message_per_address'),
        ),
    ]
