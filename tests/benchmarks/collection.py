"""Measure the collection of a large database: ``python -m tests.benchmarks.collection``.

The limits are one second of server time and three seconds in all, over a local socket.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from dataclasses import dataclass

import psycopg

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.units import MS_PER_SECOND
from tests.benchmarks.large_database import SETTINGS, Scale, build

SERVER_LIMIT_MS = 1_000.0
TOTAL_LIMIT_MS = 3_000.0
KIB_PER_MIB = 1024


def main() -> int:
    """Build the database, collect it several times, print a table; 1 if a limit is broken."""
    parser = argparse.ArgumentParser(description="Measure the collection of a large database.")
    parser.add_argument("--tables", type=int, default=1_000)
    parser.add_argument("--statements", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    scale = Scale(tables=options.tables, statements=options.statements)
    with Cluster(settings=SETTINGS) as cluster:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("create database large")
        dsn = cluster.dsn("large")
        started = time.perf_counter()
        build(dsn, scale)
        _say(f"built in {time.perf_counter() - started:.1f} s")
        _describe(collect(dsn))
        whole = [_measure(dsn, CollectOptions()) for _ in range(options.runs)]
        without = [_measure(dsn, CollectOptions(explain=False)) for _ in range(options.runs)]
    _say(f"median of {options.runs} (lowest to highest), in ms:")
    _say(f"{'':16}{'server':>24}{'in all':>24}{'of it, our own CPU':>24}")
    _row("whole", whole)
    _row("without plans", without)
    _say(f"highest memory: {_peak_mib():.0f} MiB")
    slow = statistics.median(run.server_ms for run in whole) > SERVER_LIMIT_MS
    slow |= statistics.median(run.total_ms for run in whole) > TOTAL_LIMIT_MS
    return int(slow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one collection cost."""

    server_ms: float
    total_ms: float
    cpu_ms: float


def _measure(dsn: str, options: CollectOptions) -> Measured:
    started_ms = time.process_time() * MS_PER_SECOND
    snapshot = collect(dsn, options=options)
    return Measured(
        server_ms=snapshot.server_time_ms,
        total_ms=snapshot.collection_time_ms,
        cpu_ms=time.process_time() * MS_PER_SECOND - started_ms,
    )


def _describe(snapshot: Snapshot) -> None:
    columns = sum(len(table.columns) for table in snapshot.tables)
    planned = sum(plan.plan is not None for plan in snapshot.plans)
    _say(
        f"PostgreSQL {snapshot.server.version}: {len(snapshot.tables)} tables, "
        f"{len(snapshot.indexes)} indexes, {columns} columns, "
        f"{len(snapshot.column_statistics)} rows of pg_stats, "
        f"{len(snapshot.statements)} statements, {planned} plans"
    )


def _row(name: str, runs: list[Measured]) -> None:
    server = _spread([run.server_ms for run in runs])
    total = _spread([run.total_ms for run in runs])
    cpu = _spread([run.cpu_ms for run in runs])
    _say(f"{name:16}{server:>24}{total:>24}{cpu:>24}")


def _spread(times_ms: list[float]) -> str:
    middle = statistics.median(times_ms)
    return f"{middle:,.0f} ({min(times_ms):,.0f} to {max(times_ms):,.0f})"


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / KIB_PER_MIB if sys.platform == "linux" else peak / KIB_PER_MIB**2


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
