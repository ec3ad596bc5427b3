"""EPCIS 2.0 documents in JSON: events read as rows of the movements form, movements written as events.

A row that comes back can so be mended in the returned workbook like any other. Which business step is which
movement, and what is left out, is in packs/supply/epcis.toml. Firms are named ``urn:uscc:<code>``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from biip.checksums import gs1_standard_check_digit

from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Refused
from xiejian.kernel.tabular import Row, Table
from xiejian.numbers import udi
from xiejian.supply.checks import problems
from xiejian.supply.models import KINDS, Movement

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"xiejian": "urn:xiejian:"}]
ACTIONS = ("ADD", "OBSERVE", "DELETE")
EVENTS = ("ObjectEvent", "TransactionEvent")
_BARE = re.compile(r"^.*(?:[:/]|BizStep-|Disp-)", re.IGNORECASE)
_SGTIN = re.compile(r"urn:epc:id:sgtin:(\d+)\.(\d)(\d*)\.(.+)")
_LGTIN = re.compile(r"urn:epc:class:lgtin:(\d+)\.(\d)(\d*)\.(.+)")
_PATTERN = re.compile(r"urn:epc:idpat:sgtin:(\d+)\.(\d)(\d*)\.\*")
_OTHER = re.compile(r"urn:xiejian:di:([^:]+)(?::lot:([^:]*))?(?::serial:([^:]*))?")
_FIRM = re.compile(r"urn:uscc:([0-9A-Za-z]+)")
_OURS = "urn:xiejian:movement:"
_FAR = 60  # what a record number holds


@dataclass(frozen=True)
class Step:
    """One business step: which movement it is, with which action it is written."""

    step: str
    disposition: str
    kind: str
    action: str
    writes: bool


@cache
def _rules() -> tuple[tuple[Step, ...], frozenset[str], frozenset[str]]:
    """Steps, steps that change no stock, events that change none."""
    raw = tomllib.loads((root() / "supply" / "epcis.toml").read_text("utf-8"))
    steps = tuple(
        Step(e["id"], e.get("disposition", ""), e["kind"], e["action"], e.get("writes", False))
        for e in raw["step"]
    )
    ignored = {entry["id"]: frozenset(entry["parts"]) for entry in raw["ignored"]}
    return steps, ignored["steps"], ignored["events"]


# --- in -----------------------------------------------------------------------------------------------------


def read(path: Path) -> Table:
    """The events of a file as a table of the movements form; Refused (SU403) when it is no EPCIS 2.0 JSON."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Refused(problems("SU403", path.name, why=f"不能按 JSON 读取（{error}）")) from None
    return table_of(document, path.name)


def table_of(document: Any, where: str = "") -> Table:
    """The rows of one document already read; ``skipped`` counts the events that change no stock."""
    if not isinstance(document, dict) or document.get("type") != "EPCISDocument":
        raise Refused(problems("SU403", where, why="type 不是 EPCISDocument"))
    if not str(document.get("schemaVersion", "")).startswith("2."):
        raise Refused(problems("SU403", where, why=f"schemaVersion 是 {document.get('schemaVersion')}"))
    body = document.get("epcisBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(events, list) or not events:
        raise Refused(problems("SU403", where, why="epcisBody.eventList 没有事件"))
    left_out: Counter[str] = Counter()
    rows = [row for number, event in enumerate(events, 1) for row in _rows(event, number, left_out)]
    skipped = [f"{what} {count} 个，不改变库存，未入账" for what, count in sorted(left_out.items())]
    return _Events(rows, skipped)


class _Events(Table):
    """A document's rows, already made, in place of sheets."""

    def __init__(self, rows: list[Row], skipped: list[str]) -> None:
        super().__init__([], skipped)
        self._rows = rows

    @property
    def headings(self) -> list[str]:
        return list(dict.fromkeys(name for row in self._rows for name in row.values))

    def rows(self) -> Iterator[Row]:
        yield from self._rows


def _rows(event: Any, number: int, left_out: Counter[str]) -> Iterator[Row]:
    """One row per product, lot or device of one event; one row with its faults when it cannot be read."""
    steps, without_stock, events = _rules()
    if not isinstance(event, dict):
        yield _faulty(number, {}, "不是对象")
        return
    kind_of_event = str(event.get("type", ""))
    if kind_of_event in events:
        left_out[kind_of_event] += 1
        return
    step, disposition = _bare(event.get("bizStep")), _bare(event.get("disposition"))
    if kind_of_event in EVENTS and step in without_stock:
        left_out[step] += 1
        return
    fitting = [s for s in steps if s.step == step and s.disposition in ("", disposition)]
    chosen = max(fitting, key=lambda s: bool(s.disposition), default=None)
    if chosen and chosen.kind == "adjust" and "xiejian:change" not in event:
        left_out[step] += 1
        return
    common, faults = _common(event, chosen)
    if kind_of_event not in EVENTS:
        faults.insert(0, f"的 type 是“{kind_of_event}”，只读 {'、'.join(EVENTS)}")
    things = list(_things(event, faults))
    if faults or not things:
        yield _faulty(number, common, "；".join(faults or ["没有 epcList 或者 quantityList"]))
        return
    for place, thing in enumerate(things, 1):
        yield Row("", number, {**common, **thing, "记录编号": _number(event, place)})


def _faulty(number: int, values: dict[str, Any], what: str) -> Row:
    row = Row("", number, values or {"类型": ""})
    row.faults = [problems("SU404", f"第{number}个事件", what=what)]
    return row


def _common(event: Mapping[str, Any], step: Step | None) -> tuple[dict[str, Any], list[str]]:
    """What all rows of one event share, and what is wrong with it."""
    faults = []
    if "errorDeclaration" in event:
        faults.append("是对先前事件的更正声明，请在系统中更正或者作废那条记录")
    if event.get("action") not in ACTIONS:
        faults.append(f"的 action 是“{event.get('action', '')}”，应为 {'、'.join(ACTIONS)}")
    if step is None:
        faults.append(f"的 bizStep 是“{_bare(event.get('bizStep'))}”，不能对应到进销存类型")
    on = _day(event.get("eventTime"), event.get("eventTimeZoneOffset"))
    if on is None:
        faults.append(f"的 eventTime 是“{event.get('eventTime', '')}”，不是带时区的时间")
    sender, receiver = (
        _party(event.get("sourceList"), "source"),
        _party(event.get("destinationList"), "destination"),
    )
    comes_in = step is not None and step.kind in ("receive", "return_in", "make")
    own, partner = (receiver, sender) if comes_in else (sender, receiver)
    ilmd = _local(event.get("ilmd"))
    values = {
        "登记单位信用代码": own or _text(event.get("xiejian:firm")),
        "类型": KINDS[step.kind] if step else "",
        "日期": on.isoformat() if on else "",
        "往来单位信用代码": partner,
        "往来单位": _text(event.get("xiejian:partnerName"))
        or ("" if partner else _named_party(event, comes_in)),
        "单据号": _document(event.get("bizTransactionList")),
        "地点": _place(event.get("bizLocation") or event.get("readPoint")),
        "生产日期": _text(ilmd.get("productionDate") or event.get("xiejian:madeOn")),
        "有效期至": _text(ilmd.get("itemExpirationDate") or event.get("xiejian:expiresOn")),
        "批号": _text(ilmd.get("lotNumber")),
        "注册证编号": _text(event.get("xiejian:registrationNo")),
        "产品名称": _text(event.get("xiejian:productName")),
        "患者代号": _text(event.get("xiejian:patient")),
    }
    return {name: value for name, value in values.items() if value}, faults


def _things(event: Mapping[str, Any], faults: list[str]) -> Iterator[dict[str, Any]]:
    """Each device and each quantity of an event; what cannot be read is put to the faults."""
    change = event.get("xiejian:change")
    for epc in event.get("epcList") or ():
        if (named := _named(epc)) is None:
            faults.append(f"的标识“{str(epc)[:80]}”不是 GS1 标识")
        else:
            yield {**named, "数量": -1 if isinstance(change, int) and change < 0 else 1}
    for element in event.get("quantityList") or ():
        epc = element.get("epcClass") if isinstance(element, dict) else element
        amount = element.get("quantity") if isinstance(element, dict) else None
        if (named := _named(epc)) is None:
            faults.append(f"的标识“{str(epc)[:80]}”不是 GS1 标识")
        elif isinstance(element, dict) and element.get("uom"):
            faults.append(f"的数量带计量单位 {element['uom']}，医疗器械按件计数")
        elif isinstance(amount, bool) or not isinstance(amount, int | float) or amount != int(amount):
            faults.append(f"的数量是“{amount}”，应为整数")
        else:
            yield {**named, "数量": change if isinstance(change, int) else int(amount)}


def _named(epc: Any) -> dict[str, str] | None:
    """Device identifier, lot and serial of an EPC; None when it names no trade item."""
    text = str(epc or "")
    for pattern, part in ((_SGTIN, "序列号"), (_LGTIN, "批号"), (_PATTERN, "")):
        if found := pattern.fullmatch(text):
            prefix, indicator, item, *rest = found.groups()
            body = f"{indicator}{prefix}{item}"
            if len(body) != 13:
                return None
            named = {"产品标识": f"{body}{gs1_standard_check_digit(body)}"}
            return named | ({part: unquote(rest[0])} if part else {})
    if found := _OTHER.fullmatch(text):
        parts = zip(("产品标识", "批号", "序列号"), found.groups(), strict=True)
        return {name: unquote(value) for name, value in parts if value}
    if not text.lower().startswith(("http://", "https://")):
        return None
    code = udi.read(text, on=dt.date(2000, 1, 1))
    if not (code.valid and code.di):
        return None
    named = {"产品标识": code.di, "批号": code.lot or "", "序列号": code.serial or ""}
    return {name: value for name, value in named.items() if value}


def _bare(term: Any) -> str:
    """A vocabulary term without its address: shipping of urn:epcglobal:cbv:bizstep:shipping."""
    return _BARE.sub("", str(term or ""))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _local(values: Any) -> dict[str, Any]:
    """Names without their prefix: lotNumber of cbvmda:lotNumber."""
    return {str(k).rpartition(":")[2]: v for k, v in values.items()} if isinstance(values, dict) else {}


def _day(moment: Any, offset: Any) -> dt.date | None:
    """The day of a moment where it happened; None for no moment with a time zone."""
    try:
        at = dt.datetime.fromisoformat(str(moment))
        zone = dt.datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo if offset else None
    except ValueError:
        return None
    return at.astimezone(zone or at.tzinfo).date() if at.tzinfo else None


def _party(parties: Any, name: str) -> str:
    """The credit code of the owning party of a list, else of any other of it."""
    known = [p for p in parties if isinstance(p, dict)] if isinstance(parties, list) else []
    known.sort(key=lambda party: _bare(party.get("type")) != "owning_party")
    found = (_FIRM.fullmatch(str(party.get(name, ""))) for party in known)
    return next((match[1].upper() for match in found if match), "")


def _named_party(event: Mapping[str, Any], comes_in: bool) -> str:
    """The other side by whatever it is named: a GLN is no credit code, but it says who it was."""
    parties, name = (event.get("sourceList"), "source") if comes_in else (
        event.get("destinationList"), "destination"
    )  # fmt: skip
    known = [p for p in parties if isinstance(p, dict)] if isinstance(parties, list) else []
    return _text(known[0].get(name))[:200] if known else ""


def _document(transactions: Any) -> str:
    known = [t for t in transactions if isinstance(t, dict)] if isinstance(transactions, list) else []
    return (
        _text(known[0].get("bizTransaction")).removeprefix("urn:xiejian:document:")[-_FAR:] if known else ""
    )


def _place(place: Any) -> str:
    text = _text(place.get("id")) if isinstance(place, dict) else ""
    return unquote(text.removeprefix("urn:xiejian:place:"))[:120]


def _number(event: Mapping[str, Any], place: int) -> str:
    """The record number of one thing of an event: our own again, else the event's id and the place in it."""
    given = _text(event.get("eventID"))
    if given.startswith(_OURS):
        return unquote(given.rpartition(":")[2])
    if len(given) > _FAR - 6:
        given = hashlib.sha256(given.encode()).hexdigest()[:32]
    return f"{given}-{place}" if given else ""


# --- out ----------------------------------------------------------------------------------------------------


def document(rows: Iterable[Movement], at: dt.datetime) -> dict[str, Any]:
    """Movements as one EPCIS 2.0 document of ObjectEvents; read again it says the same."""
    return json.loads("".join(portions(rows, at)))


def portions(rows: Iterable[Movement], at: dt.datetime) -> Iterator[str]:
    """The same document in parts, so that a long one never stands in memory as a whole."""
    head = {
        "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": at.isoformat()
    }  # fmt: skip
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "epcisBody": {"eventList": ['
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + json.dumps(_event(row), ensure_ascii=False)
    yield "\n]}}\n"


def _event(row: Movement) -> dict[str, Any]:
    step = next(s for s in _rules()[0] if s.kind == row.kind and s.writes)
    offset = "+08:00"  # the day is the firm's; noon stays on it wherever it is read
    own, partner = _parties(row, step)
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": f"{_OURS}{row.firm_uscc}:{quote(row.record_no, safe='')}",
        "eventTime": f"{row.on.isoformat()}T12:00:00{offset}",
        "eventTimeZoneOffset": offset,
        "action": step.action,
        "bizStep": step.step,
        **({"disposition": step.disposition} if step.disposition else {}),
        **_epcs(row),
        **({"bizLocation": {"id": f"urn:xiejian:place:{quote(row.place)}"}} if row.place else {}),
        **own,
        **partner,
        "xiejian:firm": row.firm_uscc,
    }
    if row.document_no:
        document_no = f"urn:xiejian:document:{row.document_no}"
        event["bizTransactionList"] = [{"type": "desadv", "bizTransaction": document_no}]
    if row.kind == "adjust":
        event["xiejian:change"] = row.quantity
    dates = {"productionDate": row.made_on, "itemExpirationDate": row.expires_on}
    if step.action == "ADD":  # only then may an event carry the lot's own data
        ilmd = {f"cbvmda:{name}": day.isoformat() for name, day in dates.items() if day}
        event |= {"ilmd": {**ilmd, "cbvmda:lotNumber": row.lot}} if ilmd or row.lot else {}
    ours = {
        "xiejian:partnerName": row.partner_name, "xiejian:registrationNo": row.registration_no,
        "xiejian:productName": row.product_name, "xiejian:patient": row.patient,
        "xiejian:madeOn": row.made_on.isoformat() if row.made_on else "",
        "xiejian:expiresOn": row.expires_on.isoformat() if row.expires_on else "",
    }  # fmt: skip
    return event | {name: value for name, value in ours.items() if value}


def _parties(row: Movement, step: Step) -> tuple[dict[str, Any], dict[str, Any]]:
    """Where the goods came from and where they went, the firm itself on its side."""
    source = {"type": "owning_party", "source": f"urn:uscc:{row.firm_uscc}"}
    target = {"type": "owning_party", "destination": f"urn:uscc:{row.firm_uscc}"}
    if step.kind in ("receive", "return_in", "make"):
        other = {"type": "owning_party", "source": f"urn:uscc:{row.partner_uscc}"}
        return {"destinationList": [target]}, {"sourceList": [other]} if row.partner_uscc else {}
    other = {"type": "owning_party", "destination": f"urn:uscc:{row.partner_uscc}"}
    return {"sourceList": [source]}, {"destinationList": [other]} if row.partner_uscc else {}


def _epcs(row: Movement) -> dict[str, Any]:
    """What moved: a device with its serial number, else so many of a lot."""
    lot, serial = quote(row.lot, safe=""), quote(row.serial, safe="")
    is_gtin = len(row.di) == 14 and row.di.isdigit()
    base = f"https://id.gs1.org/01/{row.di}" if is_gtin else f"urn:xiejian:di:{quote(row.di, safe='')}"
    names = ("/10/", "/21/") if is_gtin else (":lot:", ":serial:")
    epc = base + (names[0] + lot if lot else "") + (names[1] + serial if serial else "")
    if serial:
        return {"epcList": [epc]}
    return {"quantityList": [{"epcClass": epc, "quantity": abs(row.quantity)}]}
