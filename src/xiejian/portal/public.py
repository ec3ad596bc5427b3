"""What anybody may see: certificates, products, penalties, typical cases, lists, quality notices, offices.

Every entry is a title and (label, text) pairs that are named here one by one, so that a new column of the
register or of a sample does not become public by itself. Legal representatives, heads, telephones of
parties, samplers and witnesses stay inside; a penalty shows the text that was approved for the public.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from xiejian.cases import publishing
from xiejian.cases.models import TypicalCase
from xiejian.credit import queries as credit
from xiejian.inspections import products
from xiejian.kernel import divisions
from xiejian.numbers import certificates, credit_code, udi
from xiejian.people.models import Office
from xiejian.registry import permitting
from xiejian.registry.models import Licence, Registration
from xiejian.registry.search import matching
from xiejian.sampling.models import Sample
from xiejian.vigilance import recall_queries
from xiejian.vigilance.recalls import WORKFLOW

PAGE = 20
#: certificates and products of one answer; whoever finds more asks more narrowly
FOUND = 20
#: characters of a name from which it is looked for
SHORTEST_NAME = 4
PUBLISHED = "published"
#: stands at the end of some certificate numbers; people leave it out
_NUMBER = "号"
_SETTLED = ("final", "disposed", "closed")
_FAILED = "不符合规定"


@dataclass(frozen=True)
class Entry:
    """One thing as the public reads it."""

    title: str
    facts: tuple[tuple[str, str], ...]
    text: str = ""


@dataclass(frozen=True)
class Entries:
    """One page of a list."""

    rows: list[Entry]
    total: int


def _entry(title: str, *facts: tuple[str, Any], text: str = "") -> Entry:
    return Entry(title, tuple((label, _said(value)) for label, value in facts if value), text)


def _said(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _page(rows: QuerySet[Any], number: int) -> tuple[list[Any], int]:
    return list(rows[(number - 1) * PAGE : number * PAGE]), rows.count()


# --- certificates and products ----------------------------------------------------------------------------


def _licence(row: Licence, on: dt.date) -> Entry:
    over = row.expires_on is not None and row.expires_on < on
    return _entry(
        row.party.name,
        ("证照", certificates.label(row.kind)), ("编号", row.number), ("统一社会信用代码", row.party.uscc),
        ("状态", "已过有效期" if over and row.status == permitting.IN_FORCE else row.status),
        ("发证日期", row.issued_on), ("备案日期", row.filed_on), ("有效期至", row.expires_on),
        ("范围", row.scope), ("地址", row.party.address),
    )  # fmt: skip


def _registration(row: Registration, on: dt.date) -> Entry:
    over = row.expires_on is not None and row.expires_on < on
    return _entry(
        row.product_name,
        ("编号", row.number), ("注册人或备案人", row.registrant),
        ("管理类别", permitting.CLASSES.get(row.management_class)),
        ("状态", "已过有效期" if over and row.status == permitting.IN_FORCE else row.status),
        ("批准日期", row.approved_on), ("有效期至", row.expires_on), ("生产地址", row.production_address),
    )  # fmt: skip


def _asked(text: str, on: dt.date) -> tuple[Q, Q]:
    """Which licences and which registrations a number or a device code means."""
    code = credit_code.read(text)
    if code.shape_ok:
        return Q(party__uscc=code.value), Q(party__uscc=code.value)
    key = certificates.read(text).key.removesuffix(_NUMBER)
    licences = registrations = Q(number_key__in=[key, key + _NUMBER])
    di = udi.read(text, on=on).di
    if di and (known := products.registration_of("", di)[0]):
        registrations |= Q(pk=known.pk)
    return licences, registrations


def look_up(text: str, on: dt.date) -> list[Entry]:
    """Certificates and products by number, credit code, device code or name; at most FOUND of each kind.

    A name needs SHORTEST_NAME characters. Two to five queries.
    """
    text = text.strip()
    if not text:
        return []
    licences = Licence.objects.select_related("party").exclude(party__status="注销")
    registrations = Registration.objects.order_by("number_key", "-approved_on", "-pk")
    by_licence, by_registration = _asked(text, on)
    found = [_licence(row, on) for row in licences.filter(by_licence)[:FOUND]]
    found += [_registration(row, on) for row in registrations.filter(by_registration)[:FOUND]]
    if not found and len(text) >= SHORTEST_NAME:
        named = matching(licences, text, "party__search_grams").order_by("party__name", "pk")
        found = [_licence(row, on) for row in named[:FOUND]]
        found += [_registration(row, on) for row in matching(registrations, text)[:FOUND]]
    return found


# --- published lists --------------------------------------------------------------------------------------


def penalties(on: dt.date, search: str, number: int) -> Entries:
    """处罚公示: the texts in force, as approved for the public."""
    rows, total = _page(publishing.published(on, search=search), number)
    return Entries(
        [
            _entry(_title(row.content), *row.content, ("公示日期", row.publication.published_on))
            for row in rows
        ],
        total,
    )


def _title(content: list[list[str]]) -> str:
    """Whom a published text is about, as it says; else what stands first in it."""
    return dict(content).get("当事人") or next((value for _, value in content if value), "")


def typical_cases(on: dt.date, search: str, number: int) -> Entries:
    """典型案例: told without names and approved for the public."""
    rows = TypicalCase.objects.filter(state=PUBLISHED, published_on__lte=on)
    if text := search.strip():
        rows = rows.filter(Q(title__icontains=text) | Q(story__icontains=text))
    found, total = _page(rows.order_by("-published_on", "-pk"), number)
    return Entries(
        [
            _entry(
                row.title, ("查处情况", row.outcome), ("典型意义", row.lesson),
                ("发布日期", row.published_on), text=row.story,
            )
            for row in found
        ],
        total,
    )  # fmt: skip


def dishonest(on: dt.date, search: str, number: int) -> Entries:
    """严重违法失信名单 and other published lists, in their term."""
    text = search.strip()
    rows = [row for row in credit.public(on) if not text or text in row.name or text == row.uscc]
    shown = rows[(number - 1) * PAGE : number * PAGE]
    return Entries(
        [
            _entry(
                row.name, ("统一社会信用代码", row.uscc), ("名单", row.list), ("列入事由", row.ground),
                ("文号", row.number), ("作出机关", row.office), ("列入日期", row.listed_on),
                ("期限至", row.until_on),
            )
            for row in shown
        ],
        len(rows),
    )  # fmt: skip


def _bureau(row: Sample) -> str:
    return divisions.at_tier(row.office_code, "county")


def notices(on: dt.date, search: str, number: int) -> Entries:
    """质量公告: samples whose failed result is final; one under objection or retest is not told."""
    rows = Sample.objects.filter(state__in=_SETTLED, final_on__lte=on).filter(
        Q(final_result=_FAILED) | Q(final_result="", result=_FAILED)
    )
    if text := search.strip():
        wanted = Q(product_name__icontains=text) | Q(maker__icontains=text) | Q(party__name__icontains=text)
        rows = rows.filter(wanted | Q(registration_no__icontains=text) | Q(lot__iexact=text))
    found, total = _page(rows.select_related("party").order_by("-final_on", "-pk"), number)
    codes = {_bureau(row) for row in found}
    bureaus = dict(Office.objects.filter(code__in=codes).values_list("code", "name"))
    return Entries(
        [
            _entry(
                row.product_name,
                ("注册证或备案编号", row.registration_no), ("规格型号", row.model_spec), ("批号", row.lot),
                ("标示生产企业", row.maker), ("被抽样单位", row.party.name),
                ("不符合规定项目", row.failed_items), ("检验机构", row.laboratory),
                ("公告日期", row.final_on), ("发布机关", bureaus.get(_bureau(row))),
            )
            for row in found
        ],
        total,
    )  # fmt: skip


def recalls(on: dt.date, search: str, number: int) -> Entries:
    """产品召回: decided recalls; of the units that hold the product nothing is told."""
    found, total = _page(recall_queries.public(on, search), number)
    return Entries(
        [
            _entry(
                row.product_name,
                ("召回编号", row.number), ("召回级别", row.level), ("召回方式", f"{row.kind}召回"),
                ("注册证或备案编号", row.registration_no), ("规格型号", row.model_spec),
                ("批号", "、".join(row.lots)), ("召回单位", row.holder_name), ("联系方式", row.contact),
                ("处理方式", "、".join(row.treatments)), ("决定日期", row.decided_on),
                ("进展", WORKFLOW.states[row.state]), text=row.reason,
            )
            for row in found
        ],
        total,
    )  # fmt: skip


def offices(search: str, number: int) -> Entries:
    """办公时间: the offices that told the public when and where they are open."""
    rows = Office.objects.filter(settings__has_key="public").order_by("code")
    if text := search.strip():
        rows = rows.filter(name__icontains=text)
    found, total = _page(rows, number)
    return Entries(
        [
            _entry(
                row.name, *((label, row.settings["public"].get(key)) for key, label in OFFICE_FACTS.items())
            )
            for row in found
        ],
        total,
    )


#: what an office tells the public about itself: key in Office.settings["public"] → label
OFFICE_FACTS = {"hours": "办公时间", "address": "地址", "phone": "电话", "note": "说明"}
