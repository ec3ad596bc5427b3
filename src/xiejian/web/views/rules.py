"""规则: which rules are in force, where does it say so, what is not verified yet?"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.kernel import packs
from xiejian.kernel.kinds import label
from xiejian.kernel.packs import Duty, Pack, Row
from xiejian.web.guard import needs

TIER_LABELS = {"province": "省级", "city": "市级", "county": "县级", "station": "所（分局）"}
DECIDES = {"level": "定级", "duty": "检查频次", "focus": "重点"}
OF_LABELS = {"group": "该类单位", "inspected": "已检查单位", "problems": "发现问题单位"}


@dataclass(frozen=True)
class Line:
    """One rule as the page says it."""

    id: str
    says: str
    meaning: str
    citation: str
    unverified: bool
    scope: str
    dates: str


def duty_words(duty: Duty) -> str:
    """A duty in one phrase: 全项目检查，每年 1 次，县级.

    Numbers come from the pack; this only puts them into words.
    """
    words = [label(duty.kind)]
    if duty.times is not None:
        span = "每年" if duty.years in (None, 1) else f"每 {duty.years} 年"
        words.append(f"{span} {duty.times} 次")
    if duty.share is not None:
        words.append(f"每年{OF_LABELS.get(duty.of, '')} {duty.share * 100:g}%")
    if duty.every_months is not None:
        words.append(f"每 {duty.every_months} 个月")
    if duty.within_days is not None:
        words.append(f"备案之日起 {duty.within_days} 日内")
    if duty.within_months is not None:
        words.append(f"备案之日起 {duty.within_months} 个月内")
    if duty.by:
        words.append(f"{duty.by.replace('-', '月')}日前")
    if duty.responsible:
        words.append(f"由{TIER_LABELS.get(duty.responsible, duty.responsible)}实施")
    if duty.discretionary:
        words.append("必要时")
    return "，".join(words)


def _says(row: Row) -> str:
    if row.decides == "level":
        return f"{'一二三四'[row.level - 1]}级" if row.level else "不能据此定级"
    return duty_words(row.duty) if row.duty else "重点关注"


def _dates(row: Row) -> str:
    if row.from_on and row.until_on:
        return f"{row.from_on} 至 {row.until_on}"
    if row.from_on:
        return f"自 {row.from_on}"
    return f"至 {row.until_on}" if row.until_on else ""


def lines(pack: Pack) -> list[tuple[str, list[Line]]]:
    """The pack's rules by what they decide, in the pack's order."""
    groups = []
    for decides, heading in DECIDES.items():
        rows = [
            Line(r.id, _says(r), r.meaning, r.citation, r.unverified, "、".join(r.links), _dates(r))
            for r in pack.rows
            if r.decides == decides
        ]
        if rows:
            groups.append((heading, rows))
    outside = [
        Line(o.id, "不定级", o.meaning, o.citation, o.unverified, "、".join(o.links), "")
        for o in pack.outside
    ]
    principles = [Line(p.id, p.why_not, p.meaning, p.citation, p.unverified, "", "") for p in pack.principles]
    groups += [("不定级的范围", outside)] if outside else []
    groups += [("原则（不计算）", principles)] if principles else []
    return groups


@needs("rules.view")
def pack_list(request: HttpRequest) -> HttpResponse:
    """Every pack with its status."""
    found = [packs.load(pack_id) for pack_id in packs.known()]
    rows = [(p, len(p.rows), sum(r.unverified for r in p.rows), _pack_dates(p)) for p in found]
    return render(request, "web/pack_list.html", {"rows": rows, "own": request.user.office.packs})


def _pack_dates(pack: Pack) -> str:
    if pack.from_on is None:
        return "未载明"
    return f"{pack.from_on} 至 {pack.until_on}" if pack.until_on else f"自 {pack.from_on}"


@needs("rules.view")
def pack(request: HttpRequest, pack_id: str) -> HttpResponse:
    """One pack: each rule with its meaning, citation and status."""
    if pack_id not in packs.known():
        raise Http404
    found = packs.load(pack_id)
    groups = lines(found)
    context = {
        "pack": found,
        "groups": groups,
        "bases": [packs.load(base) for base in found.extends],
        "dates": _pack_dates(found),
        "open": sum(line.unverified for _, rows in groups for line in rows),
        "total": sum(len(rows) for _, rows in groups),
    }
    return render(request, "web/pack.html", context)
