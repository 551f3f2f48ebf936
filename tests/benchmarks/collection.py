"""Measure the collection of a large database: ``python -m tests.benchmarks.collection``.

The limits are one second of server time and three seconds in all, over a local socket.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time

import psycopg

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.snapshot import Snapshot
from tests.benchmarks.large_database import SETTINGS, Scale, build

SERVER_LIMIT_MS = 1_000.0
TOTAL_LIMIT_MS = 3_000.0
KIB_PER_MIB = 1024


def main() -> int:
    """Build the database, collect it several times, print a table; 1 if a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
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
        whole = [collect(dsn) for _ in range(options.runs)]
        without_plans = [
            collect(dsn, options=CollectOptions(explain=False)) for _ in range(options.runs)
        ]
    _describe(whole[-1])
    _say(f"{'':24}{'server, ms':>24}{'in all, ms':>24}")
    _say(f"{'median of ' + str(options.runs):24}{'(lowest to highest)':>24}" + f"{'':24}")
    _row("whole", whole)
    _row("without plans", without_plans)
    _say(f"highest memory: {_peak_mib():.0f} MiB")
    slow = statistics.median(s.server_time_ms for s in whole) > SERVER_LIMIT_MS
    slow |= statistics.median(s.collection_time_ms for s in whole) > TOTAL_LIMIT_MS
    return int(slow)


def _describe(snapshot: Snapshot) -> None:
    columns = sum(len(table.columns) for table in snapshot.tables)
    planned = sum(plan.plan is not None for plan in snapshot.plans)
    _say(
        f"PostgreSQL {snapshot.server.version}: {len(snapshot.tables)} tables, "
        f"{len(snapshot.indexes)} indexes, {columns} columns, "
        f"{len(snapshot.column_statistics)} rows of pg_stats, "
        f"{len(snapshot.statements)} statements, {planned} plans"
    )


def _row(name: str, snapshots: list[Snapshot]) -> None:
    server = _spread([snapshot.server_time_ms for snapshot in snapshots])
    total = _spread([snapshot.collection_time_ms for snapshot in snapshots])
    _say(f"{name:24}{server:>24}{total:>24}")


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
