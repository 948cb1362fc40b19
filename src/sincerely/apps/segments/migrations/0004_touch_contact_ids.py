from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('segments', '0003_stored_sets'),
    ]

    operations = [
        migrations.AddField(
            model_name='touch',
            name='contact_ids',
            field=models.BinaryField(null=True),
        ),
    ]
