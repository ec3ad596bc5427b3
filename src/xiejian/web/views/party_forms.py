"""Entering a party and putting one right: facts with a reason, status with a day, certificates, sites."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from xiejian.kernel.cells import tag_list
from xiejian.kernel.problems import Refused
from xiejian.numbers import judging
from xiejian.people.policy import require, visible
from xiejian.registry import actions
from xiejian.registry.columns import BAD_CREDIT, CREDIT_GRADES, LINK_FACTS, MODES, PARTY_COLUMNS, QMS_STATES
from xiejian.registry.importing import HEADINGS
from xiejian.registry.models import AREAS, LINKS, STATUSES, Party, PartyLink
from xiejian.web import clock, number_field
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.number_field import NumberField
from xiejian.web.views.credit_codes import offered, reason_given

YES_NO = ("是", "否")
CHOICES: dict[str, tuple[str, ...]] = {
    "经营方式": MODES, "质量管理体系状况": QMS_STATES, "信用等级": CREDIT_GRADES, "不良信用": BAD_CREDIT,
    "为他人贮存运输": YES_NO, "风险会商重点": YES_NO, "上年度行政处罚": YES_NO, "上年度抽检不合格": YES_NO,
    "状态": STATUSES,
}  # fmt: skip
SEVERAL: dict[str, tuple[str, ...]] = {"环节": LINKS, "产品门类": AREAS, "管理类别": ("Ⅰ", "Ⅱ", "Ⅲ")}
#: headings whose number is judged while typing: its kind, and what the form says of it
NUMBERS = {
    "统一社会信用代码": (judging.USCC, "18 位，照营业执照填写"),
    "证号": (number_field.ANY, "许可证、备案编号，多个以 、 连接"),
}
DATES = {"发证日期", "有效期至", "备案日期"}
LINK_HEADINGS = {HEADINGS[fact] for fact in LINK_FACTS}


class PartyForm(PageForm):
    """The columns of the register's form, one field each; values are read as an imported row is read."""

    def __init__(self, *args: Any, without: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in PARTY_COLUMNS:
            if column.heading not in without:
                self.fields[column.heading] = _field(column.heading, column.required, column.meaning)

    def row(self) -> dict[str, str]:
        """The answers by heading, several joined as the form joins them."""
        return {
            heading: "、".join(value) if isinstance(value, list) else str(value or "").strip()
            for heading, value in self.cleaned_data.items()
            if heading != "reason"
        }


def _field(heading: str, required: bool, meaning: str) -> forms.Field:
    if heading in SEVERAL:
        choices = [(v, v) for v in SEVERAL[heading]]
        widget = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
        return forms.MultipleChoiceField(label=heading, choices=choices, required=required, widget=widget)
    if heading in CHOICES:
        options = [("", "—"), *((v, v) for v in CHOICES[heading])]
        select = forms.Select(attrs={"class": "form-select"})
        return forms.ChoiceField(label=heading, choices=options, required=required, widget=select)
    if heading in DATES:
        day = DateInput()
        day.attrs["class"] = "form-control"
        return forms.CharField(label=heading, required=required, widget=day)
    if heading == "经营范围":
        area = forms.Textarea(attrs={"class": "form-control", "rows": 2})
        return forms.CharField(label=heading, required=required, help_text=meaning, widget=area)
    if heading in NUMBERS:
        kind, hint = NUMBERS[heading]
        return NumberField(kind=kind, label=heading, required=required, help_text=hint, max_length=400)
    text = forms.TextInput(attrs={"class": "form-control"})
    return forms.CharField(label=heading, required=required, help_text=meaning, widget=text, max_length=400)


@needs("registry.edit")
@require_http_methods(["GET", "POST"])
def party_new(request: HttpRequest) -> HttpResponse:
    """Enter one party by hand; another page may say its name and link."""
    first = {
        "行政区划代码": request.actor.office_code, "产品门类": ["医疗器械"], "状态": "正常",
        "主体名称": request.GET.get("name", ""), "环节": request.GET.getlist("link"),
    }  # fmt: skip
    form = PartyForm(request.POST or None, initial=first)
    wrong = []
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.register_party(
                row=form.row(), override_reason=reason_given(request), by=request.actor, at=clock.now(request)
            )
        except Refused as refused:
            wrong = refused.problems
        else:
            messages.success(request, f"已登记 {made.name}。")
            return redirect("party", pk=made.pk)
    status = 422 if form.errors or wrong else 200
    context = {"form": form, "problems": wrong, **offered(request, wrong)}
    return render(request, "web/party_new.html", context, status=status)


class StatusForm(PageForm):
    status = forms.ChoiceField(label="状态", choices=[(v, v) for v in STATUSES])
    on = forms.DateField(label="变更日期", widget=DateInput())
    reason = forms.CharField(label="理由", max_length=200)


class LicenceForm(PageForm):
    number = NumberField(label="证号", max_length=80)
    issued_on = forms.DateField(label="发证日期", required=False, widget=DateInput())
    filed_on = forms.DateField(label="备案日期", required=False, widget=DateInput())
    expires_on = forms.DateField(label="有效期至", required=False, widget=DateInput())
    scope = forms.CharField(label="范围", required=False, max_length=1000)


class SiteForm(PageForm):
    kind = forms.ChoiceField(label="场所类型", choices=[(v, v) for v in actions.SITE_KINDS])
    address = forms.CharField(label="地址", max_length=300)


NOT_AMENDED = frozenset({"环节", "状态", "证号"})


def _shown(value: Any) -> Any:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _stated(party: Party, link: PartyLink | None) -> dict[str, Any]:
    """What the register says now, as the form's fields hold it."""
    found: dict[str, Any] = {}
    for fact, heading in HEADINGS.items():
        if fact in ("office_code", "status") or (fact in LINK_FACTS and link is None):
            continue
        found[heading] = _shown(getattr(link if fact in LINK_FACTS else party, fact))
    found["产品门类"] = party.area.split("、")
    if link is not None:
        found["管理类别"] = [["Ⅰ", "Ⅱ", "Ⅲ"][int(c) - 1] for c in link.classes]
        found["品种标签"] = "、".join(tag_list(link.tags))
    return found


def _amend(request: HttpRequest, party: Party, form: PartyForm, before: dict[str, Any], link: str) -> None:
    """Send only what was changed; the link is named only when one of its facts was."""
    now = form.row()
    was = {heading: "、".join(v) if isinstance(v, list) else v for heading, v in before.items()}
    row = {heading: value for heading, value in now.items() if value != was.get(heading, "")}
    actions.amend_party(
        party=party, row=row, link=link if LINK_HEADINGS & set(row) else "",
        reason=request.POST.get("reason", ""), override_reason=reason_given(request),
        by=request.actor, at=clock.now(request),
    )  # fmt: skip


@needs("registry.edit")
@require_http_methods(["GET", "POST"])
def party_amend(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a party right. The form ``do`` says which part of the page was sent."""
    party = get_object_or_404(visible(Party.objects.all(), request.actor), pk=pk)
    require(request.actor, "registry.edit", party.office_code)
    links = {link.link: link for link in party.links.all()}
    link = links.get(request.GET.get("link", "")) or next(iter(links.values()), None)
    before = _stated(party, link)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    without = NOT_AMENDED if link else NOT_AMENDED | LINK_HEADINGS
    sent: dict[str, PageForm] = {
        "facts": PartyForm(request.POST if do == "facts" else None, without=without, initial=before),
        "status": StatusForm(
            request.POST if do == "status" else None,
            initial={"status": party.status, "on": clock.today(request)},
        ),
        "licence": LicenceForm(request.POST if do == "licence" else None),
        "site": SiteForm(request.POST if do == "site" else None),
    }
    wrong = []
    if do in sent and sent[do].is_valid():
        at = clock.now(request)
        work: dict[str, Callable[[], object]] = {
            "facts": lambda: _amend(request, party, sent["facts"], before, link.link if link else ""),
            "status": lambda: actions.change_status(
                party=party, by=request.actor, at=at, **sent[do].cleaned_data
            ),
            "licence": lambda: actions.add_licence(
                party=party, by=request.actor, at=at, **sent[do].cleaned_data
            ),
            "site": lambda: actions.add_site(party=party, by=request.actor, at=at, **sent[do].cleaned_data),
        }
        try:
            work[do]()
        except Refused as refused:
            wrong = refused.problems
        else:
            messages.success(request, "已保存，改动前后的内容都在审计记录里。")
            return redirect("party", pk=party.pk)
    context = {
        "party": party, "links": list(links), "link": link, "forms": sent, "problems": wrong,
        **offered(request, wrong, party.office_code),
    }  # fmt: skip
    failed = wrong or (do in sent and sent[do].errors)
    return render(request, "web/party_amend.html", context, status=422 if failed else 200)
