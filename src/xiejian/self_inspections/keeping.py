"""Which form a report is asked by, and the text of each form that was ever filed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from xiejian.self_inspections import forms
from xiejian.self_inspections.forms import Form
from xiejian.self_inspections.models import FormVersion, SelfInspection

#: states in which the firm still writes: it is asked by the form of now
WRITING = ("draft", "returned", "amending")


def form_of(report: SelfInspection) -> Form:
    """The form of a report: that of now while the firm writes, else the one that it was filed by.

    Refused (SI111) where the pack no longer has the form and nothing of it was kept.
    """
    if report.state not in WRITING and (found := filed_form(report)):
        return found
    return forms.get(report.form).asked(report.conditions)


def kept_forms(wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Form]:
    """(form, version) → the form as it was asked; one query. Versions are digests: they hold for any form."""
    rows = FormVersion.objects.filter(version__in={version for _, version in wanted})
    return {(row.form, row.version): forms.from_json(row.content) for row in rows}


def keep(form: Form, at: dt.datetime) -> None:
    """Keep the text of a form that is being filed; the same text is kept once."""
    FormVersion.objects.get_or_create(
        form=form.id, version=form.version, defaults={"content": forms.as_json(form), "kept_at": at}
    )


def filed_form(report: SelfInspection) -> Form | None:
    """The form by which a report was filed last; None where it never was, or came from a file."""
    if not report.form_version:
        return None
    return kept_forms({(report.form, report.form_version)}).get((report.form, report.form_version))
