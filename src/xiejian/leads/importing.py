"""The leads room's door for whole files: complaints of the hotline, leads of other offices.

A row may name a party of the register or none. Whatever says who the informant is, in the columns of the
form or in columns of the file's own, is sealed and enters neither the lead nor its further columns.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from xiejian.clocks import actions as clocks
from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells
from xiejian.kernel.tabular import Column
from xiejian.leads import identity as sealing
from xiejian.leads import rules, triage
from xiejian.leads.actions import new_clocks
from xiejian.leads.checks import (
    COMPLAINT,
    KINDS,
    OUTCOMES,
    SOURCES,
    check_order_of_dates,
    check_plain,
)
from xiejian.leads.identity import Identity
from xiejian.leads.likeness import place_key
from xiejian.leads.models import Informant, Lead
from xiejian.people.policy import Actor, require
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.registry.columns import read_link
from xiejian.registry.models import AREAS, LINKS
from xiejian.registry.records import Reading, RecordLoad, Written, extra_of, given
from xiejian.registry.references import REFERENCE, PartyRef, office_code

LEAD_COLUMNS = (
    Column("线索编号", True, "一条一个编号", "12345-20240305-001", ("工单编号", "投诉编号", "举报编号")),
    Column("收到日期", True, "", "2024-03-05", ("登记日期", "来电日期", "投诉日期", "举报日期")),
    Column("来源", False, "、".join(SOURCES) + "；空为热线", "热线", ("线索来源",)),
    Column("类型", False, "、".join(KINDS) + "；空则按内容判断", "投诉", ("工单类型",)),
    Column("统一社会信用代码", False, "被反映单位的", "", ("社会信用代码", "信用代码")),
    Column("主体名称", False, "被反映单位", "", ("被投诉单位", "被举报单位", "被反映单位")),
    Column("反映内容", True, "", "购买的血压计不准，商家不退", ("投诉内容", "举报内容", "内容", "线索内容")),
    Column("诉求", False, "", "退款"),
    Column("产品", False, "", "电子血压计", ("产品名称",)),
    Column("地点", False, "", "大沁他拉镇", ("发生地点", "地址")),
    Column("环节", False, "、".join(LINKS) + "；空则按内容判断", "经营"),
    Column("产品门类", False, "、".join(AREAS) + "；空为医疗器械", "医疗器械"),
    Column("受理日期", False, "", "2024-03-07"),
    Column("答复日期", False, "", "2024-03-20"),
    Column("办理结果", False, "、".join(OUTCOMES), "达成调解"),
    Column("办结日期", False, "", "2024-03-25"),
    Column("反映人", False, "密封保存", "", ("投诉人", "举报人", "来电人", "姓名", "联系人")),
    Column("联系电话", False, "密封保存", "", ("电话", "来电号码", "手机", "手机号")),
    Column("证件号码", False, "密封保存", "", ("身份证号", "身份证号码")),
    Column("办理机构代码", False, "空则为被反映单位所属机构，都没有的为导入的机构", "150525"),
)  # fmt: skip
_REACHED = (("closed_on", "closed"), ("answered_on", "answered"), ("accepted_on", "accepted"))
_ORDER = ("received", "triaged", "accepted", "handling", "answered", "closed")


@transaction.atomic
def import_leads(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
    kind: str = "",
) -> Outcome:
    """Load a file of leads (columns: ``LEAD_COLUMNS``); Refused like ``import_parties``.

    ``kind``: what a row is that does not say so; by its words when empty.
    """
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, LEAD_COLUMNS)
    batch = Batch("complaints" if kind else "leads", path, by, at, office_code, filename, progress)
    rows = _Rows(kind, by, at, office_code or by.office_code)
    load = RecordLoad(batch, Lead, "number", "线索编号", rows.read, "办理机构代码", rows.after)
    load.run(table)
    return batch.finish(table, batch.kind, {"amended": load.amended})


def import_complaints(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """As ``import_leads``, for files of complaints: a row is a 投诉 unless it says otherwise."""
    return import_leads(
        path=path, by=by, at=at, office_code=office_code, filename=filename, progress=progress,
        kind=COMPLAINT,
    )  # fmt: skip


def _names_somebody(heading: str) -> bool:
    (columns,) = rules.words("identity")
    return any(word in heading for word in columns.words)


def _identity(cells: Cells) -> Identity:
    """Who told us, taken out of the row: what stays may be shown."""
    own = {column.heading for column in LEAD_COLUMNS}
    others = [heading for heading in cells.row if heading not in own and _names_somebody(heading)]
    more = {heading: text for heading in others if (text := cells.text(heading, 300))}
    return Identity(
        name=cells.text("反映人", 60), phone=cells.text("联系电话", 60), id_no=cells.text("证件号码", 40),
        more=more or None,
    )  # fmt: skip


@dataclass
class _Rows:
    """Reads the rows of one file and keeps who sent them beside the leads until these have ids."""

    kind: str
    by: Actor
    at: dt.datetime
    office_code: str
    told: dict[str, Identity] = field(default_factory=dict)

    def read(self, cells: Cells, ref: PartyRef | None, today: dt.date) -> Reading:
        """One row of the form."""
        # a lead may name nobody whom the register knows: what the look-up found wrong is no fault here
        cells.problems[:] = [p for p in cells.problems if p.where not in REFERENCE]
        identity = _identity(cells)
        key = cells.text("线索编号", 60, required=True)
        text = sealing.without(cells.text("反映内容", rules.longest_text(), required=True), identity)
        party_named, product = cells.text("主体名称", 200), cells.text("产品", 200)
        proposal = triage.propose(" ".join([party_named, product, text]))
        days = {
            name: cells.day(name, required=name == "收到日期", not_after=today)
            for name in ("收到日期", "受理日期", "答复日期", "办结日期")
        }
        for later in ("受理日期", "答复日期", "办结日期"):
            cells.problems.extend(check_order_of_dates("收到日期", days["收到日期"], later, days[later]))
        cells.problems.extend(check_plain(text, "反映内容"))
        link = read_link(cells) if cells.text("环节", 20) else self._only_link(ref) or proposal.link
        kind = cells.choice("类型", KINDS) or self.kind or proposal.kind
        place = sealing.without(cells.text("地点", 200), identity)
        extra = {
            heading: sealing.without(value, identity)
            for heading, value in extra_of(cells, LEAD_COLUMNS).items()
            if not _names_somebody(heading)
        }
        stated = given(
            party_id=ref.pk if ref else None,
            party_named=party_named,
            kind=kind,
            source=cells.choice("来源", SOURCES, SOURCES[0]),
            received_on=days["收到日期"],
            accepted_on=days["受理日期"],
            answered_on=days["答复日期"],
            closed_on=days["办结日期"],
            outcome=cells.choice("办理结果", OUTCOMES),
            text=text,
            wish=sealing.without(cells.text("诉求", 300), identity),
            product=product,
            place=place,
            place_key=place_key(place),
            link=link,
            area=cells.choice("产品门类", AREAS, AREAS[0]),
            extra=extra,
        )
        if identity.known:
            self.told[key] = identity
        defaults = {
            "state": next((state for name, state in _REACHED if stated.get(name)), "received"),
            "made_at": self.at, "by_name": self.by.name, "topic": proposal.topic,
            "priority": proposal.priority, "proposal": proposal.as_json(), "named": identity.known,
        }  # fmt: skip
        office = office_code(cells, "办理机构代码") or (ref.office_code if ref else self.office_code)
        return Reading(key, office, stated, defaults)

    @staticmethod
    def _only_link(ref: PartyRef | None) -> str:
        links = list(ref.tags) if ref else []
        return links[0] if len(links) == 1 else ""

    def after(self, written: Written[Lead]) -> None:
        """Seal who sent the new leads, move on those that have later dates, set their clocks."""
        rows = written.all
        boxes = []
        for row in written.created:
            if identity := self.told.get(row.number):
                box, person = sealing.seal(identity, row.number), sealing.person_key(identity)
                boxes.append(Informant(lead=row, sealed=box, person_key=person))
        Informant.objects.bulk_create(boxes, batch_size=1000)
        for row, _ in written.changed:
            said = next((state for name, state in _REACHED if getattr(row, name)), "received")
            if row.state in _ORDER and _ORDER.index(said) > _ORDER.index(row.state):
                row.state = said
        Lead.objects.bulk_update([row for row, _ in written.changed], ["state"], batch_size=500)
        running = []
        for row in rows:
            if row.state in ("received", "triaged"):
                running += new_clocks(row, "received", row.received_on)
            elif row.state in ("accepted", "handling") and row.accepted_on:
                started = new_clocks(row, "received", row.received_on)
                running += [clock for clock in started if clock.name != "accept"]
                running += new_clocks(row, "accepted", row.accepted_on)
        clocks.set_clocks(running, by=self.by, at=self.at)
