"""The export of a logger as readings: headings recognised, every row read or returned. No store, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from xiejian.coldchain.checks import problems
from xiejian.coldchain.excursions import backward
from xiejian.coldchain.moments import day_first, is_ambiguous, joined, read_centi, read_humidity, read_moment
from xiejian.kernel import tabular
from xiejian.kernel.cells import clean
from xiejian.kernel.problems import Problem
from xiejian.kernel.tabular import Column, Row, Table

# what Latin-1's degree sign becomes in a file that is read as GB 18030
_BROKEN_C, _BROKEN_F = b"\xb0C".decode("gb18030"), b"\xb0F".decode("gb18030")
_CELSIUS = ("", "°C", "℃", "C", _BROKEN_C, "摄氏度")
_FAHRENHEIT = ("°F", "℉", "F", _BROKEN_F, "华氏度")
_NAMES = (
    "温度", "温度值", "实时温度", "测点温度", "温度1", "通道1", "通道1温度", "探头1", "Temperature",
    "temperature", "TEMPERATURE", "Temp", "temp", "TEMP", "Temp.", "CH1", "Ch1", "Celsius", "celsius",
)  # fmt: skip
_FORMS = (
    "{name}{unit}",
    "{name}({unit})",
    "{name}[{unit}]",
    "{name}/{unit}",
    "{name}_{unit}",
    "{name},{unit}",
)


def _spellings(units: tuple[str, ...]) -> tuple[str, ...]:
    names = (form.format(name=n, unit=u) for n, u, form in product(_NAMES, units, _FORMS) if u)
    return (*(_NAMES if "" in units else ()), *names)


MOMENT, DAY, WARMTH, WARMTH_F, DAMP, NUMBER, CODE = (
    "时间", "日期", "温度", "华氏温度", "湿度", "序号", "记录仪编号"
)  # fmt: skip
READING_COLUMNS = (
    Column(
        MOMENT, True, "读数的日期和时间", "2026-06-01 08:00",
        ("日期时间", "记录时间", "采集时间", "测量时间", "监测时间", "时间戳", "上传时间", "Time", "time",
         "TIME", "Date Time", "DateTime", "Date/Time", "Datetime", "datetime", "Timestamp", "timestamp",
         "Logged", "Measured at", "at"),
    ),
    Column(DAY, False, "时间列只有时刻时填写", "2026-06-01", ("Date", "date", "DATE", "记录日期")),
    Column(WARMTH, False, "摄氏度；另一种写法是华氏温度列", "4.5", _spellings(_CELSIUS)),
    Column(WARMTH_F, False, "华氏度", "40.1", _spellings(_FAHRENHEIT)),
    Column(
        DAMP, False, "相对湿度，%", "55",
        ("湿度%", "湿度(%)", "湿度%RH", "湿度(%RH)", "湿度1", "相对湿度", "Humidity", "humidity",
         "Humidity(%)", "Humidity(%RH)", "RH", "RH(%)", "%RH", "Hum"),
    ),
    Column(NUMBER, False, "记录仪内存中的顺序", "1", ("No.", "No", "NO", "#", "Index", "记录号")),
    Column(
        CODE, False, "一个文件有几台记录仪的数据时填写", "LK-01",
        ("设备编号", "仪器编号", "探头编号", "测点编号", "Logger", "logger", "Device", "Serial Number", "SN"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """One readable row: which logger ('' unless the file says so), when, hundredths of a degree."""

    number: int
    code: str
    at: dt.datetime
    centi: int
    humidity: int | None = None
    backward: bool = False


@dataclass
class ReadingFile:
    """A file as readings, and the rows that could not be read with their reasons."""

    table: Table
    rows: int
    measured: list[Measured]
    returned: list[tuple[Row, list[Problem]]]

    def row_of(self, one: Measured) -> Row:
        """A readable row as its workbook of returned rows shows it."""
        values: dict[str, Any] = {MOMENT: one.at.strftime("%Y-%m-%d %H:%M:%S"), WARMTH: one.centi / 100}
        return Row(self.table.sheets[0].name, one.number, {**values, CODE: one.code} if one.code else values)


def read_file(
    path: Path, zone: dt.tzinfo, *, days_first: bool | None = None, fahrenheit: bool = False
) -> ReadingFile:
    """Every row of the file; refused as a whole like ``tabular.read`` (K401 …, K405 without a temperature).

    ``zone`` is where the logger's clock runs, ``days_first`` how 01/06/2026 is meant (None: as other rows
    show), ``fahrenheit`` the unit where neither heading nor cell says one.
    """
    table = tabular.read(path, READING_COLUMNS, either=(WARMTH, WARMTH_F))
    rows = list(table.rows())
    if days_first is None:
        days_first = day_first(row.values.get(DAY, row.values.get(MOMENT)) for row in rows)
    found = ReadingFile(table, len(rows), [], [])
    numbered: list[tuple[int, dt.datetime]] = []
    for row in rows:
        one, wrong = _read(row, zone, days_first, fahrenheit)
        if one is None or row.faults:
            found.returned.append((row, [*row.faults, *wrong]))
            continue
        found.measured.append(one)
        if (running := _running(row.values.get(NUMBER))) is not None:
            numbered.append((running, one.at))
    if len(numbered) == len(found.measured) and not any(one.code for one in found.measured):
        for place in backward(numbered):
            one = found.measured[place]
            found.measured[place] = Measured(one.number, one.code, one.at, one.centi, one.humidity, True)
    return found


def _running(value: object) -> int | None:
    text = clean(value)
    return int(text) if text.isdecimal() and len(text) < 12 else None


def _read(
    row: Row, zone: dt.tzinfo, days_first: bool | None, fahrenheit: bool
) -> tuple[Measured | None, list[Problem]]:
    values = row.values
    given = values.get(MOMENT)
    when = joined(values[DAY], given) if DAY in values and given is not None else given
    at = read_moment(when, zone, days_first) if when is not None else None
    wrong = list(_wrong_moment(when, at, days_first))
    warmth = values.get(WARMTH, values.get(WARMTH_F))
    centi = read_centi(warmth, fahrenheit=fahrenheit or WARMTH not in values)
    if centi is None:
        wrong.append(problems("CC203", WARMTH, value="" if warmth is None else warmth))
    damp = values.get(DAMP)
    humidity = read_humidity(damp) if damp is not None else None
    if damp is not None and humidity is None:
        wrong.append(problems("CC208", DAMP, value=damp))
    if wrong or at is None or centi is None:
        return None, wrong
    return Measured(row.number, clean(values.get(CODE)), at, centi, humidity), []


def _wrong_moment(when: object, at: dt.datetime | None, days_first: bool | None) -> Iterator[Problem]:
    if when is None:
        yield problems("CC101", MOMENT, what=MOMENT)
    elif at is None:
        unclear = days_first is None and isinstance(when, str) and is_ambiguous(when)
        yield problems("CC202" if unclear else "CC201", MOMENT, value=when)
