"""Chain of custody: every stored file is still the one that came in, and the audit chain says so.

A file is compared with the digest in its row, and that digest with the entry the audit chain got when the
file came in: whoever changes a file, its row or both is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.core.files.storage import default_storage

from xiejian.inspections import signing
from xiejian.inspections.models import Evidence, Signature, SiteRecord
from xiejian.people.models import AuditEntry

STATES = {
    "missing": "文件不见了",
    "changed": "文件与存入时的校验值不同",
    "unrecorded": "审计链中没有这个校验值",
}
#: Actions that put a digest into the audit chain.
RECORDING = ("attach_evidence", "sign_record", "refuse_signature", "supplement_record")


@dataclass(frozen=True)
class Fault:
    """One file that is not what it was. ``state`` is a key of STATES."""

    kind: str  # evidence signature record
    id: int
    place: str  # number of the visit or correction
    file: str
    state: str


def _digest(path: str) -> str | None:
    if not path or not default_storage.exists(path):
        return None
    found = hashlib.sha256()
    with default_storage.open(path, "rb") as file:
        while chunk := file.read(1024 * 1024):
            found.update(chunk)
    return found.hexdigest()


def _recorded() -> set[str]:
    """Every digest of a file that the audit chain knows."""
    details = AuditEntry.objects.filter(action__in=RECORDING).values_list("detail", flat=True)
    keys = ("sha256", "stored_sha256", "picture_sha256", "text_sha256")
    return {detail[key] for detail in details.iterator() for key in keys if detail.get(key)}


def _files() -> Iterator[tuple[str, int, str, str, str]]:
    """(kind, id, place, path, digest of the file on disk) of every stored file."""
    evidence = Evidence.objects.order_by("pk").values_list(
        "pk", "visit__number", "correction__number", "place", "file", "stored_sha256", "sha256"
    )
    for pk, visit, correction, place, path, stored, arrived in evidence.iterator():
        yield "evidence", pk, visit or correction or place, path, stored or arrived
    signed = Signature.objects.exclude(file="").order_by("pk")
    rows: Iterable[tuple[int, str, str, str]] = signed.values_list("pk", "record__place", "file", "sha256")
    for pk, place, path, digest in rows:
        yield "signature", pk, place, path, digest


def _records(recorded: set[str]) -> Iterator[Fault | None]:
    """Every signed text: what is wrong with it, or None."""
    rows = SiteRecord.objects.order_by("pk").values_list("pk", "place", "kind", "part", "text", "digest")
    for pk, place, kind, part, text, digest in rows.iterator():
        changed = hashlib.sha256(text.encode()).hexdigest() != digest
        state = "changed" if changed else "" if digest in recorded else "unrecorded"
        yield Fault("record", pk, place, f"{signing.PAPERS.get(kind, kind)} {part}", state) if state else None


def faults() -> tuple[int, list[Fault]]:
    """How many files and signed texts were looked at, and each that is missing, changed or unrecorded."""
    recorded, looked_at, found = _recorded(), 0, []
    for kind, pk, place, path, digest in _files():
        looked_at += 1
        now = _digest(path)
        state = "missing" if now is None else "changed" if now != digest else ""
        if not state and digest not in recorded:
            state = "unrecorded"
        if state:
            found.append(Fault(kind, pk, place, path, state))
    for fault in _records(recorded):
        looked_at += 1
        found += [fault] if fault else []
    return looked_at, found
