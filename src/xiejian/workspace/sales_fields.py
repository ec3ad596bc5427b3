"""Fields and words of the sales desk's pages: yuan on the page are whole 分 below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from xiejian.kernel.problems import Refused
from xiejian.sales.checks import problems
from xiejian.web.forms import PageForm

TONES = {
    "draft": "secondary", "submitted": "azure", "reviewed": "blue", "returned": "orange", "approved": "blue",
    "in_force": "green", "closed": "secondary", "terminated": "secondary", "placed": "azure",
    "partly": "blue", "shipped": "green", "cancelled": "secondary", "planned": "azure", "delivered": "green",
    "issued": "azure", "paid": "green", "void": "secondary", "open": "azure", "allocated": "green",
    "reversed": "orange", "opened": "azure", "assigned": "blue", "working": "blue", "asked": "azure",
    "accepted": "blue", "refused": "secondary", "received": "blue", "settled": "green", "adopted": "green",
    "withdrawn": "secondary", "granted": "green", "used": "secondary",
}  # fmt: skip


def money(fen: int | None) -> str:
    """An amount in yuan as it stands on the page.

    >>> money(123456789), money(-5), money(None)
    ('1,234,567.89', '-0.05', '')
    """
    if fen is None:
        return ""
    sign, whole = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{whole // 100:,}.{whole % 100:02d}"


class Yuan(forms.DecimalField):
    """An amount typed in yuan; its value is whole 分."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"min_value": Decimal("0.01"), "max_digits": 15, "decimal_places": 2} | kwargs  # type: ignore[arg-type]
        )

    def clean(self, value: Any) -> int | None:
        found = super().clean(value)
        return None if found is None else int(found * 100)

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / 100 if isinstance(value, int) else value


class CustomerForm(PageForm):
    name = forms.CharField(label="客户名称", max_length=200)
    uscc = forms.CharField(label="统一社会信用代码", max_length=18, required=False)
    region = forms.ModelChoiceField(label="区域", queryset=None)
    address = forms.CharField(label="收货地址", max_length=300, required=False)
    contact = forms.CharField(label="联系人", max_length=60, required=False)
    phone = forms.CharField(label="电话", max_length=40, required=False)
    licence_no = forms.CharField(label="许可、备案或执业许可证号", max_length=80, required=False)
    licence_until = forms.DateField(
        label="证件有效期至", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    licence_checked_on = forms.DateField(
        label="资质核对日期", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    credit_limit_fen = Yuan(label="信用额度（元）", required=False, help_text="空为不限")
    payment_days = forms.IntegerField(label="账期（天）", min_value=0, max_value=3650, initial=0)


SERIAL = "SN:"


@dataclass(frozen=True)
class LotShare:
    """So many of a lot, or the one with a serial number."""

    lot: str
    quantity: int
    serial: str = ""


def _share(name: str, quantity: int) -> LotShare:
    if name.upper().startswith(SERIAL):
        return LotShare("", quantity, name[len(SERIAL) :])
    return LotShare(name, quantity)


def read_lots(text: str, whole: int) -> list[LotShare]:
    """The lots of one line, or serial numbers; refused SA307 where a part is no lot with a number.

    >>> read_lots("L1 6；L2 4", 10)
    [LotShare(lot='L1', quantity=6, serial=''), LotShare(lot='L2', quantity=4, serial='')]
    >>> read_lots("L1", 10), read_lots("SN:77", 1)
    ([LotShare(lot='L1', quantity=10, serial='')], [LotShare(lot='', quantity=1, serial='77')])
    """
    parts = [part.split() for part in text.replace(";", "；").split("；") if part.strip()]
    if len(parts) <= 1 and (not parts or len(parts[0]) == 1):
        return [_share(parts[0][0] if parts else "", whole)]
    for part in parts:
        if len(part) != 2 or not part[1].isascii() or not part[1].isdigit() or len(part[1]) > 9:
            raise Refused(problems("SA307", "批号明细", text=" ".join(part)))
    return [_share(lot, int(quantity)) for lot, quantity in parts]


def numbered(prefix: str, given: dict[str, Any]) -> dict[int, Any]:
    """The values of fields ``prefix``<id> that were filled in, by id."""
    return {int(k.removeprefix(prefix)): v for k, v in given.items() if k.startswith(prefix) and v}


def choices(words: Sequence[str]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]
