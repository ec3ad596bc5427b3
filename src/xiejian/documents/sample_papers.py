"""The papers of a sample: the sheet of the spot, the result as served, the letter to the maker's region."""

from __future__ import annotations

import datetime as dt

from xiejian.documents import signed_papers
from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Blank, Block, Facts, Heading, Paper, Sign, Signs, Text
from xiejian.inspections import signing
from xiejian.inspections.signing import Wording
from xiejian.kernel import deadlines
from xiejian.kernel.deadline_facts import unit_label
from xiejian.people.numbering import signing_office
from xiejian.sampling import rules
from xiejian.sampling.checks import FAILED, METHODS, PASSED
from xiejian.sampling.models import Sample

KINDS = {
    "sheet": signing.PAPERS["sheet"],
    "result": "检验结果告知书",
    "letter": "关于协助核查不符合规定产品的函",
    "disposal": "不合格产品核查处置通知书",
    "recall": "不合格产品召回通知书",
}
#: The measure whose number a notice bears, once it is recorded.
_MEASURES = {"disposal": "stop", "recall": "recall"}


def available(sample: Sample) -> dict[str, str]:
    """Which papers the sample has by now, with their titles."""
    found = ["sheet"] if sample.sampled_on or sample.state == "planned" else []
    found += ["result"] if sample.result else []
    found += ["letter"] if sample.result == FAILED and sample.maker else []
    found += ["disposal"] if sample.failed else []
    found += ["recall"] if sample.failed and sample.maker else []
    return {kind: KINDS[kind] for kind in found}


def make(kind: str, sample: Sample, *, on: dt.date, personal: bool = True) -> Paper:
    """The paper of a sample as of a day; KeyError for a kind that it does not have (see ``available``).

    ``personal``: whether the reader may see the names of the sampled party's people.
    """
    if kind == "sheet":
        return signed_papers.with_names("sheet", _sheet(sample), sample, personal=personal)
    return {"result": _result, "letter": _letter, "disposal": _disposal, "recall": _recall}[kind](sample, on)


def sheet_to_sign(sample: Sample) -> Wording:
    """The sheet as it is put before people; for the office those sign who took the sample."""
    return signed_papers.wording("sheet", _sheet(sample), sample, sample.samplers.split("、"))


def _day(on: dt.date | None) -> str:
    return chinese_date(on) if on else ""


def _number(value: int | None, unit: str) -> str:
    return "" if value is None else f"{value}{unit}"


def _if_any(label: str, value: str) -> tuple[tuple[str, str], ...]:
    """A fact that a form leaves out when there is nothing to say."""
    return ((label, value),) if value else ()


def _product(sample: Sample) -> Facts:
    return Facts.of(
        (
            ("产品名称", sample.product_name),
            ("注册证或备案编号", sample.registration_no),
            ("规格型号", sample.model_spec),
            ("批号或序列号", sample.lot),
            ("生产日期", _day(sample.made_on)),
            ("有效期至", _day(sample.expires_on)),
            ("标示生产企业", sample.maker),
            *_if_any("企业地址", sample.maker_address),
            *_if_any("唯一标识", sample.udi),
        )
    )


def _sheet(sample: Sample) -> Paper:
    party, price = sample.party, sample.price_fen
    place = Facts.of(
        (
            ("被抽样单位", party.name),
            ("统一社会信用代码", party.uscc or ""),
            ("地址", party.address),
            ("环节", sample.link),
            ("抽样地点", sample.place),
            ("抽检类型", sample.kind),
            *_if_any("任务来源", sample.line.plan.title if sample.line else ""),
        )
    )
    drawn = Facts.of(
        (
            ("抽样日期", _day(sample.sampled_on)),
            ("抽样方式", sample.method),
            ("库存数量", _number(sample.on_hand, sample.unit)),
            ("抽样数量", _number(sample.quantity, sample.unit)),
            ("其中备样", _number(sample.reserved, sample.unit)),
            ("储存条件", sample.storage),
            ("封签编号", sample.seals),
            ("购样费用", "" if price is None else f"{price // 100}.{price % 100:02d}元"),
            ("检验项目", sample.items),
            ("检验依据", sample.standard),
            ("检验机构", sample.laboratory),
            *_if_any("备注", sample.remark),
        )
    )
    note = "sheet_online" if sample.method == METHODS[1] else "sheet"
    names = [name for name in sample.samplers.split("、") if name] or ["", ""]
    signs = Signs(
        (
            Sign("被抽样单位意见、签名", sample.witness),
            *(Sign("抽样人员（签名）", name) for name in names),
        )
    )
    blocks: tuple[Block, ...] = (
        Heading("一、被抽样单位"), place, Heading("二、产品"), _product(sample), Heading("三、抽样与封样"),
        drawn, Text(rules.text(note), small=True), signs,
    )  # fmt: skip
    return Paper("sheet", KINDS["sheet"], signing_office(sample.office_code), sample.number, blocks)


def _said(sample: Sample) -> dict[str, str]:
    return {
        "laboratory": sample.laboratory or "检验机构",
        "report_no": sample.report_no or "未填",
        "result_on": _day(sample.result_on),
        "sampled_on": _day(sample.sampled_on),
        "product": sample.product_name,
        "lot": sample.lot or "未标",
        "failed_items": sample.failed_items or "见检验报告",
        "registration_no": sample.registration_no or "未标",
        "maker": sample.maker,
        "party": sample.party.name,
    }


def _retest_days(sample: Sample) -> str:
    """How long a retest may be asked for, in words, from the rule; '' where no rule is known."""
    rule = rules.clocks()["retest"].rules.get(sample.area)
    if rule is None:
        return ""
    found = deadlines.rule(rule)
    return f"{found.n}{unit_label(found.unit)}"


def _result(sample: Sample, on: dt.date) -> Paper:
    passed = sample.result == PASSED
    blocks: list[Block] = [Text(rules.text("passed" if passed else "failed", **_said(sample)))]
    if not passed:
        blocks.append(Text(rules.text("stop")))
        if days := _retest_days(sample):
            blocks.append(Text(rules.text("retest", days=days)))
    blocks.append(Text("附件：检验报告"))
    office = signing_office(sample.office_code)
    return Paper(
        "result", KINDS["result"], office, f"抽样单编号：{sample.number}", tuple(blocks),
        addressee=sample.party.name, official=True, sealed_on=sample.notified_on or on,
    )  # fmt: skip


def _letter(sample: Sample, on: dt.date) -> Paper:
    said = _said(sample)
    blocks: tuple[Block, ...] = (Text(rules.text("letter", **said)), Text(rules.text("letter_asks")))
    return Paper(
        "letter", KINDS["letter"], signing_office(sample.office_code), "", blocks,
        addressee=f"{sample.maker}所在地药品监督管理部门", official=True, sealed_on=on,
    )  # fmt: skip


def _issued(sample: Sample, kind: str) -> tuple[str, dt.date | None]:
    """Number and day of a notice, as the measure that it belongs to was recorded."""
    done = [row for row in sample.disposals.all() if row.measure == _MEASURES[kind]]
    return (done[0].reference, done[0].done_on) if done else ("", None)


def _disposal(sample: Sample, on: dt.date) -> Paper:
    """What the sampled party must do with the lot, and what it has to report."""
    number, day = _issued(sample, "disposal")
    product = _product(sample)
    blocks: tuple[Block, ...] = (
        Text(rules.text("disposal", **_said(sample))), product, Text(rules.text("disposal_orders")),
        Text(rules.text("disposal_report")), Blank("现存数量、已销售或者使用数量、购进来源和销售去向", 3),
        Signs((Sign("当事人（签收、盖章）"), Sign("送达人（签名）"))),
    )  # fmt: skip
    return Paper(
        "disposal", KINDS["disposal"], signing_office(sample.office_code), number, blocks,
        addressee=sample.party.name, official=True, sealed_on=day or on, draft="" if number else "尚未编号",
    )  # fmt: skip


def _recall(sample: Sample, on: dt.date) -> Paper:
    """To the maker on the label: product, reason, result of the evaluation, what is asked (range, time)."""
    number, day = _issued(sample, "recall")
    blocks: tuple[Block, ...] = (
        Text(rules.text("recall", **_said(sample))), _product(sample), Text(rules.text("recall_asks")),
        Blank("召回范围", 1), Blank("时限", 1), Text(rules.text("recall_report")),
        Signs((Sign("当事人（签收、盖章）"), Sign("送达人（签名）"))),
    )  # fmt: skip
    return Paper(
        "recall", KINDS["recall"], signing_office(sample.office_code), number, blocks,
        addressee=sample.maker, official=True, sealed_on=day or on, draft="" if number else "尚未编号",
    )  # fmt: skip
