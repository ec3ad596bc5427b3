"""Papers with names under them: their words for signing, the names for printing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Model
from django.utils import timezone

from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Blank, Block, Facts, Heading, NewPage, Paper, Sign, Signs, Table, Text
from xiejian.inspections import checklists, signing, site_record
from xiejian.inspections.models import Signature, SiteRecord
from xiejian.inspections.places import Place
from xiejian.inspections.signing import Wording
from xiejian.sampling import rules as sampling

HIDDEN = "＊＊＊"


@dataclass(frozen=True)
class Signable:
    """A paper that is signed: the permission for it, what its lines are called, how many officials sign."""

    permission: str
    party: str
    official: str
    officials: int

    @property
    def roles(self) -> dict[str, str]:
        return {"party": self.party, "inspector": self.official, "witness": signing.ROLES["witness"]}


def signable(kind: str) -> Signable | None:
    """How the paper ``kind`` is signed; None for one that is not, or that is signed as a visit's record."""
    served = Signable("inspections.visit", "当事人（签收）", "送达人", 1)
    found = {
        "notice": served,
        "stop": served,
        "resume": served,
        "recheck": Signable("inspections.visit", "被检查单位", "检查人员", checklists.minimum_inspectors()),
        "interview": Signable("cases.edit", "被约谈人", "约谈人", 1),
        "sheet": Signable("sampling.sample", "被抽样单位", "抽样人员", sampling.minimum_samplers()),
    }
    return found.get(kind)


def place_of(kind: str, record: Any) -> Place:
    """The record of a paper as signatures name it; a talk has no number and goes by its id."""
    found = signable(kind)
    assert found is not None
    number = str(getattr(record, "number", record.pk))
    return Place(_subject(record), record.pk, number, record.office_code, found.permission)


def _subject(record: Model) -> str:
    return record._meta.model_name or ""


# ── the words ─────────────────────────────────────────────────────────────────────────────────────
def as_text(paper: Paper) -> str:
    """The paper as the plain text that is shown before signing; names and its own number left out."""
    lines = [paper.office_name, paper.title]
    lines += [f"{paper.addressee}："] if paper.addressee else []
    for block in paper.blocks:
        lines += _said(block)
    lines += [chinese_date(paper.sealed_on)] if paper.sealed_on else []
    return "\n".join(lines)


def _said(block: Block) -> list[str]:
    if isinstance(block, Heading | Text):
        return [block.text]
    if isinstance(block, Facts):
        return [f"{label}：{value}" for row in block.rows for label, value in row]
    if isinstance(block, Table):
        return ["　".join(cells) for cells in (block.columns, *block.rows)]
    if isinstance(block, Blank):
        return [f"{block.label}（空白）"]
    return [block.title] if isinstance(block, NewPage) else []


def wording(kind: str, paper: Paper, record: Any, officials: Iterable[str] = ()) -> Wording:
    """A paper as it is put before people. ``officials``: who may sign it for the office; none: anybody."""
    return Wording(
        place_of(kind, record), kind, as_text(paper), {"title": paper.title}, tuple(filter(None, officials))
    )


# ── the names ─────────────────────────────────────────────────────────────────────────────────────
def _moment(at: dt.datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def sign_line(row: Signature, personal: bool, roles: Mapping[str, str] = signing.ROLES) -> Sign:
    """One name under a paper for somebody who may see contacts or may not."""
    role = roles[row.role]
    shown = personal or row.role == "inspector"
    name = row.name if shown else HIDDEN
    if row.refused:
        seen = row.witnesses if personal else HIDDEN
        said = f"拒绝签名。理由：{row.statement}。见证人：{seen}"
        return Sign(role, name, _moment(row.signed_at), note=said)
    here = shown and row.file and default_storage.exists(row.file.name)
    picture = Path(default_storage.path(row.file.name)) if here else None
    return Sign(
        role, name, _moment(row.signed_at), picture, row.statement if shown else "",
        row.pk if here else None,
    )  # fmt: skip


def in_order(rows: Iterable[Signature]) -> list[Signature]:
    return sorted(rows, key=lambda row: list(signing.ROLES).index(row.role))


def _names(row: SiteRecord, kind: str, personal: bool) -> Signs:
    """The names under one wording, and lines for those that are missing."""
    how = signable(kind)
    assert how is not None
    given = in_order(row.signatures.all())
    lines = [sign_line(one, personal, how.roles) for one in given]
    roles = [one.role for one in given]
    lines += [] if "party" in roles else [Sign(f"{how.party}（签名、盖章）")]
    lines += [Sign(f"{how.official}（签名）")] * max(0, how.officials - roles.count("inspector"))
    return Signs(tuple(lines))


def with_names(kind: str, paper: Paper, record: Any, *, personal: bool) -> Paper:
    """The paper with the names under it, where these very words were signed.

    Where its record says something else by now, the paper says so and stands without names: the earlier
    wording is printed by ``verbatim``.
    """
    if signable(kind) is None:
        return paper
    rows = signing.wordings(place_of(kind, record), kind)
    if not rows:
        return paper
    digest = site_record.digest_of(as_text(paper))
    row = next((row for row in rows if row.digest == digest), None)
    if row is None:
        return replace(paper, draft="签名后内容有改动，尚未重新签名")
    return replace(paper, blocks=tuple(_put(paper.blocks, _names(row, kind, personal))))


def _put(blocks: Iterable[Block], names: Signs) -> Iterator[Block]:
    for block in blocks:
        if not isinstance(block, Signs):
            yield block
    yield names


def verbatim(kind: str, record: Any, part: int, office_name: str, *, personal: bool) -> Paper | None:
    """A wording that was signed, word for word, with its names; None where there is no such part."""
    rows = signing.wordings(place_of(kind, record), kind)
    row = next((row for row in rows if row.part == part), None)
    if row is None:
        return None
    words = row.text.splitlines() if personal else ["本文书按签名时的内容留存，您的角色不能查看全文。"]
    blocks: tuple[Block, ...] = (*(Text(line, indent=False) for line in words), _names(row, kind, personal))
    number = str(getattr(record, "number", ""))
    return Paper(kind, str(row.content["title"]), office_name, number, blocks)
