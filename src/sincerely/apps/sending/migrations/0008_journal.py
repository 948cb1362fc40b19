from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sending', '0007_test_transport'),
    ]

    operations = [
        migrations.CreateModel(
            name='JournalLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.CharField(max_length=60)),
                ('number', models.BigIntegerField()),
                ('record', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner', 'number'), name='one_line')],
            },
        ),
    ]
