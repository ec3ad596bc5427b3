"""Names under a record: signatures on the screen, refusals to sign, supplements to what was signed.

The first name freezes the text of the record (SiteRecord). After it nothing above the signature
changes; what is missing goes into a supplement, which is signed by itself.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from PIL import Image, UnidentifiedImageError

from xiejian.inspections import limits, site_record
from xiejian.inspections import paper_checks as check
from xiejian.inspections.actions import PERMISSION, VISIT_WORKFLOW
from xiejian.inspections.checks import refuse
from xiejian.inspections.models import Signature, SiteRecord, Visit
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require

ROLES = {"party": "被检查单位", "inspector": "检查人员", "witness": "见证人"}


def _locked(visit: Visit, by: Actor) -> Visit:
    Visit.objects.select_for_update().only("pk").get(pk=visit.pk)
    found = Visit.objects.select_related("party").get(pk=visit.pk)
    require(by, PERMISSION, found.office_code, where=found.number)
    return found


def _note(action: str, visit: Visit, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="visit", key=visit.number, office_code=visit.office_code,
        detail=detail,
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
        return SiteRecord.objects.create(
            visit=visit, part=0, text=shown, digest=digest.lower(), content=ours.content,
            from_device=shown != ours.text, written_at=at, by_name=by.name,
        )  # fmt: skip
    refuse(check.check_digest_of_text(digest, row.digest, visit.number))
    return row


def _opens(image: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(image), formats=("PNG",)) as picture:
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True


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
    name = name.strip()
    stored = Signature.objects.filter(record__visit=visit, record__part=part, role=role, name=name).first()
    if stored and stored.digest == digest.lower() and not stored.refused:
        return stored
    refuse(check.check_first_answer(stored is not None, name))
    team = {member.name: member for member in visit.team.all()} if role == "inspector" else {}
    signer = officer or team.get(name)
    sent = role != "inspector" or (signer in team.values() if team else name in visit.inspectors.split("、"))
    refuse(
        check.check_signer(role, name, ROLES),
        check.check_signing_inspector(sent, name),
        check.check_signature_size(max(len(image), len(json.dumps(strokes))), limits.signature_kb()),
        check.check_strokes(strokes),
        check.check_signature_drawn(strokes, _opens(image)),
    )
    record = _record_to_sign(visit, part, digest, text, by, at)
    picture = hashlib.sha256(image).hexdigest()
    path = f"signatures/{timezone.localtime(at):%Y/%m}/{picture[:32]}.png"
    row = Signature.objects.create(
        record=record, role=role, name=name, officer=signer, signed_at=signed_at, digest=record.digest,
        file=default_storage.save(path, ContentFile(image)), sha256=picture, strokes=list(strokes),
        statement=statement.strip()[:300], at=at, by_name=by.name,
    )  # fmt: skip
    _note(
        "sign_record", visit, by, at, part=part, role=role, name=name, text_sha256=record.digest,
        picture_sha256=picture, signed_at=signed_at,
    )  # fmt: skip
    return row


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
    name, seen = name.strip(), [person.strip() for person in witnesses if person.strip()]
    stored = Signature.objects.filter(record__visit=visit, record__part=part, role="party", name=name).first()
    if stored and stored.digest == digest.lower() and stored.refused:
        return stored
    refuse(
        check.check_first_answer(stored is not None, name),
        check.check_signer("party", name, ROLES),
        check.check_witnessed(reason, seen, limits.witnesses_of_refusal()),
    )
    record = _record_to_sign(visit, part, digest, text, by, at)
    row = Signature.objects.create(
        record=record, role="party", name=name, signed_at=signed_at, digest=record.digest, refused=True,
        statement=reason.strip()[:300], witnesses="、".join(seen)[:200], at=at, by_name=by.name,
    )  # fmt: skip
    _note(
        "refuse_signature", visit, by, at, part=part, name=name, text_sha256=record.digest, reason=reason,
        witnesses=seen,
    )  # fmt: skip
    return row


@transaction.atomic
def supplement_record(*, visit: Visit, text: str, by: Actor, at: dt.datetime) -> SiteRecord:
    """Write down what a signed record lacks or has wrong; it is signed by itself. Refused: I605, I610."""
    visit = _locked(visit, by)
    written = list(SiteRecord.objects.filter(visit=visit).order_by("part"))
    refuse(check.check_supplement(text, bool(written)))
    part = written[-1].part + 1
    said = text.strip()
    whole = f"{site_record.SUPPLEMENT}（{part}）\n编号：{visit.number}\n{said}"
    row = SiteRecord.objects.create(
        visit=visit, part=part, text=whole, digest=site_record.digest_of(whole),
        content={"title": f"{site_record.SUPPLEMENT}（{part}）", "number": visit.number, "said": said},
        written_at=at, by_name=by.name,
    )  # fmt: skip
    _note("supplement_record", visit, by, at, part=part, text_sha256=row.digest)
    return row
