"""What sampling tests are made of: a sheet, and a sample taken on step by step."""

from __future__ import annotations

import datetime as dt

from xiejian.sampling import actions
from xiejian.sampling.checks import Sheet

TODAY = dt.date(2024, 3, 5)
SHEET = Sheet(
    product_name="一次性使用医用口罩",
    sampled_on=TODAY,
    quantity=50,
    seals="F0012",
    lot="20240105",
    registration_no="苏械注准20202141234",
    maker="某医疗用品有限公司",
    made_on=dt.date(2024, 1, 5),
    expires_on=dt.date(2026, 1, 4),
    reserved=20,
    unit="只",
    price_fen=10_000,
    place="营业场所",
    storage="常温",
)


class Walk:
    """Takes a sample on, a day or more for each step; every step may name other facts."""

    def __init__(self, by, now: dt.datetime) -> None:
        self.by, self.now = by, now

    def at(self, day: dt.date) -> dt.datetime:
        return self.now + (day - TODAY)

    def _do(self, action, sample, day, **facts):
        on = facts.pop("on_name", "on")
        return action(sample=sample, by=self.by, at=self.at(day), **{on: day, **facts})

    def hand_over(self, sample, days=1, **facts):
        given = {"laboratory": "省医疗器械检验所", **facts}
        return self._do(actions.hand_over_sample, sample, TODAY + dt.timedelta(days), **given)

    def receive(self, sample, days=3, **facts):
        return self._do(actions.receive_sample, sample, TODAY + dt.timedelta(days), **facts)

    def report(self, sample, result, days=20, **facts):
        items = "细菌过滤效率" if result == "不符合规定" else ""
        given = {"result": result, "report_no": "QX-1", "failed_items": items, **facts}
        day = TODAY + dt.timedelta(days)
        return self._do(actions.record_result, sample, day, on_name="result_on", **given)

    def to_result(self, sample, result):
        return self.report(self.receive(self.hand_over(sample)), result)

    def notify(self, sample, days=21):
        return self._do(actions.notify_result, sample, TODAY + dt.timedelta(days))

    def tell_maker(self, sample, days=21):
        return self._do(actions.notify_maker, sample, TODAY + dt.timedelta(days))

    def confirm(self, sample, days=40, **facts):
        return self._do(actions.confirm_result, sample, TODAY + dt.timedelta(days), **facts)

    def measure(self, sample, measure, days=41, **facts):
        given = {"measure": measure, "content": "已办理", **facts}
        day = TODAY + dt.timedelta(days)
        return self._do(actions.record_disposal, sample, day, on_name="done_on", **given)

    def measures(self, sample, *names):
        for name in names:
            self.measure(sample, name)

    def complete(self, sample, days=60):
        return self._do(actions.complete_disposal, sample, TODAY + dt.timedelta(days))

    def close(self, sample, days=61):
        return self._do(actions.close_sample, sample, TODAY + dt.timedelta(days))
