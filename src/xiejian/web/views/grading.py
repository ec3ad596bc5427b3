"""分级: the level pyramid, who has which level and why, and grading the register for a date."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.kernel import divisions, packs
from xiejian.people.policy import Actor, may, require, visible
from xiejian.planning import grading
from xiejian.registry.models import LINKS, PartyLink
from xiejian.web import clock
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.templatetags.xiejian import classes, tags
from xiejian.web.views.home import level_chart
from xiejian.web.views.people import office_choices

LEVEL_CHOICES = [("4", "四级"), ("3", "三级"), ("2", "二级"), ("1", "一级"), ("none", "未定级")]
RUNS_SHOWN = 5


class GradeForm(PageForm):
    """What to grade by and for which date."""

    pack = forms.ChoiceField(label="规则包")
    on = forms.DateField(label="定级日期", widget=DateInput())

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pack"].choices = [(p, packs.load(p).title) for p in packs.known()]


def _links(actor: Actor, asked: dict[str, str]) -> QuerySet[PartyLink]:
    rows = visible(PartyLink.objects.select_related("party"), actor, "party__office_code")
    rows = rows.exclude(party__status="注销")
    if search := asked.get("q", "").strip():
        rows = rows.filter(party__name__icontains=search)
    if asked.get("link"):
        rows = rows.filter(link=asked["link"])
    if asked.get("level") == "none":
        rows = rows.filter(level__isnull=True)
    elif asked.get("level", "").isdecimal():
        rows = rows.filter(level=int(asked["level"]))
    if asked.get("office"):
        rows = rows.filter(party__office_code__startswith=divisions.stem(asked["office"]))
    return rows


def _attach_rules(links: list[PartyLink]) -> None:
    """Put the rules that spoke, and whether one of them is not verified, on each link of the page."""
    spoke = grading.rules_of(links)
    for link in links:
        link.rules, link.unverified = spoke.get(link.pk, ("", False))


def _level_words(link: PartyLink) -> str:
    if link.level is None:
        return "不定级" if link.level_on else "未分级"
    return f"{'一二三四'[link.level - 1]}级"


COLUMNS = [
    Column(
        "party",
        "主体名称",
        lambda x: x.party.name,
        ("party__name",),
        href=lambda x: reverse("party", args=[x.party_id]),
    ),
    Column("link", "环节", lambda x: x.link, ("link",)),
    Column(
        "level",
        "级别",
        _level_words,
        ("level",),
        nullable=True,
        tone=lambda x: f"level-{x.level}" if x.level else "secondary",
        why=lambda x: reverse("party_why", args=[x.party_id]) if x.level_on else "",
    ),
    Column("rules", "命中规则", lambda x: x.rules),
    Column(
        "checked",
        "核实",
        lambda x: "未核实" if x.unverified else "",
        tone=lambda x: "orange" if x.unverified else "",
    ),
    Column("classes", "管理类别", lambda x: classes(x.classes), ("classes",)),
    Column("tags", "品种标签", lambda x: "、".join(tags(x.tags)), shown=False),
    Column("kind", "类型", lambda x: x.unit_kind or x.mode, shown=False),
    Column("pack", "规则包", lambda x: x.level_pack, ("level_pack",)),
    Column("on", "定级日期", lambda x: x.level_on, ("level_on",)),
]


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def grade(request: HttpRequest) -> HttpResponse:
    """Who has which level, and why? A POST grades the own office's register."""
    actor, asked = request.actor, request.GET
    own = request.user.office.packs
    form = GradeForm(
        request.POST if request.method == "POST" else None,
        initial={"on": clock.today(request), "pack": own[0] if own else "national-2022-78"},
    )
    if request.method == "POST":
        require(actor, "planning.grade")
        if form.is_valid():
            run = grading.grade_register(
                on=form.cleaned_data["on"], pack_id=form.cleaned_data["pack"],
                office_code=actor.office_code, by=actor, at=clock.now(request),
            )  # fmt: skip
            count = sum(sum(levels.values()) for levels in run.counts.values())
            messages.success(request, f"已按“{packs.load(run.pack).title}”完成分级：{count} 户次。")
            return redirect("grading")
    listing = Listing(
        request,
        "监管级别",
        COLUMNS,
        _links(actor, asked),
        "-level",
        filters=[
            Filter("link", "环节", [(v, v) for v in LINKS], asked.get("link", "")),
            Filter("level", "级别", LEVEL_CHOICES, asked.get("level", "")),
            Filter("office", "监管机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索主体名称",
        empty="还没有可分级的监管对象",
        empty_next="先导入名录，再选规则包和日期分级。",
        prepare=_attach_rules,
    )
    more = {
        "chart": level_chart(actor),
        "form": form,
        "may_grade": bool(may(actor, "planning.grade")),
        "runs": [(run, _pack_title(run.pack)) for run in grading.runs(actor)[:RUNS_SHOWN]],
    }
    return show(listing, "web/grading.html", more)


def _pack_title(pack_id: str) -> str:
    return packs.load(pack_id).title if pack_id in packs.known() else pack_id
