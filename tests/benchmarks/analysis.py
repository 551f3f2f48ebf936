"""Measure the analysis of a large snapshot: ``python -m tests.benchmarks.analysis``.

The snapshot is collected from the database that ``large_database`` builds; then its tables are
taken to be two thousand times as long, with their statistics as they are, so that every one of
them is large enough for index advice.  With ``--generated`` it is one of
:mod:`tests.benchmarks.generated_schema` as it is.  The limits are 60 seconds and one gibibyte.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg

from pgadvisor.advice import Advice
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.budget import Budget
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.pipeline import Progress, advise
from tests.benchmarks.generated_schema import generated_snapshot
from tests.benchmarks.large_database import SETTINGS, Scale, build

TIME_LIMIT_S = 60.0
MEMORY_LIMIT_MIB = 1024.0
GROWTH = 2_000
KIB_PER_MIB = 1024


def main() -> int:
    """Build, collect, analyse, print a table; 1 if a limit is broken."""
    parser = argparse.ArgumentParser(description="Measure the analysis of a large snapshot.")
    parser.add_argument("--tables", type=int, default=1_000)
    parser.add_argument("--statements", type=int, default=5_000)
    parser.add_argument("--generated", action="store_true", help="take a generated snapshot")
    options = parser.parse_args()
    budget = Budget()
    if options.generated:
        snapshot = generated_snapshot(options.tables, options.statements)
    else:
        snapshot = collect_large(Scale(tables=options.tables, statements=options.statements))
        snapshot = grown(snapshot)
        # Each of the statements is a tiny share of the whole: none may be too small to count.
        budget = Budget(min_saving_ratio=0.0)
    started = time.perf_counter()
    with _phases() as told:
        advice = advise(snapshot, budget=budget, progress=told)
    total_s = time.perf_counter() - started
    _describe(snapshot, advice)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    print(f"{'in all':32} {total_s:8.1f} s, highest memory {peak_mib:,.0f} MiB")
    return int(total_s > TIME_LIMIT_S or peak_mib > MEMORY_LIMIT_MIB)


def collect_large(scale: Scale) -> Snapshot:
    with Cluster(settings=SETTINGS) as cluster:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("create database large")
        build(cluster.dsn("large"), scale)
        return collect(cluster.dsn("large"))


def grown(snapshot: Snapshot) -> Snapshot:
    """The same database with longer tables; the original's plans do not hold for it."""
    tables = tuple(
        replace(
            table,
            size_bytes=table.size_bytes * GROWTH,
            pages=table.pages * GROWTH,
            rows=table.rows * GROWTH,
            all_visible_pages=table.all_visible_pages * GROWTH,
        )
        for table in snapshot.tables
    )
    indexes = tuple(
        replace(
            index,
            size_bytes=index.size_bytes * GROWTH // 4,
            pages=index.pages * GROWTH // 4,
            rows=index.rows * GROWTH,
        )
        for index in snapshot.indexes
    )
    return replace(snapshot, tables=tables, indexes=indexes, plans=())


@contextmanager
def _phases() -> Iterator[Progress]:
    """Print how long each phase takes that the analysis tells of."""
    state: list[tuple[str, float]] = []

    def end() -> None:
        if state:
            what, since = state[-1]
            print(f"{what:32} {time.perf_counter() - since:8.1f} s")

    def told(what: str, _done: int, _total: int) -> None:
        if not state or state[-1][0] != what:
            end()
            state.append((what, time.perf_counter()))

    yield told
    end()


def _describe(snapshot: Snapshot, advice: Advice) -> None:
    choice = advice.choice
    print(
        f"{len(snapshot.tables):,} tables, {len(snapshot.indexes):,} indexes, "
        f"{len(snapshot.statements):,} statements\n"
        f"{choice.costed_statements:,} statements costed with {choice.what_if_calls:,} plans, "
        f"{len(choice.chosen):,} indexes chosen, {len(choice.rejected):,} rejected, "
        f"{len(choice.uncosted):,} not planned"
    )
    for missing in advice.unavailable:
        if missing.is_failure:
            print(f"not there: {missing.what}: {missing.reason}")


if __name__ == "__main__":
    sys.exit(main())
