"""The kinds of records that a firm's programs read and take on; each shows the firm its own rows only."""

from __future__ import annotations

from xiejian.record_steps.cooperation_kinds import FIRM_COOPERATION
from xiejian.record_steps.hospital_kinds import HOSPITAL_KINDS
from xiejian.record_steps.kinds import Kind
from xiejian.record_steps.sales_kinds import SALES_KINDS
from xiejian.record_steps.self_inspection_kinds import FIRM_SELF_INSPECTION

_KINDS: tuple[Kind, ...] = (
    *HOSPITAL_KINDS, *SALES_KINDS, FIRM_SELF_INSPECTION, *FIRM_COOPERATION,
)  # fmt: skip
FIRM_KINDS: dict[str, Kind] = {kind.id: kind for kind in _KINDS}
