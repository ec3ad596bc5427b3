"""停产整改通知书、恢复生产通知书、工作联系单: the papers that follow a visit."""

from __future__ import annotations

import datetime as dt

from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Block, Facts, Paper, Sign, Signs, Text
from xiejian.documents.wording import blank_signs, imprint, paragraphs, say
from xiejian.inspections import liaising, liaisons, signing, stopping
from xiejian.inspections.models import ProductionStop
from xiejian.people.models import Office
from xiejian.people.numbering import signing_office
from xiejian.people.policy import Actor

LIAISON = "工作联系单"


def _stop(pk: int, by: Actor) -> ProductionStop | None:
    return stopping.stops(by).filter(pk=pk).first()


def _day(on: dt.date | None) -> str:
    return chinese_date(on) if on else "　　年　月　日"


def stop(pk: int, by: Actor, on: dt.date) -> Paper | None:
    """停产整改通知书: what was found, from when on and what stands still, how it may begin again."""
    found = _stop(pk, by)
    if found is None:
        return None
    visit, office = found.visit, signing_office(found.office_code)
    said = {"date": _day(visit.visited_on), "kind": visit.kind, "number": visit.number}
    blocks: list[Block] = [Text(say("stop-intro", **said)), *paragraphs(found.reason)]
    blocks.append(Text(say("stop-order", date=_day(found.ordered_on), scope=found.scope)))
    blocks += [Text(say("stop-resume")), Text(say("notice-remedy"))]
    blocks.append(blank_signs("当事人（签收、盖章）", "送达人（签名）"))
    return Paper(
        "stop", signing.PAPERS["stop"], office, found.number, tuple(blocks), addressee=visit.party.name,
        official=True, sealed_on=found.ordered_on, imprint=imprint(office, found.ordered_on),
    )  # fmt: skip


def resume(pk: int, by: Actor, on: dt.date) -> Paper | None:
    """恢复生产通知书 of a stop that ended; None before."""
    found = _stop(pk, by)
    if found is None or found.resumed_on is None:
        return None
    office = signing_office(found.office_code)
    said = say(
        "resume", applied=_day(found.applied_on), number=found.number, rechecked=_day(found.rechecked_on),
        resumed=_day(found.resumed_on), scope=found.scope,
    )  # fmt: skip
    blocks: tuple[Block, ...] = (Text(said), blank_signs("当事人（签收、盖章）", "送达人（签名）"))
    return Paper(
        "resume", signing.PAPERS["resume"], office, found.number, blocks, addressee=found.visit.party.name,
        official=True, sealed_on=found.resumed_on, imprint=imprint(office, found.resumed_on),
    )  # fmt: skip


def liaison(pk: int, by: Actor, on: dt.date) -> Paper | None:
    """工作联系单 with the slip for its answer below."""
    found = liaisons.liaisons(by, on=on).filter(pk=pk).first()
    if found is None:
        return None
    names = dict(Office.objects.filter(code=found.office_code).values_list("code", "name"))
    # a sheet goes from one office to another, a station's own among them: no bureau signs for it
    office = names.get(found.office_code) or signing_office(found.office_code)
    about = [("监管对象", found.party.name)] if found.addressee != liaising.FIRM else []
    about += [("检查编号", found.visit.number)] if found.visit else []
    about += [("责令改正", found.correction.number)] if found.correction else []
    blocks: list[Block] = [Facts.of([("事由", found.title), *about]), *paragraphs(found.content)]
    blocks.append(Text(say("liaison-asks", date=_day(found.wanted_by))))
    # below the seal, like what the addressed side signs
    answered = chinese_date(found.answered_on) if found.answered_on else ""
    slip = (
        Sign("答复内容", found.answer or "　\n　\n　", " "), Sign("答复单位", found.to_name, " "),
        Sign("答复人", found.answered_by, answered),
    )  # fmt: skip
    blocks.append(Signs(slip))
    return Paper(
        "liaison", LIAISON, office, found.number, tuple(blocks), addressee=found.to_name, official=True,
        sealed_on=found.sent_on or on, draft="" if found.sent_on else "尚未发出",
    )  # fmt: skip
