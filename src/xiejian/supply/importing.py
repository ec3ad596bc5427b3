"""The supply room's door for whole files: movements from a workbook, a text table or an EPCIS document.

A row is identified by its firm and record number; without one, by everything it says (and how often the file
says it), so that the same file loads once. A row that says something else than the stored one of its number
amends it: the old row stays. What is wrong with a row that can be understood is marked, not refused; files
come in any order.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells, clean, tag_text
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Problem
from xiejian.kernel.tabular import Column, Row, Table
from xiejian.numbers import credit_code, udi
from xiejian.people.policy import Actor, may, require, require_for
from xiejian.registry.batches import Batch, Outcome, Progress, chunks
from xiejian.registry.bulk import insert_values
from xiejian.supply import epcis
from xiejian.supply.checks import Entry, check_entry, problems
from xiejian.supply.holding import held_reasons, office_codes
from xiejian.supply.judging import marks_of
from xiejian.supply.known import Around
from xiejian.supply.models import KINDS, LotHold, Movement
from xiejian.supply.settling import Lot, settle_lots, settle_since

_KIND_WORDS = {
    "入库": "生产入库", "生产": "生产入库", "购进": "购进验收", "采购": "购进验收", "采购入库": "购进验收",
    "收货": "购进验收", "验收": "购进验收", "收货验收": "购进验收", "销售": "销售出库", "出库": "销售出库",
    "发货": "销售出库", "采购退货": "购进退出", "退供货者": "购进退出", "退货": "销后退回",
    "销售退货": "销后退回", "领用": "使用", "耗用": "使用", "报废": "销毁", "损耗": "报损",
    "盘盈": "盘点", "盘亏": "盘点",
}  # fmt: skip
_KIND_OF = {label: kind for kind, label in KINDS.items()}

MOVEMENT_COLUMNS = (
    Column("登记单位信用代码", False, "谁登记的；企业自己导入可以不写", "91330206MA2AB12C3D",
           ("本单位信用代码",)),
    Column("类型", True, "、".join(KINDS.values()), "购进验收", ("业务类型", "出入库类型")),
    Column("日期", True, "发生的日期", "2024-03-05", ("业务日期", "收货日期", "出库日期")),
    Column("产品标识", False, "唯一标识的产品标识（DI）；与“唯一标识”写一个", "06972253600013",
           ("DI", "UDI-DI")),
    Column("唯一标识", False, "扫码得到的整串，批号、序列号、有效期可不再写",
           "(01)06972253600013(17)260930(10)A1", ("UDI", "医疗器械唯一标识")),
    Column("批号", False, "批号、序列号至少一个", "20230105", ("生产批号",)),
    Column("序列号", False, "", ""),
    Column("数量", True, "整数；盘点可为负", "20"),
    Column("单位", False, "空为最小销售单元；写包装单位的，按产品档案换算", "支"),
    Column("生产日期", False, "", "2023-01-05"),
    Column("有效期至", False, "", "2026-09-30", ("失效日期",)),
    Column("注册证编号", False, "注册证或者备案编号；空则取产品档案", "国械注准20203160123",
           ("注册证号", "备案编号")),
    Column("产品名称", False, "空则取产品档案", "人工晶状体"),
    Column("往来单位信用代码", False, "供货者、购货者；购销、退货须写代码或者名称", "91330200MA2XY98Z7W",
           ("供货者信用代码", "购货者信用代码", "对方信用代码")),
    Column("往来单位", False, "没有信用代码的（境外、个人）只写名称", "某医疗器械有限公司",
           ("供货者", "购货者", "供应商", "客户", "对方单位")),
    Column("单据号", False, "随货同行单、出库单的编号，双方相同", "CK20240305-01", ("随货同行单号",)),
    Column("地点", False, "库房、科室", "阴凉库"),
    Column("患者代号", False, "植入时医院自己的代号，不写姓名、病案号", ""),
    Column("记录编号", False, "本单位给这一行的编号；空则按内容生成", "R-000123", ("流水号",)),
)  # fmt: skip
PRODUCT = ("产品标识", "唯一标识")
_STORED = tuple(
    field.attname
    for field in Movement._meta.concrete_fields
    if field.attname in Entry.__dataclass_fields__
    and field.attname not in ("record_no", "source", "firm_uscc")
)
_content = attrgetter(*_STORED)
_stored_of = attrgetter("firm_uscc", "record_no", "source", *_STORED)
_WRITTEN = ("firm_uscc", "record_no", "source", *_STORED, "firm_office_code", "marks", "amends_id")


@transaction.atomic
def import_movements(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of movements (``MOVEMENT_COLUMNS``, or EPCIS 2.0 JSON); Refused like ``import_parties``.

    A firm loads its own; an officer those of the firms in the area; the machine's own command line those of
    firms outside the register too.
    """
    if by.firm:
        require_for(by, "firm.supply", by.firm, where=filename or path.name)
        office_code = office_codes([by.firm]).get(by.firm, "")
    else:
        require(by, "supply.import", office_code or None)
    is_epcis = (filename or path.name).lower().endswith((".json", ".jsonld"))
    table = epcis.read(path) if is_epcis else tabular.read(path, MOVEMENT_COLUMNS, either=PRODUCT)
    batch = Batch("movements", path, by, at, office_code, filename, progress)
    load = Load(batch, "epcis" if is_epcis else "import")
    load.run(table)
    return batch.finish(table, "movements", {"amended": load.amended})


@lru_cache(maxsize=100_000)
def _code(text: str) -> str:
    return credit_code.read(text).value or text.strip()


@lru_cache(maxsize=20_000)
def _di(text: str) -> str:
    """A device identifier as it is stored: GTIN-14 of a shorter one, another agency's as it stands."""
    if len(text) == 14 and text.isdigit():
        return text
    return udi.read(text, on=dt.date(2000, 1, 1)).di or text


def read_row(cells: Cells, firm: str, source: str, today: dt.date) -> Entry:
    """One row of the form as an entry; what cannot be read is noted in ``cells``."""
    kind = cells.choice("类型", KINDS.values(), synonyms=_KIND_WORDS, required=True)
    whole = cells.text("唯一标识", 400)
    code = udi.read(whole, on=today) if whole else None
    if code and not code.valid:
        for fault in code.faults:
            cells.problems.append(Problem(fault.code, fault.message, "唯一标识", fault.next))
    di = cells.text("产品标识", 60)
    lot, serial = cells.text("批号", 60), cells.text("序列号", 60)
    made_on, expires_on = cells.day("生产日期"), cells.day("有效期至")
    own, partner = cells.text("登记单位信用代码", 60), cells.text("往来单位信用代码", 60)
    return Entry(
        firm_uscc=_code(own)[:18] if own else firm,
        kind=_KIND_OF.get(kind, ""),
        di=_di(di) if di else (code.di or "") if code else "",
        quantity=_quantity(cells, kind),
        on=cells.day("日期", required=True, not_after=today) or today,
        lot=lot or ((code.lot or "") if code else ""),
        serial=serial or ((code.serial or "") if code else ""),
        partner_uscc=_code(partner)[:18] if partner else "",
        partner_name=cells.text("往来单位", 200),
        made_on=made_on or (code.made_on if code else None),
        expires_on=expires_on or (code.expires_on if code else None),
        registration_no=cells.text("注册证编号", 120),
        product_name=cells.text("产品名称", 300),
        document_no=cells.text("单据号", 60),
        place=cells.text("地点", 120),
        patient=cells.text("患者代号", 80),
        record_no=cells.text("记录编号", 60),
        source=source,
        unit=cells.text("单位", 10),
    )


def _quantity(cells: Cells, kind: str) -> int:
    """The quantity; a count may be less than nothing, and its word may say so."""
    text = clean(cells.row.get("数量"))
    word = clean(cells.row.get("类型"))
    negative = kind == KINDS["adjust"] and (text.startswith(("-", "－")) or word == "盘亏")
    digits = text.lstrip("-－")
    if not digits:
        cells.refuse("K501", "数量")
        return 1
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10) or (
        text.startswith(("-", "－")) and not negative
    ):
        cells.problems.append(problems("SU102", "数量", quantity=text))
        return 1
    return -int(digits) if negative else int(digits)


@dataclass
class Load:
    """Reads, judges and writes the rows of one file, chunk by chunk with a fixed number of queries each."""

    batch: Batch
    source: str
    amended: int = 0
    around: Around = field(default_factory=Around)
    _left: set[Lot] = field(default_factory=set)  # lots that an amended row may have gone out of
    _offices: dict[str, str] = field(default_factory=dict)
    _allowed: dict[str, bool] = field(default_factory=dict)
    _times: dict[bytes, int] = field(default_factory=dict)
    _seen: dict[int, tuple[str, int]] = field(default_factory=dict)
    _last: int = 0
    _asked: set[str] = field(default_factory=set)
    _with_rows: set[str] = field(default_factory=set)
    _holds: dict[str, list[LotHold]] = field(default_factory=dict)

    def run(self, table: Table) -> None:
        """Every row of the table; then the marks that lots show as a whole."""
        self._last = Movement.objects.aggregate(last=Max("pk"))["last"] or 0
        for rows in chunks(table.rows()):
            self._take(rows)
            self.batch.step()
        if self.batch.loaded:
            settle_since(self._last)
            settle_lots(self._left)

    def _take(self, rows: list[Row]) -> None:
        batch = self.batch
        batch.read += len(rows)
        cells = [Cells(row.values) for row in rows]
        entries = [read_row(one, batch.by.firm, self.source, batch.today) for one in cells]
        self._know_offices(entries)
        ready: list[tuple[Row, Entry]] = []
        resolved = self.around.resolved(entries)
        for row, one, (entry, unit) in zip(rows, cells, resolved, strict=True):
            found = [*row.faults, *one.problems] or [
                *unit, *self._of_firm(entry), *check_entry(entry, batch.today)
            ]  # fmt: skip
            if found:
                batch.refuse(row, found)
                continue
            named = entry if entry.record_no else replace(entry, record_no=self._number(entry))
            if self._first_of_its_number(row, named):
                batch.note(row, one.changes)
                ready.append((row, named))
        self._write([entry for _, entry in ready])

    def _know_offices(self, entries: Sequence[Entry]) -> None:
        new = {entry.firm_uscc for entry in entries} - self._offices.keys()
        if new:
            self._offices |= dict.fromkeys(new, "") | office_codes(new)

    def _of_firm(self, entry: Entry) -> list[Problem]:
        """Whose movements this actor may bring in."""
        firm, by = entry.firm_uscc, self.batch.by
        if not firm:
            return [problems("SU104", "登记单位信用代码", what="登记单位信用代码")]
        if firm not in self._allowed:
            office = self._offices[firm]
            inside = office.startswith(stem(self.batch.office_code)) or (by.role == "system" and not office)
            able = firm == by.firm if by.firm else inside and bool(may(by, "supply.import", office))
            self._allowed[firm] = able
        return [] if self._allowed[firm] else [problems("SU401", "登记单位信用代码", firm=firm)]

    def _number(self, entry: Entry) -> str:
        """A record number from what the row says, and how often the file has said it."""
        digest = hashlib.blake2b(repr(_stored_of(entry)).encode(), digest_size=10).digest()
        times = self._times[digest] = self._times.get(digest, 0) + 1
        return f"{entry.on:%Y%m%d}-{digest.hex()}-{times}"

    def _first_of_its_number(self, row: Row, entry: Entry) -> bool:
        """False (and the row returned) when an earlier row of the file used the number for something else."""
        key, content = hash((entry.firm_uscc, entry.record_no)), hash(_content(entry))
        first, before = self._seen.setdefault(key, (row.where, content))
        if first == row.where:
            return True
        if before == content:
            self.batch.unchanged += 1
        else:
            self.batch.refuse(row, [problems("SU402", "记录编号", record_no=entry.record_no, first=first)])
        return False

    def _write(self, entries: list[Entry]) -> None:
        self._know_firms({entry.firm_uscc for entry in entries})
        stored = _stored([entry for entry in entries if entry.firm_uscc in self._with_rows])
        new: list[tuple[object, ...]] = []
        amending: list[Movement] = []
        for entry in entries:
            old = stored.get((entry.firm_uscc, entry.record_no))
            # one that was struck stays so: the firm took it back
            if old is not None and (old.voided or _content(old) == _content(entry)):
                self.batch.unchanged += 1
                continue
            held = bool(self._holds) and bool(held_reasons(entry, self._holds.get(entry.firm_uscc, ())))
            marks = tag_text(marks_of(entry, self.around.known, held=held))
            new.append((*_stored_of(entry), self._offices[entry.firm_uscc], marks, old and old.pk))
            if old is not None:
                old.voided, old.reason = True, "导入的文件有更正"
                amending.append(old)
                self._left.add((old.di, old.lot))
        Movement.objects.bulk_update(amending, ["voided", "reason"], batch_size=500)
        same = {"voided": False, "reason": "", "at": self.batch.at, "by_name": self.batch.by.name}
        insert_values(Movement, _WRITTEN, new, same)
        self.amended += len(amending)
        self.batch.loaded += len(new)

    def _know_firms(self, firms: set[str]) -> None:
        """Which of these firms had records before this file, and what they hold; asked once per firm."""
        new = firms - self._asked
        if not new:
            return
        self._asked |= new
        before = Movement.objects.filter(firm_uscc__in=new, pk__lte=self._last).order_by()
        self._with_rows |= set(before.values_list("firm_uscc", flat=True).distinct())
        for hold in LotHold.objects.filter(firm_uscc__in=new, released_at=None):
            self._holds.setdefault(hold.firm_uscc, []).append(hold)


def _stored(entries: Sequence[Entry]) -> dict[tuple[str, str], Movement]:
    """The rows of these numbers: the one that counts, else one that was struck. Two queries, or none."""
    firms, numbers = {e.firm_uscc for e in entries}, {e.record_no for e in entries}
    found: dict[tuple[str, str], Movement] = {}
    for voided in (True, False) if entries else ():
        rows = Movement.objects.filter(firm_uscc__in=firms, record_no__in=numbers, voided=voided)
        found |= {(row.firm_uscc, row.record_no): row for row in rows.order_by()}
    return found
