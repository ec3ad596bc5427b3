"""What a case and its proceeding say for the papers: values by the field names of packs/cases/papers.toml."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from xiejian.cases.models import Case, CasePaper, Measure, Proceeding
from xiejian.registry.models import Party

FEN = 100  # 分 in a yuan
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "兆")


def money(fen: int | None) -> str:
    """An amount as papers write it, '' for none.

    >>> money(5_000_000), money(1_234_567_05)
    ('50,000元', '1,234,567.05元')
    """
    if fen is None:
        return ""
    whole, rest = divmod(fen, FEN)
    return f"{whole:,}.{rest:02d}元" if rest else f"{whole:,}元"


def money_words(fen: int) -> str:
    """An amount in formal characters, as bills and papers write it against forgery.

    >>> money_words(5_000_000), money_words(10_050_00), money_words(100_000_005), money_words(30)
    ('伍万元整', '壹万零伍拾元整', '壹佰万元零伍分', '叁角')
    """
    yuan, jiao, cents = fen // FEN, fen // 10 % 10, fen % 10
    digits, said, zero = str(yuan) if yuan else "", "", False
    for index, char in enumerate(digits):
        place = len(digits) - 1 - index
        if char == "0":
            zero = True
        else:
            said += ("零" if zero else "") + _DIGITS[int(char)] + _PLACES[place % 4]
            zero = False
        if place % 4 == 0:
            zero = False
            said += _GROUPS[place // 4] if int(digits[max(0, index - 3) : index + 1]) else ""
    said += "元" if said else ""
    if not jiao and not cents:
        return f"{said or '零元'}整"
    if jiao:
        said += f"{_DIGITS[jiao]}角"
    elif said:
        said += "零"
    return said + (f"{_DIGITS[cents]}分" if cents else "")


def _day(on: dt.date | None) -> str:
    return on.isoformat() if on else ""


def _fine(label: str, fen: int) -> str:
    return f"{label}人民币{money(fen)}（大写：{money_words(fen)}）"


def penalty_words(decision: dict[str, Any]) -> str:
    """What a decision or a proposal comes to, a line each; keys as ``actions.decide_case`` takes them."""
    said = []
    if decision.get("confiscated_fen"):
        said.append(_fine("没收违法所得", decision["confiscated_fen"]))
    if decision.get("fine_fen"):
        said.append(_fine("处以罚款", decision["fine_fen"]))
    if decision.get("personal_fine_fen"):
        persons = decision.get("persons_punished") or 1
        said.append(_fine(f"对责任人员{persons}人处以罚款共计", decision["personal_fine_fen"]))
    if decision.get("business_stopped"):
        said.append("责令停产停业")
    if decision.get("licence_revoked"):
        said.append("吊销许可证件")
    if len(said) == 1:
        return f"{said[0]}。"
    return "\n".join(f"{n}. {line}。" for n, line in enumerate(said, 1))


def _of_party(party: Party) -> dict[str, Any]:
    return {
        "party_name": party.name, "uscc": party.uscc or "", "party_address": party.address,
        "legal_representative": party.legal_representative or party.head, "phone": party.phone,
    }  # fmt: skip


DECISION = (
    "fine_fen", "personal_fine_fen", "confiscated_fen", "persons_punished", "business_stopped",
    "licence_revoked",
)  # fmt: skip


def of_case(case: Case) -> dict[str, Any]:
    """What the register of cases holds."""
    decision = {name: getattr(case, name) for name in DECISION} if case.decided_on else {}
    return {
        **_of_party(case.party),
        "case_no": case.number, "link": case.link, "conduct": case.conduct, "filed_on": _day(case.filed_on),
        "goods_value": money(case.goods_value_fen), "decided_on": _day(case.decided_on),
        "closed_on": _day(case.closed_on), "end_reason": case.extra.get("结案理由", ""),
        "notice_served_on": case.extra.get("告知书送达日期", ""),
        "penalty": penalty_words(decision), "fine_fen": case.fine_fen,
    }  # fmt: skip


def _discretion(found: Proceeding) -> str:
    """The circumstances that the assessment weighed, and why the proposal leaves its band."""
    weighed = "；".join(row["meaning"] for row in found.assessment.get("circumstances", []))
    return "\n".join(filter(None, [weighed, found.deviation_reason]))


def _measure(measure: Measure | None) -> dict[str, Any]:
    if measure is None:
        return {}
    items = [
        [i.name, i.model_spec, i.batch, f"{i.quantity.normalize():f}", i.unit] for i in measure.items.all()
    ]
    at = timezone.localtime(measure.taken_at)
    return {
        "goods": items, "measure_taken": f"{at.year}年{at.month}月{at.day}日{at.hour}时{at.minute:02d}分",
        "measure_place": measure.place, "measure_kept_at": measure.kept_at,
        "measure_reason": measure.content, "measure_outcome": measure.outcome,
    }  # fmt: skip


def of_proceeding(found: Proceeding) -> dict[str, Any]:
    """What the proceeding holds; of its measures the newest, whose list the papers repeat."""
    names = "、".join(officer.name for officer in found.investigators.all())
    measure = found.measures.prefetch_related("items").order_by("-taken_at", "-pk").first()
    days = (
        "source_on", "filed_on", "reported_on", "reviewed_on", "notice_served_on", "heard_on", "discussed_on",
        "decided_on", "decision_served_on", "demanded_on", "closed_on",
    )  # fmt: skip
    texts = (
        "link", "conduct", "source", "facts_found", "evidence", "opinion", "review_kind", "review_opinion",
        "defence", "defence_answer", "hearing_report", "discussion", "end_reason",
    )  # fmt: skip
    return {
        **_of_party(found.party),
        **{name: getattr(found, name) for name in texts},
        **{name: _day(getattr(found, name)) for name in days},
        **_measure(measure),
        "case_no": found.case.number if found.case else found.number,
        "investigators": names,
        "reviewer": found.reviewer.name if found.reviewer else "",
        "provision": found.assessment.get("citation", ""), "discretion": _discretion(found),
        "goods_value": money(found.goods_value_fen), "gains": money(found.gains_fen),
        "penalty": penalty_words(found.proposal),
        "instalments": [[_day(row.due_on), money(row.amount_fen)] for row in found.instalments.all()],
        "payments": [
            [_day(row.paid_on), row.purpose, money(row.amount_fen), row.receipt]
            for row in found.payments.all()
        ],
    }  # fmt: skip


def of_papers(papers: list[CasePaper]) -> dict[str, Any]:
    """The index of the file, and the number of the decision among what was issued."""
    decided = next((p.number for p in reversed(papers) if p.kind in DECIDING), "")
    listed = [
        [str(n), p.title, p.number, _day(p.issued_on), str(p.version)]
        for n, p in enumerate((p for p in papers if p.kind not in FILING), 1)
    ]
    return {"papers": listed, "decision_no": decided}


#: papers whose number is that of the decision
DECIDING = ("spot_decision", "penalty_decision", "no_penalty_decision")
#: papers about the file itself, not listed in it
FILING = ("file_cover", "file_index")
