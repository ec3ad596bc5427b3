"""An inverted index over the search pairs; PostgreSQL only (SQLite reads them one after another)."""

from django.db import migrations

TABLES = ("registry_party", "registry_registration")


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(
                f"CREATE INDEX {table}_pairs ON {table} USING gin (string_to_array(search_grams, ' '))"
            )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"DROP INDEX {table}_pairs")


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
