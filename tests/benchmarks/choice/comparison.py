"""Part *tpch*: all advisors on the twin of one server, with the sizes that indexes really take.

Budgets are shares of what the tables take.  Each of the published runs for each budget alone, on
a twin that has not been asked anything; so does ours, and once more for all budgets together.
Eight of the EXPLAINs are the twin's own: one for each table, when it sizes the first index on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.benchmarks.advisors.cost_model import Query
from tests.benchmarks.choice.contest import (
    OURS,
    PUBLISHED,
    Outcome,
    chosen_by,
    compete_with_ours,
    floor_ratios,
    twin_for,
)
from tests.benchmarks.choice.database import Loaded

_WIDTHS = (1, 2, 3)


def print_comparison(
    loaded: Loaded,
    workloads: Sequence[Sequence[Query]],
    shares: Sequence[float],
    wanted: Callable[[str], bool],
) -> None:
    """Measure and print, one table for each workload.

    Args:
        loaded: The database.
        workloads: The statements of each.
        shares: Budgets, of what the tables take.
        wanted: Which advisors take part, by name.
    """
    print(
        f"Twin of PostgreSQL {loaded.snapshot.server.version}, tables of "
        f"{loaded.heap_bytes / 1e6:.0f} MB.  Summed cost and geometric mean of cost ratios in % "
        "of no index (EXPLAINs, s; MB)."
    )
    for queries in workloads:
        print(f"\n{len(queries)} statements; {_floors(loaded, queries)}\n")
        print("| | " + " | ".join(f"{share:.0%}" for share in shares) + " |")
        print("|---" * (len(shares) + 1) + "|")
        for name in (*PUBLISHED, *OURS):
            if wanted(name):
                print(
                    f"| {name} | {' | '.join(_cells(loaded, queries, shares, name))} |", flush=True
                )
        for name in OURS:
            if wanted(name):
                print(
                    f"| {name}, all budgets | {_together(loaded, queries, shares, name)} |",
                    flush=True,
                )


def _floors(loaded: Loaded, queries: Sequence[Query]) -> str:
    """What no set of such indexes can go below."""
    told = []
    for width in _WIDTHS:
        with twin_for(loaded.snapshot, loaded.queries) as twin:
            ratios = floor_ratios(queries, twin, width)
        told.append(f"W={width}: {' · '.join(f'{ratio * 100:.4g}' for ratio in ratios)}")
    return f"floors {', '.join(told)}"


def _cells(
    loaded: Loaded, queries: Sequence[Query], shares: Sequence[float], name: str
) -> Iterator[str]:
    for share in shares:
        outcome = chosen_by(name, loaded.snapshot, queries, loaded.budget_bytes(share))
        spent = f"{outcome.call_count}, {outcome.seconds:.1f} s"
        yield f"{ratios(outcome)} ({spent}; {outcome.index_bytes / 1e6:.0f})"


def _together(loaded: Loaded, queries: Sequence[Query], shares: Sequence[float], name: str) -> str:
    budgets = [loaded.budget_bytes(share) for share in shares]
    outcomes = compete_with_ours(loaded.snapshot, queries, OURS[name], budgets)
    spent = f"{outcomes[0].call_count}, {outcomes[0].seconds:.1f} s"
    return " | ".join([*map(ratios, outcomes)]) + f" ({spent} for all)"


def ratios(outcome: Outcome) -> str:
    """Summed cost and geometric mean, in %."""
    return f"{outcome.sum_ratio * 100:.4g} · {outcome.geometric_mean_ratio * 100:.1f}"
