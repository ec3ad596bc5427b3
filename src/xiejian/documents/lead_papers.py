"""The letters of a lead and the report of a day. They name no informant: that is written in by hand."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache

from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Block, Heading, Paper, Table, Text
from xiejian.kernel.packs import root
from xiejian.leads.models import Lead
from xiejian.leads.queries import Day
from xiejian.people.numbering import signing_office

KINDS = {
    "accepted": "投诉举报受理告知书", "refused": "投诉不予受理告知书", "handed_on": "转办函",
    "answer": "投诉举报答复书",
}  # fmt: skip
WHO = "反映人（姓名由经办人填写）"


@cache
def _texts() -> dict[str, str]:
    with (root() / "leads" / "papers.toml").open("rb") as file:
        return {entry["id"]: entry["text"] for entry in tomllib.load(file)["text"]}


def available(lead: Lead) -> dict[str, str]:
    """Which papers the lead has by now, with their titles."""
    found = ["accepted"] if lead.accepted_on else []
    found += ["refused"] if lead.refusal else []
    found += ["handed_on"] if lead.handed_to else []
    found += ["answer"] if lead.answered_on else []
    return {kind: KINDS[kind] for kind in found}


def make(kind: str, lead: Lead, *, on: dt.date) -> Paper:
    """The paper of a lead as of a day; KeyError for a kind that it does not have (see ``available``)."""
    said = {
        "received": chinese_date(lead.received_on), "number": lead.number, "reason": lead.refusal,
        "accepted": chinese_date(lead.accepted_on) if lead.accepted_on else "", "outcome": lead.outcome,
        "matter": "".join([lead.party.name if lead.party else lead.party_named, lead.product, "的问题"]),
    }  # fmt: skip
    texts = _texts()
    blocks: list[Block] = [Text(texts[kind].format(**said))]
    if kind == "refused":
        blocks.append(Text(texts["remedy"]))
    if kind == "handed_on":
        blocks += [Heading("反映内容"), *(Text(line) for line in lead.text.splitlines() if line.strip())]
    if kind == "answer":
        blocks += [Text(line) for line in lead.answer.splitlines() if line.strip()]
        blocks.append(Text(texts["thanks"]))
    addressee = lead.handed_to if kind == "handed_on" else WHO
    sealed = lead.answered_on if kind == "answer" else on
    return Paper(
        kind, KINDS[kind], signing_office(lead.office_code), lead.number, tuple(blocks),
        addressee=addressee, official=True, sealed_on=sealed,
    )  # fmt: skip


def _table(heading: str, counted: dict[str, int]) -> list[Block]:
    rows = tuple((name, str(n)) for name, n in counted.items())
    return [Table((heading, "件数"), rows, (0.7, 0.3))] if rows else []


def day_report(day: Day, office_code: str) -> Paper:
    """日报: what came in by source, kind and topic, what is urgent, what is late."""
    blocks: list[Block] = [
        Text(
            f"{chinese_date(day.on)}收到线索 {day.received} 件，答复 {day.answered} 件，"
            f"办结 {day.closed} 件；逾期未办 {len(day.overdue)} 件。"
        ),
        *_table("来源", day.by_source),
        *_table("类型", day.by_kind),
        *_table("事由", day.by_topic),
    ]
    for title, rows in (("紧急线索", day.urgent), ("逾期线索", day.overdue)):
        if rows:
            blocks.append(Heading(title))
            blocks += [Text(f"{row.number} {row.party_named} {row.text[:60]}") for row in rows]
    return Paper("day", "投诉举报日报", signing_office(office_code), f"{day.on:%Y-%m-%d}", tuple(blocks))
