"""Measure the planner twin's start, space and calls: ``python -m tests.benchmarks.twin_speed``.

Three tables: how long it takes until a twin is ready, with what it takes on the disk; what a
switched EXPLAIN costs beyond the bare one, with a thousand candidates present, before and after
a hundred thousand calls; and how long many statements take with one and with two workers.

The snapshots are collected from the database that ``large_database`` builds; then its tables are
taken to be two thousand times as long.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey, Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.units import MiB
from pgadvisor.whatif.backend import AS_IS, Configuration
from pgadvisor.whatif.twin import Twin
from pgadvisor.whatif.twin.lane import Lane, Question
from tests.benchmarks.analysis import collect_large, grown
from tests.benchmarks.large_database import Scale

_CANDIDATES = 1_000
_ROUNDS = 400
_STARTS = 5
_KB = 1_000
_EXPLAIN = "EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) "


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the planner twin.")
    parser.add_argument("--calls", type=int, default=100_000, help="before the second table row")
    parser.add_argument("--tables", type=int, default=1_000, help="of the large snapshot")
    options = parser.parse_args()
    small = grown(collect_large(Scale(tables=10, statements=40)))
    large = grown(collect_large(Scale(tables=options.tables, statements=1_000)))
    print("| snapshot | ready, s | on disk, MB | of which WAL | kB for each relation |")
    print("|---|---|---|---|---|")
    for snapshot in (small, large):
        print(_start_row(snapshot))
    print("\n| tables of the statement | bare EXPLAIN, ms | tables switched | added, ms |")
    print("|---|---|---|---|")
    print("\n".join(_call_rows(small, options.calls)))
    print("\n| workers | statements | configurations | s |\n|---|---|---|---|")
    for workers in (1, 2):
        print(_batch_row(large, workers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Space:
    """What a data directory takes, in bytes."""

    total: int
    wal: int


def _start_row(snapshot: Snapshot) -> str:
    """A twin is entered and left some times over; the relations are those with a file."""
    times: list[float] = []
    space, relations = _Space(total=0, wal=0), 1
    for _ in range(_STARTS):
        started = time.perf_counter()
        with Twin(snapshot) as twin:
            times.append(time.perf_counter() - started)
            lane = twin._run("measuring")
            space = _space(Path(lane.server.cluster.data_directory))
            relations = _relation_count(lane)
    each = (space.total - 40 * MiB) / relations / _KB
    spread = f"{statistics.median(times):.2f} ({min(times):.2f}-{max(times):.2f})"
    return (
        f"| {len(snapshot.tables):,} tables, {len(snapshot.indexes):,} indexes | {spread} "
        f"| {space.total / _KB**2:.0f} | {space.wal / _KB**2:.0f} | {max(each, 0):.1f} |"
    )


def _space(directory: Path) -> _Space:
    return _Space(total=_used_bytes(directory), wal=_used_bytes(directory / "pg_wal"))


def _used_bytes(directory: Path) -> int:
    """As the file system counts it: holes take nothing."""
    told = subprocess.run(
        ["/usr/bin/du", "-sk", str(directory)], capture_output=True, text=True, check=True
    )
    return int(told.stdout.split()[0]) * 1024


def _relation_count(lane: Lane) -> int:
    """Tables, indexes, and what belongs to them: TOAST tables and their indexes."""
    [(count,)] = lane.server.query(
        "select count(*) from pg_class where relkind in ('r', 'i', 't') "
        "and oid >= 16384 and relowner = 'twin'::regrole"
    )
    return int(count)


def _call_rows(snapshot: Snapshot, calls: int) -> Iterator[str]:
    tables = [table for table in snapshot.tables if table.schema == "area_000"][:4]
    candidates = [_candidates(table, _CANDIDATES // 4) for table in tables]
    with Twin(snapshot) as twin:
        twin.build([one for of_table in candidates for one in of_table])
        lane = twin._run("measuring")
        yield from _rows(lane, tables, candidates)
        every = list(itertools.chain(*candidates))
        started = time.perf_counter()
        for number in range(calls):
            lane.plan(_question(_statement(tables[:1]), every[number % len(every)]))
        each_ms = (time.perf_counter() - started) / max(calls, 1) * 1000
        yield f"| after {calls:,} calls of {each_ms:.3f} ms | | | |"
        yield from _rows(lane, tables, candidates)


def _rows(
    lane: Lane, tables: Sequence[Table], candidates: Sequence[Sequence[IndexDefinition]]
) -> Iterator[str]:
    """Bare and switched calls take turns, so that both meet the machine in the same mood."""
    for number in range(1, len(tables) + 1):
        statement = _statement(tables[:number])
        for switched in (1, number) if number > 1 else (1,):
            question = _question(statement, *(of_table[0] for of_table in candidates[:switched]))
            bare, other = _in_turns(partial(_bare, lane, statement), partial(lane.plan, question))
            yield f"| {number} | {bare:.3f} | {switched} | {other - bare:.3f} |"


def _bare(lane: Lane, statement: str) -> Plan:
    """Explain by hand: one statement, no transaction around it, nothing switched."""
    row = lane.server.role.execute(f"{_EXPLAIN}{statement}".encode()).fetchone()
    return plan_from_object(row[0] if row else None)


def _question(statement: str, *definitions: IndexDefinition) -> Question:
    return Question(statement=statement, create=definitions)


def _in_turns(*functions: Callable[[], object]) -> list[float]:
    """The median of what each call takes, in ms."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(_ROUNDS):
        for function, taken in zip(functions, times, strict=True):
            started = time.perf_counter()
            function()
            taken.append((time.perf_counter() - started) * 1000)
    return [statistics.median(taken) for taken in times]


def _batch_row(snapshot: Snapshot, workers: int) -> str:
    texts = [statement.text for statement in snapshot.statements]
    by_table = {table.oid: _candidates(table, 3) for table in snapshot.tables[:200]}
    every = list(itertools.chain(*by_table.values()))
    with Twin(snapshot, workers=workers) as twin:
        twin.build(every)
        configurations = [AS_IS, _with(*every[::3]), _with(*every)]
        questions = [(text, one) for one in configurations for text in texts]
        started = time.perf_counter()
        twin.plans(questions)
        taken = time.perf_counter() - started
    return f"| {workers} | {len(texts):,} | {len(configurations)} | {taken:.2f} |"


def _with(*definitions: IndexDefinition) -> Configuration:
    return Configuration(create=frozenset(definitions))


def _statement(tables: Sequence[Table]) -> str:
    """A join of tables, each of which refers to the one before."""
    text = f"select 1 from {tables[0].qualified_name} a0"
    for number, table in enumerate(tables[1:], start=1):
        text += f" join {table.qualified_name} a{number} on a{number}.parent_id = a{number - 1}.id"
    return text + " where a0.note = 'x' and a0.score > 3"


def _candidates(table: Table, count: int) -> list[IndexDefinition]:
    """Indexes on one to four columns, those on the filtered column first."""
    names = sorted((column.name for column in table.columns), key=lambda name: name != "note")
    tuples = itertools.chain(*(itertools.permutations(names, width) for width in range(1, 5)))
    return [
        IndexDefinition(
            table_oid=table.oid,
            schema=table.schema,
            table=table.name,
            keys=tuple(IndexKey(column=name) for name in columns),
        )
        for columns in itertools.islice(tuples, count)
    ]


if __name__ == "__main__":
    main()
