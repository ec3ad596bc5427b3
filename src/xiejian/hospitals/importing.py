"""The door for whole lists of devices: one row is one device of one hospital, by the hospital's own number.

A list read again changes nothing. A new device stands in use unless the row says otherwise, with the upkeep
that the pack proposes; what a device cost is not read.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.hospitals import checks as check
from xiejian.hospitals import rules
from xiejian.hospitals.actions import PERMISSION, WORKFLOW, proposed_plans, record_key
from xiejian.hospitals.models import MedicalDevice, UpkeepPlan
from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells, tag_text
from xiejian.kernel.tabular import Column
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.registry.records import Reading, RecordLoad, Written, given
from xiejian.registry.references import REFERENCE, REFERENCE_COLUMNS, PartyRef

_CLASSES = {"Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "I": "1", "II": "2", "III": "3", "Ⅰ类": "1", "Ⅱ类": "2", "Ⅲ类": "3",
            "一类": "1", "二类": "2", "三类": "3", "第一类": "1", "第二类": "2", "第三类": "3"}  # fmt: skip
_STATES = {label: state for state, label in WORKFLOW.states.items()}
_FOCUS_WORDS = {
    "大型设备": "大型",
    "大型医用设备": "大型",
    "生命支持": "急救",
    "强检": "计量",
    "计量器具": "计量",
}

DEVICE_COLUMNS = (
    *REFERENCE_COLUMNS,
    Column("设备编号", True, "本单位的编号，一台一个", "SB-0012", ("资产编号", "固定资产编号", "编号")),
    Column("设备名称", True, "", "多参数监护仪", ("名称", "器械名称", "资产名称")),
    Column("注册证编号", False, "注册证或者备案编号", "国械注准20193070123", ("注册证号", "备案编号")),
    Column("产品标识", False, "UDI-DI", "06901234567892", ("UDI-DI", "DI")),
    Column("出厂编号", False, "", "SN20190031", ("序列号", "产品编号")),
    Column("规格型号", False, "", "PM-9000", ("型号", "型号规格", "规格")),
    Column("管理类别", False, "1、2、3", "2", ("器械类别", "类别")),
    Column("注册人或备案人", False, "", "", ("生产企业", "制造商", "厂家")),
    Column("供货者", False, "", "", ("供应商", "供货单位")),
    Column("使用科室", False, "", "急诊科", ("科室", "使用部门", "所在科室")),
    Column("重点类别", False, "、".join(rules.focuses().values()), "急救、计量", ("设备类别",)),
    Column("购置日期", False, "", "2019-05-06", ("购入日期",)),
    Column("验收日期", False, "", "2019-05-20", ("安装日期", "启用日期")),
    Column("使用期限（年）", False, "按说明书、铭牌", "10", ("使用年限", "使用期限")),
    Column("在用软件版本", False, "", "", ("软件版本",)),
    Column("注册证载软件版本", False, "", ""),
    Column("检定校准有效期至", False, "", "2024-06-30", ("检定有效期至", "校准有效期至", "计量有效期")),
    Column("状态", False, "、".join(_STATES) + "；空为在用", "在用", ("设备状态",)),
)  # fmt: skip


@transaction.atomic
def import_devices(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a list of devices (columns: ``DEVICE_COLUMNS``); Refused like ``import_parties``.

    A hospital's own people load its own: rows of another unit come back.
    """
    if by.firm:
        require_for(by, PERMISSION, by.firm)
    else:
        require(by, "registry.import", office_code or None)
    table = tabular.read(path, DEVICE_COLUMNS, either=REFERENCE)
    batch = Batch("devices", path, by, at, office_code, filename, progress)
    today = timezone.localdate(at)
    load = RecordLoad(
        batch, MedicalDevice, "record_key", "设备编号", partial(_read, by=by, at=at), "监管机构代码",
        partial(_plan, today=today), permission=PERMISSION if by.firm else "registry.import",
    )  # fmt: skip
    load.run(table)
    return batch.finish(table, "devices", {"amended": load.amended})


def _years(cells: Cells) -> int | None:
    text = cells.text("使用期限（年）", 10).removesuffix("年")
    if not text:
        return None
    years = int(text) if text.isdecimal() else 0
    found = check.check_life(years)
    cells.problems.extend(found)
    return None if found else years


def _focus(cells: Cells) -> str:
    ids = {label: name for name, label in rules.focuses().items()}
    known = {**{label: label for label in ids}, **_FOCUS_WORDS}
    return tag_text(ids[known[one]] for one in cells.choices("重点类别", list(known)))


def _days(cells: Cells, today: dt.date) -> dict[str, dt.date | None]:
    bought = cells.day("购置日期", not_after=today)
    accepted = cells.day("验收日期", not_after=today)
    cells.problems.extend(check.check_order_of_dates("购置日期", bought, "验收日期", accepted))
    return {"bought_on": bought, "accepted_on": accepted, "metering_until": cells.day("检定校准有效期至")}


def _read(cells: Cells, ref: PartyRef | None, today: dt.date, *, by: Actor, at: dt.datetime) -> Reading:
    """One row of the list."""
    number = cells.text("设备编号", 60, required=True)
    days, years = _days(cells, today), _years(cells)
    state = cells.choice("状态", list(_STATES), synonyms={"使用中": "在用", "闲置": "停用", "维修中": "维修"})
    focus = _focus(cells)
    stated: dict[str, Any] = given(
        party_id=ref.pk if ref else None,
        number=number,
        name=cells.text("设备名称", 200, required=True),
        registration_no=cells.text("注册证编号", 120),
        di=cells.text("产品标识", 60),
        serial=cells.text("出厂编号", 60),
        model_spec=cells.text("规格型号", 120),
        device_class=cells.choice("管理类别", ("1", "2", "3"), synonyms=_CLASSES),
        maker=cells.text("注册人或备案人", 200),
        supplier=cells.text("供货者", 200),
        department=cells.text("使用科室", 80),
        focus=focus if focus != "|" else None,
        life_years=years,
        life_ends_on=check.life_ends(days["accepted_on"], days["bought_on"], years),
        software=cells.text("在用软件版本", 60),
        registered_software=cells.text("注册证载软件版本", 60),
        **days,
    )
    defaults = {
        "state": _STATES.get(state, WORKFLOW.start),
        "state_on": today,
        "made_at": at,
        "by_name": by.name,
    }
    key = record_key(ref.pk if ref else 0, number)
    return Reading(key, ref.office_code if ref else "", stated, defaults)


def _plan(written: Written[MedicalDevice], *, today: dt.date) -> None:
    """The proposed upkeep of what is new; scrapped devices need none."""
    new = [device for device in written.created if device.state != "scrapped"]
    UpkeepPlan.objects.bulk_create(plan for device in new for plan in proposed_plans(device, today))
