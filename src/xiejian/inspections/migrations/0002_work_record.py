# Work that has no room of its own yet, one countable row each.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inspections', '0001_initial'),
        ('registry', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='WorkRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('record_key', models.CharField(max_length=64, unique=True)),
                ('kind', models.CharField(db_index=True, max_length=20, verbose_name='类别')),
                ('category', models.CharField(blank=True, max_length=30, verbose_name='细类')),
                ('title', models.CharField(max_length=200, verbose_name='内容')),
                ('done_on', models.DateField(db_index=True, verbose_name='日期')),
                ('quantity', models.PositiveIntegerField(default=1, verbose_name='数量')),
                ('result', models.CharField(blank=True, max_length=20, verbose_name='结果')),
                ('unit_name', models.CharField(blank=True, max_length=200, verbose_name='单位')),
                ('link', models.CharField(blank=True, max_length=5, verbose_name='环节')),
                ('tags', models.CharField(default='|', max_length=400, verbose_name='品种标签')),
                ('campaign', models.CharField(blank=True, max_length=120, verbose_name='专项')),
                ('office_code', models.CharField(db_index=True, max_length=12, verbose_name='机构代码')),
                ('detail', models.TextField(blank=True, verbose_name='说明')),
                ('party', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='work_records', to='registry.party')),
            ],
            options={
                'ordering': ['-done_on', '-id'],
            },
        ),
    ]
