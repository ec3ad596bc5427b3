"""All measures of every pair, and which of them say that somebody should look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from xiejian.signals import ratios, shrinkage
from xiejian.signals.counting import Cells, Counted, Floats
from xiejian.signals.ratios import Interval
from xiejian.signals.shrinkage import Prior, Shrunk


@dataclass(frozen=True)
class Measured:
    """One element per pair of ``cells``; without a prior there is no shrinkage."""

    cells: Cells
    rr: Floats
    prr: Interval
    prr_chi2: Floats
    ror: Interval
    ic: Interval
    prior: Prior | None
    shrunk: Shrunk | None

    def order(self) -> list[int]:
        """The pairs, strongest first: by the cautious end of the shrunk ratio, else of the IC."""
        first = self.ic.low if self.shrunk is None else self.shrunk.eb05
        return [int(i) for i in np.lexsort((self.cells.event, self.cells.product, -first))]


def measure(counted: Counted) -> Measured:
    """Every measure of every pair that was reported together."""
    cells = counted.cells
    table = cells.tables()
    prior = shrinkage.fit(counted.groups())
    return Measured(
        cells=cells,
        rr=cells.n / cells.expected,
        prr=ratios.prr(*table),
        prr_chi2=ratios.chi_squared(*table),
        ror=ratios.ror(*table),
        ic=ratios.information_component(cells.n, cells.expected),
        prior=prior,
        shrunk=shrinkage.shrink(prior, cells.n, cells.expected) if prior else None,
    )


def _number(value: float) -> float | None:
    """JSON has no infinity: what a table leaves undefined is null."""
    return float(value) if np.isfinite(value) else None


def _bare(measured: Measured) -> tuple[npt.NDArray[np.bool_], dict[str, Floats]]:
    """Which pairs have an empty count beside their own, and all ratios with one half added to every count."""
    table = measured.cells.tables()
    lifted = [values + 0.5 for values in table]
    odds = ratios.ror(*lifted)
    bare = np.any(np.stack(table[1:]) == 0, axis=0)
    return bare, {"prr": ratios.prr(*lifted).value, "ror": odds.value, "ror_low": odds.low}


def as_json(measured: Measured) -> dict[str, Any]:
    """``reports``, ``pairs`` in ``order()`` with every measure, ``prior``.

    null: undefined by the counts, or without a prior. ``corrected``: the ratios with one half added to
    every count, for pairs of which one count is 0.
    """
    cells, shrunk = measured.cells, measured.shrunk
    columns: dict[str, Floats] = {
        "expected": cells.expected, "rr": measured.rr, "prr": measured.prr.value, "prr_low": measured.prr.low,
        "prr_chi2": measured.prr_chi2, "ror": measured.ror.value, "ror_low": measured.ror.low,
        "ic": measured.ic.value, "ic_low": measured.ic.low,
    }  # fmt: skip
    missing = np.full(len(cells.n), np.nan)
    columns |= {
        "ebgm": shrunk.ebgm if shrunk else missing,
        "eb05": shrunk.eb05 if shrunk else missing,
        "eb95": shrunk.eb95 if shrunk else missing,
    }
    bare, lifted = _bare(measured)
    pairs = [
        {
            "product": cells.products[cells.product[i]],
            "event": cells.events[cells.event[i]],
            "n": int(cells.n[i]),
            **{name: _number(values[i]) for name, values in columns.items()},
            "corrected": {name: float(values[i]) for name, values in lifted.items()} if bare[i] else None,
        }
        for i in measured.order()
    ]
    return {
        "reports": cells.reports,
        "pairs": pairs,
        "prior": measured.prior.as_list() if measured.prior else None,
    }
