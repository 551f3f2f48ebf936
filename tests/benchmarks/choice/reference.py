"""Part *reference*: our comparators on HypoPG, beside what was measured of the published code.

The published figures are of PostgreSQL 15.20 and HypoPG 1.3.1, TPC-H at scale 1, the budgets in
HypoPG's own sizes.  What to expect:

- All figures move together by up to a point from one ANALYZE to the next: six of them gave floors
  of 50.6 to 51.7 % for one key and 47.1 to 48.1 % for two (published: 52.5 and 49.1 %), since the
  estimated number of orders in ``lineitem`` (374,000 to 406,000) decides about statement 18, the
  most expensive one.  The floors of this run are printed for that reason.
- Extend never costs a set beyond the budget, and so asks less at small budgets.  At the largest
  ones with one key its calls are those published, to the last: 610, 700 and 767.
- DB2Advis takes whichever of equally cheap indexes the planner comes upon first, and that depends
  on the order in which they were made, which the published code leaves to chance: in six random
  orders three keys gave 98.5 or 96.2 % at 134 MB, and two keys 66.9 or 66.1 % at 336 MB.  Here
  the order is that of the names.
- The published AutoAdmin starts from the best single index and not, as the paper does, from the
  best pair: so with ``seed=1``, which takes a fifth of the calls and chooses as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from tests.benchmarks.advisors.auto_admin import auto_admin
from tests.benchmarks.advisors.cost_model import Indexes, Objective
from tests.benchmarks.choice.contest import (
    PUBLISHED,
    Outcome,
    PerBudget,
    compete,
    direct_hypopg,
    floor_ratios,
)
from tests.benchmarks.choice.database import Loaded

BUDGETS_MB = (67, 134, 336, 500, 672, 1343)
_MB = 1_000_000
_Published = tuple[tuple[float, int], ...]

BY_BUDGET: Mapping[str, _Published] = {
    "Extend W=1": (
        (96.13, 268), (94.18, 375), (63.14, 533), (56.24, 610), (53.77, 700), (52.55, 767),
    ),
    "Extend W=2": (
        (96.13, 362), (93.81, 771), (62.66, 1655), (56.13, 1957), (53.32, 2817), (50.04, 4514),
    ),
    "Extend W=3": (
        (96.13, 362), (93.81, 777), (62.66, 1730), (56.13, 2024), (53.32, 2926), (50.04, 5710),
    ),
    "DB2Advis W=2": ((99.53, 38), (98.56, 38), (67.06, 38), (63.78, 38), (60.35, 38), (58.30, 38)),
    "DB2Advis W=3": ((99.32, 38), (96.33, 38), (65.63, 38), (62.71, 38), (59.74, 38), (57.44, 38)),
    "DB2Advis W=2, 10 s of variations": (
        (96.07, 493), (94.58, 610), (61.34, 2196), (56.97, 2097), (55.50, 2172), (51.40, 3216),
    ),
}  # fmt: skip
"""Cost in % of no index, and EXPLAINs, at each budget."""
AUTO_ADMIN_COUNTS = (3, 5, 8, 10, 15)
AUTO_ADMIN: Mapping[int, tuple[float, ...]] = {
    2: (58.79, 54.47, 50.90, 50.33, 49.41),
    3: (58.73, 53.99, 50.66, 50.03, 48.86),
}
"""By the most keys: cost in % for each number of indexes."""
ONE_EXPLAIN = (52.45, 38)
FLOORS = {1: 52.53, 2: 49.13, 3: 46.39}


def print_reference(loaded: Loaded) -> None:
    """Measure and print, each cell with the published figure behind it."""
    print(f"PostgreSQL {loaded.snapshot.server.version}; cost in % of no index (EXPLAINs, s); "
          "in brackets what was published\n")  # fmt: skip
    with direct_hypopg(loaded.dsn) as planner:
        for width, percent in FLOORS.items():
            ratio, _ = floor_ratios(loaded.published_queries, planner, width)
            print(f"floor W={width}: {ratio:.2%} [{percent:.2f}]")
    print("\n| | " + " | ".join(f"{size} MB" for size in BUDGETS_MB) + " |")
    print("|---" * (len(BUDGETS_MB) + 1) + "|")
    for name, published in BY_BUDGET.items():
        cells = _cells(loaded, PUBLISHED[name], published)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print("\n| AutoAdmin, as many indexes as | " + " | ".join(map(str, AUTO_ADMIN_COUNTS)) + " |")
    print("|---" * (len(AUTO_ADMIN_COUNTS) + 1) + "|")
    for width, costs in AUTO_ADMIN.items():
        print(f"| W={width} | {' | '.join(_auto_admin_cells(loaded, width, costs))} |", flush=True)
    unbounded = _run(loaded, PUBLISHED["one EXPLAIN"], 10**12)
    percent, calls = ONE_EXPLAIN
    print(f"\none EXPLAIN, without a budget: {_cell(unbounded)} [{percent:.2f} ({calls})]")


def _cells(loaded: Loaded, choose: PerBudget, published: _Published) -> Iterator[str]:
    for size, (percent, calls) in zip(BUDGETS_MB, published, strict=True):
        yield f"{_cell(_run(loaded, choose, size * _MB))} [{percent:.2f} ({calls})]"


def _auto_admin_cells(loaded: Loaded, width: int, published: tuple[float, ...]) -> Iterator[str]:
    for count, percent in zip(AUTO_ADMIN_COUNTS, published, strict=True):
        choose = partial(_unbounded, width=width, count=count)
        yield f"{_cell(_run(loaded, choose, 0))} [{percent:.2f}]"


def _unbounded(objective: Objective, _: int, *, width: int, count: int) -> Indexes:
    return auto_admin(objective, None, width=width, max_indexes=count, seed=1)


def _run(loaded: Loaded, choose: PerBudget, budget_bytes: int) -> Outcome:
    start = partial(direct_hypopg, loaded.dsn)
    return compete(loaded.published_queries, choose, budget_bytes, start)


def _cell(outcome: Outcome) -> str:
    return f"{outcome.sum_ratio * 100:.2f} ({outcome.call_count}, {outcome.seconds:.1f} s)"
