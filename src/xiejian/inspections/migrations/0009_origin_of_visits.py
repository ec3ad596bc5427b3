from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inspections", "0008_liaisons_and_signed_papers")]

    operations = [
        migrations.AddField(
            model_name="visit",
            name="source_kind",
            field=models.CharField(blank=True, max_length=20, verbose_name="缘由种类"),
        ),
        migrations.AddField(
            model_name="visit",
            name="source_record",
            field=models.PositiveBigIntegerField(blank=True, null=True, verbose_name="缘由记录"),
        ),
        migrations.AddField(
            model_name="visit",
            name="source_no",
            field=models.CharField(blank=True, max_length=60, verbose_name="缘由编号"),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(fields=["source_kind", "source_record"], name="visit_source"),
        ),
    ]
