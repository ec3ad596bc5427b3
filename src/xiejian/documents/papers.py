"""The papers of an inspection: site record, order to correct, re-check, talk, result.

Each is made from the stored record for somebody: names and telephone numbers appear for whoever may see
them. A signed record is printed as it was signed, with its supplements behind it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from xiejian.cases import minutes
from xiejian.cases import queries as cases
from xiejian.cases.models import Interview
from xiejian.documents import follow_up_papers, paper_docx, pdf, signed_papers
from xiejian.documents.draft import chinese_date, chinese_number
from xiejian.documents.drafts import problems
from xiejian.documents.paper import Blank, Block, Facts, Heading, NewPage, Paper, Sign, Signs, Table, Text
from xiejian.documents.signed_papers import HIDDEN
from xiejian.documents.wording import blank_signs, imprint, numbered, paragraphs, say
from xiejian.inspections import checklists, issuing, liaisons, queries, signing, site_record, stopping
from xiejian.inspections.models import Correction, Liaison, ProductionStop, SiteRecord, Visit
from xiejian.inspections.signing import Wording
from xiejian.kernel.cells import tag_list
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.numbering import signing_office
from xiejian.people.policy import Actor, may, require

#: What each paper is made from: its model as pages name it.
SUBJECTS = {
    "record": "visit", "notice": "correction", "recheck": "correction", "result": "visit",
    "interview": "interview", "stop": "stop", "resume": "stop", "liaison": "liaison",
}  # fmt: skip
_TITLES = signing.PAPERS | {"result": "检查结果告知书", "liaison": follow_up_papers.LIAISON}
KINDS = {kind: _TITLES[kind] for kind in SUBJECTS}
SUFFIXES = (".docx", ".pdf")
_BLANK_LINES = 5
#: Facts of a talk that are shown to whoever may see contacts.
_PERSONAL = ("法定代表人（负责人）", minutes.GUESTS)
Record = Visit | Correction | Interview | ProductionStop | Liaison


def not_found(kind: str) -> Problem:
    return problems("D106", kind=KINDS.get(kind, kind))


def record_named(subject: str, name: str) -> Record | None:
    """The record that a paper is made from, by what it is called: a number, for a talk its id."""
    if subject == "interview":
        return Interview.objects.filter(pk=int(name)).first() if name.isdigit() else None
    models: dict[str, type[Visit | Correction | ProductionStop | Liaison]] = {
        "visit": Visit, "correction": Correction, "stop": ProductionStop, "liaison": Liaison
    }  # fmt: skip
    return models[subject].objects.filter(number=name).first()


def record_of(kind: str, pk: int, *, by: Actor, on: dt.date) -> Record | None:
    """The record that the paper ``kind`` is made from, where ``by`` may see it."""
    subject = SUBJECTS[kind]
    if subject == "visit":
        return queries.visit(by, pk)
    if subject == "correction":
        return queries.correction(by, pk, on)
    if subject == "interview":
        return cases.interview(by, pk)
    rows = stopping.stops(by) if subject == "stop" else liaisons.liaisons(by, on=on)
    return rows.filter(pk=pk).first()


def make(kind: str, pk: int, *, by: Actor, on: dt.date, part: int | None = None) -> Paper:
    """The paper ``kind`` of the record ``pk`` (SUBJECTS says of which) as ``by`` may see it on a day.

    ``part``: the wording of that number as it was signed, of a paper other than a visit's record.
    Refused: unknown kind (D107), a record that is not there for ``by`` (D106), nothing to say yet (D108).
    """
    if kind not in KINDS:
        raise Refused(problems("D107", kind=kind, known="、".join(f"{k} {v}" for k, v in KINDS.items())))
    require(by, "cases.view" if kind == "interview" else "inspections.view")
    if signed_papers.signable(kind) is None:
        found = _made(kind, pk, by, on)
    else:
        found = _signed(kind, pk, by, on, part)
    if found is None:
        raise Refused(not_found(kind))
    return found


def _made(kind: str, pk: int, by: Actor, on: dt.date) -> Paper | None:
    """The paper as its record says it now, whole; without names but for a visit's record."""
    makers: dict[str, Callable[[int, Actor, dt.date], Paper | None]] = {
        "record": _record, "result": _result, "notice": _notice, "recheck": _recheck, "interview": _interview,
        "stop": follow_up_papers.stop, "resume": follow_up_papers.resume,
        "liaison": follow_up_papers.liaison,
    }  # fmt: skip
    paper = makers[kind](pk, by, on)
    return paper and replace(paper, blocks=tuple(_counted(paper.blocks)))


def _signed(kind: str, pk: int, by: Actor, on: dt.date, part: int | None) -> Paper | None:
    """A paper with the names under it, or one of the wordings that were signed."""
    record, paper = record_of(kind, pk, by=by, on=on), _made(kind, pk, by, on)
    if record is None or paper is None:
        return None
    personal = bool(may(by, "registry.personal", record.office_code))
    if part is not None:
        return signed_papers.verbatim(kind, record, part, paper.office_name, personal=personal)
    found = signed_papers.with_names(kind, paper, record, personal=personal)
    return found if personal else replace(found, blocks=tuple(_without_contacts(found.blocks)))


def _without_contacts(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Facts):
            rows = (tuple((k, HIDDEN if k in _PERSONAL and v else v) for k, v in row) for row in block.rows)
            block = Facts(tuple(rows))
        yield block


def to_sign(kind: str, pk: int, *, by: Actor, on: dt.date) -> tuple[Record, Wording] | None:
    """A paper as it is put before people to sign, with its record.

    None where ``by`` may not see it, and of a kind that is not signed this way.
    """
    if signed_papers.signable(kind) is None:
        return None
    record, paper = record_of(kind, pk, by=by, on=on), _made(kind, pk, by, on)
    if record is None or paper is None:
        return None
    return record, signed_papers.wording(kind, paper, record)


def _counted(blocks: Iterable[Block]) -> Iterator[Block]:
    """Headings with their numbers 一、二、…, from the beginning on every new page."""
    count = 0
    for block in blocks:
        count = 0 if isinstance(block, NewPage) else count
        if isinstance(block, Heading):
            count += 1
            block = Heading(f"{chinese_number(count)}、{block.text}")
        yield block


def write(paper: Paper, path: Path) -> None:
    """Write the paper as .docx or .pdf. Refused: another suffix (D105), no LibreOffice for PDF (D109)."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise Refused(problems("D105", str(path), path=path, suffixes="、".join(SUFFIXES)))
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".docx":
        paper_docx.write(paper, path)
    else:
        pdf.write(lambda docx: paper_docx.write(paper, docx), path)


def _failures(visit: Visit) -> list[str]:
    """What was found wanting, each with its clause, worst first."""
    failed = [f for f in visit.findings.all() if f.state == "not_conform"]
    return [
        f"{f.fact}（{'严重缺陷，' if f.severe else ''}依据：{f.clause}）" if f.clause else f.fact
        for f in sorted(failed, key=lambda f: not f.severe)
    ]


# ── 现场检查记录 ──────────────────────────────────────────────────────────────────────────────────
def _record(pk: int, by: Actor, on: dt.date) -> Paper | None:
    visit = queries.visit(by, pk)
    if visit is None:
        return None
    personal = bool(may(by, "registry.personal", visit.office_code))
    standing = site_record.standing(visit)
    office = signing_office(visit.office_code)
    records = list(visit.site_records.prefetch_related("signatures"))
    signed = records[0] if records else None
    blocks = (
        _verbatim(signed, personal)
        if signed and signed.from_device
        else _record_blocks(visit, standing.content, office, personal, signed is not None)
    )
    blocks += [Text(say("record-read"), small=True), _record_signs(signed, personal)]
    for supplement in records[1:]:
        blocks += [NewPage(supplement.content["title"]), Text(f"编号：{visit.number}", indent=False)]
        blocks += paragraphs(supplement.content["said"])
        blocks.append(_record_signs(supplement, personal))
    return Paper(
        "record", site_record.TITLE, office, visit.number, tuple(blocks),
        draft="" if signed else "尚未签名",
    )  # fmt: skip


def _verbatim(record: SiteRecord, personal: bool) -> list[Block]:
    """A record that was formed and signed on a device: word for word what was on its screen."""
    if not personal:
        return [Text("本记录在现场设备上形成并签名，含有联系人信息，您的角色不能查看全文。")]
    return [Text(line, indent=False) for line in record.text.splitlines()]


def _record_blocks(
    visit: Visit, content: dict[str, Any], office: str, personal: bool, signed: bool
) -> list[Block]:
    facts = [
        (fact["label"], HIDDEN if fact["personal"] and fact["value"] and not personal else fact["value"])
        for fact in content["facts"]
    ]
    known = dict(facts)
    blocks: list[Block] = [Facts.of(facts)]
    intro = say(
        "record-intro", date=known["检查日期"] or "　　年　月　日", office=office,
        inspectors=known["检查人员"], kind=known["检查类型"],
    )  # fmt: skip
    blocks.append(Text(intro))
    if visit.state == "refused":
        blocks += [Text(say("record-refused")), Text(content["remark"])]
    # a visit that is still to be made: a form to fill in by hand
    blank = visit.state in ("planned", "started") and not signed
    blocks += _findings(content["failed"], visit, blank)
    if content["checked"]:
        blocks += [Heading("检查的内容"), *_checked(content["checked"], blank)]
    blocks += _products_and_evidence(content, blank)
    if content["conclusion"]:
        blocks += [Heading("检查结论"), Text(content["conclusion"])]
    if content["remark"] and visit.state != "refused":
        blocks.append(Text(f"备注：{content['remark']}"))
    return blocks


def _findings(failed: list[dict[str, Any]], visit: Visit, blank: bool) -> list[Block]:
    blocks: list[Block] = [Heading(f"发现的问题（{len(failed)}项）" if failed else "发现的问题")]
    if not failed and blank:
        return [*blocks, Blank("", _BLANK_LINES)]
    if not failed:
        counted = f"登记缺陷{visit.defects}项，没有逐项记录。" if visit.defects else "没有发现不符合项。"
        return [*blocks, Text(counted)]
    rows = tuple(
        (
            str(n),
            row["fact"],
            row["text"],
            row["clause"],
            "、".join(filter(None, ["严重" if row["severe"] else "", "关键项" if row["key"] else ""]))
            or "一般",
        )
        for n, row in enumerate(failed, 1)
    )
    return [*blocks, Table(("序号", "发现的事实", "检查内容", "依据", "程度"), rows, (9, 52, 42, 38, 15))]


def _checked(chapters: list[dict[str, Any]], blank: bool) -> list[Block]:
    rows = []
    unanswered = "□符合 □不符合 □不适用" if blank else site_record.NOT_CHECKED
    for chapter in chapters:
        rows += [
            (
                f"{point['point']}{'*' if point['key'] else ''}",
                point["text"],
                (unanswered if point["result"] == site_record.NOT_CHECKED else point["result"])
                + (f"：{point['why']}" if point["why"] else ""),
            )
            for point in chapter["points"]
        ]
    table = Table(("编号", "检查内容", "结果"), tuple(rows), (26, 94, 36))
    return [table, Text("* 为关键项。", small=True, indent=False)]


def _products_and_evidence(content: dict[str, Any], blank: bool) -> list[Block]:
    blocks: list[Block] = []
    if content["products"]:
        rows = tuple(
            (
                row["name"] or "（名录未载）",
                "\n".join(filter(None, [row["registration"], row["code"]])),
                "\n".join(filter(None, [row["lot"], row["expires"]])),
                row["verdict"] + (f"：{row['why']}" if row["why"] else ""),
            )
            for row in content["products"]
        )
        columns = ("产品", "注册证编号、器械标识", "批号、失效日期", "核对结果")
        blocks += [Heading("现场核对的产品"), Table(columns, rows, (34, 46, 28, 48))]
    blocks.append(Heading("证据"))
    if not content["evidence"]:
        return [*blocks, Blank("", 2) if blank else Text("没有提取证据。")]
    listed = tuple(
        (row["number"], row["kind"], row["caption"], row["at"], row["sha256"]) for row in content["evidence"]
    )
    columns = ("编号", "种类", "说明", "时间", "校验值（SHA-256）")
    return [*blocks, Table(columns, listed, (12, 15, 44, 27, 58), small=(4,))]


def _record_signs(record: SiteRecord | None, personal: bool) -> Signs:
    """The names under a record: as drawn, or lines for them."""
    given = list(record.signatures.all()) if record else []
    lines = [signed_papers.sign_line(row, personal) for row in signed_papers.in_order(given)]
    roles = [row.role for row in given]
    lines += [Sign("被检查单位（签名、盖章）")] if "party" not in roles else []
    lines += [Sign("检查人员（签名）")] * max(0, checklists.minimum_inspectors() - roles.count("inspector"))
    lines += [Sign("见证人（签名）")] if not given else []
    return Signs(tuple(lines))


# ── 检查结果告知书 ────────────────────────────────────────────────────────────────────────────────
def _result(pk: int, by: Actor, on: dt.date) -> Paper | None:
    visit = queries.visit(by, pk)
    if visit is None:
        return None
    if not visit.conclusion or visit.visited_on is None:
        raise Refused(problems("D108", KINDS["result"], why="检查还没有作出结论"))
    office, issued = signing_office(visit.office_code), issuing.issued("result", visit)
    said = {"date": chinese_date(visit.visited_on), "kind": visit.kind, "number": visit.number}
    failures = _failures(visit)
    blocks: list[Block] = [Text(say("result-intro", **said)), Heading("检查结论"), Text(_conclusion(visit))]
    blocks += [Heading("发现的问题"), *(numbered(failures) or [Text("没有发现不符合项。")])]
    orders = list(visit.corrections.all())
    if orders:
        blocks.append(Heading("整改要求"))
        for order in orders:
            blocks.append(Text(f"{order.number}，请于{_due(order)}前改正："))
            blocks += paragraphs(order.content)
    blocks.append(Text(say("result-defence")))
    day = issued.issued_on if issued else on
    return Paper(
        "result", KINDS["result"], office, issued.number if issued else "", tuple(blocks),
        addressee=visit.party.name, official=True, sealed_on=day, imprint=imprint(office, day),
        draft="" if issued else "尚未编号",
    )  # fmt: skip


def _conclusion(visit: Visit) -> str:
    severe = f"，其中严重缺陷{visit.severe_defects}项" if visit.severe_defects else ""
    judged = visit.extra.get("judgement") or {}
    basis = f"判定依据：{judged['citation']}。" if judged.get("citation") else ""
    return f"{visit.conclusion}（缺陷{visit.defects}项{severe}）。{basis}"


# ── 责令改正通知书 ────────────────────────────────────────────────────────────────────────────────
def _notice(pk: int, by: Actor, on: dt.date) -> Paper | None:
    order = queries.correction(by, pk, on)
    if order is None:
        return None
    visit, office = order.visit, signing_office(order.office_code)
    visited = chinese_date(visit.visited_on) if visit.visited_on else ""
    failures = _failures(visit)
    blocks: list[Block] = [Text(say("notice-intro", date=visited, kind=visit.kind, number=visit.number))]
    blocks += numbered(failures)
    blocks.append(Text(say("notice-order", due=_due(order))))
    blocks += paragraphs(order.content)
    blocks += [Text(say("notice-late")), Text(say("notice-remedy"))]
    blocks.append(blank_signs("当事人（签收、盖章）", "送达人（签名）"))
    return Paper(
        "notice", KINDS["notice"], office, order.number, tuple(blocks), addressee=visit.party.name,
        official=True, sealed_on=order.ordered_on, imprint=imprint(office, order.ordered_on),
    )  # fmt: skip


# ── 复查记录 ──────────────────────────────────────────────────────────────────────────────────────
def _recheck(pk: int, by: Actor, on: dt.date) -> Paper | None:
    order = queries.correction(by, pk, on)
    if order is None:
        return None
    office, issued = signing_office(order.office_code), issuing.issued("recheck", order)
    day = chinese_date(order.rechecked_on) if order.rechecked_on else "　　年　月　日"
    facts = [
        ("被检查单位", order.visit.party.name),
        ("地址", order.visit.party.address),
        ("责令改正通知书", order.number),
        ("责令日期", chinese_date(order.ordered_on)),
        ("整改期限", _due(order)),
        ("提交整改日期", chinese_date(order.submitted_on) if order.submitted_on else ""),
        ("复查方式", f"现场复查（{order.recheck_visit.number}）" if order.recheck_visit else "审阅整改报告"),
    ]
    blocks: list[Block] = [
        Facts.of(facts),
        Text(say("recheck-intro", date=day, office=office, number=order.number)),
    ]
    blocks += [
        Heading("责令改正的内容"),
        *paragraphs(order.content),
    ]
    blocks += [Heading("整改情况"), *(paragraphs(order.answer) or [Blank("", 3)])]
    blocks += _before_and_after(order)
    result = {"passed": "复查通过，整改到位。", "closed": "复查通过，整改到位。", "failed": "复查未通过。"}
    blocks.append(Heading("复查结论"))
    said = result.get(order.state, "")
    blocks += [Text(said)] if said else [Text("□ 已按要求改正　　□ 部分改正　　□ 未改正"), Blank("说明", 2)]
    blocks.append(blank_signs("被检查单位（签名、盖章）", "检查人员（签名）", "检查人员（签名）"))
    return Paper(
        "recheck", KINDS["recheck"], office, issued.number if issued else "", tuple(blocks),
        draft="" if issued else "尚未编号",
    )  # fmt: skip


def _before_and_after(order: Correction) -> list[Block]:
    rows = tuple(
        (f"证{n}", {"before": "整改前", "after": "整改后"}.get(row.stage, "—"), row.caption, row.sha256)
        for n, row in enumerate(order.evidence.all(), 1)
    )
    if not rows:
        return [Heading("整改证据"), Text("没有提交证据。")]
    columns = ("编号", "整改前后", "说明", "校验值（SHA-256）")
    return [Heading("整改证据"), Table(columns, rows, (14, 20, 60, 62), small=(3,))]


def _due(order: Correction) -> str:
    """The date of an order as papers say it; an imported order may have none, and is filled in by hand."""
    return chinese_date(order.due_on) if order.due_on else "____年__月__日"


# ── 约谈记录 ──────────────────────────────────────────────────────────────────────────────────────
def _interview(pk: int, by: Actor, on: dt.date) -> Paper | None:
    talk: Interview | None = cases.interview(by, pk)
    if talk is None:
        return None
    office, issued = signing_office(talk.office_code), issuing.issued("interview", talk)
    party, day = talk.party, chinese_date(talk.held_on)
    head = party.legal_representative or party.head
    facts = [
        ("被约谈单位", party.name),
        ("统一社会信用代码", party.uscc or ""),
        ("地址", party.address),
        ("法定代表人（负责人）", head),
        ("约谈日期", day),
        (minutes.PLACE, talk.extra.get(minutes.PLACE, "")),
        ("环节", talk.link),
        ("品种", "、".join(tag_list(talk.tags))),
        (minutes.HOSTS, talk.extra.get(minutes.HOSTS, "")),
        (minutes.GUESTS, talk.extra.get(minutes.GUESTS, "")),
        *((str(label), str(value)) for label, value in talk.extra.items() if label not in minutes.HEADINGS),
    ]
    blocks: list[Block] = [Facts.of(facts), Text(say("interview-intro", date=day, office=office))]
    blocks += [Heading("约谈事由"), *([Text(talk.reason)] if talk.reason else [Blank("", 2)])]
    said = paragraphs(talk.extra.get(minutes.SAID, ""))
    answered = paragraphs(talk.extra.get(minutes.ANSWERED, ""))
    answered += numbered(
        f"承诺：{one.text}（期限{chinese_date(one.due_on)}）" for one in talk.commitments.all()
    )
    blocks += [Heading("约谈内容"), *(said or [Blank("", 4)])]
    blocks += [Heading("被约谈单位的说明和承诺"), *(answered or [Blank("", 4)])]
    blocks.append(blank_signs("被约谈人（签名、盖章）", "约谈人（签名）", "记录人（签名）"))
    return Paper(
        "interview", KINDS["interview"], office, issued.number if issued else "", tuple(blocks),
        draft="" if issued else "尚未编号",
    )  # fmt: skip
