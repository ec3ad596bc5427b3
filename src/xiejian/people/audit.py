"""The audit chain: each write leaves one entry whose digest covers the entry before it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import connection

from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor

GENESIS = "0" * 64
_CHAIN_LOCK = 7_301_001  # any constant: one PostgreSQL advisory lock for the chain


def _digest(previous: str, fields: dict[str, Any]) -> str:
    text = previous + json.dumps(fields, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(),
        "by": [entry.by_username, entry.by_name],
        "office": entry.office_code,
        "action": entry.action,
        "subject": entry.subject,
        "key": entry.subject_key,
        "detail": entry.detail,
    }


Entry = tuple[str, str, dict[str, Any]]


def _lock_last() -> AuditEntry | None:
    """The newest entry, held so that nobody appends between it and ours."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    return AuditEntry.objects.order_by("-sequence").first()


def record(
    *, by: Actor, at: datetime, action: str, subject: str, key: str, office_code: str, detail: dict[str, Any]
) -> AuditEntry:
    """Append one entry; call it inside the transaction of the write it describes.

    ``detail`` must be JSON: for a change, ``{"field": [before, after]}``, with the reason.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an audit entry belongs to the transaction of its write")
    last = _lock_last()
    entry = AuditEntry(
        sequence=last.sequence + 1 if last else 1,
        at=at,
        by_username=by.username,
        by_name=by.name,
        office_code=office_code,
        action=action,
        subject=subject,
        subject_key=key,
        detail=json.loads(json.dumps(detail, ensure_ascii=False, default=str)),
        previous_digest=last.digest if last else GENESIS,
    )
    entry.digest = _digest(entry.previous_digest, _fields(entry))
    entry.save(force_insert=True)
    return entry


def record_many(*, by: Actor, at: datetime, action: str, subject: str, entries: list[Entry]) -> None:
    """Append one entry per changed thing of a bulk write, in order, with two queries altogether.

    ``entries``: (key, office code, detail) of each.
    """
    if not entries:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("an audit entry belongs to the transaction of its write")
    last = _lock_last()
    newest, previous = (last.sequence, last.digest) if last else (0, GENESIS)
    rows = []
    for sequence, (key, office_code, detail) in enumerate(entries, newest + 1):
        entry = AuditEntry(
            sequence=sequence, at=at, by_username=by.username, by_name=by.name, office_code=office_code,
            action=action, subject=subject, subject_key=key,
            detail=json.loads(json.dumps(detail, ensure_ascii=False, default=str)), previous_digest=previous,
        )  # fmt: skip
        previous = entry.digest = _digest(previous, _fields(entry))
        rows.append(entry)
    AuditEntry.objects.bulk_create(rows, batch_size=2000)


def broken_at() -> int | None:
    """The sequence number at which the chain does not hold, None when it is whole."""
    previous, expected = GENESIS, 1
    for entry in AuditEntry.objects.order_by("sequence").iterator():
        whole = entry.sequence == expected and entry.previous_digest == previous
        if not whole or entry.digest != _digest(previous, _fields(entry)):
            return expected
        previous, expected = entry.digest, expected + 1
    return None
