"""Limits and quiet hours of the installation; how long a mailing waits, and which goes first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0005_signals_by_capture'),
        ('sending', '0005_unknown_left'),
    ]

    operations = [
        migrations.CreateModel(
            name='Restraint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('limits', models.JSONField(default=list)),
                ('quiet_begins', models.TimeField(null=True)),
                ('quiet_ends', models.TimeField(null=True)),
                ('is_on', models.BooleanField(default=False)),
                ('round', models.PositiveIntegerField(default=0)),
                ('in_force_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='dispatch',
            name='patient_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='dispatch',
            name='priority',
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='pressure',
            name='round',
            field=models.IntegerField(default=-1),
        ),
        migrations.AlterField(
            model_name='message',
            name='reason',
            field=models.CharField(blank=True, choices=[('no_permission', 'no permission for this kind of mail'), ('no_evidence', 'no verifiable opt-in'), ('opted_out', 'opted out of this kind of mail'), ('opted_out_all', 'opted out of all marketing mail'), ('complaint', 'complained of spam'), ('suppressed', 'the address is suppressed'), ('hard_bounce', 'the address bounced'), ('same_address', 'another contact with this address gets it'), ('address_changed', 'the address was changed after planning'), ('stale', 'not mailed for more than twelve months'), ('capped', 'had enough mail lately'), ('quiet_hours', 'quiet hours'), ('held', 'held back'), ('expired', 'could not be delivered in time'), ('render_failed', 'the mail could not be made for this contact'), ('inactive', 'inactive')], max_length=16),
        ),
        migrations.AlterField(
            model_name='pressure',
            name='recent',
            field=models.TextField(default='[]'),
        ),
        migrations.AddIndex(
            model_name='dispatch',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['priority'], name='dispatch_priority'),
        ),
        migrations.AddConstraint(
            model_name='restraint',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='one_restraint'),
        ),
    ]
