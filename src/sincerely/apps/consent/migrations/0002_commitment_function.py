"""Give PostgreSQL the function `commitment(salt, payload)`; SQLite's connections register it."""

from django.db import migrations

CREATE = """
CREATE OR REPLACE FUNCTION commitment(salt bytea, payload text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT sha256(salt || convert_to(payload, 'UTF8')) $$
"""


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
