"""What followed from the decisions of the year: publication, a story without names, cases handed on."""

from __future__ import annotations

from datetime import date, timedelta

from xiejian.cases import paper_forms, papers, publishing, transferring, typical
from xiejian.cases import publication_rules as rules
from xiejian.cases.models import Case, Proceeding
from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.invention import working_day
from xiejian.inspections.models import Transfer
from xiejian.kernel import divisions

#: days from the decision to the draft of what the public reads, and to its approval
_DRAFTED, _APPROVED = 5, 8
#: days from handing over to the receipt and to the answer
_RECEIVED, _ANSWERED = 1, 3
_POLICE = "公安"
REASON = "货值和情节可能达到刑事立案追诉标准"
#: papers of a proceeding and the step on whose day each is issued
PAPERS = {
    "source_form": "source_on", "filing_approval": "filed_on", "investigation_report": "reported_on",
    "review_form": "reviewed_on", "penalty_notice": "notice_served_on",
}  # fmt: skip
LESSON = "经营使用医疗器械应当查验供货者资质和产品注册证，保证来源可查、去向可追。"


def _decided(staffed: Staffed) -> list[Case]:
    rows = Case.objects.filter(
        office_code__startswith=staffed.code, decided_on__year=staffed.year
    ).select_related("party")
    return list(rows.order_by("decided_on", "number"))


def publish_decisions(staffed: Staffed) -> int:
    """Every decision of the year drafted and approved in its term; the newest still waits. How many."""
    cases = _decided(staffed)
    for case in cases:
        _publish(staffed, case, waiting=case is cases[-1])
    return len(cases)


def _publish(staffed: Staffed, case: Case, *, waiting: bool) -> None:
    assert case.decided_on is not None
    drafted, approved = (working_day(case.decided_on + timedelta(days=n)) for n in (_DRAFTED, _APPROVED))
    if drafted > staffed.today:
        return
    given = {"case": case, "by": staffed.officer, "at": moment(drafted)}
    ground = rules.proposed_exemption(publishing.penalty_of(case))
    if ground:
        row = publishing.propose_exemption(ground=ground, note="仅受到警告处罚", **given)
    else:
        row = publishing.draft_publication(content=publishing.proposed_content(case), **given)
    if waiting or approved > staffed.today:
        return
    agree = publishing.approve_exemption if ground else publishing.approve_publication
    agree(publication=row, on=approved, by=staffed.head, at=moment(approved))


def tell_a_case(staffed: Staffed) -> int:
    """The decision with the highest fine told without names; how many."""
    cases = [case for case in _decided(staffed) if case.fine_fen]
    if not cases:
        return 0
    case, at = max(cases, key=lambda case: case.fine_fen), moment(staffed.today)
    texts = typical.proposed_texts(case) | {"lesson": LESSON}
    row = typical.draft_typical(case=case, texts=texts, by=staffed.officer, at=at)
    typical.publish_typical(typical=row, on=staffed.today, by=staffed.head, at=at)
    return 1


def follow_to_the_police(staffed: Staffed) -> int:
    """The cases that went to the police, with receipt and answer; how many."""
    moved = Transfer.objects.filter(
        source="case", addressee=_POLICE, office_code__startswith=staffed.code,
        moved_on__year=staffed.year,
    ).order_by("moved_on", "source_no")  # fmt: skip
    cases = {case.number: case for case in Case.objects.filter(number__in=[m.source_no for m in moved])}
    for transfer in moved:
        _answer(staffed, cases[transfer.source_no], transfer.moved_on)
    return len(moved)


def _answer(staffed: Staffed, case: Case, on: date) -> None:
    act = {"by": staffed.officer, "at": moment(on)}
    unit = f"{divisions.name(divisions.at_tier(staffed.code, 'county'))}公安局"
    row = transferring.propose_handover(case=case, addressee=_POLICE, unit=unit, reason=REASON, on=on, **act)
    row = transferring.approve_handover(handover=row, by=staffed.head, at=act["at"])
    told = {"unit": unit, "facts_found": f"当事人{case.conduct}。", "end_reason": REASON}
    letter = papers.issue_paper(
        kind="crime_transfer", record=case, values=papers.values_of(case) | told, issued_on=on, **act
    )
    row = transferring.send_handover(handover=row, on=on, reference=letter.number, **act)
    received, answered = (on + timedelta(days=n) for n in (_RECEIVED, _ANSWERED))
    if answered <= staffed.today:
        by = staffed.officer
        row = transferring.receive_handover(handover=row, on=received, by=by, at=moment(received))
        row = transferring.answer_handover(
            handover=row, action="accept_handover", on=answered, answer="已立案侦查", by=by,
            at=moment(answered),
        )  # fmt: skip
        transferring.close_handover(
            handover=row, on=answered, note="涉案物品和材料已移交", by=by, at=moment(answered, hour=8)
        )


def issue_papers(staffed: Staffed) -> int:
    """The papers of every proceeding up to where it stands, each on the day of its step; how many."""
    issued = 0
    rows = Proceeding.objects.filter(office_code__startswith=staffed.code)
    for found in rows.select_related("party", "case", "reviewer").order_by("number"):
        values = papers.values_of(found)
        for kind, step in PAPERS.items():
            on = getattr(found, step)
            if on is None or on > staffed.today or paper_forms.missing(papers.form(kind), values):
                continue
            papers.issue_paper(
                kind=kind, record=found, values=values, issued_on=on, by=staffed.officer, at=moment(on)
            )
            issued += 1
    return issued


def follow_decisions(staffed: Staffed) -> int:
    """All of this, in its order; how many records it made."""
    steps = (publish_decisions, tell_a_case, follow_to_the_police, issue_papers)
    return sum(step(staffed) for step in steps)
