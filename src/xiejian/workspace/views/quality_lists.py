"""The lists of the quality desk: laws and recalls watched, documents, training, findings, feedback; 待办."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from xiejian.kernel.dates import read as read_day
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor, may
from xiejian.quality import queries
from xiejian.quality.models import AuditFinding, CustomerFeedback, QualityDocument, WatchedRule
from xiejian.quality.moves import EDIT, READ, WORKFLOWS, state_label
from xiejian.quality.watching import refresh_watch
from xiejian.web import clock
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item
from xiejian.workspace.quality_steps import TONES

LIST = "workspace/desk/list.html"


def _text(field: str, label: str, shown: bool = True, numeric: bool = False) -> Column:
    return Column(
        field, label, lambda row: getattr(row, field), (field,), shown=shown, numeric=numeric,
        nullable=numeric,
    )  # fmt: skip


def _day(field: str, label: str, shown: bool = True) -> Column:
    return Column(field, label, lambda row: getattr(row, field), (field,), shown=shown, nullable=True)


def _linked(field: str, label: str, page: str, pk: str = "pk") -> Column:
    return Column(
        field, label, lambda row: getattr(row, field), (field,),
        href=lambda row: reverse(page, args=[getattr(row, pk)]),
    )  # fmt: skip


def _due(closed: Sequence[str], on: dt.date, field: str = "due_on", label: str = "完成期限") -> Column:
    """A day until which something is done: red where it has passed and the record is still open."""

    def tone(row: Any) -> str:
        due = getattr(row, field)
        return "red" if due and due < on and row.state not in closed else ""

    return Column(field, label, lambda row: getattr(row, field), (field,), nullable=True, tone=tone)


def _state() -> Column:
    return Column("state", "状态", state_label, ("state",), tone=lambda row: TONES[row.state])


def _asked(request: HttpRequest, model: str) -> str:
    given = request.GET.get("state", "")
    return given if given in WORKFLOWS[model].states else ""


def _states(request: HttpRequest, model: str) -> Filter:
    return Filter("state", "状态", list(WORKFLOWS[model].states.items()), _asked(request, model))


def _kinds(request: HttpRequest, key: str, label: str, kinds: dict[str, str]) -> Filter:
    given = request.GET.get(key, "")
    return Filter(key, label, list(kinds.items()), given if given in kinds else "")


def _shown(
    request: HttpRequest, listing: Listing, lead: str, new: tuple[str, str] | None = None, page: str = LIST,
    **more: Any,
) -> HttpResponse:  # fmt: skip
    """``new``: label and page of what makes a new record, for who may."""
    buttons = [(new[0], reverse(new[1]))] if new and may(request.actor, EDIT) else []
    return show(listing, page, {"lead": lead, "buttons": buttons, **more})


def _listing(
    request: HttpRequest, title: str, columns: list[Column], rows: QuerySet[Any], filters: list[Filter],
    search: str, empty: tuple[str, str], sort: str = "-number",
) -> Listing:  # fmt: skip
    return Listing(
        request, title, columns, rows, sort, filters=filters, search_label=search, empty=empty[0],
        empty_next=empty[1],
    )  # fmt: skip


@needs_firm(READ)
@require_GET
def watched_list(request: HttpRequest) -> HttpResponse:
    """法规与通告: what is new, does it concern us, is it done?"""
    on = clock.today(request)
    filters = [_states(request, "watchedrule"), _kinds(request, "kind", "类别", WatchedRule.KINDS)]
    rows = queries.watched(
        request.actor, search=request.GET.get("q", ""), state=filters[0].value, kind=filters[1].value
    )
    columns = [
        _linked("title", "名称", "firm_watched_rule"),
        Column("kind", "类别", lambda row: row.get_kind_display(), ("kind",)),
        _day("on", "日期"),
        Column("reasons", "建议", lambda row: "；".join(row.reasons) or "未见与本单位相关"),
        _text("owner", "负责人"),
        _due(("done", "aside"), on),
        _text("number", "编号", shown=False),
        _state(),
    ]
    empty = ("还没有关注的法规与通告", "点“更新”取得近期施行的法规和涉及本单位产品的召回。")
    listing = _listing(request, "法规与通告", columns, rows, filters, "搜索名称、编号、负责人", empty, "-on")
    return _shown(
        request, listing, "系统提出建议和理由，由本单位人员判断", page="workspace/quality/watched.html",
        may_refresh=bool(may(request.actor, EDIT)),
    )  # fmt: skip


@needs_firm(EDIT)
@require_POST
def watched_refresh(request: HttpRequest) -> HttpResponse:
    """更新: laws that begin now and recalls of our products, each once."""
    made = refresh_watch(by=request.actor, at=clock.now(request))
    messages.success(request, f"新增 {len(made)} 项" if made else "没有新的法规与通告")
    return redirect("firm_watched")


def _wanted_day(request: HttpRequest) -> dt.date:
    """The day asked for, else today."""
    try:
        return read_day(request.GET.get("on", "")) or clock.today(request)
    except Refused:
        return clock.today(request)


@needs_firm(READ)
@require_GET
def document_list(request: HttpRequest) -> HttpResponse:
    """质量文件: which version held on a day, which wait, which are due for review?"""
    on, today = _wanted_day(request), clock.today(request)
    filters = [_states(request, "documentversion"), _kinds(request, "kind", "类别", QualityDocument.KINDS)]
    rows = queries.documents(
        request.actor, on=on, search=request.GET.get("q", ""), state=filters[0].value, kind=filters[1].value
    )
    states = WORKFLOWS["documentversion"].states
    columns = [
        _linked("number", "文件编号", "firm_quality_version", "latest"),
        _text("title", "文件名称"),
        Column("kind", "类别", lambda row: row.get_kind_display(), ("kind",)),
        Column("holds", f"{on} 有效", lambda row: f"第 {row.holds} 版" if row.holds else "无"),
        Column("state", "最新版本", lambda row: states[row.state], tone=lambda row: TONES[row.state]),
        _due(("withdrawn",), today, "review_on", "下次评审"),
    ]
    empty = ("还没有质量文件", "点“编写文件”开始。")
    listing = _listing(request, "质量文件", columns, rows, filters, "搜索文件编号、名称", empty, "number")
    listing.hidden = [("on", on.isoformat())]
    return _shown(
        request, listing, "编写和批准由两人办理", ("编写文件", "firm_quality_document_new"),
        "workspace/quality/documents.html", on=on,
    )  # fmt: skip


@needs_firm(READ)
@require_GET
def training_list(request: HttpRequest) -> HttpResponse:
    """培训计划: what is planned, held, and what was it good for?"""
    filters = [_states(request, "trainingitem")]
    rows = queries.trainings(request.actor, search=request.GET.get("q", ""), state=filters[0].value)
    columns = [
        _linked("topic", "培训内容", "firm_training"),
        _text("number", "编号"),
        _text("audience", "培训对象"),
        _due(("held", "cancelled"), clock.today(request), "planned_on", "计划日期"),
        _text("hours", "学时", numeric=True),
        _day("held_on", "实施日期"),
        _text("present", "参加人数", numeric=True),
        _text("passed", "合格人数", numeric=True),
        _text("effect", "效果评价", shown=False),
        _state(),
    ]
    empty = ("还没有培训计划", "点“列入培训”开始。")
    listing = _listing(
        request, "培训计划", columns, rows, filters, "搜索培训内容、对象", empty, "-planned_on"
    )
    return _shown(request, listing, "本单位的年度培训", ("列入培训", "firm_training_new"))


@needs_firm(READ)
@require_GET
def finding_list(request: HttpRequest) -> HttpResponse:
    """内审与纠正预防: what was found, what is done about it, did it work?"""
    sources = {source: source for source in AuditFinding.SOURCES}
    filters = [_states(request, "auditfinding"), _kinds(request, "source", "来源", sources)]
    rows = queries.findings(
        request.actor, search=request.GET.get("q", ""), state=filters[0].value, source=filters[1].value
    )
    columns = [
        _linked("title", "问题", "firm_finding"),
        _text("number", "编号"),
        _text("source", "来源"),
        _day("found_on", "发现日期"),
        _text("owner", "负责人"),
        _due(("carried_out", "verified"), clock.today(request)),
        _text("clause", "涉及的条款", shown=False),
        _text("verified_by", "验证人", shown=False),
        _state(),
    ]
    empty = ("还没有登记问题", "点“登记问题”开始。")
    listing = _listing(request, "内审与纠正预防", columns, rows, filters, "搜索问题、编号、负责人", empty)
    return _shown(request, listing, "实施和验证由两人办理", ("登记问题", "firm_finding_new"))


@needs_firm(READ)
@require_GET
def feedback_list(request: HttpRequest) -> HttpResponse:
    """顾客反馈: who said what, is it answered; which products, in which months?"""
    kinds = {kind: kind for kind in CustomerFeedback.KINDS}
    filters = [_states(request, "customerfeedback"), _kinds(request, "kind", "类别", kinds)]
    rows = queries.feedback(
        request.actor, search=request.GET.get("q", ""), state=filters[0].value, kind=filters[1].value
    )
    columns = [
        _linked("number", "编号", "firm_feedback_one"),
        _text("kind", "类别"),
        _text("customer", "顾客"),
        _text("product_name", "产品名称"),
        _text("lot", "批号"),
        _day("received_on", "收到日期"),
        _text("event_no", "不良事件报告编号", shown=False),
        _day("answered_on", "答复日期", shown=False),
        _state(),
    ]
    empty = ("还没有顾客反馈", "点“登记反馈”开始。")
    listing = _listing(request, "顾客反馈", columns, rows, filters, "搜索编号、顾客、产品、批号", empty)
    return _shown(
        request, listing, "投诉、建议和包装运输损坏", ("登记反馈", "firm_feedback_new"),
        "workspace/quality/feedback.html", trend=queries.feedback_trend(request.actor)[:24],
    )  # fmt: skip


# --- 待办 --------------------------------------------------------------------------------------------------


def _item(kind: str, row: Any, page: str, title: str, due: dt.date | None = None) -> Item:
    return Item(kind, title[:60], reverse(page, args=[row.pk]), due, row.number)


def desk_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办 of the quality people: what nobody judged, planned, reviewed or answered yet."""
    found = [
        _item("落实法规与通告", row, "firm_watched_rule", row.title, row.due_on)
        for row in queries.watched(actor, state="concerns")
    ]
    if waiting := queries.watched(actor, state="open").count():
        href = f"{reverse('firm_watched')}?state=open"
        found.append(Item("法规与通告", f"{waiting} 项待判断是否与本单位有关", href))
    for state, label in (("found", "制定措施"), ("planned", "落实措施")):
        found += [
            _item(label, row, "firm_finding", row.title, row.due_on)
            for row in queries.findings(actor, state=state)
        ]
    found += [
        _item("培训", row, "firm_training", row.topic, row.planned_on)
        for row in queries.trainings(actor, state="planned").filter(planned_on__lte=on)
    ]
    return found + [
        _item("顾客反馈", row, "firm_feedback_one", row.content)
        for row in queries.feedback(actor).exclude(state="answered")
    ]


def approver_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办 of who approves: versions that others wrote, documents due for review."""
    found = [
        _item("文件批准", row, "firm_quality_version", row.document.title)
        for row in queries.versions(actor, state="handed_in").exclude(writer=actor.username)
    ]
    due = queries.documents(actor, on=on, state="approved").filter(review_on__lte=on)
    return found + [
        Item(
            "文件评审", row.title[:60], reverse("firm_quality_version", args=[row.latest]), row.review_on,
            row.number,
        )
        for row in due
    ]  # fmt: skip


def own_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办 of everybody: versions to be signed for, actions of others to be verified."""
    found = [
        _item("文件签收", row, "firm_quality_version", row.document.title)
        for row in queries.to_read(actor, on)
    ]
    return found + [
        _item("验证措施", row, "firm_finding", row.title)
        for row in queries.findings(actor, state="carried_out").exclude(done_by=actor.username)
    ]
