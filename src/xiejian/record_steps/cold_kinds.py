"""Excursions of the cold chain for a firm's programs: explained, assessed and decided there."""

from __future__ import annotations

from dataclasses import replace

from xiejian.coldchain import actions
from xiejian.record_steps.kinds import EXCURSION, steps_of

FIRM_EXCURSION = replace(EXCURSION, view="firm.view", steps=steps_of([actions.WORKFLOW], [actions]))
