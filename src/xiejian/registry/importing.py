"""The register's door for whole files: parties by xlsx or csv, set by set, all or nothing.

A party is known by its credit code, else by name and division; a link by party and link.
A blank cell says nothing: it never erases what is stored. Every row is loaded, unchanged or
returned with its reason; changed parties get an audit entry with before and after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction

from xiejian.kernel import tabular
from xiejian.kernel.cells import name_key, tag_text
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Problem
from xiejian.numbers import certificates
from xiejian.people import audit
from xiejian.people.models import Office
from xiejian.people.policy import Actor, may, require
from xiejian.registry.batches import Batch, Outcome, Progress, chunks, json_ready
from xiejian.registry.bulk import insert
from xiejian.registry.columns import LINK_FACTS, PARTY_COLUMNS, PartyRow, problems, read_party
from xiejian.registry.models import CreditCodeOverride, Licence, Party, PartyLink, link_names
from xiejian.registry.search import grams

#: party-level facts in the order of the form; the office follows from the division and the station
PARTY_FACTS = (
    "name", "uscc", "area", "division_code", "office_code", "station", "address", "warehouse_address",
    "legal_representative", "head", "phone", "stores_for_others", "consultation_focus", "qms_state",
    "credit_grade", "bad_credit", "punished_last_year", "failed_sampling_last_year", "complaints", "status",
)  # fmt: skip
HEADINGS = {
    "name": "主体名称", "uscc": "统一社会信用代码", "area": "产品门类", "division_code": "行政区划代码",
    "office_code": "行政区划代码", "station": "监管机构", "address": "地址", "warehouse_address": "库房地址",
    "legal_representative": "法定代表人", "head": "负责人", "phone": "电话",
    "stores_for_others": "为他人贮存运输",
    "consultation_focus": "风险会商重点", "qms_state": "质量管理体系状况", "credit_grade": "信用等级",
    "bad_credit": "不良信用", "punished_last_year": "上年度行政处罚", "complaints": "投诉举报次数",
    "failed_sampling_last_year": "上年度抽检不合格", "status": "状态",
    "classes": "管理类别", "mode": "经营方式",
    "unit_kind": "机构类型", "tags": "品种标签", "scope": "经营范围", "issued_on": "发证日期",
    "filed_on": "备案日期", "expires_on": "有效期至",
}  # fmt: skip
_FILINGS = frozenset({"production_filing", "distribution_filing", "online_filing", "platform_filing"})


@transaction.atomic
def import_parties(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of parties (columns: ``registry.columns.PARTY_COLUMNS``).

    ``office_code``: rows outside this office are returned. Refused (nothing loaded) with K401–K413 when
    the file cannot be used, with P101 without the permission ``registry.import``.
    """
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, PARTY_COLUMNS)
    batch = Batch("parties", path, by, at, office_code, filename, progress)
    load = _Load(batch)
    for rows in chunks(table.rows()):
        load.take(rows)
        batch.step()
    return batch.finish(table, "parties", {"amended": load.amended})


@dataclass(slots=True)
class _Working:
    """One party while its chunk is loaded: the stored or new row, and what this file said of it before."""

    party: Party
    links: dict[str, PartyLink]
    licences: dict[str, Licence]
    new: bool = False
    where: str = ""  # the first row of this file that named it
    stated: frozenset[str] = frozenset()
    changed: dict[str, list[Any]] = field(default_factory=dict)
    link_rows: dict[str, tuple[str, int]] = field(default_factory=dict)
    touched_links: dict[str, None] = field(default_factory=dict)  # ordered: the same file, the same row ids
    touched_licences: dict[str, None] = field(default_factory=dict)


class _Load:
    """All chunks of one file: what was said of whom, and the writes."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.amended = 0
        self.stations = _stations()
        self._allowed: dict[str, bool] = {}
        self._seen: dict[int, tuple[str, frozenset[str], dict[str, tuple[str, int]]]] = {}
        self._stated: dict[frozenset[str], frozenset[str]] = {}
        self.known = _Known()

    def take(self, rows: list[tabular.Row]) -> None:
        """Load one chunk: read the rows, look up what is stored, decide row by row, write in bulk."""
        batch = self.batch
        batch.read += len(rows)
        ready: list[tuple[tabular.Row, PartyRow]] = []
        for row in rows:
            parsed = read_party(row.values, on=batch.today)
            if row.faults or parsed.problems:
                batch.refuse(row, [*row.faults, *parsed.problems])
            else:
                self._place(parsed)
                ready.append((row, parsed))
        self.known = _Known.of([parsed for _, parsed in ready])
        _mark_overridden([parsed for _, parsed in ready])
        for working in self.known.all:
            if working.party.pk in self._seen:
                working.where, working.stated, working.link_rows = self._seen[working.party.pk]
        for row, parsed in ready:
            self._row(row, parsed)
        self._write()

    def _place(self, parsed: PartyRow) -> None:
        """Give the row to the station that it names where that office is known and lies below."""
        code = self.stations.get(parsed.facts["station"])
        if code and stem(code).startswith(stem(parsed.facts["office_code"])):
            parsed.facts["office_code"] = code
        key = parsed.stated
        parsed.stated = self._stated.setdefault(key, key)  # rows share the few sets there are

    def _row(self, row: tabular.Row, parsed: PartyRow) -> None:
        numbers = parsed.numbers
        working, wrong = self.known.find(parsed)
        wrong += self._forbidden(parsed)
        if working:
            wrong += _conflicts(working, parsed)
        wrong += [p for n in numbers if (p := self.known.taken(n, working))]
        if wrong:
            self.batch.refuse(row, wrong)
            return
        self.batch.note(row, parsed.changes)
        if working is None:
            working = self.known.add(self._new(parsed))
        if self._apply(working, row, parsed, numbers):
            self.batch.loaded += 1
        else:
            self.batch.unchanged += 1

    def _forbidden(self, parsed: PartyRow) -> list[Problem]:
        code = parsed.facts["office_code"]
        if code not in self._allowed:
            inside = code.startswith(stem(self.batch.office_code))
            self._allowed[code] = inside and bool(may(self.batch.by, "registry.import", code))
        return [] if self._allowed[code] else [problems("R205", "行政区划代码", code=code)]

    def _new(self, parsed: PartyRow) -> _Working:
        at = self.batch.at
        facts = {**parsed.facts, "extra": parsed.extra, "created_at": at, "updated_at": at}
        return _Working(Party(**facts), {}, {}, new=True)

    def _apply(
        self, working: _Working, row: tabular.Row, parsed: PartyRow, numbers: list[certificates.Number]
    ) -> bool:
        """Bring the party to what the row states; whether that changed anything."""
        before = (len(working.changed), len(working.touched_links), len(working.touched_licences))
        fresh = working.new and not working.where
        if not working.new:
            self._amend_party(working, parsed)
        for facts in parsed.links:
            _apply_link(working, facts, parsed.stated)
            working.link_rows.setdefault(facts["link"], (row.where, _fingerprint(facts)))
        for number in numbers:
            self.known.give(number, working, parsed.links[0])
        working.where = working.where or row.where
        working.stated |= parsed.stated
        working.stated = self._stated.setdefault(working.stated, working.stated)
        after = (len(working.changed), len(working.touched_links), len(working.touched_licences))
        return fresh or after != before

    def _amend_party(self, working: _Working, parsed: PartyRow) -> None:
        party = working.party
        for name in PARTY_FACTS:
            if name in parsed.stated or name == "office_code":
                old, new = getattr(party, name), parsed.facts[name]
                if old != new:
                    working.changed.setdefault(name, [json_ready(old), json_ready(new)])[1] = json_ready(new)
                    setattr(party, name, new)
                    if name == "status":
                        party.status_on = self.batch.today
        extra = {**party.extra, **parsed.extra}
        if extra != party.extra:
            working.changed.setdefault("extra", [party.extra, extra])[1] = extra
            party.extra = extra

    def _write(self) -> None:
        """Write the chunk: new parties first, then changes, links, licences, audit entries."""
        at = self.batch.at
        for working in self.known.all:
            if working.new or working.changed:
                working.party.search_grams = party_grams(working.party, working.licences.values())
            working.party.link_names = link_names(working.links)
        new = [w.party for w in self.known.all if w.new]
        insert(new)
        changed = [
            w for w in self.known.all if not w.new and (w.changed or w.touched_licences or w.touched_links)
        ]
        for working in changed:
            working.party.updated_at = at
        if changed:
            names = {n for w in changed for n in w.changed if "." not in n and n != "证号"} & _PARTY_COLUMNS
            fields = sorted(names | {"status_on", "search_grams", "link_names", "updated_at"})
            Party.objects.bulk_update([w.party for w in changed], fields, batch_size=500)
        self._write_links()
        self._write_licences()
        entries = [
            (str(w.party.pk), w.party.office_code, {"reason": "导入", **w.changed})
            for w in self.known.all
            if not w.new and w.changed
        ]
        audit.record_many(by=self.batch.by, at=at, action="amend_party", subject="party", entries=entries)
        self.amended += len(entries)
        for w in self.known.all:
            if w.where:
                self._seen[w.party.pk] = (w.where, w.stated, w.link_rows)

    def _write_links(self) -> None:
        touched = [(w, w.links[name]) for w in self.known.all for name in w.touched_links]
        for working, link in touched:
            link.party_id = working.party.pk
        insert([k for _, k in touched if k.pk is None])
        if stored := [k for _, k in touched if k.pk in self.known.link_ids]:
            PartyLink.objects.bulk_update(stored, LINK_FACTS, batch_size=500)

    def _write_licences(self) -> None:
        touched = [(w, w.licences[key]) for w in self.known.all for key in w.touched_licences]
        for working, licence in touched:
            licence.party_id = working.party.pk
            if licence.kind == "other" and licence.pk is None:  # not known to be unique beyond its party
                licence.number_key = f"{licence.number_key[:60]}@{working.party.pk}"
        stored = [licence for _, licence in touched if licence.pk is not None]
        insert([x for _, x in touched if x.pk is None])
        if stored:
            Licence.objects.bulk_update(stored, ["issued_on", "filed_on", "expires_on"], batch_size=500)


def _mark_overridden(rows: list[PartyRow]) -> None:
    """Say of a code that fails its check, where an officer saw its original, that it was confirmed."""
    doubted = [
        change
        for row in rows
        for change in row.changes
        if change["column"] == HEADINGS["uscc"] and change["from"] == change["to"] == row.facts["uscc"]
    ]
    if doubted:
        codes = {change["from"] for change in doubted}
        seen = set(CreditCodeOverride.objects.filter(uscc__in=codes).values_list("uscc", flat=True))
        for change in doubted:
            if change["from"] in seen:
                change["why"] = "校验位不符，已核对原件认定"


_PARTY_COLUMNS = {f.name for f in Party._meta.concrete_fields}


class _Known:
    """The parties, links and licences that a chunk may mean, stored ones and new ones."""

    def __init__(self) -> None:
        self.all: list[_Working] = []
        self.by_uscc: dict[str, _Working] = {}
        self.by_name: dict[str, list[_Working]] = {}
        self.owners: dict[
            str, _Working | str
        ] = {}  # licence number → its party, or a name outside this chunk
        self.link_ids: set[int] = set()

    @classmethod
    def of(cls, rows: list[PartyRow]) -> _Known:
        """Look up everything that the rows may mean: four queries, however many rows."""
        known = cls()
        codes = {r.facts["uscc"] for r in rows if r.facts["uscc"]}
        names = {s for r in rows for s in spellings(r.facts["name"])}
        found = {p.pk: p for p in Party.objects.filter(uscc__in=codes)}
        found |= {p.pk: p for p in Party.objects.filter(name__in=names)}
        links: dict[int, dict[str, PartyLink]] = {}
        for link in PartyLink.objects.filter(party_id__in=list(found)):
            links.setdefault(link.party_id, {})[link.link] = link
            known.link_ids.add(link.pk)
        numbers = {n.key for r in rows for n in r.numbers}
        licences: dict[int, dict[str, Licence]] = {}
        for licence in Licence.objects.filter(party_id__in=list(found)):
            licences.setdefault(licence.party_id, {})[licence.number_key.partition("@")[0]] = licence
        for pk, party in found.items():
            known.add(_Working(party, links.get(pk, {}), licences.get(pk, {})))
        for key, name in Licence.objects.filter(number_key__in=numbers).values_list(
            "number_key", "party__name"
        ):
            known.owners.setdefault(key, name)
        return known

    def add(self, working: _Working) -> _Working:
        self.all.append(working)
        if working.party.uscc:
            self.by_uscc[working.party.uscc] = working
        self.by_name.setdefault(name_key(working.party.name), []).append(working)
        for key, licence in working.licences.items():
            if licence.kind != "other":
                self.owners[key] = working
        return working

    def find(self, parsed: PartyRow) -> tuple[_Working | None, list[Problem]]:
        """The party that the row means; a problem where several may be meant."""
        facts = parsed.facts
        if facts["uscc"] and (found := self.by_uscc.get(facts["uscc"])):
            return found, []
        candidates = [
            w
            for w in self.by_name.get(name_key(facts["name"]), ())
            if w.party.division_code == facts["division_code"] and not (facts["uscc"] and w.party.uscc)
        ]
        if len(candidates) > 1:
            return None, [problems("R206", "主体名称", name=facts["name"], count=len(candidates))]
        if not candidates:
            return None, []
        if facts["uscc"]:
            self.by_uscc[facts["uscc"]] = candidates[0]
        return candidates[0], []

    def taken(self, number: certificates.Number, working: _Working | None) -> Problem | None:
        """R204 when the number belongs to another party."""
        if len(number.key) > 70:
            return problems("R207", "证号", number=number.printed[:80])
        owner = self.owners.get(number.key) if number.kind != "other" else None
        if owner is None or owner is working:
            return None
        name = owner if isinstance(owner, str) else owner.party.name
        return problems("R204", "证号", number=number.printed, owner=name)

    def give(self, number: certificates.Number, working: _Working, facts: dict[str, Any]) -> None:
        """Let the party hold the licence with the row's dates: those of filing for filings, else of issue."""
        is_filing = number.kind in _FILINGS
        dates = {
            "issued_on": None if is_filing else facts["issued_on"],
            "filed_on": facts["filed_on"] if is_filing else None,
            "expires_on": None if is_filing else facts["expires_on"],
        }
        licence = working.licences.get(number.key)
        if licence is None:
            licence = Licence(
                kind=number.kind, number=number.printed[:80], number_key=number.key,
                format_suspect=number.suspect, **dates,
            )  # fmt: skip
            working.licences[number.key] = licence
            working.touched_licences[number.key] = None
            if number.kind != "other":
                self.owners[number.key] = working
            if not working.new:
                working.changed.setdefault("证号", ["", ""])[1] = number.key
            return
        for name, value in dates.items():
            old = getattr(licence, name)
            if value and old != value:
                setattr(licence, name, value)
                working.touched_licences[number.key] = None
                working.changed.setdefault(f"{number.key}.{name}", [json_ready(old), json_ready(value)])


@cache
def _brackets() -> tuple[dict[int, str], dict[int, str]]:
    return str.maketrans("()", "（）"), str.maketrans("（）", "()")


def spellings(name: str) -> tuple[str, ...]:
    """The name with its brackets as printed, full-width and half-width."""
    if "(" not in name and "（" not in name:
        return (name,)
    full, half = _brackets()
    return name, name.translate(full), name.translate(half)


def party_grams(party: Party, licences: Iterable[Licence]) -> str:
    """The search text of a party: name, credit code, certificate numbers."""
    return grams([party.name, party.uscc or "", *(x.number_key.partition("@")[0] for x in licences)])


def _stations() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, name, short in Office.objects.values_list("code", "name", "short_name"):
        found[name] = code
        if short:
            found.setdefault(short, code)
    return found


def _fingerprint(facts: dict[str, Any]) -> int:
    return hash(tuple(tuple(v) if isinstance(v := facts[n], list) else v for n in LINK_FACTS))


def _conflicts(working: _Working, parsed: PartyRow) -> list[Problem]:
    """What the row says otherwise than an earlier row of the same file."""
    if not working.where:
        return []
    for name in PARTY_FACTS:
        if name in parsed.stated and name in working.stated and name != "office_code":
            old, new = getattr(working.party, name), parsed.facts[name]
            if old != new:
                return [
                    problems(
                        "R202", HEADINGS[name], column=HEADINGS[name], first=working.where, old=old, new=new
                    )
                ]
    for facts in parsed.links:
        before = working.link_rows.get(facts["link"])
        if before and before[1] != _fingerprint(facts):
            return [problems("R203", "环节", link=facts["link"], first=before[0])]
    return []


def _apply_link(working: _Working, facts: dict[str, Any], stated: frozenset[str]) -> None:
    name = facts["link"]
    link = working.links.get(name)
    if link is None:
        values = {n: facts[n] for n in LINK_FACTS} | {"tags": tag_text(facts["tags"])}
        working.links[name] = PartyLink(link=name, **values)
        working.touched_links[name] = None
        if not working.new:
            working.changed.setdefault("环节", ["", ""])[1] = name
        return
    for fact in LINK_FACTS:
        if fact not in stated:
            continue
        new = tag_text(facts["tags"]) if fact == "tags" else facts[fact]
        old = getattr(link, fact)
        if old != new:
            setattr(link, fact, new)
            working.touched_links[name] = None
            working.changed.setdefault(f"{name}.{HEADINGS[fact]}", [json_ready(old), json_ready(new)])
