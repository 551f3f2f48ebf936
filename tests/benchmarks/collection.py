"""Measure the collection of a large database: ``python -m tests.benchmarks.collection``.

The limits are one second of server time and three seconds in all, over a local socket.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

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
        whole = [_measure(cluster, CollectOptions()) for _ in range(options.runs)]
        no_plans = CollectOptions(explain=False)
        without = [_measure(cluster, no_plans) for _ in range(options.runs)]
    _say(f"median of {options.runs} (lowest to highest), in ms:")
    columns = ("waiting for server", "server's CPU", "in all", "our own CPU")
    _say(f"{'':14}" + "".join(f"{column:>24}" for column in columns))
    _row("whole", whole)
    _row("without plans", without)
    _say(f"highest memory: {_peak_mib():.0f} MiB")
    slow = statistics.median(run.waiting_ms for run in whole) > SERVER_LIMIT_MS
    slow |= statistics.median(run.total_ms for run in whole) > TOTAL_LIMIT_MS
    return int(slow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one collection cost."""

    waiting_ms: float
    server_cpu_ms: float
    """Of all sessions of the server that ended meanwhile; there is only ours."""
    total_ms: float
    cpu_ms: float


def _measure(cluster: Cluster, options: CollectOptions) -> Measured:
    server_before_ms = _server_cpu_ms(cluster)
    before_ms = time.process_time() * MS_PER_SECOND
    snapshot = collect(cluster.dsn("large"), options=options)
    cpu_ms = time.process_time() * MS_PER_SECOND - before_ms
    time.sleep(0.2)  # until the backend has ended, and the server has counted it
    return Measured(
        waiting_ms=snapshot.server_time_ms,
        server_cpu_ms=_server_cpu_ms(cluster) - server_before_ms,
        total_ms=snapshot.collection_time_ms,
        cpu_ms=cpu_ms,
    )


def _server_cpu_ms(cluster: Cluster) -> float:
    """CPU time of the sessions that have ended, from Linux's own books; elsewhere not a number."""
    pid = (cluster.data_directory / "postmaster.pid").read_text().split()[0]
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return math.nan
    return (int(fields[13]) + int(fields[14])) * MS_PER_SECOND / os.sysconf("SC_CLK_TCK")


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
    columns = (
        [run.waiting_ms for run in runs],
        [run.server_cpu_ms for run in runs],
        [run.total_ms for run in runs],
        [run.cpu_ms for run in runs],
    )
    _say(f"{name:14}" + "".join(f"{_spread(times_ms):>24}" for times_ms in columns))


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
