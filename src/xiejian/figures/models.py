"""Filed tables: what was handed up, frozen with the records behind every cell."""

from __future__ import annotations

from django.db import models


class FiledTable(models.Model):
    """报表上报: a frozen table. Later corrections show as differences to it, never change it."""

    table = models.CharField("报表", max_length=60)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    from_on = models.DateField("起", null=True, blank=True)
    until_on = models.DateField("止")
    cells = models.JSONField()  # [[number, …], …] row by row
    records = models.JSONField(default=dict)  # {"row,column": [record keys]}
    settings = models.JSONField(default=dict)
    explanation = models.TextField("说明", blank=True)
    state = models.CharField("状态", max_length=12)  # 已报 退回
    filed_at = models.DateTimeField("上报时间")
    by_name = models.CharField("上报人", max_length=60)

    class Meta:
        ordering = ["-filed_at"]
