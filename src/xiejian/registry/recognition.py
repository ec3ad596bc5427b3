"""Columns that the form does not know, recognised by what is in them; a file rewritten as the form has it.

Only a suggestion: the officer sees the heading, some values and the suggested column side by side
and decides. An office's own list often lacks a column that is the same for every row (the division,
the link): one value can be given for all rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from xiejian.kernel import dates, divisions, tabular
from xiejian.kernel.problems import Refused
from xiejian.kernel.tabular import Column
from xiejian.numbers import certificates, credit_code
from xiejian.registry.models import LINKS, STATUSES

#: Share of the values that must fit before a column is suggested.
ENOUGH = 0.8
_NAME = re.compile(
    r".{2,}(公司|药房|药店|药城|商店|眼镜店|店|厂|医院|卫生院|卫生室|诊所|门诊部|中心|经营部|站|部)\S*"
)
_PLACE = re.compile(r".{2,}(路|街|巷|号|村|镇|乡|苏木|嘎查|小区|大厦|广场).*")
_PHONE = re.compile(r"1\d{10}|(0\d{2,3}[- ]?)?\d{7,8}")
_PERSON = re.compile(r"[\u4e00-\u9fff·]{2,4}")


def _is_date(text: str) -> bool:
    try:
        return dates.read(text) is not None
    except Refused:
        return False


def _is_division(text: str) -> bool:
    return text.isdigit() and len(text) in (6, 9, 12) and divisions.is_known(text)


def _all_in(words: Sequence[str]) -> Callable[[str], bool]:
    return lambda text: all(part in words for part in re.split("[、,，/ ]", text) if part)


#: (what the values look like, the columns it may be, words of a heading that choose between them)
_LOOKS: list[tuple[Callable[[str], bool], tuple[tuple[str, str], ...]]] = [
    (lambda t: credit_code.read(t).shape_ok, (("统一社会信用代码", ""),)),
    (_is_division, (("行政区划代码", ""),)),
    (lambda t: certificates.read(t).kind != "other", (("证号", ""),)),
    (
        _is_date,
        (("有效期至", "有效|到期|截止|届满"), ("备案日期", "备案"), ("发证日期", "发证|许可|批准|签发")),
    ),
    (lambda t: _PHONE.fullmatch(t) is not None, (("电话", ""),)),
    (_all_in(LINKS), (("环节", ""),)),
    (_all_in(STATUSES), (("状态", ""),)),
    (lambda t: _NAME.fullmatch(t) is not None, (("主体名称", ""),)),
    (lambda t: _PLACE.fullmatch(t) is not None, (("库房地址", "库|仓"), ("地址", ""))),
    (lambda t: _PERSON.fullmatch(t) is not None, (("法定代表人", "法人|法定"), ("负责人", "负责|经理|联系"))),
]


def guess(heading: str, values: Sequence[str], free: set[str]) -> str:
    """The form's column that a heading with these values most likely means; '' when nothing fits.

    ``free``: the columns of the form that the file has not filled yet.
    """
    given = [str(v).strip() for v in values if str(v).strip()]
    if not given:
        return ""
    for looks, columns in _LOOKS:
        if sum(map(looks, given)) < ENOUGH * len(given):
            continue
        for column, words in columns:
            if column in free and re.search(words, heading):
                return column
    return ""


def read_loosely(path: Path, columns: tuple[Column, ...]) -> tabular.Table:
    """The file with its known headings recognised and none required; else Refused as ``tabular.read``."""
    return tabular.read(path, tuple(replace(c, required=False) for c in columns))


def rewrite(
    path: Path,
    target: Path,
    columns: tuple[Column, ...],
    names: Mapping[str, str],
    constants: Mapping[str, str],
) -> int:
    """Write the file's rows to ``target`` (xlsx) under the form's headings; returns how many rows.

    ``names``: heading of the file → column of the form; ``constants``: column → the value of every row
    that has none. Row numbers of later problems count the rows of ``target``.
    """
    table = read_loosely(path, columns)
    headings = [names.get(h, h) for h in table.headings]
    added = [column for column in constants if column not in headings]
    rows = (
        [
            row.values.get(heading) or constants.get(name)
            for heading, name in zip(table.headings, headings, strict=True)
        ]
        + [constants[column] for column in added]
        for row in table.rows()
    )
    return tabular.write_xlsx(target, "导入", [*headings, *added], rows)
