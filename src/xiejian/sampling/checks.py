"""Every refusal of the sampling room: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.registry.models import AREAS, LINKS

problems = Catalogue(Path(__file__).with_name("problems.toml"))

KINDS = ("国家抽检", "省级抽检", "市级抽检", "县级抽检", "应急抽检", "执法抽检", "跟踪抽检")
METHODS = ("现场抽样", "网络购样")
PASSED, FAILED = "符合规定", "不符合规定"
RESULTS = (PASSED, FAILED)
UPHELD = "成立"
OBJECTION_RESULTS = (UPHELD, "不成立")


@dataclass(frozen=True)
class LineEntry:
    """One line of a plan as it is written: so many lots of a product by a day, for one office."""

    product: str
    count: int
    due_on: dt.date
    office_code: str
    area: str = AREAS[0]
    link: str = ""
    tags: tuple[str, ...] = ()
    items: str = ""
    standard: str = ""


@dataclass(frozen=True)
class Sheet:
    """抽样单: what was taken, where and how. ``seals`` are joined by 、, ``price_fen`` is whole 分."""

    product_name: str
    sampled_on: dt.date
    quantity: int
    seals: str
    lot: str = ""
    registration_no: str = ""
    model_spec: str = ""
    udi: str = ""
    made_on: dt.date | None = None
    expires_on: dt.date | None = None
    maker: str = ""
    maker_address: str = ""
    method: str = METHODS[0]
    place: str = ""
    storage: str = ""
    unit: str = ""
    on_hand: int | None = None
    reserved: int | None = None
    price_fen: int | None = None
    witness: str = ""
    remark: str = ""


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def _one_of(code: str, given: str, known: Sequence[str], name: str) -> list[Problem]:
    return [] if given in known else [problems(code, known="、".join(known), **{name: given})]


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("S201", where=what, what=what)]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("S202", where=what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("S205", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


# --- plans -----------------------------------------------------------------------------------------------


def check_kind(kind: str) -> list[Problem]:
    return _one_of("S101", kind, KINDS, "kind")


def check_area(area: str) -> list[Problem]:
    return _one_of("S111", area, AREAS, "area")


def check_link(link: str) -> list[Problem]:
    return _one_of("S204", link, LINKS, "link")


def check_lines(lines: Sequence[LineEntry], year: int, owner: str) -> list[Problem]:
    """A plan has lines; each with lots to take, in the year, by an office of the plan's own."""
    found = [] if lines else [problems("S102")]
    for line in lines:
        found += check_given(line.product, "品种")
        found += check_count(line.product, line.count)
        found += check_area(line.area) + (check_link(line.link) if line.link else [])
        if line.due_on.year != year:
            found.append(problems("S106", product=line.product, due=line.due_on, year=year))
        if not line.office_code.startswith(stem(owner)):
            found.append(problems("S104", product=line.product, office=line.office_code, owner=owner))
    return found


def check_count(product: str, count: int) -> list[Problem]:
    return [] if count > 0 else [problems("S103", "批次", product=product, count=count)]


def check_not_below_drawn(product: str, count: int, drawn: int) -> list[Problem]:
    return [] if count >= drawn else [problems("S107", "批次", product=product, drawn=drawn, count=count)]


def check_new_title(exists: bool, title: str, year: int) -> list[Problem]:
    return [problems("S105", "名称", title=title, year=year)] if exists else []


def check_plan_in_force(title: str, state: str) -> list[Problem]:
    return [] if state == "issued" else [problems("S108", title=title)]


def check_line_link(product: str, of_line: str, link: str) -> list[Problem]:
    if not of_line or of_line == link:
        return []
    return [problems("S213", "环节", product=product, line=of_line, link=link)]


# --- the sheet -------------------------------------------------------------------------------------------


def check_new_number(number: str, exists: bool) -> list[Problem]:
    return [problems("S206", "抽样单编号", number=number)] if exists else []


def check_samplers(count: int, minimum: int) -> list[Problem]:
    return [] if count >= minimum else [problems("S203", "抽样人员", count=count, minimum=minimum)]


def check_samplers_active(inactive: Sequence[str]) -> list[Problem]:
    return [problems("S212", "抽样人员", names="、".join(inactive))] if inactive else []


def check_sheet(sheet: Sheet, today: dt.date) -> list[Problem]:
    """What every sheet must say, and what its dates and quantities must not contradict."""
    found = check_given(sheet.product_name, "产品名称") + check_given(sheet.lot, "批号或序列号")
    found += check_not_in_future(sheet.sampled_on, today, "抽样日期")
    found += _one_of("S210", sheet.method, METHODS, "method")
    if sheet.quantity <= 0:
        found.append(problems("S207", "抽样数量", what="抽样数量", value=sheet.quantity))
    if sheet.reserved is not None and sheet.reserved > sheet.quantity:
        found.append(problems("S208", "备样数量", reserved=sheet.reserved, quantity=sheet.quantity))
    if not sheet.seals.strip():
        found.append(problems("S209", "封签编号"))
    if sheet.price_fen is not None and sheet.price_fen < 0:
        found.append(problems("S211", "购样费用"))
    found += check_order_of_dates("生产日期", sheet.made_on, "抽样日期", sheet.sampled_on)
    found += check_order_of_dates("生产日期", sheet.made_on, "有效期至", sheet.expires_on)
    return found


def check_amendable(changes: Iterable[str], allowed: Mapping[str, str]) -> list[Problem]:
    """Only what no step writes may be corrected by hand."""
    wrong = sorted(set(changes) - set(allowed))
    return [problems("S214", fields="、".join(wrong), known="、".join(allowed.values()))] if wrong else []


# --- laboratory, objection, retest -----------------------------------------------------------------------


def check_result(result: str, failed_items: str) -> list[Problem]:
    found = _one_of("S301", result, RESULTS, "result")
    if result == FAILED and not failed_items.strip():
        found.append(problems("S302", "不符合规定项目"))
    return found


def check_failed(result: str, what: str) -> list[Problem]:
    """Objection, retest and the maker's notice follow a failed result only."""
    return [] if result == FAILED else [problems("S401", what=what)]


def check_in_time(code: str, on: dt.date, due: dt.date | None) -> list[Problem]:
    """An application after the last day of its limit is too late; without a limit nothing is."""
    return [problems(code, due=due, on=on)] if due is not None and on > due else []


def check_retest_over(due: dt.date | None, on: dt.date, waiver: str) -> list[Problem]:
    """A failed result is final once nobody may ask for a retest any more, or whoever may has said no."""
    if due is None or on > due or waiver.strip():
        return []
    return [problems("S404", due=due)]


def check_other_laboratory(first: str, second: str) -> list[Problem]:
    if not first or first.strip() != second.strip():
        return []
    return [problems("S403", "复检机构", laboratory=second)]


def check_objection_result(result: str) -> list[Problem]:
    return _one_of("S405", result, OBJECTION_RESULTS, "result")


def check_maker_not_told(on: dt.date | None) -> list[Problem]:
    return [problems("S407", on=on)] if on else []


# --- handling --------------------------------------------------------------------------------------------


def check_measure(measure: str, known: Sequence[str]) -> list[Problem]:
    return _one_of("S501", measure, known, "measure")


def check_new_measure(exists: bool, measure: str, reference: str) -> list[Problem]:
    return [problems("S502", measure=measure, reference=reference)] if exists else []


def check_needs_handling(failed: bool) -> list[Problem]:
    return [] if failed else [problems("S503")]


def check_handled(missing: Sequence[str]) -> list[Problem]:
    return [problems("S504", missing="、".join(missing))] if missing else []


def check_may_close(failed: bool, state: str) -> list[Problem]:
    """A product that conforms is closed once told; one that does not, only after its handling."""
    return [problems("S505")] if failed and state != "disposed" else []
