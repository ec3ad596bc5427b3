"""The kind of record of a firm's movements: a delivery received by scan, a shipment, for its programs."""

from __future__ import annotations

from dataclasses import replace

from xiejian.record_steps.kinds import MOVEMENT, steps_of
from xiejian.supply import actions, scanning

SUPPLY_KINDS = (
    replace(
        MOVEMENT,
        view="firm.supply",
        steps=steps_of([actions.WORKFLOW], [actions], amend_movement=scanning.amend_as_told),
        create=scanning.record_told,
    ),
)
