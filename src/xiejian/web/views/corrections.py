"""整改闭环: which orders to correct are open; one order from its answer to its closing; on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods

from xiejian.clocks.queries import clocks_of
from xiejian.inspections import (
    actions,
    answering,
    correction_items,
    liaisons,
    limits,
    queries,
    reminding,
    signing,
)
from xiejian.inspections.checks import MADE, REMINDERS
from xiejian.inspections.correction_items import ItemAnswer
from xiejian.inspections.models import Correction, CorrectionItem
from xiejian.inspections.places import Place
from xiejian.people.policy import Actor, may, require
from xiejian.web import clock
from xiejian.web.forms import dress
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, Taken, day, shown, take, text
from xiejian.web.views import clocks
from xiejian.web.views.evidence import CorrectionEvidenceForm, FilesField, attach, gallery
from xiejian.web.views.people import office_choices

STATES = actions.CORRECTION_WORKFLOW.states
WAITING = ("ordered", "submitted", "failed")  # the clock runs
CONTENT_SHOWN = 40  # characters of an order in the list; its page has all of it
SOON = 7  # days before the date from which a clock is coloured
STATE_TONES = {
    "ordered": "orange", "submitted": "azure", "passed": "green", "failed": "orange", "closed": "green",
}  # fmt: skip


def clock_words(due: dt.date | None, on: dt.date) -> tuple[str, str]:
    """What a running clock says and its colour: 剩 3 天（2024-03-08）, red once it is overdue."""
    if due is None:
        return "未定期限", "orange"
    days = (due - on).days
    words = f"逾期 {-days} 天" if days < 0 else "今天到期" if days == 0 else f"剩 {days} 天"
    return f"{words}（{due}）", "red" if days < 0 else "orange" if days <= SOON else "secondary"


def _party_address(row: Correction) -> str:
    return reverse("party", args=[row.visit.party_id])


def _columns(on: dt.date) -> list[Column]:
    def left(row: Correction) -> tuple[str, str]:
        if row.state in WAITING:
            return clock_words(row.due_on, on)
        return (f"{STATES[row.state]}（限期 {row.due_on or '未定'}）", STATE_TONES[row.state])

    return [
        Column(
            "number",
            "文书编号",
            lambda c: c.number,
            ("number",),
            href=lambda c: reverse("correction", args=[c.pk]),
        ),
        Column("party", "单位", lambda c: c.visit.party.name, ("visit__party__name",), href=_party_address),
        Column("content", "整改内容", lambda c: Truncator(c.content).chars(CONTENT_SHOWN)),
        Column("ordered", "责令日期", lambda c: c.ordered_on, ("ordered_on",)),
        Column(
            "due",
            "整改期限",
            lambda c: left(c)[0],
            ("urgency", "due_on"),
            tone=lambda c: left(c)[1],
            nullable=True,
        ),
        Column("submitted", "提交整改", lambda c: c.submitted_on, ("submitted_on",), nullable=True),
        Column("rechecked", "复查日期", lambda c: c.rechecked_on, ("rechecked_on",), nullable=True),
        Column("closed", "办结日期", lambda c: c.closed_on, ("closed_on",), nullable=True, shown=False),
        Column(
            "visit",
            "检查编号",
            lambda c: c.visit.number,
            href=lambda c: reverse("visit", args=[c.visit_id]),
            shown=False,
        ),
        Column("link", "环节", lambda c: c.visit.link, ("visit__link",), shown=False),
        Column("state", "状态", lambda c: STATES[c.state], ("state",), tone=lambda c: STATE_TONES[c.state]),
    ]


TABS = (("", "未办结"), ("head", "报负责人"), ("all", "全部责令改正"))


@needs("inspections.view")
def correction_list(request: HttpRequest) -> HttpResponse:
    """整改闭环: which corrections are open, which are overdue?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    tab = asked.get("tab", "")
    make = {"head": _to_the_head, "all": _all}.get(tab, _open)
    listing = make(request, on, {"search": asked.get("q", ""), "office": asked.get("office", "")})
    listing.filters.append(Filter("office", "机构", office_choices(actor), asked.get("office", "")))
    year = queries.closure(actor, from_on=dt.date(on.year, 1, 1), until=on, on=on)
    return show(listing, "web/corrections/list.html", {"tab": tab, "tabs": TABS, "closure": year, "on": on})


def _open(request: HttpRequest, on: dt.date, asked: dict[str, str]) -> Listing:
    rows = queries.open_corrections(request.actor, on, state=request.GET.get("state", ""), **asked)
    states = [(s, label) for s, label in STATES.items() if s != "closed"]
    return _listing(request, on, rows, "未办结的整改", "due", states)


def _all(request: HttpRequest, on: dt.date, asked: dict[str, str]) -> Listing:
    rows = queries.corrections(request.actor, on=on, state=request.GET.get("state", ""), **asked)
    return _listing(request, on, rows, "责令改正", "-ordered", list(STATES.items()))


def _listing(
    request: HttpRequest, on: dt.date, rows: Any, title: str, sort: str, states: list[tuple[str, str]]
) -> Listing:
    return Listing(
        request, title, _columns(on), rows, sort,
        filters=[Filter("state", "状态", states, request.GET.get("state", ""))],
        search_label="搜索文书编号、单位、内容",
        empty="没有未办结的整改" if sort == "due" else "还没有责令改正",
        empty_next="检查作出结论后，在检查页面“责令改正”。", hidden=[("tab", request.GET.get("tab", ""))],
    )  # fmt: skip


def _to_the_head(request: HttpRequest, on: dt.date, asked: dict[str, str]) -> Listing:
    rows = queries.to_the_head(request.actor, on, state=request.GET.get("state", ""), **asked)
    states = [(s, STATES[s]) for s in WAITING]
    listing = _listing(request, on, rows, "报负责人的整改", "due", states)
    listing.empty = f"没有逾期满 {limits.days_to_head()} 天的整改"
    listing.empty_next = "逾期的整改先由检查人员催办，逾期较久的在这里由负责人批示。"
    return listing


# --- one order and its steps ---------------------------------------------------------------------------


def answer_fields(items: Iterable[CorrectionItem]) -> dict[str, forms.Field]:
    """Cause, measure and files for each item that is still open."""
    fields: dict[str, forms.Field] = {}
    for item in correction_items.still_open(items):
        fields[f"cause_{item.pk}"] = text(f"第{item.position}项（{item.defect}）原因", required=False, rows=2)
        fields[f"measure_{item.pk}"] = text(f"第{item.position}项 整改措施", required=False, rows=2)
        fields[f"files_{item.pk}"] = FilesField(f"第{item.position}项 证据", required=False)
    return fields


def answers_of(given: dict[str, Any], items: Iterable[CorrectionItem]) -> list[ItemAnswer]:
    """What the fields of ``answer_fields`` say, item by item."""
    return [
        ItemAnswer(item.pk, given[f"cause_{item.pk}"], given[f"measure_{item.pk}"], given[f"files_{item.pk}"])
        for item in correction_items.still_open(items)
    ]


class ItemsForm(StepForm):
    def fit(self, record: Correction, actor: Actor) -> None:
        self.fields.update(answer_fields(record.items.all()))
        # what was answered before stands in the form, to be added to
        for item in record.items.all():
            if f"cause_{item.pk}" in self.fields:
                self.fields[f"cause_{item.pk}"].initial = item.cause
                self.fields[f"measure_{item.pk}"].initial = item.measure
        dress(self.fields.values())


class SubmitForm(StepForm):
    submitted_on = day("提交整改日期")
    answer = text("整改情况", required=False, hint="逐项答复已经写明的可以不填")
    evidence = FilesField("整改证据", required=False)


class RecheckForm(StepForm):
    rechecked_on = day("复查日期")
    recheck_visit = forms.ModelChoiceField(
        label="复查所在的检查", queryset=None, required=False, empty_label="审阅整改报告，没有另行检查"
    )
    note = forms.CharField(label="复查情况", required=False, max_length=300)

    def fit(self, record: Correction, actor: Actor) -> None:
        rows = queries.visits(actor, party=record.visit.party).filter(
            state__in=MADE, visited_on__gte=record.ordered_on
        )
        self.fields["recheck_visit"].queryset = rows.exclude(pk=record.visit_id)
        self.fields["recheck_visit"].label_from_instance = lambda v: f"{v.visited_on} {v.kind} {v.number}"


class FailForm(RecheckForm):
    rejected = forms.MultipleChoiceField(
        label="不认可的整改事项", required=False, widget=forms.CheckboxSelectMultiple
    )

    def fit(self, record: Correction, actor: Actor) -> None:
        super().fit(record, actor)
        items = correction_items.still_open(record.items.all())
        if len(items) < 2:
            del self.fields["rejected"]
            return
        field = self.fields["rejected"]
        field.choices = [
            (i.pk, f"第{i.position}项 {Truncator(i.defect).chars(CONTENT_SHOWN)}") for i in items
        ]
        field.widget.attrs["class"] = "form-check-input"

    def clean_rejected(self) -> list[int]:
        return [int(pk) for pk in self.cleaned_data["rejected"]]


class RemindForm(StepForm):
    done_on = day("催办日期")
    how = forms.ChoiceField(label="方式", choices=[(way, way) for way in REMINDERS])
    whom = forms.CharField(label="对方（姓名、职务）", required=False, max_length=60)
    text = forms.CharField(label="催办内容", max_length=500)


class DirectForm(StepForm):
    text = forms.CharField(label="批示", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class NoFields(StepForm):
    pass


class AgainForm(StepForm):
    ordered_on = day("责令日期")
    due_on = day("新的整改期限")
    reason = forms.CharField(label="再次责令改正的理由", max_length=200)


class CloseForm(StepForm):
    closed_on = day("办结日期")


class BackForm(StepForm):
    reason = forms.CharField(label="撤回的理由", max_length=200)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "answer_items", "逐项答复", ItemsForm,
            lambda c, given, by, at: actions.answer_items(
                correction=c, answers=answers_of(given, c.items.all()), by=by, at=at
            ),
            "单位先答复一部分的，逐项登记原因、措施和证据；期限照常计算。",
        ),
        Step(
            "submit_correction", "提交整改报告", SubmitForm,
            lambda c, given, by, at: actions.submit_correction(correction=c, by=by, at=at, **given),
            "登记单位的整改报告，附整改前后的照片或文件。",
        ),
        Step(
            "pass_recheck", "复查通过", RecheckForm,
            lambda c, given, by, at: actions.pass_recheck(correction=c, by=by, at=at, **given),
        ),
        Step(
            "fail_recheck", "复查未通过", FailForm,
            lambda c, given, by, at: actions.fail_recheck(correction=c, by=by, at=at, **given),
            "未通过的，接着再次责令改正或者立案。",
        ),
        Step(
            "order_again", "再次责令改正", AgainForm,
            lambda c, given, by, at: actions.order_again(correction=c, by=by, at=at, **given),
            "第一次的责令日期不变，期限改为新的日期。",
        ),
        Step(
            "close_correction", "办结", CloseForm,
            lambda c, given, by, at: actions.close_correction(correction=c, by=by, at=at, **given),
            "没有整改证据的不能办结。",
        ),
        Step(
            "withdraw_submission", "撤回整改报告", BackForm,
            lambda c, given, by, at: actions.withdraw_submission(correction=c, by=by, at=at, **given),
            "单位要求补充的，撤回后重新提交；复查以后不能撤回。",
        ),
        Step(
            "remind_party", "催办", RemindForm,
            lambda c, given, by, at: reminding.remind_party(correction=c, by=by, at=at, **given),
            "记下谁在什么时候、用什么方式催促了单位。",
        ),
        Step(
            "direct_correction", "负责人批示", DirectForm,
            lambda c, given, by, at: reminding.direct_correction(correction=c, by=by, at=at, **given),
        ),
        Step(
            "revoke_answer_link", "停用答复链接", NoFields,
            lambda c, given, by, at: answering.revoke_answer_link(correction=c, by=by, at=at),
            "停用后单位不能再用原来的地址答复。",
        ),
    )
}  # fmt: skip


def _correction(request: HttpRequest, pk: int) -> Correction:
    found = queries.correction(request.actor, pk, clock.today(request))
    if found is None:
        raise Http404
    return found


@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """One order: what was ordered, what did they answer, what may be done now?"""
    found = _correction(request, pk)
    taken, wrong, stored, upload = Taken(), [], False, CorrectionEvidenceForm()
    if request.method == "POST":
        asked = request.POST.get("do")
        needed = "inspections.direct" if asked == "direct_correction" else "inspections.visit"
        require(request.actor, needed, found.office_code)
        if asked == "open_answer_link":
            return _new_link(request, found)
        if asked == "attach_evidence":
            upload = CorrectionEvidenceForm(request.POST, request.FILES)
            wrong = attach(request, upload, correction=found)
            stored = not (wrong or upload.errors)
        else:
            taken = take(request, STEPS, found)
            wrong = taken.problems
            if taken.done and taken.step:
                messages.success(request, f"已办理：{taken.step.label}。")
        if stored or taken.done:
            return redirect("correction", pk=pk)
        if wrong:
            found = _correction(request, pk)
    context = _page(request, found, taken) | {"problems": wrong, "upload": upload}
    refused = bool(wrong or upload.errors or taken.status != 200)
    return render(request, "web/corrections/correction.html", context, status=422 if refused else 200)


def _new_link(request: HttpRequest, found: Correction) -> HttpResponse:
    """The address for the firm, on a page of its own: it is shown this once."""
    link, token = answering.open_answer_link(correction=found, by=request.actor, at=clock.now(request))
    address = request.build_absolute_uri(reverse("answer", args=[token]))
    context = {"found": found, "link": link, "address": address}
    return render(request, "web/corrections/link.html", context)


def _names(actor: Actor, found: Correction, editable: bool) -> list[str]:
    """The steps that may be taken now: those of the workflow table, and what stands beside it."""
    names: list[str] = []
    if editable:
        table = actions.CORRECTION_WORKFLOW.allowed(found.state)
        has_items = bool(correction_items.still_open(found.items.all()))
        names = [t.action for t in table if t.action != "answer_items" or has_items]
        if found.state in reminding.URGED:
            names.append("remind_party")
        if any(link.revoked_at is None for link in found.answer_links.all()):
            names.append("revoke_answer_link")
    if found.state in reminding.OPEN and may(actor, "inspections.direct", found.office_code):
        names.append("direct_correction")
    return names


def _page(request: HttpRequest, found: Correction, taken: Taken) -> dict[str, Any]:
    actor, on = request.actor, clock.today(request)
    editable = bool(may(actor, "inspections.visit", found.office_code))
    names = _names(actor, found, editable)
    evidence = gallery(found.evidence.all())
    at_visit = [item for item in gallery(found.visit.evidence.all()) if item.row.kind == "photo"]
    first = {name: on for name in ("submitted_on", "rechecked_on", "ordered_on", "closed_on", "done_on")}
    return {
        "found": found,
        "state": (STATES[found.state], STATE_TONES[found.state]),
        "clock": clock_words(found.due_on, on) if found.state in WAITING else None,
        "clocks": clocks.shown(clocks_of("correction", [found.pk]).get(found.pk, []), clock.now(request)),
        "editable": editable,
        "steps": shown(STEPS, names, taken, found, actor, first, first_open=True),
        "evidence": evidence,
        "before_after": [
            ("整改前", [item for item in evidence if item.row.stage == "before"] or at_visit),
            ("整改后", [item for item in evidence if item.row.stage == "after"]),
        ],
        "items": list(found.items.all()),
        "liaisons": liaisons.of_record(actor, on, correction=found),
        "on": on,
        "may_open_link": editable and found.state in answering.ANSWERABLE,
        "link": next((row for row in found.answer_links.all() if row.revoked_at is None), None),
        "no_evidence": found.state == "passed" and not found.evidence.all(),
        "history": _history(found),
        "recheck_rows": queries.recheck_rows(found, on) if found.state in WAITING else [],
    }


def _history(found: Correction) -> list[tuple[dt.date, str, str]]:
    """What has happened so far, oldest first: day, what, detail."""
    result = found.visit.recheck_result or ("通过" if found.state in ("passed", "closed") else "")
    steps = [
        (found.ordered_on, "责令改正", found.content),
        (found.submitted_on, "提交整改报告", found.answer),
        (found.rechecked_on, f"复查{result}", found.recheck_visit.number if found.recheck_visit else ""),
        (found.closed_on, "办结", ""),
    ]
    urged = [
        (r.done_on, f"{r.kind}（{'、'.join(filter(None, [r.how, r.whom, r.by_name]))}）", r.text)
        for r in found.reminders.all()
    ]
    dated = [(on, what, detail) for on, what, detail in steps if on] + urged + _served(found)
    return sorted(dated, key=lambda row: row[0])


def _served(found: Correction) -> list[tuple[dt.date, str, str]]:
    """When the notice was signed for, or was not taken, on the screen."""
    rows = signing.wordings(Place.of(found, "inspections.visit"), "notice")
    given = [one for row in rows for one in row.signatures.all() if one.role == "party"]
    return [
        (
            timezone.localdate(one.signed_at),
            "通知书送达，当事人拒绝签收" if one.refused else "通知书送达，当事人签收",
            f"见证人：{one.witnesses}" if one.refused else "",
        )
        for one in given
    ]
