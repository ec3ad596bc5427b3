"""The letters of assistance: our request, our answer, the return of a request."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache

from xiejian.assistance.models import AssistanceRequest
from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Block, Paper, Text
from xiejian.kernel.packs import root
from xiejian.people.numbering import signing_office

KINDS = {"request": "协助调查函", "answer": "协查复函", "returned": "协查退回函"}


@cache
def _texts() -> dict[str, str]:
    with (root() / "assistance" / "papers.toml").open("rb") as file:
        return {entry["id"]: entry["text"] for entry in tomllib.load(file)["text"]}


def available(row: AssistanceRequest) -> dict[str, str]:
    """Which letters the request has by now, with their titles."""
    ours = row.direction == AssistanceRequest.OUT
    found = ["request"] if ours else []
    found += ["answer"] if not ours and row.reply else []
    found += ["returned"] if not ours and row.refusal else []
    return {kind: KINDS[kind] for kind in found}


def make(kind: str, row: AssistanceRequest, *, on: dt.date) -> Paper:
    """A letter of a request as of a day; KeyError for a kind that it does not have (see ``available``)."""
    said = {
        "subject": row.subject, "party": row.party_named or "下列单位", "reason": row.refusal,
        "dated": chinese_date(row.dated_on), "other_no": row.other_no or "无文号",
    }  # fmt: skip
    blocks: list[Block] = [Text(_texts()[kind].format(**said))]
    body = {"request": row.asked, "answer": row.reply, "returned": ""}[kind]
    blocks += [Text(line) for line in body.splitlines() if line.strip()]
    if kind == "request":
        blocks.append(Text(_texts()["ask"]))
    sealed = (row.sent_on if kind == "request" else row.replied_on) or on
    number = row.number if kind == "request" else row.reply_no
    return Paper(
        kind, KINDS[kind], signing_office(row.office_code), number, tuple(blocks),
        addressee=row.other_office, official=True, sealed_on=sealed,
    )  # fmt: skip
