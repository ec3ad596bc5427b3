"""Names under a paper: signatures on the screen, refusals to sign, supplements to what was signed.

The first name freezes the text (SiteRecord). After it nothing above the signature changes. What the record
of a visit lacks goes into a supplement, which is signed by itself; any other paper whose record says
something else by now is signed anew, and its earlier wordings are kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from PIL import Image, UnidentifiedImageError

from xiejian.inspections import limits, site_record
from xiejian.inspections import paper_checks as check
from xiejian.inspections.actions import PERMISSION, VISIT_WORKFLOW
from xiejian.inspections.checks import refuse
from xiejian.inspections.models import Signature, SiteRecord, Visit
from xiejian.inspections.places import Place
from xiejian.kernel import divisions
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require

#: Papers that people put their names to.
PAPERS = {
    "record": site_record.TITLE,
    "notice": "责令改正通知书",
    "recheck": "复查记录",
    "interview": "约谈记录",
    "stop": "停产整改通知书",
    "resume": "恢复生产通知书",
    "sheet": "抽样单",
}
RECORD = "record"
ROLES = {"party": "被检查单位", "inspector": "检查人员", "witness": "见证人"}


@dataclass(frozen=True)
class Wording:
    """A paper as it is put before people: its words, what it is set from, who may sign it as an official.

    ``officials``: names; empty stands for everybody in post at the authority. ``content``: what documents
    need to set the paper again.
    """

    place: Place
    kind: str  # of PAPERS, the record of a visit apart
    text: str
    content: dict[str, Any]
    officials: tuple[str, ...] = ()


def _rows(place: Place, kind: str) -> QuerySet[SiteRecord]:
    return SiteRecord.objects.filter(subject=place.subject, record_key=place.record, kind=kind)


def wordings(place: Place, kind: str) -> list[SiteRecord]:
    """Every wording of a paper that was signed, in their order, with the names under it.

    For a record that the caller may see already.
    """
    return list(_rows(place, kind).order_by("part").prefetch_related("signatures"))


def _locked(visit: Visit, by: Actor) -> Visit:
    Visit.objects.select_for_update().only("pk").get(pk=visit.pk)
    found = Visit.objects.select_related("party").get(pk=visit.pk)
    require(by, PERMISSION, found.office_code, where=found.number)
    return found


def _note(action: str, place: Place, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=place.subject, key=place.number, office_code=place.office_code,
        detail=detail,
    )  # fmt: skip


def _freeze(
    place: Place, kind: str, part: int, text: str, content: dict[str, Any], by: Actor, at: dt.datetime,
    **more: Any,
) -> SiteRecord:  # fmt: skip
    return SiteRecord.objects.create(
        subject=place.subject, record_key=place.record, place=place.number, office_code=place.office_code,
        kind=kind, part=part, text=text, digest=site_record.digest_of(text), content=content, written_at=at,
        by_name=by.name, **more,
    )  # fmt: skip


def _record_to_sign(
    visit: Visit, part: int, digest: str, text: str, by: Actor, at: dt.datetime
) -> SiteRecord:
    """The record that was shown, frozen now when this is the first name under it.

    ``text``: what a device showed where it could not ask for ours; kept word for word.
    """
    row = SiteRecord.objects.filter(visit=visit, part=part).first()
    if row is None:
        refuse(
            check.check_part_exists(part == 0, part),
            check.check_visit_has_begun(visit.state, VISIT_WORKFLOW.states[visit.state]),
        )
        ours = site_record.standing(visit)
        shown = text or ours.text
        refuse(check.check_digest_of_text(digest, site_record.digest_of(shown), visit.number))
        place = Place.of(visit, PERMISSION)
        return _freeze(
            place, RECORD, 0, shown, ours.content, by, at, visit=visit, from_device=shown != ours.text
        )
    refuse(check.check_digest_of_text(digest, row.digest, visit.number))
    return row


def _wording_to_sign(paper: Wording, digest: str, by: Actor, at: dt.datetime) -> SiteRecord:
    """The wording that was shown: one signed before, or the present one, frozen now."""
    earlier = list(_rows(paper.place, paper.kind).order_by("part"))
    if row := next((row for row in earlier if row.digest == digest.lower()), None):
        return row
    refuse(check.check_digest_of_text(digest, site_record.digest_of(paper.text), paper.place.number))
    return _freeze(paper.place, paper.kind, len(earlier), paper.text, paper.content, by, at)


def _opens(image: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(image), formats=("PNG",)) as picture:
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True


@dataclass(frozen=True)
class Name:
    """One person's name as it was drawn: PNG, and strokes [[[x, y, milliseconds, pressure], …], …]."""

    role: str  # of ROLES
    name: str
    image: bytes
    strokes: Sequence[Sequence[Sequence[float]]]
    signed_at: dt.datetime
    statement: str = ""


def _check_drawn(given: Name) -> None:
    refuse(
        check.check_signature_size(
            max(len(given.image), len(json.dumps(given.strokes))), limits.signature_kb()
        ),
        check.check_strokes(given.strokes),
        check.check_signature_drawn(given.strokes, _opens(given.image)),
    )


def _put_name(
    place: Place, given: Name, record: Callable[[], SiteRecord], signer: Officer | None, by: Actor,
    at: dt.datetime,
) -> Signature:  # fmt: skip
    """Store one signature under the record that ``record`` gives once the picture is good."""
    _check_drawn(given)
    row, picture = record(), hashlib.sha256(given.image).hexdigest()
    path = f"signatures/{timezone.localtime(at):%Y/%m}/{picture[:32]}.png"
    signed = Signature.objects.create(
        record=row, role=given.role, name=given.name, officer=signer, signed_at=given.signed_at,
        digest=row.digest, file=default_storage.save(path, ContentFile(given.image)), sha256=picture,
        strokes=list(given.strokes), statement=given.statement.strip()[:300], at=at, by_name=by.name,
    )  # fmt: skip
    _note(
        "sign_record", place, by, at, paper=row.kind, part=row.part, role=given.role, name=given.name,
        text_sha256=row.digest, picture_sha256=picture, signed_at=given.signed_at,
    )  # fmt: skip
    return signed


def _put_refusal(
    place: Place, name: str, reason: str, seen: list[str], signed_at: dt.datetime,
    record: Callable[[], SiteRecord], by: Actor, at: dt.datetime,
) -> Signature:  # fmt: skip
    """Store that somebody did not sign; it stands in the place of the party's name."""
    refuse(
        check.check_signer("party", name, ROLES),
        check.check_witnessed(reason, seen, limits.witnesses_of_refusal()),
    )
    row = record()
    signed = Signature.objects.create(
        record=row, role="party", name=name, signed_at=signed_at, digest=row.digest, refused=True,
        statement=reason.strip()[:300], witnesses="、".join(seen)[:200], at=at, by_name=by.name,
    )  # fmt: skip
    _note(
        "refuse_signature", place, by, at, paper=row.kind, part=row.part, name=name, text_sha256=row.digest,
        reason=reason, witnesses=seen,
    )  # fmt: skip
    return signed


def _people(witnesses: Sequence[str]) -> list[str]:
    return [person.strip() for person in witnesses if person.strip()]


# ── the record of a visit ─────────────────────────────────────────────────────────────────────────
@transaction.atomic
def sign_record(
    *,
    visit: Visit,
    role: str,
    name: str,
    image: bytes,
    strokes: Sequence[Sequence[Sequence[float]]],
    signed_at: dt.datetime,
    digest: str,
    by: Actor,
    at: dt.datetime,
    part: int = 0,
    text: str = "",
    statement: str = "",
    officer: Officer | None = None,
) -> Signature:
    """One person signs the record (``part`` 0) or supplement ``part`` on the screen.

    ``role``: party, inspector (named in the team), witness. ``image``: PNG of the name as drawn;
    ``strokes``: [[[x, y, milliseconds, pressure], …], …]. ``digest``: SHA-256 of the text that was shown,
    or of ``text`` where a device showed its own. ``statement``: what the person adds (属实, a defence).
    The same person again gives the stored signature. Refused: I602–I608, I611, I612.
    """
    visit = _locked(visit, by)
    given = Name(role, name.strip(), image, strokes, signed_at, statement)
    stored = Signature.objects.filter(
        record__visit=visit, record__part=part, role=role, name=given.name
    ).first()
    if stored and stored.digest == digest.lower() and not stored.refused:
        return stored
    refuse(check.check_first_answer(stored is not None, given.name))
    team = {member.name: member for member in visit.team.all()} if role == "inspector" else {}
    signer = officer or team.get(given.name)
    sent = role != "inspector" or (
        signer in team.values() if team else given.name in visit.inspectors.split("、")
    )
    refuse(check.check_signer(role, given.name, ROLES), check.check_signing_inspector(sent, given.name))
    return _put_name(
        Place.of(visit, PERMISSION), given,
        lambda: _record_to_sign(visit, part, digest, text, by, at), signer, by, at,
    )  # fmt: skip


@transaction.atomic
def refuse_signature(
    *,
    visit: Visit,
    name: str,
    reason: str,
    witnesses: Sequence[str],
    signed_at: dt.datetime,
    digest: str,
    by: Actor,
    at: dt.datetime,
    part: int = 0,
    text: str = "",
) -> Signature:
    """The party's person does not sign: recorded with the reason and who saw it (I106, I609).

    It stands in the place of the party's signature and freezes the record like one.
    """
    visit = _locked(visit, by)
    name = name.strip()
    stored = Signature.objects.filter(record__visit=visit, record__part=part, role="party", name=name).first()
    if stored and stored.digest == digest.lower() and stored.refused:
        return stored
    refuse(check.check_first_answer(stored is not None, name))
    return _put_refusal(
        Place.of(visit, PERMISSION), name, reason, _people(witnesses), signed_at,
        lambda: _record_to_sign(visit, part, digest, text, by, at), by, at,
    )  # fmt: skip


@transaction.atomic
def supplement_record(*, visit: Visit, text: str, by: Actor, at: dt.datetime) -> SiteRecord:
    """Write down what a signed record lacks or has wrong; it is signed by itself. Refused: I605, I610."""
    visit = _locked(visit, by)
    written = list(SiteRecord.objects.filter(visit=visit).order_by("part"))
    refuse(check.check_supplement(text, bool(written)))
    part = written[-1].part + 1
    said, place = text.strip(), Place.of(visit, PERMISSION)
    whole = f"{site_record.SUPPLEMENT}（{part}）\n编号：{visit.number}\n{said}"
    content = {"title": f"{site_record.SUPPLEMENT}（{part}）", "number": visit.number, "said": said}
    row = _freeze(place, RECORD, part, whole, content, by, at, visit=visit)
    _note("supplement_record", place, by, at, part=part, text_sha256=row.digest)
    return row


# ── any other paper ───────────────────────────────────────────────────────────────────────────────
def officials(paper: Wording) -> dict[str, Officer]:
    """Who may sign a paper as an official, by name: those it names, else those in post at the authority.

    A bureau and its stations are one authority.
    """
    authority = divisions.stem(divisions.at_tier(paper.place.office_code, "county"))
    found = Officer.objects.filter(is_active=True, office__stem__startswith=authority)
    if paper.officials:
        found = found.filter(name__in=paper.officials)
    return {officer.name: officer for officer in found.order_by("-pk")}


def _answered(paper: Wording, digest: str, role: str, name: str) -> Signature | None:
    return Signature.objects.filter(
        record__in=_rows(paper.place, paper.kind).filter(digest=digest.lower()), role=role, name=name
    ).first()


@transaction.atomic
def sign_paper(*, paper: Wording, given: Name, digest: str, by: Actor, at: dt.datetime) -> Signature:
    """One person signs a paper on the screen; the first name freezes its words.

    ``digest``: SHA-256 of the text that was shown. The same person again gives the stored signature.
    Refused: not an official of the paper (I616), and as ``sign_record`` (I602–I604, I606, I607, I615).
    """
    require(by, paper.place.permission, paper.place.office_code, where=paper.place.number)
    stored = _answered(paper, digest, given.role, given.name)
    if stored and not stored.refused:
        return stored
    known = officials(paper) if given.role == "inspector" else {}
    signer = known.get(given.name)
    sent = given.role != "inspector" or signer is not None or given.name in paper.officials
    refuse(
        check.check_first_answer(stored is not None, given.name),
        check.check_signer(given.role, given.name, ROLES),
        check.check_signing_official(sent, given.name, PAPERS[paper.kind]),
    )
    return _put_name(paper.place, given, lambda: _wording_to_sign(paper, digest, by, at), signer, by, at)


@transaction.atomic
def refuse_paper(
    *,
    paper: Wording,
    name: str,
    reason: str,
    witnesses: Sequence[str],
    signed_at: dt.datetime,
    digest: str,
    by: Actor,
    at: dt.datetime,
) -> Signature:
    """The party's person does not sign, or does not take the paper: with the reason and who saw it.

    Refused: I106, I603, I606, I609, I615.
    """
    require(by, paper.place.permission, paper.place.office_code, where=paper.place.number)
    name = name.strip()
    stored = _answered(paper, digest, "party", name)
    if stored and stored.refused:
        return stored
    refuse(check.check_first_answer(stored is not None, name))
    return _put_refusal(
        paper.place, name, reason, _people(witnesses), signed_at,
        lambda: _wording_to_sign(paper, digest, by, at), by, at,
    )  # fmt: skip
