"""Two liaison sheets of an office's last days: one answered by its station, one that waits for the bureau."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.base import ContentFile

from xiejian.cli.demo import on_record
from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.invention import working_day
from xiejian.cli.demo.living import later, picture
from xiejian.documents import papers
from xiejian.inspections import liaising, signing, site_record
from xiejian.inspections.models import Correction
from xiejian.people.policy import Actor

_ASKED, _ANSWERED, _TIME = 12, 9, 7  # days before today; days that the addressed side is given


def write_liaisons(staffed: Staffed) -> int:
    """Write both about the newest order of the office's area that a station has; how many were written."""
    orders = Correction.objects.filter(office_code__in=staffed.stations).select_related("visit__party")
    order = orders.order_by("-ordered_on", "-pk").first()
    if order is None:
        return 0
    station = Actor.of(staffed.visitors[order.office_code][0])
    _served(order, staffed, station)
    _answered(order, staffed, station)
    _waiting(order, staffed, station)
    return 2


def _served(order: Correction, staffed: Staffed, station: Actor) -> None:
    """The notice of the order, signed for by the party and by who brought it."""
    party, on = order.visit.party, order.ordered_on
    found = papers.to_sign("notice", order.pk, by=station, on=on)
    assert found is not None
    digest = site_record.digest_of(found[1].text)
    head = party.head or party.legal_representative or "现场负责人"
    for role, name in (("party", head), ("inspector", station.name)):
        image, strokes = on_record.drawn(name)
        given = signing.Name(role, name, image, strokes, moment(on, hour=8))
        signing.sign_paper(paper=found[1], given=given, digest=digest, by=station, at=moment(on, hour=8))


def _answered(order: Correction, staffed: Staffed, station: Actor) -> None:
    asked = working_day(staffed.today - timedelta(days=_ASKED))
    answered = later(asked, _ASKED - _ANSWERED)
    party = order.visit.party
    sheet = liaising.draft_liaison(
        party=party, addressee=liaising.OFFICE, to_office=order.office_code, title="核对经营地址和库房地址",
        content=f"请到{party.name}现场核对经营地址、库房地址与登记是否一致，并拍照留存。",
        wanted_by=asked + timedelta(days=_TIME), by=staffed.officer, at=moment(asked),
    )  # fmt: skip
    sheet = liaising.send_liaison(liaison=sheet, sent_on=asked, by=staffed.officer, at=moment(asked, hour=2))
    liaising.receive_liaison(
        liaison=sheet, received_on=asked, receiver=station.name, by=station, at=moment(asked, hour=3)
    )
    photo = ContentFile(picture(sheet.number), name="现场.png")
    liaising.answer_liaison(
        liaison=sheet, answered_on=answered, answer="已到现场核对，经营地址、库房地址与登记一致，照片附后。",
        answered_by=station.name, files=[photo], by=station, at=moment(answered, hour=4),
    )  # fmt: skip


def _waiting(order: Correction, staffed: Staffed, station: Actor) -> None:
    sent = working_day(staffed.today - timedelta(days=2))
    sheet = liaising.draft_liaison(
        party=order.visit.party, correction=order, addressee=liaising.OFFICE, to_office=staffed.code,
        title="整改情况需要科室协助认定", wanted_by=later(staffed.today, 4), by=station, at=moment(sent),
        content=f"{order.number}涉及的进货查验资料是否符合要求，请科室协助认定后答复。",
    )  # fmt: skip
    liaising.send_liaison(liaison=sheet, sent_on=sent, by=station, at=moment(sent, hour=2))
