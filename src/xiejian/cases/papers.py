"""案件文书: what a paper would say now, issuing it, correcting it. An issued paper is never changed.

Papers belong to a proceeding, or to a case that has none (one imported, one from before proceedings).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases import paper_facts, paper_forms
from xiejian.cases.checks import problems, refuse
from xiejian.cases.models import Case, CasePaper, Proceeding
from xiejian.cases.paper_forms import Form, Values
from xiejian.inspections.models import Correction
from xiejian.kernel.problems import Problem, Refused
from xiejian.people import audit, numbering
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor, require, visible

PERMISSION = "cases.investigate"
Record = Case | Proceeding
#: a paper is a few pages; nothing longer is a value of one
LONGEST_VALUE = 20_000
#: what puts a paper's digest into the audit chain
RECORDING = ("issue_case_paper", "correct_case_paper")
_SERIAL = re.compile(r"(\d+)号$")


def form(form_id: str) -> Form:
    """A template by its id. Refused: unknown (C601)."""
    known = paper_forms.forms()
    if form_id not in known:
        names = "、".join(f"{found.id} {found.title}" for found in known.values())
        raise Refused(problems("C601", where=form_id, kind=form_id, known=names))
    return known[form_id]


def subject_of(record: Record) -> str:
    return record._meta.model_name or ""


def record_of(actor: Actor | None, subject: str, pk: int) -> Record | None:
    """The case or proceeding that papers belong to, where the actor may see it."""
    if subject == "proceeding":
        rows = visible(Proceeding.objects.select_related("party", "case", "reviewer"), actor)
        return rows.filter(pk=pk).first()
    if subject == "case":
        return visible(Case.objects.select_related("party"), actor).filter(pk=pk).first()
    return None


def _of(record: Record) -> Q:
    """The papers of a proceeding and of its case are one file."""
    case = record.case_id if isinstance(record, Proceeding) else record.pk
    found = Q(subject="case", record=case)
    if isinstance(record, Proceeding):
        return found | Q(subject="proceeding", record=record.pk)
    held = Proceeding.objects.filter(case=record).values_list("pk", flat=True)
    return found | Q(subject="proceeding", record__in=held)


def papers_of(record: Record) -> list[CasePaper]:
    """The papers of a file as they stand, in order: of a corrected one the last version."""
    newest: dict[tuple[str, int, str, int], CasePaper] = {}
    for paper in CasePaper.objects.filter(_of(record)).order_by("version"):
        newest[paper.subject, paper.record, paper.kind, paper.series] = paper
    return sorted(newest.values(), key=lambda p: (p.issued_on, p.pk))


def has(record: Record, kind: str) -> bool:
    """Whether a paper of this kind was issued."""
    return CasePaper.objects.filter(_of(record), kind=kind).exists()


def paper(actor: Actor | None, pk: int) -> CasePaper | None:
    """One issued paper in the actor's reach."""
    return visible(CasePaper.objects.all(), actor).filter(pk=pk).first()


def versions(found: CasePaper) -> QuerySet[CasePaper]:
    """All versions of one paper, the first one first."""
    same = {name: getattr(found, name) for name in ("subject", "record", "kind", "series")}
    return CasePaper.objects.filter(**same).order_by("version")


def values_of(record: Record) -> dict[str, Any]:
    """What the record and its papers say by now, by field name."""
    if isinstance(record, Proceeding):
        case, way = record.case, record
    else:  # a case may have come by a proceeding, which knows more of it
        case, way = record, Proceeding.objects.select_related("party").filter(case=record).first()
    known = paper_facts.of_case(case) if case else {}
    if way:
        told = paper_facts.of_proceeding(way)
        known |= {name: value for name, value in told.items() if value or name not in known}
    return known | paper_facts.of_papers(papers_of(record))


def _clean(value: Any) -> Any:
    """Text without what no printer knows; rows of a table cell by cell."""
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    text = value.isoformat() if isinstance(value, dt.date) else str(value if value is not None else "")
    return "".join(char for char in text if char.isprintable() or char == "\n").strip()


def _fit(form: Form, given: Values) -> tuple[dict[str, Any], list[Problem]]:
    """The values that the template asks for, and what is wrong with them."""
    kept: dict[str, Any] = {}
    wrong: list[Problem] = []
    for field in form.fields:
        value = _clean(given.get(field.id) or "")
        if len(str(value)) > LONGEST_VALUE:
            wrong.append(problems("C603", where=field.label, what=field.label, most=LONGEST_VALUE))
        elif field.kind in paper_forms.BLANK and value and not _is_moment(value):
            wrong.append(problems("C604", where=field.label, what=field.label))
        elif value:
            kept[field.id] = value
    return kept, wrong


def _is_moment(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _number(form: Form, record: Record, office_code: str, year: int) -> str:
    """The next number of this paper; a decision bears the case's own where that is a number of its kind.

    Numbers given elsewhere (imported cases, orders to correct) count: one number is never given twice.
    """
    if not form.word:
        return ""
    pattern = paper_forms.number_pattern(form)
    case = record.case if isinstance(record, Proceeding) else record
    if form.own_number and case and re.search(form.own_number, case.number):
        return case.number
    free = [numbering.next_number(rows, pattern, office_code, year) for rows in (CasePaper, Case, Correction)]
    return max(free, key=lambda number: int(_SERIAL.search(number)[1]))  # type: ignore[index]


@transaction.atomic
def issue_paper(
    *,
    kind: str,
    record: Record,
    values: Values,
    issued_on: dt.date,
    by: Actor,
    at: dt.datetime,
    corrects: CasePaper | None = None,
    reason: str = "",
) -> CasePaper:
    """Issue a paper with its number, or a further version of one: that keeps the number of the first.

    Refused: no such paper (C601), something required is not known (C602, one per field), too long (C603),
    no date (C604), a second one where there is only one (C605), dated after today (C102), a correction
    without a reason (C107) or of a version that is not the last (C606).
    """
    template = form(kind)
    require(by, PERMISSION, record.office_code, where=template.title)
    type(record)._default_manager.select_for_update().only("pk").get(pk=record.pk)
    kept, wrong = _fit(template, values)
    last = versions(corrects).last() if corrects else None
    refuse(
        wrong,
        [problems("C602", where=label, what=label) for label in paper_forms.missing(template, kept)],
        check.check_not_in_future(issued_on, timezone.localdate(at), "出具日期"),
        check.check_given(reason, "更正理由") if corrects else _only_one(template, record),
        [problems("C606", where=template.title, title=str(last))] if corrects and last != corrects else [],
    )
    office_name = numbering.signing_office(record.office_code)
    number = last.number if last else _number(template, record, record.office_code, issued_on.year)
    content = paper_forms.compose(template, kept, office_name, final=True)
    text = paper_forms.as_text(template.title, number, office_name, content)
    made = CasePaper.objects.create(
        subject=last.subject if last else subject_of(record), record=last.record if last else record.pk,
        kind=kind, series=last.series if last else _next_series(record, kind),
        version=last.version + 1 if last else 1, title=template.title, number=number, issued_on=issued_on,
        values=kept, content=content, text=text, digest=digest_of(text), reason=reason.strip()[:300],
        office_code=record.office_code, office_name=office_name, at=at, by_name=by.name,
    )  # fmt: skip
    audit.record(
        by=by, at=at, action=RECORDING[1 if last else 0], subject="casepaper",
        key=f"{made.subject} {made.record} {kind} {made.series}", office_code=made.office_code,
        detail={"title": made.title, "number": number, "version": made.version, "digest": made.digest,
                "reason": made.reason},
    )  # fmt: skip
    return made


def _only_one(template: Form, record: Record) -> list[Problem]:
    if template.many or not has(record, template.id):
        return []
    return [problems("C605", where=template.title, title=template.title)]


def _next_series(record: Record, kind: str) -> int:
    same = CasePaper.objects.filter(subject=subject_of(record), record=record.pk, kind=kind)
    return (same.aggregate(last=Max("series"))["last"] or 0) + 1


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def faults() -> tuple[int, list[CasePaper]]:
    """How many papers are kept, and those that are not as issued or not in the audit chain."""
    details = AuditEntry.objects.filter(action__in=RECORDING).values_list("detail", flat=True)
    recorded = {detail["digest"] for detail in details.iterator()}
    rows = list(CasePaper.objects.order_by("pk"))
    wrong = {row.pk for row in altered(rows)} | {row.pk for row in rows if row.digest not in recorded}
    return len(rows), [row for row in rows if row.pk in wrong]


def altered(rows: Iterable[CasePaper]) -> list[CasePaper]:
    """The papers whose text is no longer what was issued."""
    return [row for row in rows if digest_of(row.text) != row.digest]
