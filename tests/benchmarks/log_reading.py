"""How fast a log is read, and how fast pgBadger reads the same one; both with one process.

Run it with ``python -m tests.benchmarks.log_reading [--size-mb 1024]``.  pgBadger is
in Debian (``apt-get install pgbadger``); without it, only our own time is printed.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pgadvisor.units import KiB, MiB

PREFIX = "%t [%p]: user=%u,db=%d,app=%a,client=%h "
"""What pgBadger's manual asks for."""

SELECT = "SELECT id, name, email, created_at FROM customers WHERE id = {a}"
OF_AN_ORM = (
    'SELECT "orders_order"."id", "orders_order"."total", "orders_order"."state" FROM '
    '"orders_order" INNER JOIN "customers_customer" ON ("orders_order"."customer_id" = '
    '"customers_customer"."id") WHERE ("customers_customer"."email" = \'user{a}@example.org\' '
    "AND \"orders_order\".\"state\" IN ('new', 'paid', 'it''s {b}')) ORDER BY "
    '"orders_order"."id" DESC LIMIT 21'
)
UPDATE = (
    "UPDATE stock SET amount = amount - $1, changed_at = now() "
    "WHERE product_id = $2 AND warehouse_id = $3\n"
    "{p}DETAIL:  parameters: $1 = '{r}', $2 = '{a}', $3 = '{b}'"
)
INSERT = (
    "INSERT INTO events (kind, payload, at) VALUES "
    "('click', '{{\"id\": {a}, \"x\": {b}}}', '2026-03-01 10:00:00'), "
    "('view', '{{\"id\": {b}, \"x\": {r}}}', '2026-03-01 10:00:01')"
)
REPORT = (
    "SELECT c.region, count(*), sum(o.total)\n\tFROM orders o\n"
    "\tJOIN customers c ON c.id = o.customer_id\n\tWHERE o.created_at >= date '2026-01-{day:02}'"
    "\n\t  AND o.total > {b}.50\n\tGROUP BY c.region -- report {a}\n\tORDER BY 2 DESC"
)
PLAN = (
    "Query Text: SELECT o.id, o.total FROM orders o WHERE o.customer_id = {a} AND o.total > {b}\n"
    "\tIndex Scan using orders_customer on orders o  (cost=0.43..{b}.10 rows={r} width=20) "
    "(actual time=0.031..{d} rows={r} loops=1)\n\t  Index Cond: (customer_id = {a})\n"
    "\t  Filter: (total > '{b}'::numeric)\n\t  Rows Removed by Filter: {r}"
)
TEMP_FILE = (
    'temporary file: path "base/pgsql_tmp/pgsql_tmp{a}.0", size {a}\n{p}STATEMENT:  '
    "SELECT * FROM events WHERE kind = 'click' ORDER BY payload LIMIT {b}"
)
CHECKPOINT = (
    "checkpoint complete: wrote {b} buffers (0.1%); 0 WAL file(s) added, 0 removed, 1 recycled"
)
VACUUM = (
    'automatic vacuum of table "shop.public.orders": index scans: 1\n\tpages: 0 removed, '
    "{a} remain, 0 skipped due to pins\n\ttuples: {b} removed, {a} remain"
)
ERROR = (
    'duplicate key value violates unique constraint "customers_email_key"\n'
    "{p}DETAIL:  Key (email)=(user{a}@example.org) already exists.\n"
    "{p}STATEMENT:  INSERT INTO customers (email) VALUES ('user{a}@example.org')"
)
TEMPLATES = (
    (30, "duration: {d} ms  statement: " + SELECT),
    (20, "duration: {d} ms  statement: " + OF_AN_ORM),
    (15, "duration: {d} ms  execute <unnamed>: " + UPDATE),
    (8, "duration: {d} ms  bind <unnamed>: " + UPDATE),
    (8, "duration: {d} ms  statement: " + INSERT),
    (6, "duration: {d} ms  statement: " + REPORT),
    (4, "duration: {d} ms  plan:\n\t" + PLAN),
    (3, TEMP_FILE),
    (3, "statement: BEGIN"),
    (2, CHECKPOINT),
    (1, VACUUM),
)


def log_lines(size_bytes: int, seed: int = 1) -> Iterator[str]:
    """Yield entries of a busy shop's log until there are so many bytes of them."""
    chance = random.Random(seed)
    texts = [text for _, text in TEMPLATES]
    weights = [weight for weight, _ in TEMPLATES]
    written = 0
    second = 1_772_359_200
    prefix = ""
    while written < size_bytes:
        second += chance.random() < 0.02
        clock = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(second))
        for text in chance.choices(texts, weights, k=50):
            client = f"client=10.0.0.{chance.randrange(9)}"
            process = chance.randrange(2000, 2200)
            prefix = f"{clock} [{process}]: user=web,db=shop,app=api,{client} "
            message = text.format(
                a=chance.randrange(1_000_000),
                b=chance.randrange(1, 900),
                r=chance.randrange(1, 99),
                d=f"{chance.lognormvariate(0, 1.5):.3f}",
                day=chance.randrange(1, 28),
                p=prefix,
            )
            entry = f"{prefix}LOG:  {message}\n"
            written += len(entry)
            yield entry
        entry = f"{prefix}ERROR:  {ERROR.format(p=prefix, a=chance.randrange(1_000_000))}\n"
        written += len(entry)
        yield entry


def write_log(path: Path, size_bytes: int, seed: int = 1) -> None:
    """Write such a log."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(log_lines(size_bytes, seed))


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took."""

    seconds: float
    cpu_seconds: float
    """Of all its processes; a busy machine changes it less."""

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.cpu_seconds:.1f} s of processor time"


def _timed(command: list[str]) -> Run:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, cpu)


def main() -> int:
    """Print the comparison; 1 if pgBadger was faster."""
    parser = argparse.ArgumentParser(description="Read a log, and let pgBadger read it.")
    parser.add_argument("--size-mb", type=int, default=1024)
    parser.add_argument("--pgbadger-jobs", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        log, out = Path(name) / "postgresql.log", Path(name) / "report.json"
        write_log(log, options.size_mb * MiB)
        size_mb = log.stat().st_size / MiB
        print(f"a log of {size_mb:,.0f} MB, load {os.getloadavg()[0]:.1f}")
        ours = _timed(
            [sys.executable, "-m", "pgadvisor", "logs", "-q", "--format", "json", str(log)]
        )
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KiB
        print(f"pgadvisor: {ours}, {size_mb / ours.seconds:.1f} MB/s, {peak_mb:.0f} MB of memory")
        if shutil.which("pgbadger") is None:
            print("pgbadger is not installed")
            return 0
        jobs = str(options.pgbadger_jobs)
        command = ["pgbadger", "-q", "-f", "stderr", "-p", PREFIX, "-j", jobs, "-o", str(out)]
        theirs = _timed([*command, str(log)])
        print(f"pgbadger -j {jobs}: {theirs}, {size_mb / theirs.seconds:.1f} MB/s")
        print(
            f"pgbadger takes {theirs.seconds / ours.seconds:.1f} times as long, and "
            f"{theirs.cpu_seconds / ours.cpu_seconds:.1f} times the processor time"
        )
        return int(theirs.seconds < ours.seconds)


if __name__ == "__main__":
    sys.exit(main())
