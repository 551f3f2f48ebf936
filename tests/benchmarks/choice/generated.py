"""The choice on schemas that are read and written: ours beside published advisors.

They are the example system's and generated ones.

What counts is milliseconds a day: calls x measured mean time x cost ratio, and what the entries
of new indexes cost those who write.  All choose from what they would propose by themselves; the
published ones know no INCLUDE, no predicate and no expression.  They are given every statement,
and ours those that make up 99 % of the time, as in every analysis, but all of a hundred or fewer;
all are judged by every statement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from examples.upload_pipeline import generate, workload
from examples.upload_pipeline.server import SETTINGS, fresh_copy, load_origin
from examples.upload_pipeline.statements import HURRIED
from pgadvisor.choose.chooser import NO_STRICTNESS, IndexChooser
from pgadvisor.choose.valuation import value_workload
from pgadvisor.choose.workload import weigh
from pgadvisor.choose.write_cost import WRITE_MS_PER_ENTRY, WriteCost
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.config import Config, load_config
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.pipeline import build_case
from pgadvisor.propose.indexes import propose_indexes
from pgadvisor.rulekit import Case
from pgadvisor.whatif.backend import Configuration
from pgadvisor.whatif.twin import Twin
from tests.benchmarks.advisors.auto_admin import auto_admin
from tests.benchmarks.advisors.cost_model import Indexes, Objective, Query, attributes_of
from tests.benchmarks.advisors.db2advis import db2advis
from tests.benchmarks.advisors.extend import extend
from tests.benchmarks.advisors.one_explain import one_explain
from tests.benchmarks.choice.contest import WORKERS, PerBudget
from tests.benchmarks.generated_schema import generated_snapshot

SIZES = ((20, 100), (200, 1_000), (2_000, 10_000))
_BUDGET_RATIO = 0.05
_PLAN = workload.Plan(warm_up_s=1, windows=2, window_s=5)
_OTHERS: Mapping[str, PerBudget] = {
    "Extend W=2": partial(extend, width=2),
    "DB2Advis W=2": partial(db2advis, width=2),
    "AutoAdmin W=2": partial(auto_admin, width=2, max_indexes=1_000),
    "one EXPLAIN": one_explain,
}
_MANY_PAIRS = "AutoAdmin W=2"
"""Values all pairs of thousands of candidates by the whole workload: millions of sums."""
_MOST_QUERIES_FOR_PAIRS = 200
_FEW_STATEMENTS = 100
"""Of so few, ours is given the tail as well, which is 0.02 points on the example."""
_OURS = "ours, all kinds"
GENERATED_NAMES = (*_OTHERS, _OURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A workload with what it costs now."""

    case: Case
    statements: tuple[WeightedStatement, ...]
    queries: tuple[Query, ...]
    write_cost: WriteCost
    budget_bytes: int

    def written_ms(self, index: IndexDefinition) -> float:
        return self.write_cost.entries_per_day(index) * WRITE_MS_PER_ENTRY


def print_generated(sizes: Sequence[tuple[int, int]], is_wanted: Callable[[str], bool]) -> None:
    """Let the wanted ones choose, and print what a day takes with what each has chosen."""
    print("| tables, statements | advisor | of now | indexes, MB | EXPLAINs | s |")
    print("|---|---|---|---|---|---|")
    gates = load_config(generate.HERE / "pgadvisor.toml").gates
    # Its tables are small, and nobody else leaves small ones out.
    gates = replace(gates, min_table_bytes=0, min_table_rows=0)
    _compare(_example_snapshot(), is_wanted, Config(gates=gates))
    for tables, statements in sizes:
        _compare(generated_snapshot(tables, statements), is_wanted)


def _example_snapshot() -> Snapshot:
    """The example system after some seconds of work."""
    scale = generate.Scale()
    with Cluster(settings=SETTINGS) as cluster:
        load_origin(cluster, scale)
        dsn = fresh_copy(cluster)
        workload.run(dsn, HURRIED, scale=scale, plan=_PLAN)
        return collect(dsn)


def _compare(
    snapshot: Snapshot, is_wanted: Callable[[str], bool], config: Config | None = None
) -> None:
    task = _task(snapshot, config)
    head = f"| {len(snapshot.tables):,}, {len(task.queries):,} "
    for name, choose in _OTHERS.items():
        has_too_many_pairs = name == _MANY_PAIRS and len(task.queries) > _MOST_QUERIES_FOR_PAIRS
        if has_too_many_pairs or not is_wanted(name):
            continue
        with Twin(snapshot, workers=WORKERS) as twin:
            objective = Objective(task.queries, twin, task.written_ms)
            started = time.perf_counter()
            chosen = choose(objective, task.budget_bytes)
            spent = twin.call_count, time.perf_counter() - started
            _print_row(f"{head}| {name} ", objective, chosen, spent)
    if not is_wanted(_OURS):
        return
    with Twin(snapshot, workers=WORKERS) as twin:
        started = time.perf_counter()
        chosen = _ours(task, twin)
        spent = twin.call_count, time.perf_counter() - started
        objective = Objective(task.queries, twin, task.written_ms)
        _print_row(f"{head}| {_OURS} ", objective, chosen, spent)


def _print_row(head: str, objective: Objective, chosen: Indexes, spent: tuple[int, float]) -> None:
    ratio = objective.value(chosen) / objective.value(frozenset())
    size = objective.total_bytes(chosen) / 1e6
    calls, seconds = spent
    print(
        f"{head}| {ratio:.2%} | {len(chosen)}, {size:,.0f} | {calls:,} | {seconds:.1f} |",
        flush=True,
    )


def _ours(task: _Task, twin: Twin) -> Indexes:
    case = task.case
    candidates = propose_indexes(case.catalog, tuple(case.usage.values()), case.limits)
    chooser = IndexChooser(
        task.statements, candidates, twin, task.write_cost, strictness=NO_STRICTNESS
    )
    budget = Budget(
        index_bytes=task.budget_bytes, max_indexes_per_table=1_000, min_saving_ratio=0.0
    )
    return frozenset(one.candidate.definition for one in chooser.choose(budget).chosen)


def _task(snapshot: Snapshot, config: Config | None = None) -> _Task:
    case = build_case(snapshot, config)
    days = case.statement_window.days or 1.0
    rows = tuple(snapshot.statements)
    everything = weigh(
        rows, case.usage, case.catalog, days, covered_time_ratio=2.0, max_statements=len(rows)
    )
    has_tail = len(rows) > _FEW_STATEMENTS
    workload = weigh(rows, case.usage, case.catalog, days) if has_tail else everything
    usages = tuple(case.usage.values())
    with Twin(snapshot, workers=WORKERS) as twin:
        costed = [*_costs(everything.statements, twin)]
    valuation = value_workload(everything.statements, costed)
    queries = tuple(
        Query(
            id=one.id,
            text=one.text,
            attributes=attributes_of(one.text, snapshot.tables),
            weight=valuation.value_per_cost(one, cost),
        )
        for one, cost in costed
    )
    return _Task(
        case=case,
        statements=workload.statements,
        queries=queries,
        write_cost=WriteCost(case.catalog, usages, days, everything.statements),
        budget_bytes=int(sum(t.size_bytes for t in snapshot.tables) * _BUDGET_RATIO),
    )


def _costs(
    statements: Sequence[WeightedStatement], twin: Twin
) -> Iterator[tuple[WeightedStatement, float]]:
    plans = twin.plans([(one.text, Configuration()) for one in statements])
    for one, plan in zip(statements, plans, strict=True):
        if isinstance(plan, Plan):
            yield one, plan.total_cost
