"""The demo's registers: groups of parties in data files become rows of the import form.

English keys of a group say how to make it (how many, names, stations, certificates), Chinese keys
are columns of the form. A list is dealt out in turn, so that counts are exact and not a matter of luck.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from xiejian.cli.demo.invention import Inventor, read, years_later
from xiejian.kernel import divisions

#: one row of an import form: heading → value
Row = dict[str, Any]


@dataclass
class Unit:
    """One invented party: its group, when it came, and one row of the form per link."""

    group: str
    name: str
    code: str
    division: str
    arrived: date | None
    rows: list[Row] = field(default_factory=list)

    def link(self, name: str) -> Row:
        """The row of one link; KeyError when the party does not work in it."""
        for row in self.rows:
            if row["环节"] == name:
                return row
        raise KeyError(f"{self.name}: {name}")


def place_name(code: str) -> str:
    """A town's name as people say it: 大沁他拉 for 大沁他拉镇 and 大沁他拉街道办事处."""
    name = divisions.name(code)
    for ending in ("街道办事处", "街道", "苏木", "镇", "乡"):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name


def dealt(value: Any, index: int) -> Any:
    """The ``index``-th of a list dealt in turn; anything else as it is."""
    return value[index % len(value)] if isinstance(value, list) else value


class Register:
    """The parties of one demo office, made once and in order."""

    def __init__(self, key: str, division: str, today: date) -> None:
        self.data = read(key)
        self.today = today
        self.opening = date(today.year, 1, 1)
        self.inventor = Inventor(key, division, self.data["area_code"])
        self.county = divisions.name(division)
        self._dealt = 0
        self.units = [unit for group in self.data["group"] for unit in self._group(group)]

    def group(self, *keys: str) -> list[Unit]:
        """The units of the named groups, in order."""
        return [unit for unit in self.units if unit.group in keys]

    def rows(self, arrived: bool) -> list[Row]:
        """The rows of those who came during the year, or of those who were there before."""
        return [row for unit in self.units if (unit.arrived is not None) == arrived for row in unit.rows]

    def _group(self, group: dict[str, Any]) -> list[Unit]:
        return [self._unit(group, index) for index in range(group["count"])]

    def _unit(self, group: dict[str, Any], index: int) -> Unit:
        division = self._place(group, index)
        town = place_name(division)
        name = dealt(group["names"], index).format(brand=self.inventor.brand(), town=town)
        arrived = group["arrives"][index] if "arrives" in group else None
        unit = Unit(group["key"], name, self.inventor.code(group["holder"]), division, arrived)
        facts = {
            "主体名称": unit.name,
            "统一社会信用代码": unit.code,
            "行政区划代码": division,
            "地址": self.inventor.address(divisions.full_name(division)),
            "法定代表人": (legal := self.inventor.person()),
            "负责人": legal if index % 3 else self.inventor.person(),
            "电话": self.inventor.phone(),
        } | {heading: dealt(value, index) for heading, value in group["facts"].items()}
        for link in group["link"]:
            unit.rows.append(facts | self._link(link, index, arrived))
        return unit

    def _place(self, group: dict[str, Any], index: int) -> str:
        if "stations" in group:
            return str(dealt(group["stations"], index))
        self._dealt += 1
        return str(dealt(self.data["spread"], self._dealt - 1))

    def _link(self, link: dict[str, Any], index: int, arrived: date | None) -> Row:
        row: Row = {
            heading: dealt(value, index) for heading, value in link.items() if heading != "certificates"
        }
        numbers = []
        for certificate in link.get("certificates", []):
            number, dates = self._certificate(certificate, index, arrived)
            numbers.append(number)
            for heading, day in dates.items():
                row.setdefault(heading, day)
        row["证号"] = "、".join(numbers)
        return row

    def _certificate(self, certificate: dict[str, Any], index: int, arrived: date | None) -> tuple[str, Row]:
        """One certificate's number and dates: issued and expiring where it runs out, else filed."""
        kind = certificate["kind"]
        form = self.data["certificate"][kind]
        ends = certificate.get("ends", [])
        if arrived:
            first = arrived
        elif index < len(ends):
            first = years_later(ends[index] + timedelta(days=1), -form["years"])
        else:
            first = self.inventor.day(date(certificate["from"], 1, 5), date(certificate["to"], 12, 20))
        number = form["pattern"].format(year=first.year, serial=self.inventor.serial(kind))
        if "years" not in form:
            return number, {"备案日期": first}
        expires = years_later(first, form["years"]) - timedelta(days=1)
        while expires < self.today and index >= len(ends):  # renewed in time, the number stays
            first = min(expires + timedelta(days=1), self.opening - timedelta(days=15 + index % 90))
            expires = years_later(first, form["years"]) - timedelta(days=1)
        return number, {"发证日期": first, "有效期至": expires}
