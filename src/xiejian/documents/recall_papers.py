"""The papers of a recall: notice, order, report form, plan, progress report, summary.

Their layout is ours: the law names what stands in them, no printed form was read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Block, Facts, Heading, Paper, Sign, Signs, Table, Text
from xiejian.people.numbering import signing_office
from xiejian.vigilance import recall_queries
from xiejian.vigilance.models import Recall
from xiejian.vigilance.recall_checks import ORDERED
from xiejian.vigilance.recall_rules import evaluation, levels, notify_within, say

KINDS = {
    "notice": "医疗器械召回通知", "order": "责令召回通知书", "form": "医疗器械召回事件报告表",
    "plan": "医疗器械召回计划", "progress": "召回计划实施情况报告", "summary": "医疗器械召回总结评估报告",
}  # fmt: skip
#: papers that whoever recalls writes itself; the order is the authority's
HOLDERS_OWN = ("notice", "form", "plan", "progress", "summary")
_UNITS = "有关经营企业、使用单位"


def available(recall: Recall) -> dict[str, str]:
    """Which papers the recall has by now, with their titles."""
    has = {
        "notice": recall.decided_on, "order": recall.kind == ORDERED, "form": recall.decided_on,
        "plan": recall.plan_on, "progress": recall.state in ("in_progress", "completed", "summary_filed")
        or recall.completed_on, "summary": recall.completed_on,
    }  # fmt: skip
    return {kind: title for kind, title in KINDS.items() if has[kind]}


def make(kind: str, recall: Recall, *, on: dt.date) -> Paper:
    """The paper of a recall as of a day; KeyError for a kind that there is not (see ``available``)."""
    makers: dict[str, Callable[[Recall], list[Block]]] = {
        "notice": _notice, "order": _order, "form": _form, "plan": _plan, "progress": _progress,
        "summary": _summary,
    }  # fmt: skip
    ours = kind == "order"
    dates = {
        "notice": recall.notified_on, "order": recall.decided_on, "form": recall.form_on,
        "plan": recall.plan_on, "progress": None, "summary": recall.summary_on,
    }  # fmt: skip
    return Paper(
        kind, KINDS[kind], signing_office(recall.office_code) if ours else recall.holder_name,
        recall.order_no if ours else recall.number, tuple(makers[kind](recall)),
        addressee=recall.holder_name if ours else _UNITS if kind == "notice" else "",
        official=ours, sealed_on=dates[kind] or on,
    )  # fmt: skip


def _day(on: dt.date | None) -> str:
    return chinese_date(on) if on else "　　年　月　日"


def _product(recall: Recall) -> Facts:
    return Facts.of(
        [
            ("产品名称", recall.product_name), ("注册证或备案编号", recall.registration_no or "—"),
            ("规格型号", recall.model_spec or "—"), ("批号", "、".join(recall.lots)),
            ("产品标识（DI）", recall.di or "—"), ("召回级别", recall.level or "—"),
        ]
    )  # fmt: skip


def _paragraphs(text: str, empty: str = "　") -> list[Block]:
    return [Text(line.strip()) for line in text.splitlines() if line.strip()] or [Text(empty)]


def _treatment(recall: Recall) -> str:
    return "、".join(recall.treatments) or "按后续通知处理"


def _notice(recall: Recall) -> list[Block]:
    intro = say("notice-intro", decided=f"于{_day(recall.decided_on)}", level=recall.level)
    return [
        Text(intro), _product(recall), Heading("一、召回原因"), *_paragraphs(recall.reason),
        Heading("二、要求"), Text(say("notice-demand")), Heading("三、处理方式"),
        Text(f"{_treatment(recall)}。"), Text(say("notice-implants")),
        Text(f"联系方式：{recall.contact or '　'}"),
    ]  # fmt: skip


def _order(recall: Recall) -> list[Block]:
    found = [
        f"{label}：{recall.evaluation[k]}" for k, label in evaluation().items() if recall.evaluation.get(k)
    ]
    demand = say(
        "order-demand", level=recall.level, days=notify_within(recall.level),
        range=recall.range_text or "上述批次的全部产品",
    )  # fmt: skip
    return [
        Text(say("order-intro")), _product(recall), Heading("一、召回原因"), *_paragraphs(recall.reason),
        Heading("二、调查评估结果"),
        *(Text(line) for line in found or [levels()[recall.level]["meaning"] + "。"]),
        Heading("三、要求"), Text(demand), Text(say("order-late")),
        Signs((Sign("当事人（签收、盖章）", on=str(recall.received_on or "")),)),
    ]  # fmt: skip


def _quantity(value: int | None) -> str:
    return "　" if value is None else str(value)


def _form(recall: Recall) -> list[Block]:
    more = Facts.of(
        [
            ("注册人、备案人或者代理人", recall.holder_name),
            ("统一社会信用代码", recall.holder_uscc or "　"),
            ("召回方式", recall.kind), ("决定召回日期", _day(recall.decided_on)),
            ("生产或者进口数量", _quantity(recall.made)), ("销售数量", _quantity(recall.sold)),
            ("应召回数量", _quantity(recall.planned)), ("涉及地区", recall.areas or "　"),
            ("联系人和电话", recall.contact or "　"), ("缺陷种类", recall.defect or "　"),
        ]
    )  # fmt: skip
    return [_product(recall), more, Heading("召回原因"), *_paragraphs(recall.reason)]


def _evaluated(recall: Recall) -> list[Block]:
    rows = tuple((label, recall.evaluation.get(name, "") or "—") for name, label in evaluation().items())
    return [Table(("项目", "评估情况"), rows, (0.35, 0.65))]


def _plan(recall: Recall) -> list[Block]:
    facts = Facts.of(
        [
            ("生产或者进口数量", _quantity(recall.made)), ("销售数量", _quantity(recall.sold)),
            ("应召回数量", _quantity(recall.planned)), ("涉及地区", recall.areas or "—"),
            ("计划完成日期", _day(recall.finish_by)), ("实施情况报告", f"每 {recall.every_days} 天一次"),
            ("处理方式", _treatment(recall)), ("召回信息的公布", recall.publication or "—"),
            ("预期效果", recall.expected or "—"),
        ]
    )  # fmt: skip
    return [
        _product(recall), Heading("一、调查评估"), *_evaluated(recall), Heading("二、数量和安排"), facts,
        Heading("三、召回措施"), *_paragraphs(recall.measures),
    ]  # fmt: skip


def _figures(recall: Recall) -> list[Block]:
    found = recall_queries.progress(recall)
    share = f"{found.completion:.1%}" if found.completion is not None else "—"
    return [
        Facts.of(
            [
                ("持有单位", f"{found.units} 家"), ("已通知", f"{found.notified} 家"),
                ("已答复", f"{found.answered} 家"), ("应召回数量", _quantity(found.planned)),
                ("已收回", str(found.returned)), ("已处理", str(found.treated)),
                ("其中销毁", str(found.destroyed)), ("完成率", share),
                ("已使用或者植入", str(found.implanted)), ("单位尚未处理", str(found.remaining)),
                ("少于应有", str(found.missing)),
            ]
        )
    ]  # fmt: skip


def _reports(recall: Recall) -> list[Block]:
    rows = tuple(
        (one.on.isoformat(), str(one.returned), str(one.treated), str(one.destroyed), one.text)
        for one in recall.progress.all()
    )
    columns = ("日期", "累计收回", "累计处理", "其中销毁", "说明")
    return [Table(columns, rows, (0.18, 0.14, 0.14, 0.14, 0.4))] if rows else [Text("尚未报告。")]


def _progress(recall: Recall) -> list[Block]:
    return [
        _product(recall),
        Heading("一、现在的情况"),
        *_figures(recall),
        Heading("二、历次报告"),
        *_reports(recall),
    ]


def _summary(recall: Recall) -> list[Block]:
    found = recall_queries.progress(recall)
    asked = f"核实 {found.checked} 家，收到召回通知 {found.reached} 家，按要求处理 {found.acted} 家。"
    return [
        _product(recall), Heading("一、召回结果"), *_figures(recall), Heading("二、历次报告"),
        *_reports(recall), Heading("三、效果核实"), Text(asked if found.checked else "没有核实记录。"),
        Heading("四、没有交代清楚的"), *_paragraphs(recall.unaccounted, "没有。"),
        Heading("五、总结评估"), *_paragraphs(recall.summary, "待提交。"),
    ]  # fmt: skip
