"""The register's import columns: Chinese headings to facts.

``read_party`` is the one place where a row of the register's form (an xlsx row, a JSON
object of ``xiejian grade --facts``) becomes canonical facts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xiejian.kernel import divisions
from xiejian.kernel.cells import Cells, clean
from xiejian.kernel.problems import Catalogue, Problem
from xiejian.kernel.tabular import Column, canonical
from xiejian.numbers import certificates, credit_code
from xiejian.registry.models import AREAS, LINKS, STATUSES

problems = Catalogue(Path(__file__).with_name("problems.toml"))

MODES = ("批发", "零售", "批零兼营")
QMS_STATES = ("好", "较差", "差")
CREDIT_GRADES = ("A", "B", "C", "D")
BAD_CREDIT = ("无", "不良", "严重")
_LINK_WORDS = {
    "生产企业": "生产",
    "经营企业": "经营",
    "使用单位": "使用",
    "网络销售企业": "网络销售",
    "网售": "网络销售",
    "网络交易服务第三方平台": "第三方平台",
    "平台": "第三方平台",
}
_STATUS_WORDS = {
    "在营": "正常",
    "存续": "正常",
    "营业": "正常",
    "在业": "正常",
    "停业": "停产",
    "停产停业": "停产",
    "已注销": "注销",
    "失踪": "失联",
    "查无下落": "失联",
}
_MODE_WORDS = {"批发零售": "批零兼营", "批发兼零售": "批零兼营", "批发+零售": "批零兼营", "批零": "批零兼营"}
_GRADE_WORDS = {f"{g}级": g for g in CREDIT_GRADES} | {g.lower(): g for g in CREDIT_GRADES}
_AREA_WORDS = {"器械": "医疗器械"}
#: what people write where a date or number does not apply
_NOT_APPLICABLE = frozenset({"/", "-", "—", "——", "无", "长期", "长期有效", "永久"})

PARTY_COLUMNS = (
    Column(
        "主体名称", True, "营业执照或执业许可证上的名称", "奈曼旗某某大药房", ("企业名称", "单位名称", "名称")
    ),
    Column("统一社会信用代码", False, "18 位；校验位不符只标记，不退回", "", ("社会信用代码", "信用代码")),
    Column("环节", True, "、".join(LINKS) + "；多个以 、 连接", "经营、网络销售", ("从业环节",)),
    Column("产品门类", False, "、".join(AREAS) + "；空为医疗器械", "医疗器械"),
    Column("管理类别", False, "Ⅰ Ⅱ Ⅲ、1 2 3 或一类、二类、三类；多个以 、 连接", "Ⅱ、Ⅲ"),
    Column("经营方式", False, "、".join(MODES), "零售"),
    Column("机构类型", False, "三级医院、二级医院、乡镇卫生院、口腔诊所等", "口腔诊所"),
    Column(
        "证号",
        False,
        "许可证、备案编号，多个以 、 连接",
        "皖池药监械经营许20230015号",
        ("许可证号", "备案编号"),
    ),
    Column("发证日期", False, "许可证发证日期", "2023-05-06"),
    Column("有效期至", False, "许可证有效期", "2028-05-05", ("有效期",)),
    Column("备案日期", False, "备案日期", "2023-05-06"),
    Column("经营范围", False, "许可或备案的范围", "", ("生产范围",)),
    Column("品种标签", False, "无菌、植入、体外诊断试剂、冷链等，以 、 连接", "无菌、植入"),
    Column("行政区划代码", True, "6 至 12 位；9 位乡镇代码决定监管所", "150525100"),
    Column("监管机构", False, "负责监管的所（分局）名称", "", ("监管所", "所属监管所")),
    Column("地址", False, "经营场所或住所", "", ("经营场所", "住所")),
    Column("库房地址", False, "", "", ("仓库地址",)),
    Column("法定代表人", False, "", ""),
    Column("负责人", False, "", "", ("企业负责人",)),
    Column("电话", False, "", "", ("联系电话",)),
    Column("为他人贮存运输", False, "是、否", "否"),
    Column("风险会商重点", False, "是、否", "否"),
    Column("质量管理体系状况", False, "、".join(QMS_STATES), "好"),
    Column("信用等级", False, "、".join(CREDIT_GRADES), "A"),
    Column("不良信用", False, "、".join(BAD_CREDIT), "无"),
    Column("上年度行政处罚", False, "是、否；空则由案件计算", ""),
    Column("上年度抽检不合格", False, "是、否", ""),
    Column("投诉举报次数", False, "整数", "0"),
    Column("状态", False, "、".join(STATUSES) + "；空为正常", "正常"),
)
_KNOWN = {c.heading for c in PARTY_COLUMNS}
LINK_FACTS = ("classes", "mode", "unit_kind", "tags", "scope", "issued_on", "filed_on", "expires_on")


@dataclass
class PartyRow:
    """One row of the register's form.

    ``facts`` are party-level by model field name, ``links`` one dict per link with the full set
    of canonical facts (party-level ones included), ``numbers`` the recognised licences. ``stated``
    names the facts that the row really gives (the others are defaults). ``problems`` non-empty
    means that the row cannot be used; ``changes`` says what was put right; ``extra`` keeps
    columns that the form does not know.
    """

    facts: dict[str, Any]
    links: list[dict[str, Any]]
    numbers: list[certificates.Number]
    stated: frozenset[str]
    changes: list[dict[str, str]]
    problems: list[Problem]
    extra: dict[str, str] = field(default_factory=dict)


def office_of(division_code: str) -> str:
    """The code of the office in charge of a place: the town's 9 digits where given, else the division's 6.

    >>> office_of("150525100000"), office_of("150525"), office_of("150525000000")
    ('150525100', '150525', '150525')
    """
    stem = divisions.stem(division_code)[:9]
    return stem.ljust(9, "0") if len(stem) > 6 else stem.ljust(6, "0")


def read_link(cells: Cells, heading: str = "环节", required: bool = True) -> str:
    """One link by its name or a word for it."""
    return cells.choice(heading, LINKS, synonyms=_LINK_WORDS, required=required)


def read_party(row: Mapping[str, object], *, on: dt.date | None = None) -> PartyRow:
    """Read one row of the register's form (Chinese headings; ``主体名称*`` and known synonyms too).

    ``on``: the day of reading; with it, dates of issue or filing after that day are problems.
    """
    if not (row.keys() <= _KNOWN):
        row = {canonical(str(key), PARTY_COLUMNS): value for key, value in row.items()}
    cells = Cells(row)
    facts = _party_facts(cells)
    link_facts = _link_facts(cells, on)
    names = [_LINK_WORDS.get(n, n) for n in cells.many("环节")]
    if not names:
        cells.refuse("K501", "环节")
    for wrong in [n for n in names if n not in LINKS][:1]:
        cells.refuse("K502", "环节", value=wrong, allowed="、".join(LINKS))
    names = list(dict.fromkeys(n for n in names if n in LINKS))
    stated = frozenset(f for f, v in (facts | link_facts).items() if v not in (None, "", []))
    facts = _with_defaults(facts)
    shared = facts | link_facts
    return PartyRow(
        facts=facts,
        links=[{**shared, "link": name} for name in names],
        numbers=[certificates.read(n) for n in cells.many("证号", 400) if n not in _NOT_APPLICABLE],
        stated=stated,
        changes=cells.changes,
        problems=cells.problems,
        extra={k: text for k, v in row.items() if k not in _KNOWN and (text := clean(v))},
    )


_DEFAULTS: dict[str, Any] = {
    "area": "医疗器械",
    "stores_for_others": False,
    "consultation_focus": False,
    "complaints": 0,
    "status": "正常",
}


def _with_defaults(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts with the value that an empty cell means; the two facts of last year stay unknown."""
    return {
        name: _DEFAULTS.get(name, value) if value in (None, "") else value for name, value in facts.items()
    }


def _party_facts(cells: Cells) -> dict[str, Any]:
    areas = [_AREA_WORDS.get(a, a) for a in cells.many("产品门类")]
    for wrong in [a for a in areas if a not in AREAS][:1]:
        cells.refuse("K502", "产品门类", value=wrong, allowed="、".join(AREAS))
    division = _division(cells)
    return {
        "name": cells.text("主体名称", 200, required=True),
        "uscc": _credit_code(cells),
        "area": "、".join(a for a in AREAS if a in areas),
        "division_code": division,
        "office_code": office_of(division) if division else "",
        "station": cells.text("监管机构", 120),
        "address": cells.text("地址", 300),
        "warehouse_address": cells.text("库房地址", 300),
        "legal_representative": cells.text("法定代表人", 60),
        "head": cells.text("负责人", 60),
        "phone": cells.text("电话", 60),
        "stores_for_others": cells.yes_no("为他人贮存运输"),
        "consultation_focus": cells.yes_no("风险会商重点"),
        "qms_state": cells.choice("质量管理体系状况", QMS_STATES),
        "credit_grade": cells.choice("信用等级", CREDIT_GRADES, synonyms=_GRADE_WORDS),
        "bad_credit": cells.choice("不良信用", BAD_CREDIT),
        "punished_last_year": cells.yes_no("上年度行政处罚"),
        "failed_sampling_last_year": cells.yes_no("上年度抽检不合格"),
        "complaints": cells.whole("投诉举报次数", unit="次"),
        "status": cells.choice("状态", STATUSES, synonyms=_STATUS_WORDS),
    }


def _link_facts(cells: Cells, on: dt.date | None) -> dict[str, Any]:
    return {
        "classes": cells.classes("管理类别"),
        "mode": cells.choice("经营方式", MODES, synonyms=_MODE_WORDS),
        "unit_kind": cells.text("机构类型", 30),
        "tags": sorted(cells.many("品种标签")),
        "scope": cells.text("经营范围", 20_000),
        "issued_on": _day(cells, "发证日期", on),
        "filed_on": _day(cells, "备案日期", on),
        "expires_on": _day(cells, "有效期至", None),
    }


def _day(cells: Cells, heading: str, on: dt.date | None) -> dt.date | None:
    given = cells.row.get(heading)
    if isinstance(given, str) and given.strip() in _NOT_APPLICABLE:
        cells.changed(heading, given, "", "不适用，按空处理")
        return None
    return cells.day(heading, not_after=on)


def _credit_code(cells: Cells) -> str | None:
    given = cells.row.get("统一社会信用代码")
    if given is None or given == "":
        return None
    if isinstance(given, int | float):  # a spreadsheet number keeps 15 digits: the rest of the code is lost
        cells.problems.append(problems("R102", "统一社会信用代码", value=clean(given)))
        return None
    text = cells.text("统一社会信用代码", 60)
    if not text or text in _NOT_APPLICABLE:
        return None
    code = credit_code.read(text)
    if not code.shape_ok:
        cells.problems.append(problems("R101", "统一社会信用代码", value=text, why=code.problem))
        return None
    if not code.check_ok:
        cells.changed("统一社会信用代码", code.value, code.value, code.problem)
    return code.value


def _division(cells: Cells) -> str:
    text = cells.text("行政区划代码", 40, required=True).replace(" ", "")
    if text and not divisions.is_known(text):
        cells.problems.append(problems("R103", "行政区划代码", value=text))
        return ""
    return text
