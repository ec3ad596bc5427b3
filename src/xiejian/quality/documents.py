"""文件管理: a version is written by one person and approved by another; none is overwritten once approved."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from xiejian.kernel.conditions import add_months
from xiejian.people.policy import Actor, require_for
from xiejian.quality import checks as check
from xiejian.quality.checks import refuse
from xiejian.quality.models import DocumentReading, DocumentVersion, QualityDocument
from xiejian.quality.moves import APPROVE, EDIT, READ, begun, firm_for, hold_desk, note, step
from xiejian.quality.rules import review_months


@transaction.atomic
def draft_document(
    *, number: str, title: str, kind: str, text: str, by: Actor, at: dt.datetime, change: str = "首次编写",
    firm_uscc: str = "",
) -> DocumentVersion:  # fmt: skip
    """编写文件: a new document with its first version; Refused QU101, QU102, QU105."""
    firm = firm_for(by, firm_uscc)
    hold_desk(firm)
    number = number.strip()
    refuse(
        check.check_given(number, "文件编号"),
        check.check_given(title, "文件名称"),
        check.check_given(text, "内容"),
        check.check_known(kind, QualityDocument.KINDS, "文件类别"),
        check.check_new_document(
            number, QualityDocument.objects.filter(firm_uscc=firm, number=number).exists()
        ),
    )
    document = QualityDocument.objects.create(firm_uscc=firm, number=number, title=title, kind=kind)
    return _written(document, 1, text, change, by, at, "draft_document")


@transaction.atomic
def draft_version(
    *, version: DocumentVersion, text: str, change: str, by: Actor, at: dt.datetime
) -> DocumentVersion:
    """修订: the next version of the document; one at a time (QU106)."""
    require_for(by, EDIT, version.firm_uscc, where=version.number)
    hold_desk(version.firm_uscc)
    document = version.document
    waiting = document.versions.filter(state__in=("draft", "handed_in")).exists()
    refuse(
        check.check_given(text, "内容"),
        check.check_given(change, "修订理由"),
        check.check_no_open_version(str(document), waiting),
    )
    last = document.versions.order_by("-version").values_list("version", flat=True)[0]
    return _written(document, last + 1, text, change, by, at, "draft_version")


def _written(
    document: QualityDocument, n: int, text: str, change: str, by: Actor, at: dt.datetime, action: str
) -> DocumentVersion:
    made = DocumentVersion.objects.create(
        document=document, version=n, number=f"{document.number}-V{n}", text=text, change=change,
        writer=by.username, **begun(DocumentVersion, document.firm_uscc, by, at),
    )  # fmt: skip
    note(action, made, by, at)
    return made


@transaction.atomic
def change_version(
    *, version: DocumentVersion, text: str, change: str, by: Actor, at: dt.datetime
) -> DocumentVersion:
    """修改: who changes a draft last is its writer from then on."""
    version, state = step(version, "change_version", by)
    refuse(check.check_given(text, "内容"), check.check_given(change, "修订理由"))
    version.text, version.change = text, change
    version.writer, version.by_name = by.username, by.name
    version.save()
    note("change_version", version, by, at, state=state)
    return version


@transaction.atomic
def hand_in_version(*, version: DocumentVersion, by: Actor, at: dt.datetime) -> DocumentVersion:
    """提交批准."""
    version, state = step(version, "hand_in_version", by)
    version.return_reason = ""
    version.save()
    note("hand_in_version", version, by, at, state=state)
    return version


@transaction.atomic
def return_version(*, version: DocumentVersion, reason: str, by: Actor, at: dt.datetime) -> DocumentVersion:
    """退回: with what is to be mended."""
    version, state = step(version, "return_version", by)
    refuse(check.check_given(reason, "退回理由"))
    version.return_reason = reason
    version.save()
    note("return_version", version, by, at, state=state)
    return version


@transaction.atomic
def approve_version(
    *, version: DocumentVersion, effective_on: dt.date, by: Actor, at: dt.datetime,
    review_on: dt.date | None = None,
) -> DocumentVersion:  # fmt: skip
    """批准: by somebody else than the writer (QU107); the version before ends when this one holds.

    ``review_on``: when the document is reviewed; after the pack's months where not given.
    """
    hold_desk(version.firm_uscc)
    version, state = step(version, "approve_version", by)
    today = timezone.localdate(at)
    review_on = review_on or add_months(effective_on, review_months())
    refuse(
        check.check_not_writer(by.username, version.writer),
        check.check_effective(effective_on, today),
        check.check_order("生效日期", effective_on, "下次评审日期", review_on),
    )
    for before in version.document.versions.filter(state__in=("approved", "withdrawn")).select_for_update():
        before.ended_on = check.ends_before(before.effective_on or today, before.ended_on, effective_on)
        before.end_reason = before.end_reason or f"由第 {version.version} 版代替"
        before.save()
    version.approver, version.approved_on, version.effective_on = by.name, today, effective_on
    version.save()
    QualityDocument.objects.filter(pk=version.document_id).update(review_on=review_on)
    note("approve_version", version, by, at, state=state, effective_on=effective_on)
    return version


@transaction.atomic
def withdraw_version(
    *, version: DocumentVersion, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> DocumentVersion:
    """停用: from a day that has not passed, so that what held before stays known."""
    version, state = step(version, "withdraw_version", by)
    refuse(
        check.check_given(reason, "停用理由"),
        check.check_order("今天", timezone.localdate(at), "停用日期", on),
    )
    if version.ended_on is None or on < version.ended_on:
        version.ended_on = on
    version.end_reason = reason
    version.save()
    note("withdraw_version", version, by, at, state=state, on=on)
    return version


@transaction.atomic
def review_document(
    *, version: DocumentVersion, on: dt.date, by: Actor, at: dt.datetime, next_on: dt.date | None = None
) -> DocumentVersion:
    """评审: the document goes on as it is; where it does not, it is revised instead."""
    require_for(by, APPROVE, version.firm_uscc, where=version.number)
    next_on = next_on or add_months(on, review_months())
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "评审日期"),
        check.check_order("评审日期", on, "下次评审日期", next_on),
    )
    QualityDocument.objects.filter(pk=version.document_id).update(review_on=next_on)
    note("review_document", version, by, at, on=on, next_on=next_on)
    return version


@transaction.atomic
def read_version(*, version: DocumentVersion, by: Actor, at: dt.datetime) -> DocumentVersion:
    """签收: this person has read the version; the first time counts."""
    require_for(by, READ, version.firm_uscc, where=version.number)
    refuse(check.check_readable(version.state))
    _, new = DocumentReading.objects.get_or_create(
        version=version, username=by.username, defaults={"name": by.name, "read_at": at}
    )
    if new:
        note("read_version", version, by, at)
    return version
