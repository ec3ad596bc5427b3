"""规则: which rules are in force, where does it say so, what is not verified yet?"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.kernel import packs
from xiejian.kernel.packs import Pack, Row
from xiejian.kernel.rule_book import level_words
from xiejian.web.guard import needs

DECIDES = {"level": "定级", "duty": "检查频次", "focus": "重点"}


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
            Line(r.id, level_words(r), r.meaning, r.citation, r.unverified, "、".join(r.links), _dates(r))
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
