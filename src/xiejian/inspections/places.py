"""The record that a file or a signature belongs to, whichever room it lives in."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Model


@dataclass(frozen=True)
class Place:
    """One record: model name, id, number, office, and the permission to add to it."""

    subject: str
    record: int
    number: str
    office_code: str
    permission: str

    @classmethod
    def of(cls, row: Model, permission: str) -> Place:
        """The place of a record that has a number and an office."""
        subject = row._meta.model_name or ""
        return cls(subject, row.pk, str(row.number), str(row.office_code), permission)  # type: ignore[attr-defined]
