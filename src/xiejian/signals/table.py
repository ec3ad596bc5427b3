"""Reports from a file: report_id, product, event and, where the file has it, stratum."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from xiejian.kernel import tabular
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.signals.counting import Ints, Reports, codes

problems = Catalogue(Path(__file__).with_name("problems.toml"))

REPORT, PRODUCT, EVENT, STRATUM = "report_id", "product", "event", "stratum"
COLUMNS = (
    tabular.Column(REPORT, required=True, meaning="报告编号", synonyms=("报告编号", "报告表编号")),
    tabular.Column(PRODUCT, required=True, meaning="产品", synonyms=("产品名称", "产品")),
    tabular.Column(EVENT, required=True, meaning="事件", synonyms=("事件", "伤害", "器械故障表现")),
    tabular.Column(STRATUM, meaning="分层（年份、地区等），可不填", synonyms=("分层",)),
)
_SHOWN = 20  # problems of one file that are listed


def read(path: Path) -> Reports:
    """A .csv, .csv.gz or .xlsx file as reports; blanks around a value do not count.

    Refused with K401 to K413 (file and headings), V101 (an empty cell), V102 (a report in two strata), V103
    (no row).
    """
    found: list[Problem] = []
    columns: dict[str, list[str]] = {REPORT: [], PRODUCT: [], EVENT: [], STRATUM: []}
    for row in tabular.read(path, COLUMNS).rows():
        found += row.faults
        values = {name: str(row.values.get(name) or "").strip() for name in columns}
        missing = [name for name in (REPORT, PRODUCT, EVENT) if not values[name]]
        found += [problems("V101", row.where, column=name) for name in missing]
        for name, value in values.items():
            columns[name].append(value)
    if found:
        more = len(found) - _SHOWN
        raise Refused([*found[:_SHOWN], *([problems("V104", path.name, count=more)] if more > 0 else [])])
    if not columns[REPORT]:
        raise Refused(problems("V103", path.name))
    report, names = codes(columns[REPORT])
    product, products = codes(columns[PRODUCT])
    event, events = codes(columns[EVENT])
    return Reports(report, product, event, _strata(report, columns[STRATUM], names), products, events)


def _strata(report: Ints, values: list[str], names: list[str]) -> Ints:
    """One code per report; all of a report's rows must name the same stratum."""
    stratum, labels = codes(values)
    of_report = np.zeros(len(names), np.int64)
    of_report[report] = stratum
    wrong = np.flatnonzero(of_report[report] != stratum)
    if len(wrong):
        i = int(wrong[0])
        first, second = values[i], labels[int(of_report[report[i]])]
        raise Refused(problems("V102", names[int(report[i])], first=first or "空", second=second or "空"))
    return of_report
