"""Part *reality*: how long the statements take, without and with the chosen set.

The set is built in a clone of the database, which has the same rows in the same places and the
same statistics.  Every pair runs a statement in both, one right after the other, and every other
pair the other way round: so what else the machine does strikes both.  Beside the times stand the
ratios that the planner's costs and the appraised ones have predicted.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgadvisor.choose.appraisal import Appraise, Appraiser, as_planned
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.explain import plan_from_object
from tests.benchmarks.advisors.cost_model import Indexes, Query
from tests.benchmarks.choice.contest import chosen_by
from tests.benchmarks.choice.database import Loaded
from tests.benchmarks.choice.pairs import Ratio, mean_ratio, paired_ratio
from tests.benchmarks.choice.truth import build, named

LIMIT_MS = 20_000.0
"""A statement is stopped then, and counted as if it had been ready."""
SLOWER_RATIO = 1.2
_CLONE = "with_indexes"
_EXPLAIN = "explain (analyze, timing off, format json) "

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A statement in both databases."""

    query: Query
    before_ms: tuple[float, ...]
    after_ms: tuple[float, ...]
    plans: tuple[Plan, Plan]

    @property
    def is_stopped_before(self) -> bool:
        """It was stopped without the indexes."""
        return min(self.before_ms) >= LIMIT_MS

    @property
    def is_stopped_after(self) -> bool:
        """It was stopped with them."""
        return min(self.after_ms) >= LIMIT_MS

    @property
    def ratio(self) -> Ratio:
        """With the indexes over without; where it was stopped without, at most that."""
        return paired_ratio(self.before_ms, self.after_ms)


def print_reality(
    loaded: Loaded,
    queries: Sequence[Query],
    names: Sequence[str],
    shares: Sequence[float],
    pairs: int,
) -> None:
    """Choose for some statements, build in a clone, and time them in pairs."""
    snapshot = _lived_in(loaded.dsn, queries)
    for name in names:
        for share in shares:
            budget = loaded.budget_bytes(share)
            print(f"\n{name}, budget {share:.0%} of the tables", end=": ", flush=True)
            outcome = chosen_by(name, snapshot, queries, budget)
            appraiser = Appraiser(Catalog(snapshot), named(outcome.indexes))
            with _clone(loaded.dsn, outcome.indexes) as (dsn, built_bytes):
                print(f"{len(outcome.indexes)} indexes, {built_bytes / 1e6:.0f} MB\n", flush=True)
                _print_times(_measured((loaded.dsn, dsn), queries, pairs), appraiser)


def _lived_in(dsn: str, queries: Sequence[Query]) -> Snapshot:
    """A snapshot with counters of the statements themselves, and not of loading the rows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"set statement_timeout = {LIMIT_MS:.0f}".encode())
        connection.execute("select pg_stat_reset()")
        for query in queries:
            _run_ms(connection, query)
    return collect(dsn, options=CollectOptions(explain=False))


@contextmanager
def _clone(dsn: str, indexes: Indexes) -> Iterator[tuple[str, int]]:
    """A copy of the database with those indexes, which are as new as its tables are."""
    parameters = conninfo_to_dict(dsn)
    source = parameters["dbname"]
    manager = make_conninfo(dsn, dbname="template1")
    with psycopg.connect(manager, autocommit=True) as connection:
        connection.execute(f"drop database if exists {_CLONE}".encode())
        copying = f'create database {_CLONE} template "{source}" strategy file_copy'
        connection.execute(copying.encode())
    copy = make_conninfo(dsn, dbname=_CLONE)
    with psycopg.connect(copy) as connection:
        built_bytes = build(connection, indexes)
    yield copy, built_bytes
    with psycopg.connect(manager, autocommit=True) as connection:
        connection.execute(f"drop database {_CLONE} with (force)".encode())


def _measured(dsns: tuple[str, str], queries: Sequence[Query], pairs: int) -> Iterator[Timed]:
    with (
        psycopg.connect(dsns[0], autocommit=True) as without,
        psycopg.connect(dsns[1], autocommit=True) as with_indexes,
    ):
        both = (without, with_indexes)
        for connection in both:
            connection.execute(f"set statement_timeout = {LIMIT_MS:.0f}".encode())
        for query in queries:
            yield _timed(both, query, pairs)


def _timed(both: tuple[Connection, Connection], query: Query, pairs: int) -> Timed:
    """Once to warm up; what is stopped then is not tried again."""
    without, with_indexes = (_planned(connection, query) for connection in both)
    first = [_run_ms(connection, query) for connection in both]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        for at in order:
            is_stopped = first[at] >= LIMIT_MS
            times[at].append(LIMIT_MS if is_stopped else _run_ms(both[at], query))
    return Timed(
        query=query,
        before_ms=tuple(times[0]),
        after_ms=tuple(times[1]),
        plans=(without, with_indexes),
    )


def _planned(connection: Connection, query: Query) -> Plan:
    row = connection.execute(f"explain (format json) {query.text}".encode()).fetchone()
    assert row is not None
    return plan_from_object(row[0])


def _run_ms(connection: Connection, query: Query) -> float:
    try:
        row = connection.execute((_EXPLAIN + query.text).encode()).fetchone()
    except psycopg.errors.QueryCanceled:
        return LIMIT_MS
    assert row is not None
    return float(row[0][0]["Execution Time"])


def _print_times(measured: Iterator[Timed], appraiser: Appraiser) -> None:
    """Each statement as soon as it is known, and then all together."""
    print(
        "| statement | without, ms | with, ms | ratio | 95 % | cost | appraised |\n"
        "|---|---|---|---|---|---|---|"
    )
    every: list[Timed] = []
    for one in measured:
        every.append(one)
        print(_row(one, appraiser), flush=True)
    total = [sum(_typical_ms(times) for times in side) for side in _sides(every)]
    mean = mean_ratio([one.ratio for one in every])
    print(f"| all | {total[0]:.0f} | {total[1]:.0f} | {mean:.3f} (geometric mean) | | | |")
    changed = [one for one in every if one.plans[0].shape != one.plans[1].shape]
    for what, cost_of in (("planner's", as_planned), ("appraised", appraiser.cost)):
        errors = [abs(math.log(_ratio(one, cost_of) / one.ratio.estimate)) for one in changed]
        print(f"\n{what} costs: logarithm of the ratio off by {statistics.fmean(errors):.2f}")
    slower = [one.query.id for one in every if one.ratio.low >= SLOWER_RATIO]
    print(f"\nslower by {SLOWER_RATIO - 1:.0%} or more for certain: {', '.join(slower) or 'none'}")


def _ratio(one: Timed, cost_of: Appraise) -> float:
    without, with_indexes = map(cost_of, one.plans)
    return with_indexes / without


def _row(one: Timed, appraiser: Appraiser) -> str:
    without = f"{'≥ ' if one.is_stopped_before else ''}{_typical_ms(one.before_ms):.1f}"
    with_indexes = f"{'≥ ' if one.is_stopped_after else ''}{_typical_ms(one.after_ms):.1f}"
    ratio = f"{'≤ ' if one.is_stopped_before else ''}{one.ratio.estimate:.3f}"
    interval = f"{one.ratio.low:.3f} to {one.ratio.high:.3f}"
    costs = f"{_ratio(one, as_planned):.2f} | {_ratio(one, appraiser.cost):.2f}"
    return f"| {one.query.id} | {without} | {with_indexes} | {ratio} | {interval} | {costs} |"


def _sides(every: Sequence[Timed]) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    return [one.before_ms for one in every], [one.after_ms for one in every]


def _typical_ms(times_ms: Sequence[float]) -> float:
    return sorted(times_ms)[len(times_ms) // 2]
