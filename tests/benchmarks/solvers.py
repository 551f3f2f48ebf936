r"""HiGHS beside OR-tools' CP-SAT on the programs that the choice of indexes makes.

    python -m tests.benchmarks.solvers

OR-tools is no dependency.  Install it where nothing else is, and say where::

    python -m pip install --target /tmp/ortools --no-deps \
        ortools absl-py immutabledict protobuf typing-extensions
    PYTHONPATH=/tmp/ortools python -m tests.benchmarks.solvers

Statements and candidates are generated; the program that is solved is the one with which a search
ends, after all that it asked, under a third of the storage that would be taken without a bound.
Both solvers have one thread, the same gap and the same time; seconds are of the processor.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.util import find_spec

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.explore import explore
from pgadvisor.choose.greedy import greedy
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.program import Program
from pgadvisor.choose.search import Search
from pgadvisor.choose.selection import _GAP as GAP
from pgadvisor.choose.selection import Selection
from pgadvisor.model.budget import Budget
from pgadvisor.units import MiB
from tests.choose.stated import (
    StatedPlan,
    StatedPlanner,
    a_candidate,
    a_price,
    a_weighted,
    an_inquirer,
)

SIZES = ((20, 150), (200, 1_000), (1_000, 5_000))
SEARCH_LIMIT_S = 60.0
TIME_LIMIT_S = 120.0
"""Of each solver."""
CANDIDATES_PER_TABLE = 15
BUDGET_RATIO = 1 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How one statement gets at one table."""

    scan_cost: float
    costs: Mapping[int, float]
    """By candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A program, with what it was made of."""

    name: str
    program: Program
    plan_count: int
    prepared_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a solver made of it."""

    seconds: float
    objective: float
    bound: float


class GeneratedPlanner(StatedPlanner):
    """A statement costs the sum of its tables, each by the cheapest index that is there."""

    def __init__(self, accesses: Mapping[str, tuple[Access, ...]], count: int) -> None:
        super().__init__({}, [a_candidate(number) for number in range(count)])
        self._accesses = accesses

    def taken(self, statement: str, shown: Collection[int]) -> StatedPlan:
        """The cheapest way to each table."""
        total, uses = 0.0, set()
        for access in self._accesses[statement]:
            there = [(access.costs[one], one) for one in shown if one in access.costs]
            cost, number = min([*there, (access.scan_cost, -1)])
            total += cost
            uses.add(number)
        return StatedPlan(cost=total, uses=frozenset(uses - {-1}))


def accesses(rng: random.Random, statement_count: int, count: int) -> dict[str, tuple[Access, ...]]:
    """Statements over one to three tables, with candidates that save much or little."""
    tables = [range(n, count, count // CANDIDATES_PER_TABLE) for n in range(count // 15)]
    made = {}
    for number in range(statement_count):
        chosen = rng.sample(tables, min(len(tables), rng.choice((1, 1, 1, 2, 2, 3))))
        made[str(number)] = tuple(_access(rng, table) for table in chosen)
    return made


def _access(rng: random.Random, table: range) -> Access:
    scan_cost = rng.lognormvariate(8, 2)
    usable = [one for one in table if rng.random() < 0.6]
    costs = {one: scan_cost * rng.random() ** 2 for one in usable}
    return Access(scan_cost=scan_cost, costs=costs)


def case(statement_count: int, count: int) -> Case:
    """Search one generated pool, and write its last program down."""
    rng = random.Random(statement_count)
    paths = accesses(rng, statement_count, count)
    pool = Pool(
        [
            StatementKnowledge(
                a_weighted(name),
                sorted({number for one in ways for number in one.costs}),
                rng.lognormvariate(0, 2),
                sum(one.scan_cost for one in ways),
            )
            for name, ways in paths.items()
        ]
    )
    prices = [
        a_price(n, size_bytes=int(rng.lognormvariate(3, 1) * MiB), table_oid=n % (count // 15))
        for n in range(count)
    ]
    charges = [pool.base_value * rng.random() * 0.01 / statement_count for _ in range(count)]
    selection = Selection(pool, charges)
    planner = GeneratedPlanner(paths, count)
    inquirer = an_inquirer(planner, [a_candidate(number) for number in range(count)])
    started = time.perf_counter()
    explore(pool.knowledge, inquirer)
    search = Search(pool, inquirer, selection, [price.size_bytes for price in prices])
    free = Bounds(Budget(), prices)
    size_bytes = free.size_bytes(greedy(pool, selection, free))
    bounds = Bounds(replace(free.budget, index_bytes=int(size_bytes * BUDGET_RATIO)), prices)
    search.best(bounds, SEARCH_LIMIT_S * 1000)
    return Case(
        name=f"{statement_count} x {count}",
        program=selection._draft(bounds).program,
        plan_count=planner.call_count,
        prepared_s=time.perf_counter() - started,
    )


def by_highs(program: Program, *, is_relaxed: bool = False) -> Outcome | None:
    """Solve it as the choice does."""
    started = time.process_time()
    optimum = program.minimise(time_limit_ms=TIME_LIMIT_S * 1000, is_relaxed=is_relaxed, gap=GAP)
    seconds = time.process_time() - started
    if optimum is None:
        return None
    return Outcome(seconds=seconds, objective=optimum.objective, bound=optimum.bound)


def by_cp_sat(program: Program) -> Outcome | None:
    """Solve the same in a process of its own: OR-tools brings another HiGHS, and two do not mix."""
    question = {
        "costs": program.costs,
        "starts": program.starts,
        "columns": program.columns,
        "factors": program.factors,
        "uppers": program.row_uppers,
        "time_limit_s": TIME_LIMIT_S,
        "gap": GAP,
    }
    said = _cp_sat(json.dumps(question))
    answer = json.loads(said)
    if answer is None:
        return None
    return Outcome(
        seconds=answer["seconds"],
        objective=program.constant + answer["objective"],
        bound=program.constant + answer["bound"],
    )


def _cp_sat(question: str) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.cp_sat"]
    ended = subprocess.run(command, input=question, capture_output=True, text=True, check=True)
    return ended.stdout


def installed_bytes(package: str) -> int:
    """What a package takes on disk."""
    files = metadata.files(package) or []
    return sum(file.size or 0 for file in files)


def show(name: str, outcome: Outcome | None) -> None:
    """Print a row of the table."""
    if outcome is None:
        print(f"    {name:16} found nothing in {TIME_LIMIT_S:g} s")
        return
    gap = (outcome.objective - outcome.bound) / abs(outcome.objective)
    print(
        f"    {name:16} {outcome.seconds:8.2f} s   found {outcome.objective:10.4f}   "
        f"bound {outcome.bound:10.4f}   gap {gap:.2%}"
    )


def main() -> None:
    """Measure and print a table; what the whole workload takes now is 1,000."""
    parser = argparse.ArgumentParser(description="HiGHS beside CP-SAT")
    parser.add_argument("--sizes", type=int, default=len(SIZES), help="how many of the three")
    arguments = parser.parse_args()
    packages = ["highspy"]
    if find_spec("ortools") is None:
        print("ortools is missing; see the head of this file", file=sys.stderr)
    else:
        packages.append("ortools")
    for package in packages:
        size = installed_bytes(package) / MiB
        print(f"{package} {metadata.version(package)}: {size:.0f} MiB on disk")
    for statement_count, count in SIZES[: arguments.sizes]:
        one = case(statement_count, count)
        program = one.program
        print(
            f"{one.name}: {len(program.costs)} variables, {len(program.starts)} rows, "
            f"{len(program.columns)} terms, after {one.plan_count} plans, {one.prepared_s:.1f} s"
        )
        show("HiGHS, relaxed", by_highs(program, is_relaxed=True))
        show("HiGHS", by_highs(program))
        if "ortools" in packages:
            show("CP-SAT", by_cp_sat(program))


if __name__ == "__main__":
    main()
