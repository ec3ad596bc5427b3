"""检查表: what is asked, on what basis, how it is judged; what this office asks besides."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.inspections import checklist_versions, checklists, own_points
from xiejian.inspections.checklists import Checklist, Point, when_words
from xiejian.inspections.judgements import JudgementRow, RecheckRow
from xiejian.inspections.models import OwnPoint
from xiejian.inspections.own_point_files import MODES
from xiejian.kernel import divisions
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor, may
from xiejian.registry.models import LINKS
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, shown, take, text
from xiejian.web.views.cases import split_tags
from xiejian.web.views.people import office_choices

#: A judgement condition in words; {} stands for its value.
CONDITION_WORDS = {
    "kinds": "{}", "matters": "{}", "key_failed": "关键项不符合 {} 项以上", "failed": "不符合 {} 项以上",
    "general_failed": "一般项不符合 {} 项以上", "severe": "严重缺陷 {} 项以上",
    "general_share_over": "一般项不符合数超过适用一般项的 {}", "failing": "仍有 {} 项以上不符合",
    "late": "逾期提交或者没有提交",
}  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """One checklist as the list shows it."""

    checklist: Checklist
    own: int

    @property
    def unverified(self) -> int:
        return sum(p.unverified for p in self.checklist.points)


def _get(checklist_id: str) -> Checklist:
    found = checklists.checklists().get(checklist_id)
    if found is None:
        raise Http404
    return found


@needs("inspections.view")
def checklist_list(request: HttpRequest) -> HttpResponse:
    """检查表: which lists are there, for whom, and how sure are we of them?"""
    own = dict(own_points.listed(request.actor).order_by().values_list("checklist").annotate(Count("id")))
    today, link = clock.today(request), request.GET.get("link", "")
    rows = [Summary(c, own.get(c.id, 0)) for c in checklists.checklists().values()]
    rows = [row for row in rows if not link or link in row.checklist.links]
    groups = [
        (area, [r for r in rows if r.checklist.areas[0] == area]) for area in ("医疗器械", "药品", "化妆品")
    ]
    context = {
        "groups": [(area, found) for area, found in groups if found],
        "links": LINKS,
        "link": link,
        "today": today,
        "total": len(rows),
        "points": sum(len(r.checklist.points) for r in rows),
        "unverified": sum(r.unverified for r in rows),
        "may_add": bool(may(request.actor, own_points.PERMISSION)),
    }
    return render(request, "web/checklists/list.html", context)


def _chapters(points: tuple[Point, ...]) -> list[tuple[str, list[tuple[Point, str]]]]:
    found: dict[str, list[tuple[Point, str]]] = {}
    for point in points:
        found.setdefault(point.chapter, []).append((point, when_words(point.when)))
    return list(found.items())


def row_words(row: JudgementRow | RecheckRow) -> str:
    """When a row answers, in words; the last row answers everything else."""
    parts = [
        CONDITION_WORDS[name].format("、".join(value) if isinstance(value, list | tuple) else value)
        for name, value in row.when.items()
    ]
    return "，".join(parts) or "其余"


def _times(row: JudgementRow) -> str:
    if row.within_months:
        return f"{row.within_months} 个月内整改"
    return f"{row.within_days} 日内整改" if row.within_days else ""


def _dates(row: JudgementRow) -> str:
    if row.until_on:
        return f"至 {row.until_on}"
    return f"自 {row.from_on}" if row.from_on else ""


@needs("inspections.view")
def checklist(request: HttpRequest, checklist_id: str) -> HttpResponse:
    """One checklist: every point with its basis, the rule that judges it, what the office adds."""
    known, on = _get(checklist_id), clock.today(request)
    kept = checklist_versions.versions(request.actor, checklist_id)
    asked = request.GET.get("version", "")
    found = next((c for c, _ in kept if c.version == asked), None) if asked else None
    if asked and found is None:
        raise Http404
    current = checklist_versions.asked_by(known, request.actor.office_code, on)
    found = found or current
    rule = found.rule
    context = {
        "checklist": found,
        "current": found.version == current.version,
        "chapters": _chapters(found.points),
        "keys": len(found.key_points),
        "unverified": sum(p.unverified for p in found.points),
        "rows": [(row, row_words(row), _times(row), _dates(row)) for row in rule.rows],
        "rechecks": [(row, row_words(row), "、".join(row.after)) for row in rule.rechecks],
        "kept": [(c.version, at) for c, at in kept if c.version != found.version],
        "may_add": bool(may(request.actor, own_points.PERMISSION)),
        "in_force": known.in_force(on),
    }
    return render(request, "web/checklists/checklist.html", context)


@needs("inspections.view")
def checklist_blank(request: HttpRequest, checklist_id: str) -> HttpResponse:
    """The checklist as an empty form to print and fill in by hand."""
    on = clock.today(request)
    found = checklist_versions.asked_by(_get(checklist_id), request.actor.office_code, on)
    return render(
        request, "web/checklists/blank.html", {"checklist": found, "chapters": _chapters(found.points)}
    )


# --- 本单位补充检查点 -------------------------------------------------------------------------------------


def _title(checklist_id: str) -> str:
    known = checklists.checklists().get(checklist_id)
    return known.title if known else checklist_id


@needs("inspections.view")
def own_point_list(request: HttpRequest) -> HttpResponse:
    """What does this office ask beyond the checklists, and what do the offices above it?"""
    tab = request.GET.get("tab", "")
    asked = request.GET.get("checklist", "")
    rows: QuerySet[OwnPoint] = own_points.listed(
        request.actor, checklist=asked, withdrawn=tab == "all", search=request.GET.get("q", "")
    )
    columns = [
        Column("number", "编号", lambda p: p.number, ("number",),
               href=lambda p: reverse("own_point", args=[p.pk])),
        Column("text", "检查内容", lambda p: p.text, ("text",)),
        Column("checklist", "检查表", lambda p: _title(p.checklist), ("checklist", "number"),
               href=lambda p: reverse("checklist", args=[p.checklist])),
        Column("citation", "依据", lambda p: p.citation),
        Column("key", "关键项", lambda p: "关键项" if p.key else "", tone=lambda p: "orange"),
        Column("when", "适用", lambda p: when_words(p.when) or "全部"),
        Column("office", "机构", lambda p: divisions.name(p.office_code), ("office_code", "number")),
        Column("from", "启用日期", lambda p: p.from_on, ("from_on", "number")),
        Column("withdrawn", "停用日期", lambda p: p.withdrawn_on, shown=tab == "all"),
    ]  # fmt: skip
    choices = [(c.id, c.title) for c in checklists.checklists().values()]
    listing = Listing(
        request, "本单位补充检查点", columns, rows, "number",
        filters=[Filter("checklist", "检查表", choices, asked)],
        hidden=[("tab", tab)],
        search_label="搜索编号、内容、依据",
        empty="没有补充检查点",
        empty_next="国家和专项检查表没有列到、而本单位每次都要看的内容，可以在这里补充",
    )  # fmt: skip
    more = {
        "tab": tab,
        "may_add": bool(may(request.actor, own_points.PERMISSION)),
        "may_import": bool(may(request.actor, "registry.import")),
    }
    return show(listing, "web/checklists/own_list.html", more)


class OwnPointForm(PageForm):
    """One check point of the office: what is asked, on what basis, of whom."""

    checklist = forms.ChoiceField(label="加入哪张检查表")
    text = text("检查内容", rows=3, hint="写明看什么、怎样算符合；不超过500字")
    citation = forms.CharField(label="依据", max_length=200, help_text="法规条款，或者本单位的文件名和文号")
    chapter = forms.CharField(label="章节", max_length=60, initial=own_points.CHAPTER)
    key = forms.BooleanField(
        label="关键项", required=False, help_text="关键项必须填写，且按判定规则的关键项目计"
    )
    office_code = forms.ChoiceField(label="适用机构", help_text="该机构及下级机构的检查都会检查此项")
    from_on = day("启用日期")
    classes = forms.MultipleChoiceField(
        label="管理类别", required=False, choices=[("1", "第一类"), ("2", "第二类"), ("3", "第三类")],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}), help_text="不选为不限",
    )  # fmt: skip
    modes = forms.MultipleChoiceField(
        label="经营方式", required=False, choices=[(m, m) for m in MODES],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}), help_text="不选为不限",
    )  # fmt: skip
    unit_kinds = forms.CharField(
        label="机构类型", required=False, max_length=200, help_text="几个用顿号分开；空为不限"
    )
    tags = forms.CharField(
        label="品种标签", required=False, max_length=200, help_text="有其中之一即适用；空为不限"
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checklist"].choices = [
            (area, [(c.id, c.title) for c in checklists.checklists().values() if c.areas[0] == area])
            for area in ("医疗器械", "药品", "化妆品")
        ]
        self.fields["office_code"].choices = office_choices(actor)

    def draft(self) -> own_points.Draft:
        given = self.cleaned_data
        return own_points.Draft(
            given["checklist"], given["text"], given["citation"], given["key"], given["chapter"],
            own_points.condition(
                classes=given["classes"], modes=given["modes"],
                unit_kinds=split_tags(given["unit_kinds"]), tags=split_tags(given["tags"]),
            ),
        )  # fmt: skip


@needs(own_points.PERMISSION)
@require_http_methods(["GET", "POST"])
def own_point_new(request: HttpRequest) -> HttpResponse:
    """One more point for a checklist of this office."""
    initial = {
        "checklist": request.GET.get("checklist", ""),
        "office_code": request.actor.office_code,
        "from_on": clock.today(request),
    }
    form = OwnPointForm(request.POST or None, initial=initial, actor=request.actor)
    found = []
    if request.method == "POST" and form.is_valid():
        try:
            (row,) = own_points.add_own_points(
                drafts=[form.draft()], office_code=form.cleaned_data["office_code"],
                from_on=form.cleaned_data["from_on"], by=request.actor, at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            found = refused.problems
        else:
            messages.success(request, f"已添加检查点 {row.number}，自 {row.from_on} 起的检查使用。")
            return redirect("own_point", pk=row.pk)
    refused_or_wrong = bool(found or form.errors)
    context = {"form": form, "problems": found}
    return render(request, "web/checklists/own_new.html", context, status=422 if refused_or_wrong else 200)


class WithdrawForm(StepForm):
    on = day("停用日期", hint="自这一天起开始的检查不再检查此项；已经开始的检查不受影响")
    reason = forms.CharField(label="停用理由", max_length=200)


def _withdraw(point: OwnPoint, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return own_points.withdraw_own_point(point=point, by=by, at=at, **given)


STEPS = {"withdraw_own_point": Step("withdraw_own_point", "停用", WithdrawForm, _withdraw)}


@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def own_point(request: HttpRequest, pk: int) -> HttpResponse:
    """One check point of an office; withdrawn here, never deleted."""
    found = get_object_or_404(own_points.listed(request.actor, withdrawn=True), pk=pk)
    taken = take(request, STEPS, found)
    if taken.done:
        messages.success(request, f"已停用检查点 {found.number}。")
        return redirect("own_point", pk=pk)
    may_end = found.withdrawn_on is None and bool(
        may(request.actor, own_points.PERMISSION, found.office_code)
    )
    names = list(STEPS) if may_end else []
    initial = {"on": clock.today(request)}
    context = {
        "point": found,
        "checklist_title": _title(found.checklist),
        "when": when_words(found.when) or "全部",
        "place": divisions.name(found.office_code),
        "problems": taken.problems,
        "steps": shown(STEPS, names, taken, found, request.actor, initial),
    }
    return render(request, "web/checklists/own_point.html", context, status=taken.status)
