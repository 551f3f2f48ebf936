"""A mixed-integer program, written down piece by piece and solved by HiGHS.

Why HiGHS and not another solver: docs/decisions/0009-solver.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import highspy
import numpy as np

_SOLVER: Callable[[], highspy.Highs] = highspy.Highs
"""The class without its signature, which has no types."""
INFINITY = math.inf
_SEED = 1
_HEURISTICS = "feasibility_jump", "rins", "rens", "root_reduced_cost"
"""Which take a third of the time."""
_MIP_GAP_RATIO = 1e-4
"""Nearer to the best than this is near enough."""
_OPTIONS = (
    ("output_flag", False),
    ("threads", 1),
    ("random_seed", _SEED),
    # A tree of few nodes, as these are, is searched faster than it is begun anew.
    ("mip_allow_restart", False),
    # No two candidates are alike.
    ("mip_detect_symmetry", False),
    ("mip_rel_gap", _MIP_GAP_RATIO),
)
"""Of the solver, the same for each program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """What the solver found."""

    values: tuple[float, ...]
    """Of the variables, in the order in which they were added."""
    objective: float
    bound: float
    """No solution has a lower objective; proven, be the one that was found the best or not.
    Minus infinity: nothing is proven."""
    is_best: bool
    """The solver had time to finish."""


@dataclass(slots=True)
class Program:
    """Minimise a sum over variables, under rows of sums within bounds."""

    costs: list[float] = field(default_factory=list)
    lowers: list[float] = field(default_factory=list)
    uppers: list[float] = field(default_factory=list)
    integral: list[bool] = field(default_factory=list)
    row_lowers: list[float] = field(default_factory=list)
    row_uppers: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    factors: list[float] = field(default_factory=list)
    constant: float = 0.0

    def add_binary(self, cost: float = 0.0, upper: float = 1.0) -> int:
        """Add a variable that is 0 or 1; returns its number."""
        return self._add(cost, upper, is_integral=True)

    def add_share(self, cost: float = 0.0) -> int:
        """Add a variable between 0 and 1; returns its number."""
        return self._add(cost, 1.0, is_integral=False)

    def add_row(
        self, terms: Mapping[int, float], lower: float = -INFINITY, upper: float = INFINITY
    ) -> None:
        """Keep a weighted sum of variables within bounds."""
        self.row_lowers.append(lower)
        self.row_uppers.append(upper)
        self.starts.append(len(self.columns))
        self.columns += terms.keys()
        self.factors += terms.values()

    def minimise(
        self,
        *,
        time_limit_ms: float,
        is_relaxed: bool = False,
        gap: float = 0.0,
        start: Collection[int] | None = None,
    ) -> Optimum | None:
        """Solve it.

        Args:
            time_limit_ms: When to end with what has been found.
            is_relaxed: Let 0 or 1 be anything between.
            gap: Nearer to the best than this is near enough, too, in the objective's unit.
            start: The variables that are 1, of all that are 0 or 1, in a solution to begin with.
                A good one rules out most others at once.

        Returns:
            None: nothing was found in time, or there is nothing to find.
        """
        if not self.costs:  # of which the solver says nothing
            return Optimum(values=(), objective=self.constant, bound=self.constant, is_best=True)
        solver = _SOLVER()
        for name, value in (
            *_OPTIONS,
            ("time_limit", max(time_limit_ms, 1.0) / 1000),
            # They look for solutions, and a good one is there.
            *((f"mip_heuristic_run_{name}", start is None) for name in _HEURISTICS),
            ("mip_abs_gap", gap),
        ):
            solver.setOptionValue(name, value)
        solver.passModel(self._model(is_relaxed=is_relaxed))
        if start is not None and not is_relaxed:
            own = [column for column, integral in enumerate(self.integral) if integral]
            values = np.array([column in start for column in own], dtype=np.double)
            solver.setSolution(len(own), np.array(own, dtype=np.int32), values)
        solver.run()
        status, info = solver.getModelStatus(), solver.getInfo()
        solved = tuple(solver.getSolution().col_value)
        is_best = status == highspy.HighsModelStatus.kOptimal
        if info.primal_solution_status != _FEASIBLE or not solved:
            return None
        objective = info.objective_function_value
        if any(self.integral) and not is_relaxed:
            bound = min(info.mip_dual_bound, objective)
        else:
            bound = objective if is_best else -INFINITY
        return Optimum(values=solved, objective=objective, bound=bound, is_best=is_best)

    def _add(self, cost: float, upper: float, *, is_integral: bool) -> int:
        self.costs.append(cost)
        self.lowers.append(0.0)
        self.uppers.append(upper)
        self.integral.append(is_integral)
        return len(self.costs) - 1

    def _model(self, *, is_relaxed: bool) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.costs), len(self.row_lowers)
        model.col_cost_ = np.array(self.costs, dtype=np.double)
        model.col_lower_ = np.array(self.lowers, dtype=np.double)
        model.col_upper_ = np.array(self.uppers, dtype=np.double)
        model.row_lower_ = np.array(self.row_lowers, dtype=np.double)
        model.row_upper_ = np.array(self.row_uppers, dtype=np.double)
        model.offset_ = self.constant
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array([*self.starts, len(self.columns)], dtype=np.int32)
        model.a_matrix_.index_ = np.array(self.columns, dtype=np.int32)
        model.a_matrix_.value_ = np.array(self.factors, dtype=np.double)
        if not is_relaxed:
            kinds = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
            model.integrality_ = [kinds[0] if one else kinds[1] for one in self.integral]
        return model


_FEASIBLE = 2
"""``kSolutionStatusFeasible``."""
