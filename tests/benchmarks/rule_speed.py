"""Measure all rules over large snapshots: ``python -m tests.benchmarks.rule_speed``.

The snapshots are those of :mod:`tests.benchmarks.generated_schema`, by people who have an index
for nearly all that is searched, and each in a process of its own.  The limits are 20 seconds and
one gibibyte at 2,000 tables, 10,000 indexes and 10,000 statements; parsing the statements, which
all of an analysis shares, is told apart.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

from pgadvisor.config import Config
from pgadvisor.diagnose.engine import diagnose
from pgadvisor.pipeline import build_case
from pgadvisor.registry import load_rules
from tests.benchmarks.generated_schema import generated_snapshot

SIZES = (500, 1_000, 2_000)
STATEMENTS_PER_TABLE = 5
EAGERNESS = 5.0
"""Five indexes for each table, where the usual ones of the generated schema are three."""
TIME_LIMIT_S = 20.0
MEMORY_LIMIT_MIB = 1024.0
KIB_PER_MIB = 1024


def main() -> int:
    """Measure each size in a process of its own; 1 if a limit is broken."""
    parser = argparse.ArgumentParser(description="Measure all rules over large snapshots.")
    parser.add_argument("--tables", type=int, help="measure this size, here")
    options = parser.parse_args()
    if options.tables is not None:
        return measure(options.tables)
    print("| tables, indexes, statements | parsed in s | judged in s | findings | memory, MiB |")
    print("|---|---|---|---|---|", flush=True)
    command = [sys.executable, "-m", "tests.benchmarks.rule_speed", "--tables"]
    codes = [subprocess.run([*command, str(size)], check=False).returncode for size in SIZES]
    return max(codes)


def measure(tables: int) -> int:
    """Print a row of the table."""
    snapshot = generated_snapshot(tables, STATEMENTS_PER_TABLE * tables, eagerness=EAGERNESS)
    rules = load_rules()
    started = time.perf_counter()
    case = build_case(snapshot)
    parsed_s = time.perf_counter() - started
    started = time.perf_counter()
    diagnosis = diagnose(case, rules, Config(), today=snapshot.server.collected_at.date())
    judged_s = time.perf_counter() - started
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    print(
        f"| {len(snapshot.tables):,}, {len(snapshot.indexes):,}, {len(snapshot.statements):,} "
        f"| {parsed_s:.1f} | {judged_s:.1f} | {len(diagnosis.findings):,} | {peak_mib:,.0f} |",
        flush=True,
    )
    return int(judged_s > TIME_LIMIT_S or peak_mib > MEMORY_LIMIT_MIB)


if __name__ == "__main__":
    sys.exit(main())
