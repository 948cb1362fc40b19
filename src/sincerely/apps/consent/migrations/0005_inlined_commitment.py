"""Let PostgreSQL see through `commitment`: as immutable it was called, 10 µs each time.

`convert_to` is but stable, and PostgreSQL does not inline a function that promises more than its
body does.
"""

from django.db import migrations

CREATE = """
CREATE OR REPLACE FUNCTION commitment(salt bytea, payload text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT sha256(salt || convert_to(payload, 'UTF8')) $$
"""


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


class Migration(migrations.Migration):
    dependencies = [("consent", "0004_permission_out")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
