"""One record of the quality desk, and the forms of new ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.quality import checks, documents, improving, queries
from xiejian.quality.models import (
    AuditFinding,
    CustomerFeedback,
    DocumentVersion,
    NumberedRow,
    QualityDocument,
    TrainingItem,
    WatchedRule,
)
from xiejian.quality.moves import EDIT, READ, flow_of, state_label
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.steps import day, text
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.quality_steps import STEPS, TONES, open_steps
from xiejian.workspace.sheets import Cell, Sheet, Table, facts_of, history, sheet_page

STANDING = {"coming": "待生效", "holding": "有效", "ended": "已停用", "": ""}


def _page(request: HttpRequest, rows: QuerySet[Any], pk: int, sheet: Callable[[Any], Sheet]) -> HttpResponse:
    row: NumberedRow = get_object_or_404(rows, pk=pk)
    flow = flow_of(row)
    past = partial(history, f"quality_{flow.subject}", row.number, row.firm_uscc, flow)
    names = partial(open_steps, row, request.actor)
    begin = {"effective_on": clock.today(request)}
    return sheet_page(request, row, row.number, STEPS, names, partial(sheet, row), past, begin)


def _state(row: NumberedRow) -> tuple[str, str]:
    return state_label(row), TONES[row.state]


@needs_firm(READ)
@require_http_methods(["GET", "POST"])
def watched_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """法规与通告: why it may concern us, what was decided, what was done?"""
    return _page(request, queries.watched(request.actor), pk, _watched)


def _watched(row: WatchedRule) -> Sheet:
    said = "；".join(row.reasons) if row.proposed else "名称和本单位的环节、产品没有相同之处"
    return Sheet(
        row.number, row.title, f"{row.get_kind_display()} {row.source}", _state(row), "法规与通告",
        reverse("firm_watched"),
        facts_of(
            ("日期", row.on), ("建议", "与本单位有关" if row.proposed else "未见与本单位相关"),
            ("建议的理由", said), ("判断的理由", row.decision_why), ("要做的事", row.action),
            ("负责人", row.owner), ("完成期限", row.due_on), ("完成日期", row.done_on),
            ("完成情况", row.result),
        ),
    )  # fmt: skip


@needs_firm(READ)
@require_http_methods(["GET", "POST"])
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """文件版本: what it says, what changed, since when it holds, who has read it?"""
    today = clock.today(request)
    return _page(request, queries.versions(request.actor), pk, lambda row: _version(row, today))


def _version(row: DocumentVersion, today: Any) -> Sheet:
    document, every = row.document, list(row.document.versions.order_by("-version"))
    standing = STANDING[checks.standing(row.state, row.effective_on, row.ended_on, today)]
    tables = [Table("内容", [f"第 {row.version} 版"], [[Cell(line)] for line in row.text.splitlines()])]
    if before := next((one for one in every if one.version == row.version - 1), None):
        signs = {"+": "增加", "-": "删去"}
        changed = checks.changed_lines(before.text, row.text)
        rows = [[Cell(signs[sign]), Cell(line)] for sign, line in changed]
        tables.append(Table(f"与第 {before.version} 版的不同", ["", "内容"], rows, "没有不同"))
    tables.append(
        Table(
            "全部版本", ["版次", "生效日期", "停用日期", "状态", "修订理由"],
            [
                [
                    Cell(f"第 {one.version} 版", reverse("firm_quality_version", args=[one.pk])),
                    Cell(one.effective_on or ""), Cell(one.ended_on or ""),
                    Cell(
                        STANDING[checks.standing(one.state, one.effective_on, one.ended_on, today)]
                        or state_label(one)
                    ),
                    Cell(one.change),
                ]
                for one in every
            ],
        )
    )  # fmt: skip
    unread = ""
    if row.state == "approved":
        read = [[Cell(one.name), Cell(timezone.localdate(one.read_at))] for one in row.readings.all()]
        tables.append(Table("签收", ["姓名", "日期"], read, "还没有人签收"))
        unread = "、".join(queries.unread(row))
    return Sheet(
        row.number, document.title, f"第 {row.version} 版 {standing}".strip(), _state(row), "质量文件",
        reverse("firm_quality_documents"),
        facts_of(
            ("文件编号", document.number), ("类别", document.get_kind_display()), ("编写人", row.by_name),
            ("修订理由", row.change), ("退回理由", row.return_reason), ("批准人", row.approver),
            ("批准日期", row.approved_on), ("生效日期", row.effective_on), ("停用日期", row.ended_on),
            ("停用理由", row.end_reason), ("下次评审", document.review_on), ("未签收", unread),
        ),
        tables,
    )  # fmt: skip


@needs_firm(READ)
@require_http_methods(["GET", "POST"])
def training(request: HttpRequest, pk: int) -> HttpResponse:
    """培训: for whom, when, what came of it?"""
    return _page(request, queries.trainings(request.actor), pk, _training)


def _training(row: TrainingItem) -> Sheet:
    return Sheet(
        row.number, row.topic, row.audience, _state(row), "培训计划", reverse("firm_trainings"),
        facts_of(
            ("计划日期", row.planned_on), ("学时", row.hours), ("实施日期", row.held_on),
            ("参加人数", row.present), ("考核合格人数", row.passed), ("效果评价", row.effect),
            ("取消理由", row.reason), ("登记人", row.by_name),
        ),
    )  # fmt: skip


@needs_firm(READ)
@require_http_methods(["GET", "POST"])
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """问题: what was found, why, what is done, did it work?"""
    return _page(request, queries.findings(request.actor), pk, _finding)


def _finding(row: AuditFinding) -> Sheet:
    return Sheet(
        row.number, row.title, row.source, _state(row), "内审与纠正预防", reverse("firm_findings"),
        facts_of(
            ("发现日期", row.found_on), ("涉及的条款", row.clause), ("原因", row.cause),
            ("纠正", row.correction), ("纠正措施", row.action), ("负责人", row.owner),
            ("完成期限", row.due_on), ("完成日期", row.done_on), ("实施证据", row.evidence),
            ("验证日期", row.verified_on), ("验证人", row.verified_by), ("验证意见", row.verdict),
            ("登记人", row.by_name),
        ),
        [Table("情况", ["内容"], [[Cell(line)] for line in row.content.splitlines()])],
    )  # fmt: skip


@needs_firm(READ)
@require_http_methods(["GET", "POST"])
def feedback(request: HttpRequest, pk: int) -> HttpResponse:
    """顾客反馈: what was said, what was found, what was answered?"""
    return _page(request, queries.feedback(request.actor), pk, _feedback)


def _as_event(row: CustomerFeedback) -> str:
    """The address of a report of an adverse event that takes over what the customer said."""
    told = {"product_name": row.product_name, "lot": row.lot, "found_on": row.received_on,
            "failure": row.content[:500]}  # fmt: skip
    return f"{reverse('firm_event_new')}?{urlencode({name: one for name, one in told.items() if one})}"


def _feedback(row: CustomerFeedback) -> Sheet:
    event = {True: "是", False: "否", None: ""}[row.is_event]
    return Sheet(
        row.number, f"{row.kind}：{row.product_name or row.customer}", row.customer, _state(row), "顾客反馈",
        reverse("firm_feedback"),
        facts_of(
            ("收到日期", row.received_on), ("产品名称", row.product_name), ("批号", row.lot),
            ("调查结果", row.finding), ("属于可疑不良事件", event), ("不良事件报告编号", row.event_no),
            ("答复日期", row.answered_on), ("答复", row.answer), ("登记人", row.by_name),
        ),
        [Table("内容", ["顾客所述"], [[Cell(line)] for line in row.content.splitlines()])],
        [("报告不良事件", _as_event(row))] if row.state != "answered" else [],
    )  # fmt: skip


# --- new records -------------------------------------------------------------------------------------------


class DocumentForm(PageForm):
    number = forms.CharField(label="文件编号", max_length=50)
    title = forms.CharField(label="文件名称", max_length=200)
    kind = forms.ChoiceField(label="类别", choices=list(QualityDocument.KINDS.items()))
    text = text("内容", rows=12)


class TrainingForm(PageForm):
    topic = forms.CharField(label="培训内容", max_length=200)
    audience = forms.CharField(label="培训对象", max_length=200)
    planned_on = day("计划日期")
    hours = forms.DecimalField(label="学时", min_value=0, max_digits=5, decimal_places=1)


class FindingForm(PageForm):
    source = forms.ChoiceField(label="来源", choices=[(one, one) for one in AuditFinding.SOURCES])
    title = forms.CharField(label="问题", max_length=200)
    clause = forms.CharField(label="涉及的条款", max_length=120, required=False)
    found_on = day("发现日期")
    content = text("情况")


class FeedbackForm(PageForm):
    kind = forms.ChoiceField(label="类别", choices=[(one, one) for one in CustomerFeedback.KINDS])
    customer = forms.CharField(label="顾客", max_length=200)
    product_name = forms.CharField(label="产品名称", max_length=300, required=False)
    lot = forms.CharField(label="批号", max_length=120, required=False)
    received_on = day("收到日期")
    content = text("内容")


def _new(
    request: HttpRequest, title: str, form: type[PageForm], make: Callable[..., NumberedRow], page: str,
    back: tuple[str, str],
) -> HttpResponse:  # fmt: skip
    """A form that makes one record, whose page (``page``) opens then; ``back``: label and list."""
    today = clock.today(request)
    sent = form(request.POST or None, initial={"found_on": today, "received_on": today})
    wrong: list[Problem] = []
    if request.method == "POST" and sent.is_valid():
        try:
            made = make(**sent.cleaned_data, by=request.actor, at=clock.now(request))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记 {made.number}")
            return redirect(page, made.pk)
    context = {
        "title": title, "form": sent, "problems": wrong, "list_url": reverse(back[1]), "list_label": back[0]
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/desk/new.html", context, status=status)


@needs_firm(EDIT)
@require_http_methods(["GET", "POST"])
def document_new(request: HttpRequest) -> HttpResponse:
    """编写文件: a new document with its first version."""
    back = ("质量文件", "firm_quality_documents")
    make = documents.draft_document
    return _new(request, "编写文件", DocumentForm, make, "firm_quality_version", back)


@needs_firm(EDIT)
@require_http_methods(["GET", "POST"])
def training_new(request: HttpRequest) -> HttpResponse:
    """列入培训."""
    back = ("培训计划", "firm_trainings")
    return _new(request, "列入培训", TrainingForm, improving.plan_training, "firm_training", back)


@needs_firm(EDIT)
@require_http_methods(["GET", "POST"])
def finding_new(request: HttpRequest) -> HttpResponse:
    """登记问题."""
    back = ("内审与纠正预防", "firm_findings")
    return _new(request, "登记问题", FindingForm, improving.register_finding, "firm_finding", back)


@needs_firm(EDIT)
@require_http_methods(["GET", "POST"])
def feedback_new(request: HttpRequest) -> HttpResponse:
    """登记反馈."""
    back = ("顾客反馈", "firm_feedback")
    return _new(request, "登记反馈", FeedbackForm, improving.record_feedback, "firm_feedback_one", back)
