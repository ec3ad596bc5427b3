"""The kinds of records that a firm's programs read and take on; each shows the firm its own rows only."""

from __future__ import annotations

from xiejian.record_steps.cold_kinds import FIRM_EXCURSION
from xiejian.record_steps.cooperation_kinds import FIRM_COOPERATION
from xiejian.record_steps.hospital_kinds import HOSPITAL_KINDS
from xiejian.record_steps.kinds import Kind
from xiejian.record_steps.quality_kinds import QUALITY_KINDS
from xiejian.record_steps.sales_kinds import SALES_KINDS
from xiejian.record_steps.self_inspection_kinds import FIRM_SELF_INSPECTION
from xiejian.record_steps.supply_kinds import SUPPLY_KINDS
from xiejian.record_steps.vigilance_kinds import VIGILANCE_KINDS

_KINDS: tuple[Kind, ...] = (
    *SALES_KINDS,
    *QUALITY_KINDS,
    *SUPPLY_KINDS,
    *HOSPITAL_KINDS,
    FIRM_SELF_INSPECTION,
    FIRM_EXCURSION,
    *FIRM_COOPERATION,
    *VIGILANCE_KINDS,
)
FIRM_KINDS: dict[str, Kind] = {kind.id: kind for kind in _KINDS}
