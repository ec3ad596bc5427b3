"""Credit in the demo: a handful of punished parties is evaluated, each as far as its place in the row."""

from __future__ import annotations

from datetime import date, timedelta

from xiejian.cases.models import Case
from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.credit import actions, list_actions, record_actions
from xiejian.credit.list_actions import Proposal
from xiejian.credit.models import CreditGrade
from xiejian.registry.models import Party

#: days before the office's today on which things happened
_EVALUATED, _TOLD, _ANSWERED = 8, 7, 5
#: how many parties are evaluated: decided, objected, told, proposed
_STAGES = ("decided", "objected", "told", "proposed")
PROMISE = "所购原辅料和产品均来自合法渠道，检验合格后投入生产、销售，接受社会监督"
HOW = "直接送达"


def weigh_credit(staffed: Staffed) -> int:
    """Evaluate the parties of the first decided cases; how many were."""
    cases = Case.objects.filter(
        party__office_code__startswith=staffed.code.rstrip("0"), decided_on__lte=_day(staffed, _EVALUATED),
        decided_on__year=staffed.year,
    ).exclude(party__status="注销")  # fmt: skip
    punished = list(dict.fromkeys(cases.order_by("number").values_list("party_id", flat=True)))
    parties = Party.objects.in_bulk(punished[: len(_STAGES)])
    chosen = [parties[key] for key in punished[: len(_STAGES)]]
    for stage, party in zip(_STAGES, chosen, strict=False):
        _weigh(staffed, stage, party)
    if chosen:
        _warn(staffed, chosen[-1])
    _promise(staffed)
    return len(chosen)


def _day(staffed: Staffed, before: int) -> date:
    return staffed.today - timedelta(days=before)


def _weigh(staffed: Staffed, stage: str, party: Party) -> None:
    """One party's evaluation up to its stage."""
    on = _day(staffed, _EVALUATED)
    grade = actions.evaluate_party(
        party=party, on=on, reason="受到行政处罚", by=staffed.officer, at=moment(on, hour=2)
    )
    if grade is None or stage == "proposed" or not grade.worse:
        return
    told = _day(staffed, _TOLD)
    act = {"by": staffed.officer, "at": moment(told, hour=2)}
    (grade,) = actions.notify_grades(grades=[grade], on=told, how=HOW, **act)
    if stage == "objected":
        act["at"] = moment(_day(staffed, _ANSWERED), hour=2)
        actions.object_to_grade(
            grade=grade, on=_day(staffed, _ANSWERED), objection="已按要求整改，请求从轻评定", **act
        )
    if stage == "decided":
        _decide(staffed, grade)


def _decide(staffed: Staffed, grade: CreditGrade) -> None:
    """The firm said in writing that it has no objection."""
    on = _day(staffed, _ANSWERED)
    actions.decide_grades(grades=[grade], on=on, waived=True, by=staffed.head, at=moment(on, hour=3))


def _warn(staffed: Staffed, party: Party) -> None:
    """A party is proposed for the warning list and told of it."""
    on = _day(staffed, _TOLD)
    act = {"by": staffed.officer, "at": moment(on, hour=3)}
    row = list_actions.propose_listing(
        party=party, proposal=Proposal("watch", "WL-2", "检查、处罚中发现的问题反复出现"), on=on, **act
    )
    list_actions.notify_listing(entry=row, on=on, how=HOW, **act)


def _promise(staffed: Staffed) -> None:
    """Two firms promised to the public; one promise was looked at."""
    firms = Party.objects.filter(
        office_code__startswith=staffed.code.rstrip("0"), link_names__contains="生产", status="正常"
    )
    made_on, looked_on = date(staffed.year, 3, 15), _day(staffed, _ANSWERED)
    act = {"by": staffed.officer, "at": moment(looked_on, hour=4)}
    made = [
        record_actions.record_commitment(
            party=firm, text=PROMISE, made_on=made_on, place="企业网站、厂门公示栏",
            due_on=staffed.today + timedelta(days=10), **act,
        )
        for firm in firms.order_by("pk")[:2]
    ]  # fmt: skip
    for promise in made[:1]:
        record_actions.check_commitment(
            commitment=promise, on=looked_on, kept=True, note="抽查进货票据和检验记录相符", **act
        )
