"""现场扫码核对: a device code read on the shelf against the register, on the day.

``examine`` is pure: what the label and the register say goes in, every thing looked at comes out with
its state and its clause. What is asked and which paper a link needs: packs/inspections/product-checks.toml.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from xiejian.inspections import checklists, paper_checks
from xiejian.inspections.actions import VISIT_WORKFLOW
from xiejian.inspections.checks import refuse
from xiejian.inspections.models import ProductCheck, SiteRecord, Visit
from xiejian.kernel.packs import root
from xiejian.numbers import certificates, udi
from xiejian.people import audit
from xiejian.people.policy import Actor, require
from xiejian.registry.models import Licence, Party, PartyLink, Registration

VERDICTS = {"ok": "核对无误", "doubt": "待核实", "wrong": "不符合"}
_SEVERITY = ("ok", "doubt", "wrong")
CLASSES = {"1": "第一类", "2": "第二类", "3": "第三类"}
#: A catalogue number in a scope of business: 6822 (2002), 22, 22-04 (2017).
_CATALOGUE = re.compile(r"(?<![\d.])(?<!\d-)(?:68(\d{2})|(0[1-9]|1\d|2[0-2]))(?![\d.年月日])")
IN_FORCE = "有效"


@dataclass(frozen=True)
class Reason:
    """One thing that was looked at. ``state``: ok, doubt (cannot be told), wrong."""

    check: str
    state: str
    text: str
    citation: str = ""
    unverified: bool = False


@dataclass(frozen=True)
class Product:
    """What the register says about the product; ``found`` False when it does not know the number."""

    number: str
    found: bool = False
    name: str = ""
    management_class: str = ""
    category: str = ""
    catalogue: str = ""  # 2002 or 2017: the same two digits mean other things in the other
    approved_on: dt.date | None = None
    expires_on: dt.date | None = None
    status: str = IN_FORCE


@dataclass(frozen=True)
class Paper:
    """One licence or filing of the party."""

    kind: str
    number: str
    scope: str = ""
    from_on: dt.date | None = None
    expires_on: dt.date | None = None
    status: str = IN_FORCE


@dataclass(frozen=True)
class Holder:
    """What the register says about whoever has the product on the shelf."""

    link: str
    classes: str = ""
    scope: str = ""
    papers: tuple[Paper, ...] = ()


@cache
def _rules() -> dict[str, dict[str, dict[str, Any]]]:
    return checklists.load_rules(root() / "inspections" / "product-checks.toml")


def _reason(check: str, state: str, text: str) -> Reason:
    rule = _rules()["check"][check]
    return Reason(check, state, text, rule["citation"], bool(rule.get("unverified")))


def examine(code: udi.Udi | None, product: Product | None, holder: Holder, on: dt.date) -> list[Reason]:
    """Everything that can be told on the spot, worst first. ``code`` is None when only a number was typed."""
    found = [*_of_code(code, on), *_of_registration(code, product, on)]
    if product and product.management_class:
        found += _of_holder(product, holder, on)
    return sorted(found, key=lambda reason: -_SEVERITY.index(reason.state))


def verdict(reasons: Iterable[Reason]) -> str:
    """The worst state among the reasons; doubt when nothing could be looked at."""
    return max((r.state for r in reasons), key=_SEVERITY.index, default="doubt")


def _of_code(code: udi.Udi | None, on: dt.date) -> list[Reason]:
    if code is None:
        return []
    if not code.valid:
        return [_reason("code", "doubt", f"{fault.message}；{fault.next}") for fault in code.faults]
    found = [_reason("code", "ok", f"{code.agency}编码，产品标识 {code.di or '（不在这个条码中）'}")]
    if code.expires_on is None:
        return [*found, _reason("shelf_life", "doubt", "条码中没有失效日期，请看标签")]
    if code.expires_on < on:
        return [*found, _reason("shelf_life", "wrong", f"已于 {code.expires_on} 过期")]
    return [*found, _reason("shelf_life", "ok", f"有效期至 {code.expires_on}")]


def _of_registration(code: udi.Udi | None, product: Product | None, on: dt.date) -> list[Reason]:
    if product is None:
        return [_reason("registered", "doubt", "名录中还没有这个产品标识，请输入标签上的注册证编号再核对")]
    if not product.found:
        return [_reason("registered", "doubt", f"名录中没有 {product.number}，请与国家药监局公开数据核对")]
    named = f"{product.number} {product.name}"
    if product.status != IN_FORCE:
        return [_reason("registered", "wrong", f"{named}：状态为{product.status}")]
    made = code.made_on if code else None
    if product.approved_on and product.approved_on > (made or on):
        when = f"生产日期 {made}" if made else "今天"
        return [_reason("registered", "wrong", f"{named}：{product.approved_on} 才批准，晚于{when}")]
    return [_reason("registered", "ok", named), _in_time(product, made, on)]


def _in_time(product: Product, made: dt.date | None, on: dt.date) -> Reason:
    """Goods made while the certificate was valid may be sold after it has run out."""
    until = product.expires_on
    if until is None:
        return _reason("certificate", "ok", "没有登记有效期（备案长期有效）")
    if until >= on:
        return _reason("certificate", "ok", f"注册证有效期至 {until}")
    if made is None:
        return _reason("certificate", "doubt", f"注册证已于 {until} 到期，请看标签上的生产日期是否在此之前")
    if made > until:
        return _reason("certificate", "wrong", f"注册证已于 {until} 到期，产品于 {made} 生产")
    return _reason("certificate", "ok", f"注册证已于 {until} 到期，产品于 {made} 在有效期内生产")


def _of_holder(product: Product, holder: Holder, on: dt.date) -> list[Reason]:
    if holder.link not in {rule["link"] for rule in _rules()["certificate"].values()}:
        return []
    called = CLASSES.get(product.management_class, product.management_class)
    found = []
    if holder.classes:
        within = product.management_class in holder.classes
        known = "、".join(CLASSES.get(c, c) for c in holder.classes)
        text = f"{called}医疗器械，登记的管理类别为{known}"
        found.append(_reason("classes", "ok" if within else "wrong", text))
    wanted = [
        rule for rule in _rules()["certificate"].values()
        if (rule["link"], rule["class"]) == (holder.link, product.management_class)
    ]  # fmt: skip
    for rule in wanted:
        found += _of_papers(rule, product, holder, on)
    return found


def _of_papers(rule: Mapping[str, Any], product: Product, holder: Holder, on: dt.date) -> list[Reason]:
    papers = [paper for paper in holder.papers if paper.kind in rule["kinds"]]
    if not papers:
        return [_reason("licence", "doubt", f"名录中没有该单位的{rule['meaning']}，请查看原件")]
    good = [p for p in papers if p.status == IN_FORCE and (p.expires_on or on) >= on >= (p.from_on or on)]
    if not good:
        last = max(papers, key=lambda p: p.expires_on or dt.date.max)
        state = last.status if last.status != IN_FORCE else f"有效期至 {last.expires_on}"
        return [_reason("licence", "wrong", f"{rule['meaning']} {last.number}：{state}")]
    named = "、".join(p.number for p in good)
    return [_reason("licence", "ok", named), *_in_scope(product, [*good], holder.scope)]


def _in_scope(product: Product, papers: list[Paper], also: str) -> list[Reason]:
    """Whether the product's catalogue number is among those of the scope, where both are written."""
    scope = "；".join(filter(None, [*(paper.scope for paper in papers), also]))
    if not (product.category and product.catalogue and scope):
        missing = "名录没有登记许可范围" if not scope else "从注册证编号看不出分类编码所属的目录"
        return [_reason("scope", "doubt", f"{missing}，请查看原件")]
    named: dict[str, set[str]] = {"2002": set(), "2017": set()}
    for old, new in _CATALOGUE.findall(scope):
        named["2002" if old else "2017"].add(old or new)
    if product.category in named.get(product.catalogue, ()):
        return [
            _reason("scope", "ok", f"许可范围包括 {product.category} 类（{product.catalogue}年分类目录）")
        ]
    comparable = named.get(product.catalogue)
    if not comparable or "全部" in scope:
        return [_reason("scope", "doubt", f"许可范围没有写{product.catalogue}年目录的编码：{scope[:60]}")]
    listed = "、".join(sorted(comparable))
    return [_reason("scope", "wrong", f"产品属 {product.category} 类，许可范围为 {listed} 类")]


def _catalogue_of(year: str) -> str:
    """The classification catalogue whose numbers a certificate first issued in a year carries."""
    changed = int(_rules()["value"]["catalogue-2017"]["value"])
    if not year or int(year) == changed:
        return ""
    return "2002" if int(year) < changed else "2017"


# ── the store ─────────────────────────────────────────────────────────────────────────────────────
def registration_of(number: str, di: str) -> tuple[Registration | None, str]:
    """The product by the number on its label, else by what its DI turned out to be before.

    Of several papers of one number the one that runs longest. The second part is the number as read.
    """
    if number.strip():
        read = certificates.read(number)
        keys = [read.key, *([read.fields["base"]] if "base" in read.fields else [])]
        rows = Registration.objects.filter(number_key__in=keys)
        return rows.order_by(F("expires_on").desc(nulls_first=True), "-pk").first(), read.key
    if not di:
        return None, ""
    before = ProductCheck.objects.filter(di=di, registration__isnull=False).select_related("registration")
    last = before.order_by("-checked_at", "-pk").first()
    return (last.registration, last.registration_no) if last else (None, "")


def _product(row: Registration | None, number: str) -> Product | None:
    if row is None and not number:
        return None
    fields = certificates.read(row.number if row else number).fields
    parts = {"category": fields.get("category", ""), "catalogue": _catalogue_of(fields.get("year", ""))}
    if row is None:
        return Product(number, management_class=fields.get("class", ""), **parts)
    return Product(
        row.number, True, row.product_name, row.management_class or fields.get("class", ""),
        approved_on=row.approved_on, expires_on=row.expires_on, status=row.status, **parts,
    )  # fmt: skip


def _holder(party: Party, link: str) -> Holder:
    of_link = PartyLink.objects.filter(party=party, link=link).first()
    papers = tuple(
        Paper(row.kind, row.number, row.scope, row.issued_on or row.filed_on, row.expires_on, row.status)
        for row in Licence.objects.filter(party=party)
    )
    if of_link is None:
        return Holder(link, papers=papers)
    return Holder(link, of_link.classes, of_link.scope, papers)


@transaction.atomic
def check_product(
    *,
    visit: Visit,
    text: str,
    by: Actor,
    at: dt.datetime,
    registration_no: str = "",
    checked_at: dt.datetime | None = None,
) -> ProductCheck:
    """Check one product on the shelf by its code, its registration number or both, and keep the answer.

    ``checked_at``: when a device without a network read it; ``at`` when None. The same code at the same
    visit is kept once. Refused: a visit that is not under way (I614), nothing given (I613), a record that
    is signed (I601).
    """
    visit = Visit.objects.select_for_update(of=("self",)).select_related("party").get(pk=visit.pk)
    require(by, "inspections.visit", visit.office_code, where=visit.number)
    scanned, typed = text.strip()[:400], registration_no.strip()[:120]
    if stored := visit.product_checks.filter(udi=scanned, registration_no=typed).first():
        return stored
    signed = SiteRecord.objects.filter(visit=visit, part=0).exists()
    refuse(
        paper_checks.check_under_way(visit.state, VISIT_WORKFLOW.states[visit.state]),
        paper_checks.check_something_to_look_up(scanned, typed),
        paper_checks.check_not_signed(signed, visit.number),
    )
    moment = checked_at or at
    on = timezone.localdate(moment)
    code = udi.read(scanned, on=on) if scanned else None
    row, number = registration_of(typed, (code.di or "") if code else "")
    product = _product(row, number)
    reasons = examine(code, product, _holder(visit.party, visit.link), on)
    made = ProductCheck.objects.create(
        visit=visit, udi=scanned, registration=row, registration_no=typed or number, verdict=verdict(reasons),
        product_name=product.name if product else "", reasons=[asdict(reason) for reason in reasons],
        checked_at=moment, at=at, by_name=by.name, **_of_label(code),
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="check_product", subject="visit", key=visit.number,
        office_code=visit.office_code,
        detail={"udi": scanned, "registration": made.registration_no, "verdict": made.verdict},
    )  # fmt: skip
    return made


def _of_label(code: udi.Udi | None) -> dict[str, Any]:
    if code is None:
        return {}
    return {
        "di": (code.di or "")[:60], "lot": (code.lot or "")[:60], "serial": (code.serial or "")[:60],
        "made_on": code.made_on, "expires_on": code.expires_on,
    }  # fmt: skip
