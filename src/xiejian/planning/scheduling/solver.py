"""The optimiser behind one door: HiGHS (else SCIP) inside OR-tools, one model at a time, its bound proven.

HiGHS keeps one set of threads for the whole process, so two models never run at once. Its own
Python package must not be loaded beside this one: the two libraries then share symbols and crash.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ortools.math_opt.python import mathopt

_one_at_a_time = threading.Lock()
PATIENCE = 6
#: HiGHS is the fastest on large models; a few small ones it ends with an error, which SCIP solves
SOLVERS = (mathopt.SolverType.HIGHS, mathopt.SolverType.GSCIP)
POOR = 0.2  # a first solution that may be further from the best than this is no answer yet
OUT_OF_TIME = (
    mathopt.TerminationReason.NO_SOLUTION_FOUND,
    mathopt.TerminationReason.FEASIBLE,
)
Variable = Any  # mathopt.Variable, without types of its own


@dataclass(frozen=True)
class Solved:
    """A solution and what is proven about it: no solution costs less than ``bound``."""

    objective: float
    bound: float
    values: dict[Variable, float]

    @property
    def gap(self) -> float:
        """How far the solution may be from the best one, as a share of its own cost."""
        return max(0.0, self.objective - self.bound) / max(1.0, abs(self.objective))

    def is_on(self, variable: Variable) -> bool:
        return self.values[variable] > 0.5

    def whole(self, variable: Variable) -> int:
        return round(self.values[variable])


def new() -> Any:
    """An empty model."""
    return mathopt.Model()


def total(terms: Iterable[Any]) -> Any:
    """The sum of linear terms, built once instead of term by term."""
    return mathopt.LinearSum(terms)


def solve(model: Any, *, seconds: float, gap: float) -> Solved | None:
    """The best solution found within ``seconds`` or proven within ``gap``; None where it is proven that
    there is none.

    On a machine with other work the time may run out before a solution worth having is found: then it
    is given more, up to PATIENCE times as much, because "not yet" must not be taken for "none".
    """
    for times in (1, PATIENCE):
        limits = mathopt.SolveParameters(
            time_limit=dt.timedelta(seconds=seconds * times), relative_gap_tolerance=gap, random_seed=1
        )
        result = _run(model, limits)
        found = None
        if result.has_primal_feasible_solution():
            found = Solved(result.objective_value(), result.best_objective_bound(), result.variable_values())
        if result.termination.reason not in OUT_OF_TIME or (found and found.gap <= POOR):
            return found
    return found


def _run(model: Any, limits: Any) -> Any:
    """One search; where a solver breaks off with an error of its own, the next one searches.

    Raises RuntimeError when every one breaks off.
    """
    broken: Exception | None = None
    for solver_type in SOLVERS:
        try:
            with _one_at_a_time:
                return mathopt.solve(model, solver_type, params=limits)
        # OR-tools reports the failure by the first; where its own translation fails, by the second
        except (RuntimeError, AttributeError) as error:
            broken = error
    raise RuntimeError("every solver broke off") from broken
