"""Making a draft: the template of an office, its figures, its computed parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from django.db.models import Max, Min
from django.utils import timezone

from xiejian.documents import bound, office_parts, parts, templates
from xiejian.documents.draft import Draft, Section, Source, chinese_date
from xiejian.documents.parts import Scope
from xiejian.documents.templates import Template
from xiejian.kernel import divisions
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people.models import Office
from xiejian.people.policy import Actor, require
from xiejian.registry.models import Party

problems = Catalogue(Path(__file__).with_name("problems.toml"))
#: What the contract names; a kind without a template is refused with the list of those that have one.
KINDS = {
    "summary": "年度工作总结",
    "next-plan": "下年度监管工作计划",
    "key-points": "监管工作要点",
    "campaign-order": "专项整治实施方案",
    "notice": "工作进展通报",
    "quality-report": "质量安全报告",
}
EARLIEST_YEAR = 2000
PARTS = {**parts.PARTS, **office_parts.PARTS}


def available() -> dict[str, str]:
    """The kinds that can be drafted now, with their Chinese names."""
    have = {template.kind for template in templates.known()}
    return {kind: label for kind, label in KINDS.items() if kind in have}


def make(*, kind: str, year: int, office_code: str, by: Actor, at: datetime) -> Draft:
    """Draft one document of an office for a year.

    ``year`` is the year that was worked: `next-plan` of 2009 is the plan for 2010. Figures run from
    1 January to 31 December, or to the day of ``at`` while the year is not over; the draft is dated
    the day of ``at``. Nothing is stored. Refused: P101 without permission, D101 kind, D102 office, D103 year,
    D104 no campaign to write an order for.
    """
    today = timezone.localdate(at)
    if kind not in available():
        known = "、".join(f"{key}（{label}）" for key, label in available().items())
        raise Refused(problems("D101", kind=kind, known=known))
    if not EARLIEST_YEAR <= year <= today.year:
        raise Refused(problems("D103", year=year))
    require(by, "documents.view", office_code)
    office = office_of(office_code)
    template = templates.choose(kind, office.packs)
    if template is None:
        raise Refused(problems("D101", kind=kind, known="、".join(available())))
    until = min(date(year, 12, 31), today)
    scope = Scope(office, by, year, date(year, 1, 1), until)
    return _written(template, scope, today)


def office_of(code: str) -> Office:
    """The office with this code; where none is set up yet, the bureau of that division, not stored.

    Refused D102 when the code is no division.
    """
    found = Office.objects.filter(code=code).first()
    if found is not None:
        return found
    place = divisions.name(code) if divisions.stem(code) else ""
    if not divisions.is_known(code) or place == code:
        raise Refused(problems("D102", code=code))
    return Office(
        code=code, stem=divisions.stem(code), name=f"{place}市场监督管理局", tier=divisions.tier(code)
    )


def default_office() -> str:
    """The office meant when none is named: the one at the top, else the division that holds every party."""
    tops = list(Office.objects.filter(parent=None).values_list("code", flat=True)[:2])
    if len(tops) == 1:
        return tops[0]
    ends = Party.objects.aggregate(first=Min("office_code"), last=Max("office_code"))
    first, last = (divisions.stem(ends[name] or "000000") for name in ("first", "last"))
    # codes sort as text, so what the first and the last share, all share
    shared = max(size for size in (0, 2, 4, 6, 9) if first[:size] == last[:size] and size <= len(first))
    return first[:shared].ljust(6, "0")


def _words(scope: Scope) -> dict[str, str]:
    campaign = office_parts.campaign_of(scope)
    return {
        "campaign": campaign.title if campaign else "",
        "office": scope.office.name,
        "area": divisions.name(scope.office.code),
        "year": str(scope.year),
        "next_year": str(scope.year + 1),
        "until": chinese_date(scope.until),
    }


def _written(template: Template, scope: Scope, today: date) -> Draft:
    words = _words(scope)
    if template.needs_campaign and not words["campaign"]:
        raise Refused(problems("D104", scope.office.name, year=scope.year))
    figures = bound.bind(template, from_on=scope.from_on, until=scope.until, office_code=scope.office.code)
    sections: list[Section] = []
    extra: list[Source] = []
    for entry in template.sections:
        section = templates.render(entry, figures.shown, template.values, words)
        if entry.content:
            part = PARTS[entry.content](scope)
            extra += part.sources
            section = replace(section, blocks=(*section.blocks, *part.blocks))
            sections += [section, *part.sections]
        elif section.blocks:
            sections.append(section)
    return Draft(
        kind=template.kind,
        title=templates.fill_words(template.title, words),
        office_code=scope.office.code,
        office_name=scope.office.name,
        year=scope.year,
        from_on=scope.from_on,
        until_on=scope.until,
        signed_on=today,
        sections=tuple(sections),
        figures=_used(sections, {**figures.sources, **{s.id: s for s in extra}}),
        addressee=templates.fill_words(template.addressee, words),
        attachments=template.attachments,
        red_heading=template.red_heading,
        template=template.id,
    )


def _used(sections: Iterable[Section], sources: dict[str, Source]) -> dict[str, Source]:
    """The sources of the numbers that the text really shows, in its own order."""
    used: dict[str, Source] = {}
    for section in sections:
        for run in section.runs():
            if run.figure:
                used[run.figure] = sources[run.figure]
    return used
