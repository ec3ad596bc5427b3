"""Every refusal of the vigilance room: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

REPORTERS = ("持有人", "经营企业", "使用单位")
DEATH, SERIOUS, OTHER = "死亡", "严重伤害", "其他"
HARMS = (DEATH, SERIOUS, OTHER)
STRUCTURES = ("有源", "无源", "体外诊断试剂")
ORIGINS = ("境内", "进口")
SEXES = ("男", "女", "不详")
PLACES = ("医疗机构", "家庭", "其他")
CLASSES = ("1", "2", "3")


@dataclass(frozen=True)
class Report:
    """What a unit reports; ``term`` is an id of terms.toml, ``device_class`` 1, 2 or 3."""

    product_name: str
    event_on: dt.date
    found_on: dt.date
    reported_on: dt.date
    harm: str
    injury: str
    failure: str
    registration_no: str = ""
    model_spec: str = ""
    structure: str = ""
    origin: str = ""
    device_class: str = ""
    lot: str = ""
    serial: str = ""
    udi: str = ""
    made_on: dt.date | None = None
    expires_on: dt.date | None = None
    maker: str = ""
    term: str = ""
    age_band: str = ""
    sex: str = ""
    use_place: str = ""
    use_process: str = ""
    first_measures: str = ""


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("J101", what, what=what)]


def check_one_of(given: str, known: Collection[str], what: str, required: bool = True) -> list[Problem]:
    if given in known or (not given and not required):
        return []
    return [problems("J104", what, given=given, what=what, known="、".join(known))]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    return [] if on is None or on <= today else [problems("J102", what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("J103", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


def check_days(report: Report, today: dt.date) -> list[Problem]:
    """The days of a report follow each other: made, event, learned, reported, today."""
    return [
        *check_not_in_future(report.reported_on, today, "报告日期"),
        *check_order_of_dates("事件发生日期", report.event_on, "发现或者获知日期", report.found_on),
        *check_order_of_dates("发现或者获知日期", report.found_on, "报告日期", report.reported_on),
        *check_order_of_dates("生产日期", report.made_on, "事件发生日期", report.event_on),
        *check_order_of_dates("生产日期", report.made_on, "有效期至", report.expires_on),
    ]


def check_report(
    report: Report, today: dt.date, terms: Collection[str], bands: Collection[str]
) -> list[Problem]:
    """What every report must say, in words that the lists know, on days that do not contradict."""
    found = check_days(report, today)
    required = {"产品名称": report.product_name, "伤害表现": report.injury, "器械故障表现": report.failure}
    for what, text in required.items():
        found += check_given(text, what)
    if not report.lot.strip() and not report.serial.strip():
        found.append(problems("J105", "批号"))
    found += check_one_of(report.harm, HARMS, "伤害程度")
    words = (
        (report.structure, STRUCTURES, "结构特征"), (report.origin, ORIGINS, "产地"),
        (report.device_class, CLASSES, "管理类别"), (report.term, terms, "故障表现用语"),
        (report.age_band, bands, "患者年龄段"), (report.sex, SEXES, "患者性别"),
        (report.use_place, PLACES, "使用场所"),
    )  # fmt: skip
    for given, known, what in words:
        found += check_one_of(given, known, what, required=False)
    return found


def check_reporter(kind: str) -> list[Problem]:
    return check_one_of(kind, REPORTERS, "报告单位类别")


def check_new_number(number: str, exists: bool) -> list[Problem]:
    return [problems("J106", "报告编号", number=number)] if exists else []


def check_amendable(changes: Iterable[str], allowed: Mapping[str, str]) -> list[Problem]:
    """Only what no step writes may be corrected by hand."""
    wrong = sorted(set(changes) - set(allowed))
    return [problems("J107", fields="、".join(wrong), known="、".join(allowed.values()))] if wrong else []


def check_changed(number: str, changed: bool) -> list[Problem]:
    return [] if changed else [problems("J115", number=number)]


def check_own_party(known: bool) -> list[Problem]:
    """A unit that reports for itself is in the register."""
    return [] if known else [problems("J117")]


def check_own_to_amend(own: bool, state: str, number: str, open_states: Collection[str]) -> list[Problem]:
    """A unit corrects its own report until somebody has passed it; later it supplements."""
    return [problems("J116", number, number=number)] if own and state not in open_states else []


def check_duplicate(number: str, other: str, others_first: str, followers: bool) -> list[Problem]:
    """A report is a duplicate of another one that stands for itself; one group has one first report."""
    if number == other:
        return [problems("J108", number=number)]
    if others_first:
        return [problems("J109", number=other, other=others_first)]
    return [problems("J114", number=number)] if followers else []


def check_is_duplicate(number: str, of: object) -> list[Problem]:
    return [] if of else [problems("J110", number=number)]


def check_group(products: Mapping[str, str]) -> list[Problem]:
    """``products``: report number → product; a group is at least two reports of one product."""
    if len(products) <= 1:
        return [problems("J111", count=len(products))]
    first = next(iter(products.values()))
    return [
        problems("J112", number, number=number, product=product, first=first)
        for number, product in products.items()
        if product != first
    ]


def check_found(missing: Sequence[str]) -> list[Problem]:
    """Names that mean no party, or several."""
    return [problems("J201", names="、".join(f"“{name}”" for name in missing))] if missing else []


def check_quotas(counts: Mapping[str, int], most: int) -> list[Problem]:
    """``counts``: name of the unit → reports asked for."""
    if not counts:
        return [problems("J302")]
    return [
        problems("J301", party, party=party, count=count, most=most)
        for party, count in counts.items()
        if not 0 <= count <= most
    ]
