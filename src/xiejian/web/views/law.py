"""时限计算, 罚款幅度: one question to the rules, its answer below the form, the address says it all."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.kernel import deadline_rules, deadlines, penalties, penalty_rules, rule_book
from xiejian.kernel.deadline_facts import unit_label
from xiejian.kernel.deadline_rules import COUNTED
from xiejian.kernel.penalties import Assessment, PersonsPenalty
from xiejian.kernel.penalty_rules import Book, Range
from xiejian.kernel.problems import Problem, Refused
from xiejian.kernel.rule_book import fine_words, period
from xiejian.web import clock
from xiejian.web.guard import needs

#: What the letters of a time limit's number stand for, in the order of the pack.
SUBJECTS = {
    "CP": "投诉举报", "CS": "办案", "HR": "听证", "PB": "公示", "CR": "信用修复", "BL": "严重违法失信名单",
    "TP": "行刑衔接", "AE": "医疗器械不良事件", "AD": "药品不良反应", "RC": "召回", "LC": "许可、备案、注册",
    "SI": "自查与关键岗位", "IN": "检查后续", "SM": "抽检与复检", "RK": "记录保存", "SD": "计划与报表报送",
    "FX": "风险会商",
}  # fmt: skip
RULE_KINDS = {
    "penalty": "处罚", "principle": "计算原则", "exemption": "免予处罚", "mitigation": "从轻减轻",
    "crime": "涉嫌犯罪", "blacklist": "严重违法失信名单", "measure": "其他措施",
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One rule that may be chosen: number, what it is about, what it gives, where it is written."""

    id: str
    meaning: str
    says: str
    citation: str
    unverified: bool
    design: bool = False


Answer = TypeVar("Answer")
Groups = list[tuple[str, list[Choice]]]


def matches(search: str, *texts: str) -> bool:
    """Whether every word of the search stands in one of the texts."""
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in search.casefold().split())


def grouped(choices: Iterable[tuple[str, Choice]], group: str, search: str) -> Groups:
    """The choices by their heading, those of one heading or search only where one is given."""
    kept = [
        (heading, one)
        for heading, one in choices
        if group in ("", heading) and matches(search, one.id, one.meaning, one.citation, one.says, heading)
    ]
    order = list(dict.fromkeys(heading for heading, _ in kept))
    kept.sort(key=lambda pair: order.index(pair[0]))
    return [(heading, [c for _, c in pairs]) for heading, pairs in groupby(kept, key=lambda pair: pair[0])]


def _choosing(request: HttpRequest, choices: list[tuple[str, Choice]]) -> dict[str, Any]:
    search, group = request.GET.get("q", "").strip(), request.GET.get("group", "")
    return {
        "choices": grouped(choices, group, search),
        "headings": list(dict.fromkeys(heading for heading, _ in choices)),
        "group": group,
        "search": search,
        "total": len(choices),
        "narrowed": bool(search or group),
    }


# --- 时限 ---


def subject(rule_id: str) -> str:
    """The heading of a time limit."""
    return SUBJECTS.get(re.sub(r"[^A-Z].*", "", rule_id), "其他")


def _limits() -> list[tuple[str, Choice]]:
    return [
        (subject(r.id), Choice(r.id, r.meaning, period(r), r.citation, r.unverified, bool(r.design)))
        for r in deadline_rules.load().rules.values()
    ]


def _rows(request: HttpRequest, prefix: str, names: tuple[str, ...]) -> list[dict[str, str]]:
    """The filled rows of a repeated part of the form: ``prefix``-``name`` given once per row."""
    columns = [request.GET.getlist(f"{prefix}-{name}") for name in names]
    longest = max(map(len, columns), default=0)
    # a browser sends every row whole; an address typed by hand may leave ends off
    filled = [[text.strip() for text in column] + [""] * (longest - len(column)) for column in columns]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*filled, strict=True)]
    return [row for row in rows if row[names[0]]]


def _known(request: HttpRequest) -> tuple[dict[str, Any], list[dict[str, str]], list[dict[str, str]]]:
    added = _rows(request, "add", ("n", "unit", "approved_on"))
    stops = _rows(request, "stop", ("from", "to", "reason"))
    extensions = [{**row, "n": int(row["n"]) if row["n"].isdecimal() else row["n"]} for row in added]
    given = {"extensions": extensions, "stops": stops, "received_on": request.GET.get("received_on", "")}
    return given, added, stops


def due_text(answer: dict[str, Any]) -> str:
    """The answer in plain lines, to be copied into a file or a message."""
    lines = [
        f"{answer['applied']} {answer['meaning']}",
        f"起算：{answer['starts']}，{spoken(answer['from'])}",
    ]
    if answer["opens"]:
        lines.append(f"自 {answer['opens']} 起可以办理")
    if answer["due_legal"]:
        mark = "（暂定：有关年份的放假安排尚未公布）" if answer["provisional"] else ""
        lines.append(f"法定到期：{spoken(answer['due_legal'])}{mark}")
        lines.append(f"严格到期（不顺延）：{spoken(answer['due_strict'])}")
    lines += [f"另：{leg['meaning']}，{leg['due_legal']} 到期" for leg in answer["legs"]]
    lines += [f"注：{note}" for note in answer["notes"]]
    lines.append(f"依据：{answer['citation']}{'【未核实】' if answer['unverified'] else ''}")
    return "\n".join([*lines, *([f"本系统设置：{answer['design']}"] if answer["design"] else [])])


def spoken(moment: str) -> str:
    """A date or moment of an answer as people write it."""
    return moment.replace("T", " ")[:16]


@needs("rules.view")
def due(request: HttpRequest) -> HttpResponse:
    """时限计算: when is this due, which days do not count, where does it say so?"""
    wanted = request.GET.get("rule", "").strip()
    if not wanted:
        return render(request, "web/law/due.html", _choosing(request, _limits()))
    rule = deadlines.rule(wanted)
    start = request.GET.get("from", "").strip()
    given, added, stops = _known(request)
    answer, wrong = _asked(lambda: deadlines.answer(rule.id, start, given)) if start else (None, [])
    context = {
        "rule": rule, "entry": rule_book.named("deadlines", rule.id),
        "subject": subject(rule.id), "period": period(rule), "start": start,
        "start_type": {"H": "datetime-local", "NTH_WD": "month"}.get(rule.unit, "date"),
        "received_on": given["received_on"], "added": [*added, {}], "stops": [*stops, {}],
        "may_change": rule.has_clock and not rule.before,
        "units": [(u, unit_label(u)) for u in COUNTED if (u == "H") == (rule.unit == "H")],
        "default_unit": rule.extension.unit if rule.extension else rule.unit,
        "answer": answer, "problems": wrong, "text": due_text(answer) if answer else "",
        "extension_unit": unit_label(rule.extension.unit) if rule.extension else "",
        "due_legal": spoken(answer["due_legal"] or "") if answer else "",
        "due_strict": spoken(answer["due_strict"] or "") if answer else "",
        "start_spoken": spoken(answer["from"]) if answer else "",
    }  # fmt: skip
    return render(request, "web/law/due.html", context, status=422 if wrong else 200)


def _asked(ask: Callable[[], Answer]) -> tuple[Answer | None, list[Problem]]:
    """The answer, or the problems that stand in its way."""
    try:
        return ask(), []
    except Refused as refused:
        return None, list(refused.problems)


# --- 罚款 ---


def _conducts(book: Book) -> list[tuple[str, Choice]]:
    newest = [versions[-1] for versions in book.rules.values()]
    # the law with the most conducts first: it is the one most cases fall under
    share = Counter(r.law.title for r in newest if r.kind == "penalty")
    return [
        (
            r.law.title if r.kind == "penalty" else RULE_KINDS[r.kind],
            Choice(r.id, r.meaning, fine_words(r, book), r.citation, r.unverified),
        )
        for r in sorted(newest, key=lambda r: (r.kind != "penalty", -share[r.law.title]))
    ]


def span(fine: Range | None) -> str:
    """A range of money in words: 15 万元 would hide digits, so every yuan is written."""
    return "" if fine is None else f"{penalties.yuan(fine[0])} 至 {penalties.yuan(fine[1])} 元"


def fact_fields(rule: penalty_rules.Rule, book: Book, request: HttpRequest) -> list[dict[str, Any]]:
    """The facts that can change this rule's answer, and what was given for each."""
    choices = penalties.choices(rule)
    found = []
    for name in penalties.asked(rule, book):
        fact = book.facts[name]
        values = [(v, fact.values[v]) for v in choices.get(name, fact.values)]
        found.append({"fact": fact, "value": request.GET.get(name, "").strip(), "values": values})
    return found


def facts_given(fields: list[dict[str, Any]], request: HttpRequest) -> dict[str, Any]:
    """The facts of the address as ``penalties.assess`` takes them."""
    facts = {f["fact"].name: True if f["fact"].kind == "flag" else f["value"] for f in fields if f["value"]}
    return {**facts, penalties.CIRCUMSTANCES: request.GET.getlist("circumstances")}


def _persons_lines(found: PersonsPenalty, book: Book) -> list[str]:
    lines = []
    if found.confiscates_income:
        amount = f" {penalties.yuan(found.confiscate)} 元" if found.confiscate else ""
        lines.append(f"没收{book.labels['base'].get(found.base, '收入')}{amount}")
    if found.fine:
        lines.append(f"罚款 {span(found.fine)}")
    elif found.times:
        times = " 至 ".join(f"{t.normalize():f}" for t in found.times)
        lines.append(f"罚款为{book.facts[found.base].label}的 {times} 倍（填写该金额后算出）")
    return [line for line in (*lines, found.ban, *found.also) if line]


def penalty_text(found: Assessment, persons: list[str], book: Book) -> str:
    """The answer in plain lines, to be copied."""
    lines = [f"{found.rule} {found.meaning}", f"行为日期：{found.on}", f"依据：{found.citation}"]
    lines.append(f"罚款：{span(found.fine)}" if found.fine else f"罚款：暂不处罚款，{found.first_step}")
    mark = "（分档规则未核实）" if book.cut.unverified else ""
    if found.bands:
        lines.append(
            f"分档{mark}：" + "；".join(f"{book.labels['band'][b]} {span(r)}" for b, r in found.bands.items())
        )
    lines += [f"并处：{measure}" for measure in found.also]
    who = book.labels["persons"]["who"]
    lines += [f"{who}：{line}" for line in persons]
    lines += [f"规则冲突 {c.id}：{c.meaning}" for c in found.conflicts]
    return "\n".join([*lines, "以上为建议幅度，由办案人员依法决定。"])


def answer_context(
    request: HttpRequest, rule: penalty_rules.Rule, book: Book, first_on: dt.date
) -> dict[str, Any]:
    """What law/penalty_facts.html and law/penalty_answer.html show for a rule and the facts of the address.

    ``first_on`` stands in the form until a day is given; only then there is an answer (``found``).
    """
    fields, on = fact_fields(rule, book, request), request.GET.get("on", "").strip()
    found: Assessment | None = None
    wrong: list[Problem] = []
    if on:
        found, wrong = _asked(lambda: penalties.assess(rule.id, facts_given(fields, request), on, book))
    persons = _persons_lines(found.persons, book) if found and found.persons else []
    return {
        "rule": rule, "fields": fields, "on": on or first_on.isoformat(), "found": found, "problems": wrong,
        "fine": span(found.fine) if found else "", "reduced": span(found.reduced) if found else "",
        "bands": [(book.labels["band"][b], span(r)) for b, r in found.bands.items()] if found else [],
        "persons": persons, "who": book.labels["persons"]["who"], "cut": book.cut,
        "conflicts": [(c, span(c.fine)) for c in found.conflicts] if found else [],
        "steps": [book.step_labels[s] for s in found.steps] if found else [],
        "circumstances": [
            (c, "、".join(book.step_labels[s] for s in c.steps), c.id in request.GET.getlist("circumstances"))
            for c in book.circumstances.values()
        ],
        "text": penalty_text(found, persons, book) if found else "",
    }  # fmt: skip


def chosen_rule(wanted: str, on: dt.date, book: Book) -> penalty_rules.Rule:
    """The newest version of the rule asked for; Refused where there is none."""
    versions = book.rules.get(book.aliases.get(wanted, wanted))
    return versions[-1] if versions else penalties.find(wanted, on, book)


def choosing_conduct(request: HttpRequest, book: Book) -> dict[str, Any]:
    """What law/choices.html shows: every conduct by the law that forbids it."""
    return _choosing(request, _conducts(book))


@needs("rules.view")
def penalty(request: HttpRequest) -> HttpResponse:
    """罚款幅度: what may the fine be, what comes first, what goes with it?"""
    book = penalty_rules.load()
    wanted = request.GET.get("rule", "").strip()
    if not wanted:
        return render(request, "web/law/penalty.html", choosing_conduct(request, book))
    day = clock.today(request)
    rule = chosen_rule(wanted, day, book)
    context = answer_context(request, rule, book, day) | {
        "entry": rule_book.named("penalties", rule.id), "basis": book.labels["basis"].get(rule.basis, ""),
    }  # fmt: skip
    return render(request, "web/law/penalty.html", context, status=422 if context["problems"] else 200)
