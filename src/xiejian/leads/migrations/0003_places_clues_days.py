import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from xiejian.leads.likeness import place_key

PORTION = 500


def write_keys(apps, schema_editor):
    """Places as they are compared, for leads that were taken in before."""
    leads = apps.get_model("leads", "Lead")
    rows = []
    for row in leads.objects.exclude(place="").only("pk", "place").order_by().iterator(PORTION):
        row.place_key = place_key(row.place)
        rows.append(row)
    leads.objects.bulk_update(rows, ["place_key"], batch_size=PORTION)


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_photos_and_receipts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "lead", "place_key", models.CharField(blank=True, db_index=True, default="", max_length=120)
        ),
        migrations.AddField(
            "lead",
            "known_on",
            models.DateField(blank=True, null=True, verbose_name="知道权益受损之日"),
        ),
        migrations.AddField(
            "lead",
            "mediation_ended_on",
            models.DateField(blank=True, null=True, verbose_name="终止调解日期"),
        ),
        migrations.AddField(
            "lead",
            "disputed_with",
            models.CharField(blank=True, max_length=120, verbose_name="管辖争议对方"),
        ),
        migrations.AddField(
            "lead",
            "found_in",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clues",
                to="leads.lead",
            ),
        ),
        migrations.CreateModel(
            name="DayReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("office_code", models.CharField(db_index=True, max_length=12, verbose_name="机构代码")),
                ("on", models.DateField(verbose_name="日期")),
                ("content", models.JSONField(verbose_name="内容")),
                ("digest", models.CharField(max_length=64, verbose_name="校验值")),
                ("made_at", models.DateTimeField(verbose_name="生成时间")),
                ("by_name", models.CharField(max_length=60, verbose_name="生成人")),
            ],
            options={"ordering": ["-on", "office_code"]},
        ),
        migrations.CreateModel(
            name="DayReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("read_at", models.DateTimeField(verbose_name="查阅时间")),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="readings",
                        to="leads.dayreport",
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.AddConstraint(
            "dayreport",
            models.UniqueConstraint(fields=["office_code", "on"], name="one_day_report_per_office"),
        ),
        migrations.AddConstraint(
            "dayreading",
            models.UniqueConstraint(fields=["report", "officer"], name="one_reading_per_officer"),
        ),
        migrations.RunPython(write_keys, migrations.RunPython.noop),
    ]
