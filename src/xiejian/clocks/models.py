"""时限: one running time limit of one record, whichever room the record lives in."""

from __future__ import annotations

from django.db import models


class Clock(models.Model):
    """时限: what was counted, from when, under which rule and which published calendar.

    ``subject`` and ``record`` are the model name and the id of the record, ``name`` says which of its
    clocks this is. The record's own room writes it through ``actions``; no foreign keys, since rooms
    above know this one and not the other way round.
    """

    RUNNING, DONE, DROPPED = "running", "done", "dropped"
    STATES = {RUNNING: "计时中", DONE: "已办", DROPPED: "不再计时"}

    subject = models.CharField("记录类型", max_length=30)
    record = models.BigIntegerField("记录")
    name = models.CharField(max_length=40)
    label = models.CharField("时限", max_length=200)
    title = models.CharField("事项", max_length=200)  # the record in a word or two: 抽样单 2024-003 某公司
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=8, choices=list(STATES.items()), default=RUNNING)
    rule = models.CharField(
        "规则", max_length=20
    )  # asked for; the rule applied may be that of an older order
    applied = models.CharField("适用规则", max_length=20)
    starts_on = models.DateField("起算日")
    starts_at = models.DateTimeField("起算时刻", null=True, blank=True)  # hour rules only
    # {"extensions": [], "stops": [], "received_on": ""} as kernel.deadline_facts reads it
    facts = models.JSONField("延长与中止", default=dict)
    # all three are empty while a stop has no end, and where the law only says "at once"
    due_strict = models.DateField("期限届满日", null=True, blank=True)
    due_legal = models.DateField("顺延后到期日", null=True, blank=True)
    due_at = models.DateTimeField("到期时刻", null=True, blank=True)  # hour rules only
    opens_on = models.DateField("最早可办日", null=True, blank=True)  # backward periods with a window
    provisional = models.BooleanField("暂定", default=False)
    calendar = models.CharField("放假安排版本", max_length=40)
    ended_on = models.DateField("办结日期", null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    why_dropped = models.CharField("不再计时的理由", max_length=200, blank=True)
    set_at = models.DateTimeField("设定时间")
    by_name = models.CharField("设定人", max_length=60)

    class Meta:
        ordering = ["due_legal", "id"]
        indexes = [models.Index(fields=["state", "due_legal"])]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "record", "name"], name="one_clock_per_name_of_a_record"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.label}"

    @property
    def agreed(self) -> bool:
        """Whether people named the day: no rule counts it."""
        return not self.rule
