"""Files on their way in: kept per phone under their digest until the event that names them is recorded.

A file arrives in pieces, each at the position where the one before ended, so that a broken line costs one
piece. The size of the part on disk is the only state: a killed server leaves a correct beginning behind.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings

from xiejian.inspections.checks import EVIDENCE_KINDS
from xiejian.inspections.limits import MEGABYTE, evidence_limit
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.offline.models import Device

problems = Catalogue(Path(__file__).with_name("problems.toml"))
BLOCK = 1 << 20


def folder(device: Device) -> Path:
    return Path(settings.MEDIA_ROOT) / "field" / str(device.pk)


def arrived(device: Device, digest: str) -> Path | None:
    """The whole file with this digest, when it is here."""
    path = folder(device) / digest
    return path if path.is_file() else None


def received(device: Device, digest: str) -> int:
    """How many bytes of it are here."""
    for path in (folder(device) / digest, folder(device) / f"{digest}.part"):
        if path.is_file():
            return path.stat().st_size
    return 0


def limit() -> int:
    """The largest file of any kind in bytes; each kind has its own limit when it is recorded."""
    return max(evidence_limit(kind) for kind in EVIDENCE_KINDS) * MEGABYTE


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def take_piece(device: Device, digest: str, *, start: int, total: int, piece: bytes) -> int:
    """Append one piece of the file; answers how many bytes are here now.

    Refused: larger than the limit (O303), a piece for another position (O304), the whole not having the
    digest that the phone took of it (O302; the part is dropped, the phone begins again).
    """
    if total > limit():
        raise Refused(problems("O303", digest[:12], size=total // MEGABYTE, limit=limit() // MEGABYTE))
    if arrived(device, digest):
        return total
    part = folder(device) / f"{digest}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    here = part.stat().st_size if part.is_file() else 0
    if start != here or here + len(piece) > total:
        raise Refused(problems("O304", digest[:12], received=here))
    with part.open("ab") as file:
        file.write(piece)
    if here + len(piece) < total:
        return here + len(piece)
    if _digest(part) != digest:
        part.unlink()
        raise Refused(problems("O302", digest[:12]))
    part.rename(part.with_name(digest))
    return total


def drop(device: Device, digest: str) -> None:
    """Forget a file that is recorded."""
    (folder(device) / digest).unlink(missing_ok=True)
