"""Solves a program by OR-tools' CP-SAT, for ``solvers.py``: JSON in, JSON out.

It imports nothing of the package, whose solver does not live in one process with OR-tools.
Shares are yes or no here: a share is worth having, and never more than a sum of things that are
there or not, so that at the best it is all or nothing.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any

SCALE = 1_000_000
"""CP-SAT knows whole numbers only: what one is in them."""
GAP_RATIO = 1e-4


def main() -> None:
    """Solve what stands on standard input."""
    cp = import_module("ortools.sat.python.cp_model")
    question = json.load(sys.stdin)
    solver = cp.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.linearization_level = 2  # without it, it proves next to nothing
    solver.parameters.relative_gap_limit = GAP_RATIO
    solver.parameters.absolute_gap_limit = question["gap"] * SCALE
    solver.parameters.max_time_in_seconds = question["time_limit_s"]
    started = time.process_time()
    status = solver.solve(model(cp, question))
    answer = {
        "seconds": time.process_time() - started,
        "objective": solver.objective_value / SCALE,
        "bound": solver.best_objective_bound / SCALE,
    }
    print(json.dumps(answer if status in (cp.OPTIMAL, cp.FEASIBLE) else None))


def model(cp: Any, question: dict[str, Any]) -> Any:  # noqa: ANN401  (imported where it is)
    """Write it for CP-SAT: rows without sizes are clauses, the others have whole numbers."""
    made = cp.CpModel()
    variables = [made.new_bool_var("") for _ in question["costs"]]
    columns, factors, starts = question["columns"], question["factors"], question["starts"]
    ends = [*starts[1:], len(columns)]
    for start, end, upper in zip(starts, ends, question["uppers"], strict=True):
        terms = dict(zip(columns[start:end], factors[start:end], strict=True))
        share = [variables[one] for one, factor in terms.items() if factor == 1.0]
        helpers = [variables[one] for one, factor in terms.items() if factor == -1.0]
        if upper == 0.0 and len(share) == 1 and len(helpers) == len(terms) - 1:
            made.add_bool_or([~share[0], *helpers])
        else:
            made.add(weighted(cp, variables, terms) <= round(upper * SCALE))
    made.minimize(weighted(cp, variables, dict(enumerate(question["costs"]))))
    return made


def weighted(cp: Any, variables: list[Any], terms: dict[int, float]) -> Any:  # noqa: ANN401  (see above)
    """Sum variables up, in whole numbers."""
    factors = [round(factor * SCALE) for factor in terms.values()]
    return cp.LinearExpr.weighted_sum([variables[one] for one in terms], factors)


if __name__ == "__main__":
    main()
