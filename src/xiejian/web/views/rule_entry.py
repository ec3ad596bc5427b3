"""One entry of the rule book: what it rests on, its value at each time, worked examples, who checked it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from xiejian.kernel import citations, rule_book, rule_examples
from xiejian.kernel.laws import STATES
from xiejian.kernel.problems import Problem, Refused
from xiejian.kernel.rule_book import Entry
from xiejian.kernel.rule_examples import Shown
from xiejian.numbers import examples as number_examples
from xiejian.people import actions, queries
from xiejian.people.models import RuleCheck
from xiejian.people.policy import may
from xiejian.web import clock
from xiejian.web.guard import needs
from xiejian.web.views.laws import TONES
from xiejian.web.views.rule_book import OWN, OWN_TONES, TOOLS, own_state, tool

SHOWN = 12  # examples that stand open; the rest behind one click


@cache
def _number_examples() -> dict[str, list[Shown]]:
    """form → its worked numbers."""
    found: dict[str, list[Shown]] = {}
    for one in number_examples.load_all():
        said = "有效" if one.expected["valid"] else f"不成立（{one.expected['problem'] or '不是这一类'}）"
        query = (("q", one.text), *([("kind", one.asked)] if one.asked else []))
        shown = Shown("numbers", one.name, "", one.text, said, query, one.citation)
        found.setdefault(number_examples.form_of(one), []).append(shown)
    return found


def examples(entry: Entry) -> list[tuple[Shown, str]]:
    """The worked examples of an entry, each with the address that tries it out ('' where no page does)."""
    if entry.kind == "numbers":
        found = tuple(_number_examples().get(entry.id, ()))
    else:
        found = rule_examples.of_rules().get((entry.kind, entry.id), ())
    return [(one, _try(one)) for one in found]


def _try(one: Shown) -> str:
    if one.kind not in TOOLS or not one.query:
        return ""
    return f"{reverse(TOOLS[one.kind])}?{urlencode(one.query)}#result"


def _found(slug: str) -> Entry:
    entry = rule_book.by_slug().get(slug)
    if entry is None:
        raise Http404(slug)
    return entry


@needs("rules.view")
def rule_entry(request: HttpRequest, slug: str) -> HttpResponse:
    """One rule: what does it say, since when, why, and did anyone here hold it against its source?"""
    return _page(request, _found(slug))


@needs("rules.check")
@require_POST
def rule_check(request: HttpRequest, slug: str) -> HttpResponse:
    """核实: the entry was held against its source."""
    entry = _found(slug)
    given = {key: request.POST.get(key, "").strip() for key in ("outcome", "note")}
    try:
        actions.check_rule(
            entry=entry, outcome=given["outcome"], note=given["note"], on=clock.today(request),
            by=request.actor, at=clock.now(request),
        )  # fmt: skip
    except Refused as refused:
        return _page(request, entry, given, list(refused.problems))
    messages.success(request, f"已记录对 {entry.id} 的核实")
    return redirect("rule_entry", slug=slug)


def _page(
    request: HttpRequest,
    entry: Entry,
    given: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
) -> HttpResponse:
    on, outlived = clock.today(request), citations.outlived(entry)
    checks = queries.rule_checks(request.actor, [entry.slug]).get(entry.slug, [])
    own = own_state(entry, checks[0] if checks else None)
    shown = examples(entry)
    context: dict[str, Any] = {
        "entry": entry, "tool": tool(entry), "problems": problems, "given": given or {}, "on": on,
        "laws": [(law, STATES[law.state(on)], TONES[law.state(on)], law in outlived)
                 for law in citations.of_entry(entry)],
        "versions": [(one, one.in_force(on)) for one in rule_book.versions(entry, rule_book.entries())],
        "examples": shown[:SHOWN], "more": shown[SHOWN:],
        "own": OWN[own], "own_tone": OWN_TONES.get(own, ""), "stale": own == "stale",
        "checks": [(check, own_state(entry, check)) for check in checks],
        "history": queries.check_history(request.actor, entry.slug),
        "outcomes": RuleCheck.OUTCOMES.items(), "may_check": may(request.actor, "rules.check"),
    }  # fmt: skip
    return render(request, "web/law/rule_entry.html", context, status=422 if problems else 200)
