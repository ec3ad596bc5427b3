"""One record of every kind of the quality desk, straight into its tables: for pages that name a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moment import NOW
from xiejian.quality import models as quality
from xiejian.registry.models import Party

TODAY = NOW.date()


def _row(model: Any, party: Party, number: str, state: str, **facts: Any) -> Any:
    found = {"state": state, "made_at": NOW, "by_name": party.name, **facts}
    return model.objects.get_or_create(firm_uscc=party.uscc, number=number, defaults=found)[0]


def watched(party: Party) -> quality.WatchedRule:
    return _row(
        quality.WatchedRule, party, "GZ1", "open", kind="recall", source="ZH1", title=f"{party.name}召回",
        on=TODAY, proposed=True, reasons=["本单位有该产品"],
    )  # fmt: skip


def version(party: Party) -> quality.DocumentVersion:
    document, _ = quality.QualityDocument.objects.get_or_create(
        firm_uscc=party.uscc, number="QP-01", defaults={"title": f"{party.name}程序", "kind": "procedure"}
    )
    return _row(
        quality.DocumentVersion, party, "QP-01-V1", "approved", document=document, version=1, text="一、目的",
        change="首次编写", writer="x", approver="负责人", approved_on=TODAY, effective_on=TODAY,
    )  # fmt: skip


def training(party: Party) -> quality.TrainingItem:
    return _row(
        quality.TrainingItem, party, "PX1", "planned", topic=f"{party.name}冷链", audience="仓储人员",
        planned_on=TODAY, hours=2,
    )  # fmt: skip


def finding(party: Party) -> quality.AuditFinding:
    return _row(
        quality.AuditFinding, party, "NS1", "found", source="内部审核", title=f"{party.name}记录",
        content="缺两日", found_on=TODAY,
    )  # fmt: skip


def feedback(party: Party) -> quality.CustomerFeedback:
    return _row(
        quality.CustomerFeedback, party, "FK1", "received", kind="投诉", customer=f"{party.name}的顾客",
        product_name="输液器", received_on=TODAY, content="漏液",
    )  # fmt: skip


MAKERS: tuple[Callable[[Party], Any], ...] = (watched, version, training, finding, feedback)
_PAGES = ("firm_watched_rule", "firm_quality_version", "firm_training", "firm_finding", "firm_feedback_one")
#: URL name → the arguments of the page of such a record of this party
KEPT: dict[str, Callable[[Party], dict[str, Any]]] = {
    name: lambda party, make=make: {"pk": make(party).pk} for name, make in zip(_PAGES, MAKERS, strict=True)
}
