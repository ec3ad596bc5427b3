"""现场检查记录 as it stands: built from a visit in parts, and as the plain text that people sign.

The text is what a signature covers. It is made from the parts here and nowhere else; once signed, the
stored SiteRecord is shown and printed instead, whatever happens to the visit later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from xiejian.inspections import queries
from xiejian.inspections.checks import EVIDENCE_KINDS, FINDING_STATES
from xiejian.inspections.models import Evidence, ProductCheck, SiteRecord, Visit
from xiejian.inspections.products import VERDICTS

TITLE = "现场检查记录"
SUPPLEMENT = "补充说明"
OUTSIDE = "检查表以外"
NOT_CHECKED = "未检查"


@dataclass(frozen=True)
class Standing:
    """A record: its parts, its text, the text's digest, and the stored row once it was signed."""

    content: dict[str, Any]
    text: str
    digest: str
    row: SiteRecord | None = None

    @property
    def signed(self) -> bool:
        return self.row is not None


def digest_of(text: str) -> str:
    """SHA-256 of a text in UTF-8: what a signature is bound to."""
    return hashlib.sha256(text.encode()).hexdigest()


def standing(visit: Visit) -> Standing:
    """The record of a visit: as signed, else as it would be signed now."""
    row = SiteRecord.objects.filter(visit=visit, part=0).first()
    if row:
        return Standing(row.content, row.text, row.digest, row)
    content = parts(visit)
    text = as_text(content)
    return Standing(content, text, digest_of(text))


def parts(visit: Visit) -> dict[str, Any]:
    """The record in parts; everything in it is text, a number or a list of such."""
    # what does not concern this party and was not answered is no part of the record
    points = [point for point in queries.answered_points(visit) if point.asked or point.finding]
    return {
        "title": TITLE,
        "number": visit.number,
        "facts": _facts(visit),
        "failed": [_failed(point) for point in points if _state(point) == "not_conform"],
        "checked": _checked(points),
        "products": [_product(row) for row in visit.product_checks.all()],
        "evidence": [_evidence(n, row) for n, row in enumerate(visit.evidence.all(), 1)],
        "conclusion": _conclusion(visit),
        "remark": visit.remark,
    }


def _facts(visit: Visit) -> list[dict[str, Any]]:
    """Label and value of each line of the head; ``personal`` ones are for whoever may see contacts."""
    party = visit.party
    team = [
        f"{officer.name}（执法证号 {officer.certificate_no}）" if officer.certificate_no else officer.name
        for officer in visit.team.all()
    ]
    lines = [
        ("被检查单位", party.name, False),
        ("统一社会信用代码", party.uscc or "", False),
        ("地址", party.address, False),
        ("负责人", party.head or party.legal_representative, True),
        ("联系电话", party.phone, True),
        ("环节", visit.link, False),
        ("检查类型", visit.kind, False),
        ("检查日期", _day(visit.visited_on), False),
        ("检查人员", "、".join(team) or visit.inspectors, False),
    ]
    return [{"label": label, "value": value, "personal": personal} for label, value, personal in lines]


def _day(on: Any) -> str:
    return f"{on.year}年{on.month}月{on.day}日" if on else ""


def _state(answered: queries.Answered) -> str:
    return answered.finding.state if answered.finding else ""


def _failed(answered: queries.Answered) -> dict[str, Any]:
    finding, point = answered.finding, answered.point
    assert finding is not None
    return {
        "point": answered.id,
        "text": point.text if point else "检查表以外的问题",
        "fact": finding.fact,
        "clause": finding.clause,
        "key": bool(point and point.key),
        "severe": finding.severe,
    }


def _checked(points: list[queries.Answered]) -> list[dict[str, Any]]:
    """What was looked at, by chapter: every point with its result."""
    chapters: dict[str, list[dict[str, Any]]] = {}
    for answered in points:
        chapter = answered.point.chapter if answered.point else OUTSIDE
        state = _state(answered)
        chapters.setdefault(chapter, []).append(
            {
                "point": answered.id,
                "text": answered.point.text if answered.point else "",
                "key": bool(answered.point and answered.point.key),
                "result": FINDING_STATES.get(state, NOT_CHECKED),
                "why": answered.finding.fact if answered.finding and state == "not_applicable" else "",
            }
        )
    return [{"chapter": chapter, "points": rows} for chapter, rows in chapters.items()]


def _product(row: ProductCheck) -> dict[str, Any]:
    return {
        "name": row.product_name,
        "registration": row.registration_no,
        "code": row.udi,
        "lot": row.lot or row.serial,
        "expires": _day(row.expires_on),
        "verdict": VERDICTS[row.verdict],
        "why": "；".join(reason["text"] for reason in row.reasons if reason["state"] == row.verdict),
    }


def _evidence(number: int, row: Evidence) -> dict[str, Any]:
    taken = row.captured_at or row.at
    return {
        "number": f"证{number}",
        "kind": EVIDENCE_KINDS.get(row.kind, "文件"),
        "caption": row.caption,
        "at": f"{timezone.localtime(taken):%Y-%m-%d %H:%M}",
        "sha256": row.sha256,
    }


def _conclusion(visit: Visit) -> str:
    if not visit.conclusion:
        return ""
    severe = f"，其中严重缺陷{visit.severe_defects}项" if visit.severe_defects else ""
    return f"{visit.conclusion}（缺陷{visit.defects}项{severe}）"


def as_text(content: dict[str, Any]) -> str:
    """The record as the plain text that is shown before signing, one statement a line."""
    lines = [content["title"], f"编号：{content['number']}"]
    lines += [f"{fact['label']}：{fact['value']}" for fact in content["facts"]]
    lines.append("一、发现的问题")
    for n, row in enumerate(content["failed"], 1):
        marks = "".join(["（关键项）" if row["key"] else "", "（严重缺陷）" if row["severe"] else ""])
        lines.append(f"{n}. {row['fact']}{marks}。检查内容：{row['text']}。依据：{row['clause']}")
    if not content["failed"]:
        lines.append("没有发现不符合项")
    lines.append("二、检查的内容")
    for chapter in content["checked"]:
        lines.append(chapter["chapter"])
        for row in chapter["points"]:
            why = f"（{row['why']}）" if row["why"] else ""
            lines.append(f"{row['point']} {row['text']}：{row['result']}{why}")
    lines.append("三、现场核对的产品")
    for n, row in enumerate(content["products"], 1):
        named = " ".join(filter(None, [row["name"] or "（名录未载）", row["registration"], row["code"]]))
        lines.append(f"{n}. {named}：{row['verdict']}。{row['why']}")
    lines.append("四、证据")
    lines += [
        f"{row['number']} {row['kind']} {row['caption']} {row['at']} {row['sha256']}"
        for row in content["evidence"]
    ]
    if content["conclusion"]:
        lines.append(f"五、检查结论：{content['conclusion']}")
    if content["remark"]:
        lines.append(f"备注：{content['remark']}")
    return "\n".join(lines)
