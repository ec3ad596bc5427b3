"""Every write of status reports: told by the firm, accepted into the register or returned by the office."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.clocks.models import Clock
from xiejian.firms import checks as check
from xiejian.firms import rules
from xiejian.firms.checks import problems, refuse
from xiejian.firms.models import StatusReport
from xiejian.firms.rules import POSITION
from xiejian.firms.steps import FIRM, OFFICE, attach, either, moved, note
from xiejian.inspections.places import Place
from xiejian.kernel import deadlines, workflow
from xiejian.kernel.problems import Refused
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor
from xiejian.registry import actions as registry
from xiejian.registry.models import Party

WORKFLOW = workflow.load(Path(__file__).with_name("report_workflow.toml"))
SUBJECT = "statusreport"
#: clocks of a report: a new person was to be reported, a vacant post is to be filled
REPORT, REPLACE = "report", "replace"
STOPPED = "停产"


@dataclass(frozen=True)
class Told:
    """What a firm reports; which parts a kind asks for stands in packs/firms/rules.toml."""

    kind: str
    happened_on: dt.date
    text: str = ""
    position: str = ""
    person_before: str = ""
    person_after: str = ""
    address_kind: str = ""
    address: str = ""
    verified: str = ""

    def stored(self) -> dict[str, object]:
        """The columns of a report; what its kind does not ask for stays empty."""
        asks = rules.report_kinds()[self.kind].asks
        staff, moved_to = POSITION in asks, rules.ADDRESS in asks
        facts = asdict(self)
        for name, wanted in (
            ("position", staff), ("person_before", staff), ("person_after", staff),
            ("address_kind", moved_to), ("address", moved_to),
        ):  # fmt: skip
            facts[name] = str(facts[name]).strip() if wanted else ""
        return facts | {"text": self.text.strip(), "verified": self.verified.strip()}


def place_of(report: StatusReport) -> Place:
    """Where the files of a report belong; the firm hands them in."""
    return Place(SUBJECT, report.pk, report.number, report.office_code, FIRM)


def place_for(report: StatusReport, by: Actor) -> Place:
    """The same for whoever hands them in: the firm, or an officer for it."""
    return place_of(report) if by.firm else Place(*_where(report), OFFICE)


def _where(report: StatusReport) -> tuple[str, int, str, str]:
    return SUBJECT, report.pk, report.number, report.office_code


def links_of(party: Party) -> list[str]:
    """The links in which a firm works."""
    return list(party.links.values_list("link", flat=True))


def must_verify_from(kind: rules.ReportKind, party: Party, on: dt.date) -> dt.date | None:
    """From which day on standing still asks for a look before work resumes on ``on``; None: not yet."""
    if not kind.verify_rule or party.status != STOPPED or party.status_on is None:
        return None
    due = deadlines.due(kind.verify_rule, party.status_on).due_strict
    return due if due and on >= due else None


def _check(party: Party, told: Told, at: dt.datetime) -> rules.ReportKind:
    """The kind of what is told. Refused: FI101 to FI105, FI302 to FI304."""
    kinds = rules.report_kinds()
    refuse(check.check_one_of(told.kind, kinds, "报告类别"))
    kind = kinds[told.kind]
    positions = [one.id for one in rules.positions_of(links_of(party))]
    refuse(
        check.check_not_in_future(told.happened_on, timezone.localdate(at), "发生日期"),
        check.check_report(
            kind, text=told.text, position=told.position, person_before=told.person_before,
            person_after=told.person_after, address_kind=told.address_kind, address=told.address,
            positions=positions,
        ),
        check.check_status_changes(kind.status, party.status) if kind.status else [],
        check.check_verified(told.verified, party.status_on, must_verify_from(kind, party, told.happened_on)),
    )  # fmt: skip
    return kind


@transaction.atomic
def submit_report(
    *, party: Party, told: Told, by: Actor, at: dt.datetime, files: Sequence[File] = ()
) -> StatusReport:
    """A firm tells what changed; an officer may write it down for a firm.

    A maker's new management representative stops the clock SI-5 that began on the day of appointment, a
    vacant one starts SI-6. Refused: FI101 to FI106, FI301 to FI304; files as ``attach_evidence``.
    """
    if not party.uscc:
        raise Refused(problems("FI301", party.name, name=party.name))
    either(by, party, where=party.name)
    _check(party, told, at)
    refuse(check.check_files(len(files)))
    pattern, year = rules.number_pattern("report"), timezone.localdate(at).year
    row = StatusReport.objects.create(
        number=next_number(StatusReport, pattern, party.office_code, year), party=party,
        state=WORKFLOW.start, office_code=party.office_code, submitted_at=at, by_name=by.name,
        **told.stored(),
    )  # fmt: skip
    note("submit_report", row, by, at, kind=row.kind, position=row.position, happened_on=row.happened_on)
    _set_clocks(row, by, at)
    attach(place_for(row, by), files, by, at)
    return row


def _set_clocks(row: StatusReport, by: Actor, at: dt.datetime) -> None:
    """The time limits of a key position: of who came, and of who has to come."""
    position = rules.positions().get(row.position)
    if position is None:
        return
    common = {
        "subject": SUBJECT, "record": row.pk, "start": row.happened_on, "by": by, "at": at,
        "title": f"{row.number} {row.party.name}", "office_code": row.office_code,
    }  # fmt: skip
    if row.person_after and position.report_rule:
        clocks.set_clock(name=REPORT, rule=position.report_rule, **common)  # type: ignore[arg-type]
        today = timezone.localdate(at)
        clocks.finish_clock(subject=SUBJECT, record=row.pk, name=REPORT, on=today, by=by, at=at)
    if row.person_after and position.replace_rule:
        _fill_vacancies(row, by, at)
    elif position.replace_rule:
        clocks.set_clock(name=REPLACE, rule=position.replace_rule, **common)  # type: ignore[arg-type]


def _fill_vacancies(row: StatusReport, by: Actor, at: dt.datetime) -> None:
    """Somebody holds the post again: the clocks of earlier reports that it was vacant end on that day."""
    earlier = StatusReport.objects.filter(party_id=row.party_id, position=row.position, person_after="")
    waiting = Clock.objects.filter(
        subject=SUBJECT, name=REPLACE, state=Clock.RUNNING, record__in=earlier.values("pk")
    )
    ended = dict.fromkeys(waiting.values_list("record", flat=True), row.happened_on)
    clocks.finish_clocks(subject=SUBJECT, name=REPLACE, ended=ended, by=by, at=at)


@transaction.atomic
def amend_report(
    *, report: StatusReport, told: Told, by: Actor, at: dt.datetime, files: Sequence[File] = ()
) -> StatusReport:
    """The firm puts right or completes what it told. Refused like ``submit_report``."""
    state = moved(report, WORKFLOW, "amend_report", by, uscc=report.party.uscc)
    _check(report.party, told, at)
    refuse(check.check_files(len(files)))
    facts = told.stored()
    changed = {n: [str(getattr(report, n)), str(v)] for n, v in facts.items() if getattr(report, n) != v}
    for name, value in facts.items():
        setattr(report, name, value)
    report.submitted_at, report.by_name, report.opinion = at, by.name, ""
    report.save()
    if changed:
        clocks.drop_clocks(subject=SUBJECT, record=report.pk, reason="补充报送后重新计算", by=by, at=at)
        _set_clocks(report, by, at)
    note("amend_report", report, by, at, state=state, changed=changed)
    attach(place_for(report, by), files, by, at)
    return report


@transaction.atomic
def withdraw_report(*, report: StatusReport, reason: str, by: Actor, at: dt.datetime) -> StatusReport:
    """Told by mistake; the reason stands with it (FI101)."""
    state = moved(report, WORKFLOW, "withdraw_report", by, uscc=report.party.uscc)
    refuse(check.check_given(reason, "撤回理由"))
    report.opinion = reason.strip()[:300]
    report.save()
    clocks.drop_clocks(subject=SUBJECT, record=report.pk, reason=f"撤回：{reason}", by=by, at=at)
    note("withdraw_report", report, by, at, state=state, reason=report.opinion)
    return report


def change_of_register(report: StatusReport) -> dict[str, str]:
    """What accepting a report changes in the register, by its headings; empty where it holds no such fact."""
    position = rules.positions().get(report.position)
    if position and position.heading and report.person_after:
        return {position.heading: report.person_after}
    if report.address_kind in rules.addresses():
        return {rules.addresses()[report.address_kind]: report.address}
    status = rules.report_kinds()[report.kind].status
    return {"状态": status} if status else {}


def _apply(report: StatusReport, by: Actor, at: dt.datetime) -> dict[str, str]:
    """The change that was made: none where the register says so already."""
    change, reason = change_of_register(report), f"企业状况报告 {report.number}"
    party = Party.objects.get(pk=report.party_id)
    if status := change.get("状态"):
        if party.status == status:
            return {}
        registry.change_status(party=party, status=status, on=report.happened_on, reason=reason, by=by, at=at)
        return change
    changed = {heading: value for heading, value in change.items() if _held(party, heading) != value}
    if changed:
        registry.amend_party(party=party, reason=reason, row=changed, by=by, at=at)
    return changed


def _held(party: Party, heading: str) -> str:
    """What the register holds under a heading."""
    fields = {f.verbose_name: f.attname for f in Party._meta.concrete_fields}
    return str(getattr(party, fields[heading]))


@transaction.atomic
def accept_report(
    *, report: StatusReport, by: Actor, at: dt.datetime, opinion: str = "", apply: bool = True
) -> StatusReport:
    """Take note, and bring the register to it unless ``apply`` is no; its own permission is asked there.

    Refused: as ``amend_party`` and ``change_status`` refuse.
    """
    state = moved(report, WORKFLOW, "accept_report", by)
    report.applied = _apply(report, by, at) if apply else {}
    _handled(report, opinion, by, at)
    note("accept_report", report, by, at, state=state, applied=report.applied, opinion=report.opinion)
    return report


@transaction.atomic
def return_report(*, report: StatusReport, opinion: str, by: Actor, at: dt.datetime) -> StatusReport:
    """Back to the firm, saying what is missing (FI101)."""
    state = moved(report, WORKFLOW, "return_report", by)
    refuse(check.check_given(opinion, "退回理由"))
    _handled(report, opinion, by, at)
    note("return_report", report, by, at, state=state, opinion=report.opinion)
    return report


def _handled(report: StatusReport, opinion: str, by: Actor, at: dt.datetime) -> None:
    report.handled_on, report.handled_by = timezone.localdate(at), by.name
    report.opinion = opinion.strip()[:300]
    report.save()
