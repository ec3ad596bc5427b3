"""The papers on credit: notices and decisions of grades and list entries, repair, letters to departments."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache

from xiejian.credit import queries, rules
from xiejian.credit.models import CreditGrade, CreditListEntry, JointMeasure
from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Block, Paper, Text
from xiejian.documents.papers import signing_office
from xiejian.kernel import deadlines
from xiejian.kernel.deadline_facts import unit_label
from xiejian.kernel.packs import root

GRADE_KINDS = {"notice": "质量信用等级评定告知书", "decision": "质量信用等级评定决定书"}
LIST_KINDS = {
    "notice": "列入{list}告知书", "decision": "列入{list}决定书", "rejected": "不予列入{list}决定书",
    "repair": "信用修复决定书", "revoked": "撤销列入{list}决定书",
}  # fmt: skip


@cache
def _texts() -> dict[str, str]:
    with (root() / "national" / "credit-papers.toml").open("rb") as file:
        return {entry["id"]: entry["text"] for entry in tomllib.load(file)["text"]}


def _say(name: str, **facts: object) -> Text:
    return Text(_texts()[name].format(**facts))


def _day(on: dt.date | None) -> str:
    return chinese_date(on) if on else ""


def _days(clock: str) -> str:
    """How long the party has, in words, from the rule."""
    rule = deadlines.rule(rules.clock_rule(clock))
    return f"{rule.n}{unit_label(rule.unit)}"


# --- grades ---------------------------------------------------------------------------------------------


def of_grade(row: CreditGrade) -> dict[str, str]:
    """Which papers a result has by now, with their titles."""
    found = ["notice"] if row.notified_on else []
    found += ["decision"] if row.decided_on and row.state != "rejected" else []
    return {kind: GRADE_KINDS[kind] for kind in found}


def grade_paper(kind: str, row: CreditGrade, *, on: dt.date) -> Paper:
    """The paper of a result as of a day; KeyError for a kind that it does not have (see ``of_grade``)."""
    title = of_grade(row)[kind]
    label = rules.levels()[row.grade].label
    facts = "；".join(f"{name} {value}" for _, name, value in queries.fact_words(row))
    why = "；".join(rule.meaning for rule in queries.reasons(row))
    if kind == "notice":
        before = f"，低于现等级{row.before}级" if row.before and row.worse else ""
        said = _say(
            "grade-notice", first=_day(row.run.from_on), last=_day(row.run.until_on), grade=row.grade,
            label=label, before=before,
        )  # fmt: skip
        rest = [_say("grade-right", days=_days("grade_statement"))]
    else:
        said = _say("grade-decision", grade=row.grade, label=label, decided=_day(row.decided_on))
        heard = [_say("grade-heard", objected=_day(row.objected_on), answer=row.answer)] if row.answer else []
        rest = [*heard, _say("grade-effect"), _say("remedy")]
    middle = [_say("grade-facts", facts=facts)] if facts else []
    blocks: list[Block] = [said, *middle, _say("grade-rules", rules=why), *rest]
    sealed = row.notified_on if kind == "notice" else row.decided_on
    return Paper(
        f"credit-{kind}", title, signing_office(row.office_code), row.number, tuple(blocks),
        addressee=row.party.name, official=True, sealed_on=sealed or on,
    )  # fmt: skip


# --- lists ----------------------------------------------------------------------------------------------


def of_entry(row: CreditListEntry) -> dict[str, str]:
    """Which papers an entry has by now, with their titles."""
    listed = row.decided_on is not None and row.state != "rejected"
    there = {
        "notice": row.notified_on is not None, "decision": listed, "rejected": row.state == "rejected",
        "repair": row.repair_decided_on is not None, "revoked": row.state == "revoked",
    }  # fmt: skip
    label = rules.lists()[row.kind].label
    return {kind: LIST_KINDS[kind].format(list=label) for kind, holds in there.items() if holds}


def entry_paper(kind: str, row: CreditListEntry, *, on: dt.date) -> Paper:
    """The paper of an entry as of a day; KeyError for a kind that it does not have (see ``of_entry``)."""
    title, list_kind = of_entry(row)[kind], rules.lists()[row.kind]
    makers = {
        "notice": _list_notice, "decision": _list_decision, "rejected": _rejected, "repair": _repair,
        "revoked": _revoked,
    }  # fmt: skip
    days = {
        "notice": row.notified_on, "decision": row.decided_on, "rejected": row.decided_on,
        "repair": row.repair_decided_on, "revoked": row.removed_on,
    }  # fmt: skip
    return Paper(
        f"credit-list-{kind}", title, signing_office(row.office_code), row.number,
        tuple(makers[kind](row, list_kind)), addressee=row.party.name, official=True,
        sealed_on=days[kind] or on,
    )  # fmt: skip


def _grounds(row: CreditListEntry) -> Text:
    return _say("list-notice", ground=rules.grounds()[row.ground].label, facts=row.facts)


def _list_notice(row: CreditListEntry, kind: rules.ListKind) -> list[Block]:
    return [
        _grounds(row),
        _say("list-plan", citation=rules.grounds()[row.ground].citation, list=kind.label),
        _say("list-right", days=_days("statement")),
    ]


def _list_decision(row: CreditListEntry, kind: rules.ListKind) -> list[Block]:
    listed_on = row.decided_on or row.proposed_on
    heard = [_say("list-heard", stated=_day(row.stated_on), answer=row.answer)] if row.answer else []
    labels = "、".join(m.label for m in rules.measures().values()) if kind.published else "加强监督检查"
    return [
        _grounds(row),
        *heard,
        _say("list-decision", decided=_day(row.decided_on), list=kind.label),
        _say(
            "list-effect", measures=labels, ends=_day(row.ends_on), repair=_day(kind.repair_from(listed_on))
        ),
        *([_say("list-public")] if kind.published else []),
        _say("remedy"),
    ]


def _rejected(row: CreditListEntry, kind: rules.ListKind) -> list[Block]:
    return [_grounds(row), _say("list-rejected", list=kind.label, note=row.note)]


def _repair(row: CreditListEntry, kind: rules.ListKind) -> list[Block]:
    if row.confirmed:
        return [_say("repair-granted", applied=_day(row.applied_on), list=kind.label)]
    barred = [_say("repair-barred", barred=_day(row.barred_until))] if row.barred_until else []
    return [
        _say("repair-refused", applied=_day(row.applied_on), note=row.note), *barred, _say("remedy"),
    ]  # fmt: skip


def _revoked(row: CreditListEntry, kind: rules.ListKind) -> list[Block]:
    return [_say("list-revoked", number=row.number, list=kind.label, note=row.note)]


def measure_letter(measure: JointMeasure) -> Paper:
    """联合惩戒函 to one department."""
    row = measure.entry
    said = _say(
        "measure", party=row.party.name, uscc=row.party.uscc or "—", number=row.number,
        list=rules.lists()[row.kind].label, ends=_day(row.ends_on),
        measure=rules.measures()[measure.measure].label,
    )  # fmt: skip
    return Paper(
        "credit-measure", "关于实施失信联合惩戒措施的函", signing_office(row.office_code), measure.reference,
        (said,), addressee=measure.department, official=True, sealed_on=measure.sent_on,
    )  # fmt: skip
