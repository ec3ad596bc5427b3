"""Party.link_names, filled from the links that are stored."""

from itertools import groupby

from django.db import migrations, models


def fill(apps, schema_editor):
    Party = apps.get_model("registry", "Party")
    PartyLink = apps.get_model("registry", "PartyLink")
    rows = PartyLink.objects.order_by("party_id", "link").values_list("party_id", "link")
    by_names = {}
    for party, links in groupby(rows.iterator(), key=lambda row: row[0]):
        by_names.setdefault("|".join(["", *(link for _, link in links), ""]), []).append(party)
    for names, keys in by_names.items():
        for start in range(0, len(keys), 10_000):
            Party.objects.filter(pk__in=keys[start : start + 10_000]).update(link_names=names)


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_search_index")]

    operations = [
        migrations.AddField("party", "link_names", models.CharField(default="|", max_length=40)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
