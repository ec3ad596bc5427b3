"""企业通知: writing one to many firms, who has it, read it, answered it; one firm's answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.firms import notices, queries
from xiejian.firms.audience import Audience, chosen, has_account
from xiejian.firms.models import Delivery, FirmNotice
from xiejian.inspections.queries import evidence_of
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may
from xiejian.registry.models import LINKS
from xiejian.web import clock
from xiejian.web.firm_words import NOTICE_TONES, due_words, owes, state_of
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, moves, shown, take, text
from xiejian.web.views.evidence import FilesField, gallery
from xiejian.web.views.people import office_choices

STATES = notices.NOTICE_WORKFLOW.states
DELIVERY_STATES = [("owing", "未办理的"), *notices.DELIVERY_WORKFLOW.states.items()]
LEVELS = [("", "不限"), *((str(level), f"{level} 级") for level in (4, 3, 2, 1))]


@needs("firms.view")
def notice_list(request: HttpRequest) -> HttpResponse:
    """企业通知: what did we tell the firms, who has not read it?"""
    asked, actor = request.GET, request.actor
    columns = [
        Column(
            "number", "编号", lambda n: n.number, ("number",), href=lambda n: reverse("notice", args=[n.pk])
        ),
        Column("kind", "类别", lambda n: n.kind, ("kind",)),
        Column("title", "标题", lambda n: n.title, ("title",)),
        Column("sent", "发出", lambda n: n.sent_at, ("sent_at",), nullable=True),
        Column("wanted", "要求办理", lambda n: n.wanted_by, ("wanted_by",), nullable=True),
        Column("firms", "单位", lambda n: n.firms, ("firms",), numeric=True),
        Column("read", "已读", lambda n: n.read, ("read",), numeric=True),
        Column("confirmed", "已签收", lambda n: n.confirmed, ("confirmed",), numeric=True),
        Column("answered", "已答复", lambda n: n.answered, ("answered",), numeric=True),
        Column("by", "拟稿人", lambda n: n.by_name, shown=False),
        Column("made", "拟稿时间", lambda n: n.made_at, ("made_at",), shown=False),
        Column("state", "状态", lambda n: STATES[n.state], ("state",), tone=lambda n: NOTICE_TONES[n.state]),
    ]
    kinds = [(kind, kind) for kind in FirmNotice.KINDS]
    rows = queries.notices(
        actor, search=asked.get("q", ""), state=asked.get("state", ""), kind=asked.get("kind", "")
    )
    listing = Listing(
        request, "企业通知", columns, rows, "-made",
        filters=[
            Filter("kind", "类别", kinds, asked.get("kind", "")),
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
        ],
        search_label="搜索编号、标题、内容", empty="还没有企业通知",
        empty_next="点“拟写通知”，按环节、标签、级别或者指定单位发送。",
    )  # fmt: skip
    return show(listing, "web/firms/notice_list.html", {"may_edit": may(actor, "firms.edit")})


class NoticeForm(PageForm):
    """What is said, to whom."""

    kind = forms.ChoiceField(label="类别", choices=[(kind, kind) for kind in FirmNotice.KINDS])
    title = forms.CharField(label="标题", max_length=120)
    text = text("内容", rows=6)
    wanted_by = forms.DateField(label="要求办理日期", required=False, widget=DateInput())
    course = forms.ModelChoiceField(
        label="布置的课程", required=False, queryset=None, empty_label="不布置课程"
    )
    link = forms.ChoiceField(label="环节", required=False, choices=[("", "不限"), *((x, x) for x in LINKS)])
    tag = forms.CharField(label="品种标签", required=False, max_length=30, help_text="如：无菌、植入")
    level = forms.TypedChoiceField(
        label="监管级别", required=False, coerce=int, empty_value=None, choices=LEVELS
    )
    office = forms.ChoiceField(label="监管机构", required=False)
    connected = forms.BooleanField(label="只发给已开户的单位", required=False)
    usccs = forms.CharField(
        label="指定单位", required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="每行一个统一社会信用代码；填写后只发给这些单位",
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["course"].queryset = queries.courses(actor, state="open")
        self.fields["office"].choices = [("", "不限"), *office_choices(actor)]

    def facts(self) -> dict[str, Any]:
        """What the actions take."""
        given = dict(self.cleaned_data)
        parts = {name: given.pop(name) for name in ("link", "tag", "level", "office", "connected")}
        picked = tuple(dict.fromkeys(given.pop("usccs").split()))
        given.pop("files", None)
        return given | {"audience": Audience(**parts, usccs=picked)}


class NewForm(NoticeForm):
    files = FilesField("附件", required=False)


@needs("firms.edit")
@require_http_methods(["GET", "POST"])
def notice_new(request: HttpRequest) -> HttpResponse:
    """拟写通知: what shall which firms know or do? ``?course=`` and ``?uscc=`` fill it in."""
    asked = request.GET
    first = {"course": asked.get("course", ""), "usccs": asked.get("uscc", "")}
    if first["course"]:
        first["kind"] = FirmNotice.TASK
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form, wrong = NewForm(*sent, actor=request.actor, initial=first), list[Problem]()
    if form.is_bound and form.is_valid():
        try:
            made = notices.draft_notice(
                files=form.cleaned_data["files"], by=request.actor, at=clock.now(request), **form.facts()
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已拟写：{made.number}。核对范围后发出。")
            return redirect("notice", pk=made.pk)
    context = {"form": form, "problems": wrong}
    return render(request, "web/firms/notice_new.html", context, status=422 if form.is_bound else 200)


# --- one notice --------------------------------------------------------------------------------------------


class NoFields(StepForm):
    pass


class AmendForm(StepForm, NoticeForm):
    def __init__(self, *args: Any, record: FirmNotice, actor: Any, **kwargs: Any) -> None:
        NoticeForm.__init__(self, *args, actor=actor, **kwargs)
        said = {name: getattr(record, name) for name in ("kind", "title", "text", "wanted_by", "course")}
        audience = Audience.read(record.audience).as_json()
        for name, value in (said | audience | {"usccs": "\n".join(audience["usccs"])}).items():
            self.fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        super().clean()
        return self.facts() if not self.errors else self.cleaned_data


class ReasonForm(StepForm):
    reason = forms.CharField(label="理由", max_length=300)


class CloseForm(StepForm):
    reason = forms.CharField(label="办理情况", max_length=300, required=False)


def _step(name: str, label: str, form: type[StepForm], hint: str = "", ask: str = "") -> Step:
    action = getattr(notices, name)
    return Step(
        name, label, form, lambda r, given, by, at: action(notice=r, by=by, at=at, **given), hint, ask
    )


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        _step("send_notice", "发出", NoFields, "范围内的单位立即在企业工作台看到，发出后不能修改。"),
        _step("amend_notice", "修改", AmendForm),
        _step("remind_firms", "催办", NoFields, "催促所有还没有办理的单位；近期催过的不重复。"),
        _step("close_notice", "办结", CloseForm, "办结后单位不能再签收、答复。"),
        _step("withdraw_notice", "撤回", ReasonForm, "单位看到已撤回和理由。"),
    )
}


def _delivery_columns(on: dt.date, personal: bool) -> list[Column]:
    return [
        Column(
            "party", "单位", lambda d: d.party.name, ("party__name",),
            href=lambda d: reverse("delivery", args=[d.pk]),
        ),
        Column(
            "account", "账号", lambda d: "已开户" if d.connected else "未开户",
            tone=lambda d: "" if d.connected else "secondary",
        ),
        Column("opened", "打开", lambda d: d.opened_at, ("opened_at",), nullable=True),
        Column("confirmed", "签收", lambda d: d.confirmed_at, ("confirmed_at",), nullable=True),
        *([Column("by", "签收人", lambda d: d.confirmed_by)] if personal else []),
        Column("answered", "答复", lambda d: d.answered_at, ("answered_at",), nullable=True),
        Column("answer", "答复内容", lambda d: d.answer, shown=False),
        Column("reminders", "催办", lambda d: d.reminders, ("reminders",), numeric=True),
        Column(
            "state", "状态", lambda d: state_of(d)[0], ("state",),
            tone=lambda d: "red" if owes(d) and due_words(d, on)[1] == "red" else state_of(d)[1],
        ),
        Column("office", "监管机构", lambda d: d.office_code, ("office_code",), shown=False),
    ]  # fmt: skip


@needs("firms.view")
@require_http_methods(["GET", "POST"])
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """One notice: what it says, how many have read and answered it, who has not."""
    actor, asked, on = request.actor, request.GET, clock.today(request)
    row = get_object_or_404(queries.notices(actor), pk=pk)
    taken = take(request, STEPS, row)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("notice", pk=pk)
    if taken.problems:
        row = get_object_or_404(queries.notices(actor), pk=pk)
    audience = Audience.read(row.audience)
    reached = chosen(audience, actor) if row.state == "drafted" else None
    listing = Listing(
        request, f"{row.number} 送达情况", _delivery_columns(on, bool(may(actor, "registry.personal"))),
        queries.deliveries(actor, notice=row, search=asked.get("q", ""), state=asked.get("state", "")),
        "party", filters=[Filter("state", "状态", DELIVERY_STATES, asked.get("state", ""))],
        search_label="搜索单位", empty="还没有发出" if reached is not None else "没有符合条件的单位",
    )  # fmt: skip
    names = moves(notices.NOTICE_WORKFLOW, row.state, actor, row.office_code)
    context = {
        "row": row, "state": (STATES[row.state], NOTICE_TONES[row.state]), "audience": audience.words,
        "reached": reached.count() if reached is not None else None,
        "reached_on": reached.filter(has_account()).count() if reached is not None else None,
        "files": gallery(evidence_of(notices.SUBJECT, row.pk)), "problems": taken.problems,
        "steps": shown(STEPS, [n for n in STEPS if n in names], taken, row, actor, {}, first_open=False),
    }  # fmt: skip
    answer = show(listing, "web/firms/notice.html", context)
    if taken.status != 200:
        answer.status_code = taken.status
    return answer


# --- one delivery ------------------------------------------------------------------------------------------


class PersonForm(StepForm):
    person = forms.CharField(label="签收人（姓名、职务）", max_length=40)


DELIVERY_STEPS: dict[str, Step] = {
    "return_answer": Step(
        "return_answer", "退回补充", ReasonForm,
        lambda r, given, by, at: notices.return_answer(delivery=r, by=by, at=at, **given),
        "写明还缺什么，单位补充后再次答复。",
    ),
    "record_confirmation": Step(
        "record_confirmation", "代为登记签收", PersonForm,
        lambda r, given, by, at: notices.record_confirmation(delivery=r, by=by, at=at, **given),
        "电话或者当面告知没有账号的单位后登记。",
    ),
}  # fmt: skip


@needs("firms.view")
@require_http_methods(["GET", "POST"])
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """One notice at one firm: when was it read, what is the answer?"""
    actor = request.actor
    row = get_object_or_404(queries.deliveries(actor), pk=pk)
    taken = take(request, DELIVERY_STEPS, row)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("delivery", pk=pk)
    if taken.problems:
        row = get_object_or_404(queries.deliveries(actor), pk=pk)
    return render(
        request, "web/firms/delivery.html", _delivery_page(request, row, taken), status=taken.status
    )


def _delivery_page(request: HttpRequest, row: Delivery, taken: Any) -> dict[str, Any]:
    actor = request.actor
    names = moves(notices.DELIVERY_WORKFLOW, row.state, actor, row.office_code)
    open_ = [n for n in DELIVERY_STEPS if n in names and row.notice.state == "sent"]
    return {
        "row": row, "notice": row.notice, "state": state_of(row), "due": due_words(row, clock.today(request)),
        "files": gallery(evidence_of("delivery", row.pk)), "problems": taken.problems,
        "steps": shown(DELIVERY_STEPS, open_, taken, row, actor, {}),
        "reach": queries.notices(actor).filter(pk=row.notice_id).exists(),
    }  # fmt: skip
