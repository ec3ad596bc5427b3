"""专项整治: how is the campaign going? Order, stations, reports, scope with the list behind it, tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases import actions as case_actions
from xiejian.cases.models import Case
from xiejian.figures import forms as report_forms
from xiejian.figures import tables
from xiejian.inspections import actions as visit_actions
from xiejian.inspections.models import Visit
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may, require, visible
from xiejian.planning import actions, campaigns, queries
from xiejian.planning.models import Campaign
from xiejian.registry.models import PartyLink
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.templatetags.xiejian import tags
from xiejian.web.views.people import office_choices

STATES = actions.CAMPAIGN_FLOW.states
STATE_TONES = {"open": "green", "closed": "secondary"}
REPORT_TONES = {"已报": "green", "未报": "azure", "逾期": "red", "按要求": "secondary"}
SPARE_LINES = 2  # empty lines of the leading group, to add members


def _found(request: HttpRequest, pk: int) -> Campaign:
    return get_object_or_404(queries.campaigns_of(request.actor), pk=pk)


# --- the list, and opening from a pack ------------------------------------------------------------------


class OpenForm(PageForm):
    """Which campaign pack, for which office."""

    key = forms.ChoiceField(label="专项")
    office = forms.ChoiceField(label="开展机构")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].choices = [(key, pack.title) for key, pack in campaigns.known().items()]
        self.fields["office"].choices = office_choices(actor)
        self.fields["office"].initial = actor.office_code


COLUMNS = [
    Column("title", "专项", lambda c: c.title, ("title",), href=lambda c: reverse("campaign", args=[c.pk])),
    Column("office", "开展机构", lambda c: c.office_name, ("office_code",)),
    Column("from", "开始", lambda c: c.starts_on, ("starts_on",)),
    Column("until", "结束", lambda c: c.ends_on, ("ends_on",)),
    Column("state", "状态", lambda c: STATES[c.state], ("state",), tone=lambda c: STATE_TONES[c.state]),
    Column("closed", "办结日期", lambda c: c.closed_on, ("closed_on",), nullable=True, shown=False),
]


def _attach_offices(rows: list[Campaign]) -> None:
    names = queries.office_names(row.office_code for row in rows)
    for row in rows:
        row.office_name = names[row.office_code]


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Which campaigns are there? A POST opens one from its pack."""
    actor = request.actor
    form = OpenForm(request.POST or None, actor=actor)
    wrong: list[Problem] = []
    if request.method == "POST":
        require(actor, "planning.plan")
        if form.is_valid():
            given = form.cleaned_data
            try:
                made = actions.open_campaign(
                    key=given["key"], office_code=given["office"], by=actor, at=clock.now(request)
                )
            except Refused as refused:
                wrong = refused.problems
            else:
                messages.success(
                    request, f"已开展“{made.title}”：{len(made.tasks)} 项任务、{len(made.reports)} 份报告。"
                )
                return redirect("campaign", pk=made.pk)
    rows = queries.campaigns_of(actor)
    state = request.GET.get("state", "")
    if state in STATES:
        rows = rows.filter(state=state)
    listing = Listing(
        request, "专项整治", COLUMNS, rows, "-from",
        filters=[Filter("state", "状态", list(STATES.items()), state)],
        empty="还没有开展专项", empty_next="从规则包中选一个专项开展，范围、任务和报告随之建立。",
        prepare=_attach_offices,
    )  # fmt: skip
    more = {"form": form, "problems": wrong, "may_open": bool(may(actor, "planning.plan"))}
    answer = show(listing, "web/campaigns/list.html", more)
    answer.status_code = 422 if wrong or form.errors else 200
    return answer


# --- one campaign ---------------------------------------------------------------------------------------


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign: order, term, leading group, stations, reports, progress by scope, tables."""
    found = _found(request, pk)
    if request.method == "GET":
        return _page(request, found)
    step = STEPS.get(request.POST.get("do", ""))
    if step is None:
        raise Http404
    try:
        messages.success(request, step(request, found))
    except Refused as refused:
        return _page(request, found, refused.problems)
    return redirect("campaign", pk=pk)


def _close(request: HttpRequest, found: Campaign) -> str:
    actions.close_campaign(
        campaign=found, by=request.actor, at=clock.now(request), on=clock.today(request),
        reason=request.POST.get("reason", ""),
    )  # fmt: skip
    return f"已办结“{found.title}”。"


def _hand_in(request: HttpRequest, found: Campaign) -> str:
    given = request.POST
    actions.hand_in_report(
        campaign=found, title=given.get("title", ""), office_code=given.get("office", ""),
        due_on=given.get("due_on", ""), on=clock.today(request), by=request.actor, at=clock.now(request),
    )  # fmt: skip
    return f"已记录报送：{given.get('title', '')}。"


def _leading_group(request: HttpRequest, found: Campaign) -> str:
    given = request.POST
    columns = (given.getlist(name) for name in ("role", "name", "post"))
    members = [
        {"role": role.strip(), "name": name.strip(), "post": post.strip()}
        for role, name, post in zip(*columns, strict=False)
        if (role + name + post).strip()
    ]
    actions.name_leading_group(campaign=found, members=members, by=request.actor, at=clock.now(request))
    return f"已保存领导小组：{len(members)} 人。"


STEPS: dict[str, Callable[[HttpRequest, Campaign], str]] = {
    "close_campaign": _close,
    "hand_in_report": _hand_in,
    "name_leading_group": _leading_group,
}


def _tables(found: Campaign) -> list[report_forms.Form]:
    """The campaign's report tables, as its pack names them."""
    pack = campaigns.known().get(found.key)
    known = report_forms.forms()
    return [known[table] for table in (pack.tables if pack else ()) if table in known]


def _page(request: HttpRequest, found: Campaign, problems: list[Problem] | None = None) -> HttpResponse:
    actor, on = request.actor, clock.today(request)
    progress = queries.campaign_progress(actor, found, on)
    by_id = {item["id"]: item for item in found.scope}
    names = queries.office_names(
        {
            found.office_code,
            *(t["office_code"] for t in found.tasks),
            *(c for p in progress for c in p.by_office),
        }
    )
    may_plan = bool(may(actor, "planning.plan", found.office_code))
    base = {code for code, _ in office_choices(actor)}
    reports = queries.campaign_reports(actor, found, on)
    context = {
        "campaign": found,
        "state": (STATES[found.state], STATE_TONES[found.state]),
        "office_name": names[found.office_code],
        "on": on,
        "progress": [(item, by_id[item.id]) for item in progress],
        "stations": _stations(progress, names),
        "tasks": [(t, names[t["office_code"]]) for t in found.tasks if t["office_code"] in base],
        "reports": [
            (r, REPORT_TONES[r.state], bool(may(actor, "inspections.visit", r.office_code))) for r in reports
        ],
        "reports_late": sum(1 for r in reports if r.state == "逾期"),
        "tables": _tables(found),
        "may_plan": may_plan,
        "may_close": may_plan and bool(actions.CAMPAIGN_FLOW.allowed(found.state)),
        "members": [*found.leading_group, *({} for _ in range(SPARE_LINES))],
        "left": sum(i.parties - i.visited for i in progress if i.list_managed),
        "problems": problems or [],
    }
    return render(request, "web/campaigns/campaign.html", context, status=422 if problems else 200)


def _stations(
    progress: list[queries.ScopeProgress], names: dict[str, str]
) -> list[tuple[str, str, int, int]]:
    """(code, office, listed, visited) over the items managed by list; a party counts once per item."""
    sums: dict[str, list[int]] = {}
    for item in progress:
        for code, (listed, visited) in item.by_office.items() if item.list_managed else ():
            of_office = sums.setdefault(code, [0, 0])
            of_office[0] += listed
            of_office[1] += visited
    return [(code, names[code], listed, visited) for code, (listed, visited) in sorted(sums.items())]


# --- the list behind a scope item -----------------------------------------------------------------------


@dataclass
class Seen:
    """Puts the campaign's visits on each party link of a page: one query."""

    campaign: Campaign
    actor: Actor
    on: dt.date

    def made(self) -> QuerySet[Visit]:
        rows = visible(Visit.objects.all(), self.actor, "party__office_code")
        return rows.filter(
            state=queries.CONCLUDED, campaign__in=(self.campaign.key, self.campaign.title),
            visited_on__gte=self.campaign.starts_on, visited_on__lte=min(self.on, self.campaign.ends_on),
        )  # fmt: skip

    def attach(self, links: list[PartyLink]) -> None:
        rows = self.made().filter(party__in=[link.party_id for link in links]).order_by("visited_on", "id")
        by_place: dict[tuple[int, str], list[Visit]] = {}
        for visit in rows:
            by_place.setdefault((visit.party_id, visit.link), []).append(visit)
        names = queries.office_names(link.party.office_code for link in links)
        for link in links:
            visits = by_place.get((link.party_id, link.link), [])
            link.visit_count, link.last_visit = len(visits), visits[-1] if visits else None
            link.kinds = "、".join(sorted({visit.kind for visit in visits}))
            link.office_name = names[link.party.office_code]


SCOPE_COLUMNS = [
    Column(
        "party", "主体名称", lambda x: x.party.name, ("party__name",),
        href=lambda x: reverse("party", args=[x.party_id]),
    ),
    Column("link", "环节", lambda x: x.link, ("link",)),
    Column("tags", "品种标签", lambda x: "、".join(tags(x.tags))),
    Column("office", "监管机构", lambda x: x.office_name, ("party__office_code",)),
    Column("visits", "专项检查", lambda x: x.visit_count, numeric=True),
    Column(
        "last", "最近检查", lambda x: x.last_visit.visited_on if x.last_visit else None,
        href=lambda x: reverse("visit", args=[x.last_visit.pk]) if x.last_visit else "",
    ),
    Column("kinds", "检查类型", lambda x: x.kinds),
    Column(
        "state", "状态", lambda x: "已检查" if x.visit_count else "未检查",
        tone=lambda x: "green" if x.visit_count else "orange",
    ),
]  # fmt: skip


@needs("planning.view")
def campaign_scope(request: HttpRequest, pk: int, item: str) -> HttpResponse:
    """Which parties are on this list, and which have not been visited?"""
    found, actor, asked = _found(request, pk), request.actor, request.GET
    scope = next((entry for entry in found.scope if entry["id"] == item), None)
    if scope is None:
        raise Http404
    seen = Seen(found, actor, clock.today(request))
    rows = queries.scope_links(actor, found, scope)
    if search := asked.get("q", "").strip():
        rows = rows.filter(party__name__icontains=search)
    if office := asked.get("office", ""):
        rows = rows.filter(party__office_code=office)
    if asked.get("seen") in ("yes", "no"):
        # a party counts as visited in the link that was visited
        visited = Exists(seen.made().filter(party=OuterRef("party_id"), link=OuterRef("link")))
        rows = rows.filter(visited if asked["seen"] == "yes" else ~visited)
    listing = Listing(
        request, scope["title"], SCOPE_COLUMNS, rows, "party",
        filters=[
            Filter("office", "监管机构", office_choices(actor), office),
            Filter("seen", "检查", [("yes", "已检查"), ("no", "未检查")], asked.get("seen", "")),
        ],
        search_label="搜索主体名称", empty="名录中没有属于这一范围的对象",
        empty_next="给监管对象标明品种标签后，符合范围的会列在这里。", prepare=seen.attach,
    )  # fmt: skip
    return show(listing, "web/campaigns/scope.html", {"campaign": found, "scope": scope})


# --- facts that carry no campaign yet -------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """Facts that fit a table of the campaign and name no campaign; ``kind`` says how they can be tagged.

    ``records`` are (record, what it is in a line): enough to judge whether it belongs.
    """

    table: report_forms.Form
    label: str
    kind: str
    records: list[tuple[Any, str]]


def _said(fact_table: str, keys: list[Any]) -> dict[Any, str]:
    """What each record is, in a line; one query. Records of other fact tables keep their name alone."""
    if fact_table == "visits":
        made = Visit.objects.filter(pk__in=keys).select_related("party")
        return {v.pk: _line(v.party.name, v.link, v.kind, v.visited_on, tags(v.tags)) for v in made}
    if fact_table == "cases":
        filed = Case.objects.filter(pk__in=keys).select_related("party")
        return {c.pk: _line(c.party.name, c.link, c.conduct, c.filed_on, tags(c.tags)) for c in filed}
    return {}


def _line(*parts: object) -> str:
    words = ["、".join(part) if isinstance(part, list) else str(part or "") for part in parts]
    return " · ".join(word for word in words if word)


def _offers(found: Campaign, actor: Actor, on: dt.date) -> list[Offer]:
    """What the campaign's tables offer, within what both the campaign and the actor reach."""
    office = found.office_code if may(actor, "figures.view", found.office_code) else actor.office_code
    until = min(on, found.ends_on)
    if until < found.starts_on:
        return []
    offers, shown = [], set()
    for form in _tables(found):
        for offer in tables.untagged(form.id, until=until, office_code=office):
            fresh = [r for r in offer.records if (offer.fact_table, r.key) not in shown]
            shown |= {(offer.fact_table, r.key) for r in fresh}
            if fresh:
                said = _said(offer.fact_table, [r.key for r in fresh])
                lines = [(r, said.get(r.key, "")) for r in fresh]
                offers.append(Offer(form, offer.label, TAGGED.get(offer.fact_table, ""), lines))
    return offers


def _tag_visits(keys: list[int], name: str, reason: str, by: Actor, at: dt.datetime) -> int:
    rows = visible(Visit.objects.filter(pk__in=keys), by)
    return len(
        visit_actions.amend_visits(visits=rows, changes={"campaign": name}, reason=reason, by=by, at=at)
    )


def _tag_cases(keys: list[int], name: str, reason: str, by: Actor, at: dt.datetime) -> int:
    rows = visible(Case.objects.filter(pk__in=keys), by)
    return len(case_actions.amend_cases(cases=rows, changes={"campaign": name}, reason=reason, by=by, at=at))


#: fact table → the name of its check boxes; facts of other tables are shown and put right on their own pages
TAGGED = {"visits": "visits", "cases": "cases"}
TAG: dict[str, Callable[[list[int], str, str, Actor, dt.datetime], int]] = {
    "visits": _tag_visits,
    "cases": _tag_cases,
}


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def campaign_untagged(request: HttpRequest, pk: int) -> HttpResponse:
    """Which records belong to the campaign and do not say so? Chosen ones are tagged, with a reason."""
    found, actor = _found(request, pk), request.actor
    wrong: list[Problem] = []
    if request.method == "POST":
        reason, at = request.POST.get("reason", ""), clock.now(request)
        chosen = {kind: [int(k) for k in request.POST.getlist(kind) if k.isdecimal()] for kind in TAG}
        try:
            done = sum(
                TAG[kind](keys, found.title, reason, actor, at) for kind, keys in chosen.items() if keys
            )
        except Refused as refused:
            wrong = refused.problems
        else:
            words = f"已把 {done} 条记录标为“{found.title}”。" if done else "没有选择记录，什么也没有改。"
            messages.success(request, words)
            return redirect("campaign_untagged", pk=pk)
    permissions = {"visits": "inspections.visit", "cases": "cases.edit"}
    allowed = {kind: bool(may(actor, permission)) for kind, permission in permissions.items()}
    context = {
        "campaign": found,
        "offers": [
            (o, bool(o.kind and allowed[o.kind])) for o in _offers(found, actor, clock.today(request))
        ],
        "may_tag": any(allowed.values()),
        "problems": wrong,
    }
    return render(request, "web/campaigns/untagged.html", context, status=422 if wrong else 200)
