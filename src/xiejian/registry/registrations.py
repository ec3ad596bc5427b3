"""Files of product registrations as the regulator publishes them: 17 columns, dirt included.

Nothing of a row is lost: what was put right is kept beside it (``Registration.normalised``), a
number may have several rows (certificate, variations), the same row again changes nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction

from xiejian.kernel import dates, divisions, tabular
from xiejian.kernel.cells import Cells, name_key, read_classes
from xiejian.kernel.problems import Refused
from xiejian.kernel.tabular import Column, Row
from xiejian.numbers import certificates
from xiejian.people.policy import Actor, require
from xiejian.registry.batches import Batch, Outcome, Progress, chunks
from xiejian.registry.columns import problems
from xiejian.registry.importing import spellings
from xiejian.registry.models import Licence, Party, Registration
from xiejian.registry.records import extra_of
from xiejian.registry.search import grams

REGISTRATION_COLUMNS = (
    Column(
        "注册证编号",
        True,
        "注册证或备案编号",
        "苏械注准20172560729",
        ("注册证号", "注册号", "备案编号", "备案号"),
    ),
    Column("注册人名称", True, "注册人或备案人", "", ("备案人名称", "注册人")),
    Column("注册人住所", False, "", "", ("备案人住所", "备案人注册地址")),
    Column("生产地址", False, "", ""),
    Column("产品名称", True, "", "", ("产品名称（中文）",)),
    Column("管理类别", False, "第一类、第二类、第三类；空或“/”时取编号中的类别", "第二类"),
    Column("型号规格", False, "", "", ("型号、规格", "规格型号")),
    Column("结构及组成/主要组成成分", False, "", "", ("结构及组成", "主要组成成分", "产品描述")),
    Column("适用范围/预期用途", False, "", "", ("适用范围", "预期用途")),
    Column("产品储存条件及有效期", False, ""),
    Column("附件", False, ""),
    Column("其他内容", False, ""),
    Column("备注", False, "其中的生产许可证号用于关联生产企业"),
    Column("审批部门", False, "", "", ("备案部门", "审批机关")),
    Column("批准日期", False, "", "2020-07-27", ("备案日期", "注册日期")),
    Column("有效期至", False, "", "2025-04-26"),
    Column("变更情况", False, ""),
)
DETAILS = (
    "型号规格", "结构及组成/主要组成成分", "适用范围/预期用途", "产品储存条件及有效期", "附件", "其他内容",
    "备注", "变更情况",
)  # fmt: skip
KINDS = {"device_registration": "", "device_filing": "filing"}
#: written where a column says nothing
_EMPTY = frozenset({"", "/", "\\", "-", "—", "无", "不适用"})
_LAST_YEAR = 2099  # a later year in a certificate is a slip of the pen, not a date
_LICENCE_IN_TEXT = re.compile(r"[\u4e00-\u9fa5]食?药监械生产许\d{8}号?")
LICENCE_KEY = "生产许可证号"


@transaction.atomic
def import_registrations(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of product registrations (columns: ``REGISTRATION_COLUMNS``).

    A row whose number is no product certificate, or that lacks registrant or product, is returned.
    A row is linked to the party whose name is the registrant's, or that holds the production licence
    named in 备注, where there is exactly one. Refused like ``import_parties``.
    """
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, REGISTRATION_COLUMNS)
    batch = Batch("registrations", path, by, at, office_code, filename, progress)
    seen: set[str] = set()
    suspect = 0
    for rows in chunks(table.rows()):
        batch.read += len(rows)
        ready = [found for row in rows if (found := _read(batch, row))]
        suspect += _write(batch, ready, seen)
        batch.step()
    return batch.finish(table, "registrations", {"suspect": suspect})


@dataclass
class _Ready:
    row: Row
    record: Registration
    changes: list[dict[str, str]]


def _read(batch: Batch, row: Row) -> _Ready | None:
    """One row as a registration, or None with the row returned."""
    cells = Cells(row.values)
    printed = str(row.values.get("注册证编号") or "").strip()
    number = _number(cells, printed)
    registrant = cells.text("注册人名称", 300, required=True)
    product = cells.text("产品名称", 500, required=True)
    facts: dict[str, Any] = {
        "registrant_address": cells.text("注册人住所", 2000),
        "production_address": cells.text("生产地址", 2000),
        "management_class": _class(cells, number),
        "department": _department(cells),
        "approved_on": _day(cells, "批准日期", batch.today),
        "expires_on": _day(cells, "有效期至", None),
        "details": _details(cells),
    }
    if row.faults or cells.problems:
        batch.refuse(row, [*row.faults, *cells.problems])
        return None
    approved, expires = facts["approved_on"], facts["expires_on"]
    if approved and expires and expires < approved:
        cells.changed("有效期至", expires, expires, "有效期早于批准日期，待核")
    record = Registration(
        number=printed[:120],
        number_key=number.fields.get("base", number.key)[:120],
        number_kind=KINDS[number.kind] or number.form,
        record_key=_digest(row),
        registrant=registrant,
        product_name=product,
        normalised=cells.changes,
        search_grams=grams([number.key, product, registrant]),
        **facts,
    )
    return _Ready(row, record, cells.changes)


def _digest(row: Row) -> str:
    """What makes two rows the same row: every cell, but for blanks at its ends."""
    parts = [f"{k}\0{str(v).strip()}" for k, v in sorted(row.values.items()) if str(v).strip()]
    return hashlib.sha256("\1".join(parts).encode()).hexdigest()


def _number(cells: Cells, printed: str) -> certificates.Number:
    """The certificate number, repaired; a problem when it is none."""
    heading = "注册证编号"
    number = certificates.read(printed)
    if not printed:
        cells.refuse("K501", heading)
    elif number.kind == "other":
        cells.problems.append(problems("R401", heading, value=printed[:60]))
    elif number.kind not in KINDS:
        label = certificates.label(number.kind)
        cells.problems.append(problems("R402", heading, value=printed, kind=label))
    for before, after, why in number.repairs:
        cells.changed(heading, before, after, why)
    if number.suspect and number.kind in KINDS:
        cells.changed(heading, printed, number.key, "编号格式待核")
    return number


def _class(cells: Cells, number: certificates.Number) -> str:
    """The class of the column; that of the number where the column says none."""
    given = str(cells.row.get("管理类别") or "").strip()
    in_number = number.fields.get("class", "1" if number.kind == "device_filing" else "")
    if given in _EMPTY:
        if given:
            taken = f"第{'一二三'[int(in_number) - 1]}类" if in_number else ""
            cells.changed("管理类别", given, taken, "取编号中的类别" if taken else "管理类别未填")
        return in_number
    found = read_classes(given.removeprefix("同"))
    if found is None or len(found) != 1:
        cells.refuse("K502", "管理类别", value=given, allowed="第一类、第二类、第三类")
        return ""
    if given.startswith("同"):
        cells.changed("管理类别", given, given.removeprefix("同"), "统一用语")
    if in_number and in_number != found:
        cells.changed("管理类别", given, given, f"与编号中的类别（{in_number}）不一致，待核")
    return found


def _day(cells: Cells, heading: str, not_after: dt.date | None) -> dt.date | None:
    """A date; one written otherwise is noted, one of an impossible year is emptied and noted."""
    given = cells.row.get(heading)
    if isinstance(given, str) and given.strip() in _EMPTY:
        return None
    try:
        day = dates.read(given)
    except Refused:
        return cells.day(heading)
    if day is None:
        return None
    if day.year > _LAST_YEAR:
        cells.changed(heading, given, "", "不可能的日期，按空处理")
        return None
    if isinstance(given, str) and given.strip() != day.isoformat():
        cells.changed(heading, given, day.isoformat(), "日期写法")
    return cells.day(heading, not_after=not_after)


@cache
def _provinces() -> tuple[tuple[str, str], ...]:
    """Short and full name of each province: 内蒙古, 内蒙古自治区."""
    full = [name for code, name in divisions.names().items() if len(code) == 6 and code.endswith("0000")]
    endings = re.compile(r"(?:壮族|回族|维吾尔)?(?:自治区|特别行政区)$|省$|市$")
    return tuple((endings.sub("", name), name) for name in full)


@cache
def _one_department(text: str) -> str:
    return certificates.department(text, _provinces())


def _department(cells: Cells) -> str:
    given = cells.text("审批部门", 100)
    one = _one_department(given)
    if one != given:
        cells.changed("审批部门", given, one, "审批部门名称统一" if one else "审批部门未填")
    return one


def _details(cells: Cells) -> dict[str, str]:
    """The long columns as text with their line breaks, the unknown columns, the licence named in 备注."""
    found = {}
    for heading in DETAILS:
        text = str(cells.row.get(heading) or "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        if (text := text.strip()) not in _EMPTY:
            found[heading] = text
    if match := _LICENCE_IN_TEXT.search(certificates.plain(found.get("备注", ""))):
        found[LICENCE_KEY] = certificates.read(match[0]).key
    return found | extra_of(cells, REGISTRATION_COLUMNS)


def _write(batch: Batch, ready: list[_Ready], seen: set[str]) -> int:
    """Write the rows that are not there yet; how many of them have a doubtful number."""
    keys = {item.record.record_key for item in ready} - seen
    seen |= set(Registration.objects.filter(record_key__in=keys).values_list("record_key", flat=True))
    new = []
    for item in ready:
        if item.record.record_key in seen:
            batch.unchanged += 1
            continue
        seen.add(item.record.record_key)
        batch.note(item.row, item.changes)
        new.append(item.record)
    _link(new)
    Registration.objects.bulk_create(new, batch_size=1000)
    batch.loaded += len(new)
    return sum(record.number_kind == "suspect" for record in new)


def _link(records: list[Registration]) -> None:
    """Give each record the one party of its registrant's name, else the holder of the licence it names."""
    names = {s for record in records for s in spellings(record.registrant)}
    owners: dict[str, set[int]] = {}
    for pk, name in Party.objects.order_by().filter(name__in=names).values_list("pk", "name"):
        owners.setdefault(name_key(name), set()).add(pk)
    numbers = {number for record in records if (number := record.details.get(LICENCE_KEY))}
    holders = dict(
        Licence.objects.order_by().filter(number_key__in=numbers).values_list("number_key", "party")
    )
    for record in records:
        found = owners.get(name_key(record.registrant), set())
        if len(found) == 1:
            record.party_id = next(iter(found))
        elif not found:
            record.party_id = holders.get(record.details.get(LICENCE_KEY, ""))
