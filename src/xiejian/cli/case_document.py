"""document case: a paper of a case or proceeding, as it was issued, as a draft, or issued now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.utils import timezone

from xiejian.cases import papers
from xiejian.cases.models import Case, CasePaper, Proceeding
from xiejian.cli.output import emit
from xiejian.documents import case_papers
from xiejian.documents.drafts import problems
from xiejian.documents.papers import write
from xiejian.kernel.problems import Refused
from xiejian.people.numbering import signing_office
from xiejian.people.policy import SYSTEM

KIND = "case"


def _record(number: str) -> Case | Proceeding:
    """The proceeding or the case that bears this number; of a case with a proceeding, the proceeding."""
    proceedings = Proceeding.objects.select_related("party", "case", "reviewer")
    found = proceedings.filter(number=number).first() or proceedings.filter(case__number=number).first()
    record = found or Case.objects.select_related("party").filter(number=number).first()
    if record is None:
        raise Refused(problems("D106", number or "--case", kind="案件文书"))
    return record


def _values(given: Iterable[str]) -> dict[str, Any]:
    """``name=text`` as typed; later ones win."""
    return {name.strip(): text for name, _, text in (item.partition("=") for item in given)}


def _last(record: Case | Proceeding, kind: str) -> CasePaper | None:
    return next((paper for paper in reversed(papers.papers_of(record)) if paper.kind == kind), None)


def print_case_paper(
    number: str, kind: str, given: Iterable[str], issue: bool, out: Path, as_json: bool
) -> None:
    """Write the paper to ``out``: issued with ``issue``, else the one issued last, else a draft."""
    record, form, now = _record(number), papers.form(kind), timezone.now()
    values = papers.values_of(record) | _values(given)
    issued = None if issue else _last(record, kind)
    if issue:
        issued = papers.issue_paper(
            kind=kind, record=record, values=values, issued_on=timezone.localdate(now), by=SYSTEM, at=now
        )
    if issued:
        paper = case_papers.issued(issued, personal=True)
    else:
        paper = case_papers.draft(form, values, signing_office(record.office_code), personal=True)
    write(paper, out)
    answer = {
        "kind": kind, "title": paper.title, "number": paper.number, "draft": paper.draft, "out": str(out),
        "version": issued.version if issued else 0, "digest": issued.digest if issued else "",
    }  # fmt: skip
    emit(answer, as_json, f"{paper.title} {paper.number}：{out}{f'（{paper.draft}）' if paper.draft else ''}")
