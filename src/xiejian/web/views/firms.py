"""企业协同: which firms are connected, what each of them was told and told us."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from xiejian.firms import queries
from xiejian.people.policy import may, role_label
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.firm_words import REPORT_STATES, REPORT_TONES, due_words, state_of, summary
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.views.people import office_choices

TABS = (
    ("", "已开户"),
    ("invited", "已邀请"),
    ("off", "未开户"),
    ("changing", "人员变动频繁"),
    ("all", "全部"),
)
RECENT = 10  # notices, reports and people of a firm on its page; their lists have the rest


def _columns() -> list[Column]:
    return [
        Column(
            "name", "单位", lambda p: p.name, ("name",), href=lambda p: reverse("connected_firm", args=[p.pk])
        ),
        Column("uscc", "统一社会信用代码", lambda p: p.uscc, ("uscc",), shown=False),
        Column("links", "环节", lambda p: p.link_names.strip("|").replace("|", "、")),
        Column(
            "accounts", "账号", lambda p: p.accounts or ("已邀请" if p.invited else "未开户"),
            tone=lambda p: "" if p.accounts else "azure" if p.invited else "secondary",
        ),
        Column("last", "最近登录", lambda p: p.last_in, ("last_in",), nullable=True),
        Column(
            "owed", "待办通知", lambda p: p.owed, ("owed",), numeric=True,
            tone=lambda p: "orange" if p.owed else "",
        ),
        Column(
            "changes", "人员变动",
            lambda p: f"{p.staff_changes} 次（频繁）" if _often(p) else p.staff_changes,
            ("staff_changes",), tone=lambda p: "orange" if _often(p) else "",
        ),
        Column("office", "监管机构", lambda p: p.office_code, ("office_code",), shown=False),
    ]  # fmt: skip


def _often(party: Party) -> bool:
    return queries.changes_often(party.staff_changes)  # type: ignore[attr-defined]


@needs("firms.view")
def connected_list(request: HttpRequest) -> HttpResponse:
    """企业协同: who is connected, and who owes an answer?"""
    asked, on, actor = request.GET, clock.today(request), request.actor
    tab = asked.get("tab", "")
    rows = queries.connected(
        actor, on=on, search=asked.get("q", ""), office=asked.get("office", ""), tab=tab or "on"
    )
    listing = Listing(
        request, "企业协同", _columns(), rows, "name",
        filters=[Filter("office", "监管机构", office_choices(actor), asked.get("office", ""))],
        search_label="搜索单位名称、代码", empty="没有符合条件的单位",
        empty_next="在一企一档的“企业账号”中邀请单位开户；单位用统一社会信用代码登录企业工作台。",
        hidden=[("tab", tab)],
    )  # fmt: skip
    context = {
        "tab": tab,
        "tabs": TABS,
        "counts": queries.counts(actor),
        "may_edit": may(actor, "firms.edit"),
    }
    return show(listing, "web/firms/list.html", context)


@needs("firms.view")
def connected_firm(request: HttpRequest, pk: int) -> HttpResponse:
    """One firm: who signs in there, what does it owe, what did it tell us, who has learnt what?"""
    actor, on = request.actor, clock.today(request)
    party = queries.firm(actor, pk, on)
    if party is None:
        raise Http404
    deliveries = queries.deliveries(actor).filter(party=party)[:RECENT]
    reports = queries.reports(actor).filter(party=party)[:RECENT]
    context = {
        "party": party, "often": _often(party), "on": on,
        "accounts": [(row, role_label(row.role)) for row in queries.accounts_of(party)],
        "deliveries": [(row, state_of(row), due_words(row, on)) for row in deliveries],
        "reports": [(r, summary(r), REPORT_STATES[r.state], REPORT_TONES[r.state]) for r in reports],
        "staff": queries.key_staff(party), "people": queries.attendances(actor, party=party)[:RECENT],
        "may_invite": may(actor, "firms.invite", party.office_code),
        "personal": may(actor, "registry.personal", party.office_code),
    }  # fmt: skip
    return render(request, "web/firms/firm.html", context)
