"""What an office did in its year: the data file of the year becomes rows of the import forms.

A visit that ended with an order to correct is left to ``living``, which does it step by step, so that its
pages have a history; all others are imported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from xiejian.cli.demo.accounts import Staffed
from xiejian.cli.demo.invention import calendar, read, working_day, years_later
from xiejian.cli.demo.registers import Register, Row, Unit

CORRECT = "限期整改"
CONFORM = "符合"
YES_NO = {True: "是", False: "否"}


@dataclass
class Visited:
    """One visit of the demo: where, when, for which office, and what it came to."""

    unit: Unit
    link: str
    kind: str
    on: date
    office_code: str
    persons: int = 2
    failed: int = 0
    severe: int = 0
    conclusion: str = ""
    campaign: str = ""
    tags: str = ""
    transfer: str = ""
    remark: str = ""

    def __post_init__(self) -> None:
        self.conclusion = self.conclusion or (CORRECT if self.failed else CONFORM)

    @property
    def ordered(self) -> bool:
        """Whether it led to an order to correct."""
        return self.conclusion == CORRECT


class Year:
    """The year of one office, read from its data file over its register."""

    def __init__(self, staffed: Staffed, register: Register) -> None:
        self.staffed = staffed
        self.register = register
        self.data = read(f"{staffed.key}-year")
        self.invent = register.inventor
        self._numbers: Counter[tuple[str, int]] = Counter()
        self._numbered: list[dict[str, Any]] = []
        self.visits = sorted(
            [*self._named_visits(), *self._rounds()], key=lambda v: (v.on, v.office_code, v.unit.code)
        )

    def unit(self, place: list[Any]) -> Unit:
        """The unit that the data names as [group, member]."""
        return self.register.group(place[0])[place[1]]

    # ---- visits -------------------------------------------------------------------------------------

    def _named_visits(self) -> Iterator[Visited]:
        for block in self.data.get("visits", []):
            for entry in block["visit"]:
                unit = self.unit(entry["unit"])
                more = {k: v for k, v in (block | entry).items() if k not in {"unit", "visit", "on"}}
                more.setdefault("persons", 3 if block["kind"] == "体系核查" else 2)
                yield Visited(
                    unit=unit, on=entry["on"], office_code=self._office(unit, block["link"]), **more
                )

    def _rounds(self) -> Iterator[Visited]:
        for entry in self.data.get("round", []):
            units = self.register.group(*entry["groups"])
            count = entry.get("count", len(units))
            for index, on in enumerate(self._days(entry["first"], entry["last"], count)):
                unit = units[index % len(units)]
                if unit.arrived and unit.arrived > on:
                    unit = units[0]
                yield self._round_visit(entry, unit, index, on)

    def _round_visit(self, entry: dict[str, Any], unit: Unit, index: int, on: date) -> Visited:
        link = entry.get("link") or str(unit.rows[0]["环节"])
        every = entry.get("problem_every", 0)
        problem = bool(every) and index % every == every - 1
        return Visited(
            unit=unit,
            link=link,
            kind=entry["kind"],
            on=on,
            office_code=self.staffed.code if entry.get("by_county") else self._office(unit, link),
            persons=2 + (index % 5 == 0),
            failed=self.invent.random.randint(1, 4) if problem else 0,
            severe=int(problem and entry.get("severe", False)),
            campaign=entry.get("campaign", ""),
            tags=entry.get("tags", ""),
        )

    def upcoming(self) -> list[Visited]:
        """Visits arranged for the days after the office's today."""
        visits = []
        for entry in self.data.get("upcoming", []):
            units = self.register.group(*entry["groups"])
            last = self.staffed.today + timedelta(days=entry["within_days"])
            days = self._days(self.staffed.today + timedelta(days=1), last, entry["count"])
            visits += [self._round_visit(entry, units[i % len(units)], i, on) for i, on in enumerate(days)]
        return visits

    def _days(self, first: date, last: date, count: int) -> list[date]:
        """``count`` working days spread evenly from ``first`` to ``last``."""
        span = (last - first).days
        days = [first + timedelta(days=span * index // max(count - 1, 1)) for index in range(count)]
        return [max(working_day(day), calendar().next_working_day(first)) for day in days]

    def _office(self, unit: Unit, link: str) -> str:
        """Makers are visited by the county's section, everybody else by the station."""
        return self.staffed.code if link == "生产" else unit.division

    def number(self, kind: str, year: int) -> str:
        """The next official number of a series, e.g. a visit's or a case's."""
        self._numbers[kind, year] += 1
        pattern = self.data["numbers"][kind]
        return str(pattern.format(year=year, serial=self._numbers[kind, year]))

    def living(self, visit: Visited, index: int) -> bool:
        """Whether a visit goes through its steps: all with an order, some of the others."""
        if visit.on.year != self.staffed.year:
            return False
        return visit.ordered or (visit.conclusion == CONFORM and index % self.data["conform_every"] == 0)

    def outside(self, link: str) -> tuple[str, list[str]]:
        """Clause and findings for a visit of this link without a checklist; ("", []) where there are none."""
        for entry in self.data.get("outside", []):
            if entry["link"] == link:
                return entry["clause"], entry["facts"]
        return "", []

    def visit_row(self, visit: Visited, index: int) -> Row:
        """One row of the visits form. An order of an earlier year is long complied with."""
        due = visit.on + timedelta(days=self.data["correction_days"]) if visit.ordered else None
        team = self.staffed.team(visit.office_code, index)
        return {
            "检查编号": self.number("visit", visit.on.year),
            "统一社会信用代码": visit.unit.code,
            "主体名称": visit.unit.name,
            "检查日期": visit.on,
            "检查类型": visit.kind,
            "环节": visit.link,
            "品种标签": visit.tags or visit.unit.link(visit.link).get("品种标签", ""),
            "专项": visit.campaign,
            "出动人数": visit.persons,
            "检查员": "、".join(officer.name for officer in team),
            "缺陷数": visit.failed,
            "严重缺陷数": visit.severe,
            "结论": visit.conclusion,
            "责令改正": YES_NO[visit.ordered],
            "移送": visit.transfer,
            "整改期限": due,
            "复查日期": due + timedelta(days=2) if due else None,
            "复查结论": "通过" if due else "",
            "检查机构代码": visit.office_code,
            "备注": visit.remark,
        }

    # ---- cases and interviews -----------------------------------------------------------------------

    def _cases(self) -> list[dict[str, Any]]:
        """The cases of the data by the day of filing, each with its number."""
        if not self._numbered:
            for entry in sorted(self.data.get("case", []), key=lambda e: e["filed"]):
                self._numbered.append(entry | {"number": self.number("case", entry["filed"].year)})
        return self._numbered

    def case_rows(self) -> list[Row]:
        """The rows of the cases form."""
        return [self._case_row(entry) for entry in self._cases()]

    def in_court(self) -> dict[str, date]:
        """Number → day of the application to the court, for the decisions that were not obeyed."""
        return {entry["number"]: entry["court_on"] for entry in self._cases() if "court_on" in entry}

    def _case_row(self, entry: dict[str, Any]) -> Row:
        unit = self.unit(entry["unit"])
        return {
            "案号": entry["number"],
            "统一社会信用代码": unit.code,
            "主体名称": unit.name,
            "立案日期": entry["filed"],
            "决定日期": entry.get("decided"),
            "结案日期": entry.get("closed"),
            "程序": entry.get("procedure", "普通"),
            "环节": entry["link"],
            "品种标签": entry.get("tags", ""),
            "专项": entry.get("campaign", ""),
            "违法行为": entry["conduct"],
            "罚款": entry.get("fine", 0),
            "个人罚款": entry.get("personal_fine", 0),
            "没收违法所得": entry.get("gains", 0),
            "货值金额": entry.get("goods"),
            "处罚到人数": entry.get("persons", 0),
            "责令停产停业": YES_NO["stopped" in entry],
            "吊销许可证": YES_NO["revoked" in entry],
            "列入严重违法失信名单": YES_NO["blacklisted" in entry],
            "移送": entry.get("transfer", ""),
            "移送日期": entry.get("transferred"),
            "承办机构代码": self.staffed.code,
        }

    def interview_rows(self) -> list[Row]:
        """The rows of the interviews form."""
        rows = []
        for entry in self.data.get("interview", []):
            unit = self.unit(entry["unit"])
            rows.append(
                {
                    "统一社会信用代码": unit.code,
                    "主体名称": unit.name,
                    "约谈日期": entry["on"],
                    "环节": entry["link"],
                    "品种标签": entry.get("tags", ""),
                    "专项": entry.get("campaign", ""),
                    "事由": entry["reason"],
                    "机构代码": self.staffed.code,
                }
            )
        return rows

    # ---- product certificates -----------------------------------------------------------------------

    def registration_rows(self) -> list[Row]:
        """The rows of the registrations form: every product of every maker in the data."""
        return [row for entry in self.data.get("products", []) for row in self._products(entry)]

    def _products(self, entry: dict[str, Any]) -> Iterable[Row]:
        unit = self.unit(entry["unit"])
        level = str(entry["class"])
        address = unit.rows[0]["地址"]
        given = entry.get("approved", [])
        years = self.data["certificate_years"]
        for index, product in enumerate(entry["names"]):
            last = date(self.staffed.year - 1, 12, 20)
            first = years_later(self.staffed.today, -years) + timedelta(days=40)
            approved = given[index] if index < len(given) else self.invent.day(first, last)
            number = self.data["certificate"][level].format(
                year=approved.year, code=entry["code"], serial=self.invent.serial(f"certificate {level}")
            )
            yield {
                "注册证编号": number,
                "注册人名称": unit.name,
                "注册人住所": address,
                "生产地址": address,
                "产品名称": product,
                "管理类别": {"3": "第三类", "2": "第二类", "1": "第一类"}[level],
                "审批部门": self.data["departments"][level],
                "批准日期": approved,
                "有效期至": years_later(approved, years) - timedelta(days=1),
            }
