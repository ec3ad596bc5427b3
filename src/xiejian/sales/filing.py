"""The business file of a contract: papers kept with their digest, each once."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.utils import timezone

from xiejian.inspections.checks import check_evidence_file
from xiejian.people.policy import Actor, require_for
from xiejian.sales.checks import refuse
from xiejian.sales.models import Contract, ContractFile
from xiejian.sales.moves import EDIT, note


@transaction.atomic
def file_paper(*, contract: Contract, file: File, by: Actor, at: dt.datetime, name: str = "") -> ContractFile:
    """归档: in any state of the contract; the same file is kept once.

    Refused: empty (I401), too large (I402), of no accepted type (I403), not what its name says (I404).
    """
    require_for(by, EDIT, contract.firm_uscc, where=contract.number)
    given = Path(file.name or "").name
    file.seek(0)
    content = file.read()
    refuse(check_evidence_file(given, len(content), content[:64]))
    digest = hashlib.sha256(content).hexdigest()
    if kept := contract.files.filter(sha256=digest).first():
        return kept
    row = ContractFile(
        firm_uscc=contract.firm_uscc, contract=contract, name=(name or given)[:200], sha256=digest,
        size=len(content), at=at, by_name=by.name,
    )  # fmt: skip
    # the digest names the file: what the firm called it never reaches the disk
    path = f"sales/{timezone.localtime(at):%Y/%m}/{digest[:32]}{Path(given).suffix.lower()}"
    row.file.save(path, ContentFile(content), save=False)
    row.save()
    note("file_paper", contract, by, at, sha256=digest)
    return row
