"""Whether a product is registered, and whether its holder's papers allow it to have it, on a day.

Pure but for the readers at the end: what the register says goes in, every thing looked at comes out with
its state and its clause. What is asked and which paper a link needs: packs/inspections/product-checks.toml.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import F

from xiejian.kernel.pack_folder import root
from xiejian.numbers import certificates
from xiejian.registry.models import Licence, Party, PartyLink, Registration

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
    """Shape → id → entry; that each is sourced is checked with the checklists."""
    raw = tomllib.loads((root() / "inspections" / "product-checks.toml").read_text("utf-8"))
    return {shape: {entry["id"]: entry for entry in entries} for shape, entries in raw.items()}


def reason(check: str, state: str, text: str) -> Reason:
    """One thing looked at, with its clause."""
    rule = _rules()["check"][check]
    return Reason(check, state, text, rule["citation"], bool(rule.get("unverified")))


def of_registration(product: Product | None, made: dt.date | None, on: dt.date) -> list[Reason]:
    """Whether the product is registered, and was when it was made; None: nothing names a registration."""
    if product is None:
        return [reason("registered", "doubt", "名录中还没有这个产品标识，请输入标签上的注册证编号再核对")]
    if not product.found:
        return [reason("registered", "doubt", f"名录中没有 {product.number}，请与国家药监局公开数据核对")]
    named = f"{product.number} {product.name}"
    if product.status != IN_FORCE:
        return [reason("registered", "wrong", f"{named}：状态为{product.status}")]
    if product.approved_on and product.approved_on > (made or on):
        when = f"生产日期 {made}" if made else "今天"
        return [reason("registered", "wrong", f"{named}：{product.approved_on} 才批准，晚于{when}")]
    return [reason("registered", "ok", named), _in_time(product, made, on)]


def _in_time(product: Product, made: dt.date | None, on: dt.date) -> Reason:
    """Goods made while the certificate was valid may be sold after it has run out."""
    until = product.expires_on
    if until is None:
        return reason("certificate", "ok", "没有登记有效期（备案长期有效）")
    if until >= on:
        return reason("certificate", "ok", f"注册证有效期至 {until}")
    if made is None:
        return reason("certificate", "doubt", f"注册证已于 {until} 到期，请看标签上的生产日期是否在此之前")
    if made > until:
        return reason("certificate", "wrong", f"注册证已于 {until} 到期，产品于 {made} 生产")
    return reason("certificate", "ok", f"注册证已于 {until} 到期，产品于 {made} 在有效期内生产")


def of_holder(product: Product, holder: Holder, on: dt.date) -> list[Reason]:
    """Whether the holder's papers allow it to have a product of this class; nothing where none are asked."""
    if holder.link not in {rule["link"] for rule in _rules()["certificate"].values()}:
        return []
    called = CLASSES.get(product.management_class, product.management_class)
    found = []
    if holder.classes:
        within = product.management_class in holder.classes
        known = "、".join(CLASSES.get(c, c) for c in holder.classes)
        text = f"{called}医疗器械，登记的管理类别为{known}"
        found.append(reason("classes", "ok" if within else "wrong", text))
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
        return [reason("licence", "doubt", f"名录中没有该单位的{rule['meaning']}，请查看原件")]
    good = [p for p in papers if p.status == IN_FORCE and (p.expires_on or on) >= on >= (p.from_on or on)]
    if not good:
        last = max(papers, key=lambda p: p.expires_on or dt.date.max)
        state = last.status if last.status != IN_FORCE else f"有效期至 {last.expires_on}"
        return [reason("licence", "wrong", f"{rule['meaning']} {last.number}：{state}")]
    named = "、".join(p.number for p in good)
    return [reason("licence", "ok", named), *_in_scope(product, [*good], holder.scope)]


def _in_scope(product: Product, papers: list[Paper], also: str) -> list[Reason]:
    """Whether the product's catalogue number is among those of the scope, where both are written."""
    scope = "；".join(filter(None, [*(paper.scope for paper in papers), also]))
    if not (product.category and product.catalogue and scope):
        missing = "名录没有登记许可范围" if not scope else "从注册证编号看不出分类编码所属的目录"
        return [reason("scope", "doubt", f"{missing}，请查看原件")]
    named: dict[str, set[str]] = {"2002": set(), "2017": set()}
    for old, new in _CATALOGUE.findall(scope):
        named["2002" if old else "2017"].add(old or new)
    if product.category in named.get(product.catalogue, ()):
        return [reason("scope", "ok", f"许可范围包括 {product.category} 类（{product.catalogue}年分类目录）")]
    comparable = named.get(product.catalogue)
    if not comparable or "全部" in scope:
        return [reason("scope", "doubt", f"许可范围没有写{product.catalogue}年目录的编码：{scope[:60]}")]
    listed = "、".join(sorted(comparable))
    return [reason("scope", "wrong", f"产品属 {product.category} 类，许可范围为 {listed} 类")]


def _catalogue_of(year: str) -> str:
    """The classification catalogue whose numbers a certificate first issued in a year carries."""
    changed = int(_rules()["value"]["catalogue-2017"]["value"])
    if not year or int(year) == changed:
        return ""
    return "2002" if int(year) < changed else "2017"


# ── the store ─────────────────────────────────────────────────────────────────────────────────────
def product_of(row: Registration | None, number: str) -> Product | None:
    """What the register says of a product; of a number it does not have, what the number itself says."""
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


def _paper(row: Licence) -> Paper:
    return Paper(row.kind, row.number, row.scope, row.issued_on or row.filed_on, row.expires_on, row.status)


def holder_of(party: Party, link: str) -> Holder:
    """What the register says of a party in one link. Two queries."""
    of_link = PartyLink.objects.filter(party=party, link=link).first()
    papers = tuple(_paper(row) for row in Licence.objects.filter(party=party))
    if of_link is None:
        return Holder(link, papers=papers)
    return Holder(link, of_link.classes, of_link.scope, papers)


def products_named(numbers: Iterable[str]) -> dict[str, Product]:
    """Number as given → what the register says of it, one query for all.

    Of several papers of one number the one that runs longest. A number that cannot be read is left out.
    """
    keys: dict[str, list[str]] = {}
    for number in set(numbers):
        read = certificates.read(number)
        if not read.suspect:
            keys[number] = [read.key, *([read.fields["base"]] if "base" in read.fields else [])]
    found: dict[str, Registration] = {}
    rows = Registration.objects.filter(number_key__in={key for tried in keys.values() for key in tried})
    for row in rows.order_by(F("expires_on").asc(nulls_last=True), "pk"):
        found[row.number_key] = row
    named = {
        number: product_of(next((found[key] for key in tried if key in found), None), number)
        for number, tried in keys.items()
    }
    return {number: product for number, product in named.items() if product}


def holders_named(firms: Iterable[str]) -> dict[str, list[Holder]]:
    """Credit code → what the register says of the firm, one per link; two queries for all."""
    codes = set(firms)
    papers: dict[int, list[Paper]] = {}
    for row in Licence.objects.filter(party__uscc__in=codes).order_by():
        papers.setdefault(row.party_id, []).append(_paper(row))
    found: dict[str, list[Holder]] = {}
    links = PartyLink.objects.filter(party__uscc__in=codes).order_by("party_id", "id")
    for code, key, link, classes, scope in links.values_list(
        "party__uscc", "party_id", "link", "classes", "scope"
    ):
        holder = Holder(link, classes, scope, tuple(papers.get(key, ())))
        found.setdefault(code, []).append(holder)
    return found
