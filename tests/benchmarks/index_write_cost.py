"""What one more btree entry costs an INSERT: the figure behind ``WRITE_MS_PER_ENTRY``.

    python tests/benchmarks/index_write_cost.py

Rows are inserted in one statement into a table of a million rows that fits
into memory: with no index, and with one, two and four of them, in turn.  The slope of the
time over the number of indexes is the cost of an entry.
"""

from __future__ import annotations

import statistics
import time

import psycopg

from pgadvisor.cluster.launch import Cluster

ROWS = 1_000_000
INSERTS = 20_000
ROUNDS = 5
VALUES = "random() * 1e9, random() * 1e9, random() * 1e9, random() * 1e9"
INDEX_COUNTS = (0, 1, 2, 4)


def prepare(connection: psycopg.Connection, count: int) -> str:
    """Make a table with a number of indexes, and return its name."""
    table = f"t{count}"
    connection.execute(f"create table {table} (a int, b int, c int, d int)".encode())
    for column in "abcd"[:count]:
        connection.execute(f"create index on {table} ({column})".encode())
    fill = f"insert into {table} select {VALUES} from generate_series(1, {ROWS})"
    connection.execute(fill.encode())
    connection.execute(f"vacuum analyze {table}".encode())
    return table


def insert_ms(connection: psycopg.Connection, table: str) -> float:
    """Time one transaction of inserts, per row, in milliseconds."""
    batch = f"select {VALUES} from generate_series(1, {INSERTS})"
    rows = connection.execute(batch.encode()).fetchall()
    connection.execute("create temp table if not exists batch (a int, b int, c int, d int)")
    connection.execute("truncate batch")
    with connection.cursor() as cursor, cursor.copy("copy batch from stdin") as copy:
        for row in rows:
            copy.write_row([int(value) for value in row])
    started = time.perf_counter()
    connection.execute(f"insert into {table} select * from batch".encode())
    return (time.perf_counter() - started) * 1000 / INSERTS


def main() -> None:
    """Measure and print a table."""
    settings = {"shared_buffers": "512MB", "fsync": "on", "synchronous_commit": "off"}
    with (
        Cluster(settings=settings) as cluster,
        psycopg.connect(cluster.dsn(), autocommit=True) as connection,
    ):
        tables = {count: prepare(connection, count) for count in INDEX_COUNTS}
        times: dict[int, list[float]] = {count: [] for count in INDEX_COUNTS}
        for _ in range(ROUNDS):
            for count, table in tables.items():
                times[count].append(insert_ms(connection, table))
    print("indexes  ms per row (median, min, max)  ms per entry")
    base = statistics.median(times[0])
    for count, found in times.items():
        median = statistics.median(found)
        entry = (median - base) / count if count else 0.0
        spread = f"{median:.5f}  {min(found):.5f}  {max(found):.5f}"
        print(f"{count:7d}  {spread}  {entry:.5f}")


if __name__ == "__main__":
    main()
