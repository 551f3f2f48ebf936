"""Compare twins with their originals: ``python -m tests.benchmarks.twin_fidelity --major 15``.

For each major version, a real server with that major's binaries and a twin with the same plan the
same statements, once just after ANALYZE and once when every table has grown by 15 % since.  Prints
a table, and every statement whose plan or cost differs.  Without ``--major`` all majors are
measured, one after the other; ``--scale 0`` leaves TPC-H out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import psycopg
from psycopg import pq

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.estimate import StatementFidelity
from pgadvisor.model.plan import Plan
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.parse.statement import parse_statement
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin import Twin
from pgadvisor.whatif.twin.explain_form import GENERIC, GENERIC_PLAN_SINCE, PLAIN, prepared
from pgadvisor.whatif.whole_plan import PRUNING, whole_plan
from tests.benchmarks.fidelity_cases import Case, cases
from tests.benchmarks.growth import put_back, take_out
from tests.benchmarks.tpch import Tpch, fetch
from tests.fixtures.databases import SETTINGS
from tests.fixtures.npm_binaries import VERSIONS, npm_binaries

GROWTH = 0.15
SAME_COST_RATIO = 0.0001
_SETTINGS = SETTINGS | {"shared_buffers": "256MB", "max_wal_size": "4GB", "wal_level": "minimal"}
_SETTINGS |= {"max_wal_senders": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case on one major."""

    major: int
    name: str
    compared: tuple[StatementFidelity, ...]
    missed: tuple[str, ...]
    """Why the twin has no plan where the original has one, with the statement."""
    is_grown: bool
    """The tables have grown since they were analysed."""
    notes: tuple[str, ...] = ()
    """What the twin says of itself."""

    @property
    def count(self) -> int:
        """Statements that the original plans."""
        return len(self.compared) + len(self.missed)


def main() -> int:
    """Measure, print; 1 if a plan has another shape or too many costs differ."""
    parser = argparse.ArgumentParser(description="Compare twins with their originals.")
    parser.add_argument("--major", type=int, choices=VERSIONS, action="append")
    parser.add_argument("--scale", type=float, default=1.0, help="of TPC-H; 0: without it")
    parser.add_argument("--case", help="only the cases whose name has this in it")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="pgadvisor-tpch-") as name:
        of_tpch = fetch(Path(name), options.scale) if options.scale else None
        for major in options.major or VERSIONS:
            for row in _measure_major(major, of_tpch, options.case or ""):
                _print_misses(row)
                rows.append(row)
    totals = list(_totals(rows))
    _print_table([*rows, *totals])
    return int(any(not _is_reached(row) for row in totals if not row.is_grown))


def _measure_major(major: int, of_tpch: Tpch | None, wanted: str) -> Iterator[Row]:
    with Cluster(binaries=npm_binaries(major), settings=_SETTINGS) as cluster:
        for case in cases(of_tpch):
            if wanted in case.name:
                with case.database(cluster) as dsn:
                    yield from _measure(cluster, case, dsn)


def _measure(cluster: Cluster, case: Case, dsn: str) -> Iterator[Row]:
    yield _compared(cluster, case, dsn)
    if case.can_grow:
        with psycopg.connect(dsn, autocommit=True) as connection:
            take_out(connection, GROWTH)
            put_back(connection)
        yield _compared(cluster, case, dsn, is_grown=True)


def _compared(cluster: Cluster, case: Case, dsn: str, *, is_grown: bool = False) -> Row:
    major = cluster.binaries.major
    statements = case.statements(major)
    originals = _originals(dsn, statements, major)
    compared: list[StatementFidelity] = []
    missed: list[str] = []
    snapshot = collect(dsn, options=CollectOptions(explain=False))
    with Twin(snapshot, binaries=cluster.binaries) as twin:
        for statement, original in originals.items():
            own = twin.plan(statement)
            if isinstance(own, NotPlanned):
                missed.append(f"{own.reason}: {statement}")
                continue
            compared.append(
                StatementFidelity(
                    statement_id=statement,
                    is_same_shape=original.shape == own.shape,
                    original_cost=original.total_cost,
                    twin_cost=own.total_cost,
                )
            )
        notes = twin.notes
    return Row(
        major=major,
        name=_titled(case.name, is_grown=is_grown),
        compared=tuple(compared),
        missed=tuple(missed),
        is_grown=is_grown,
        notes=notes,
    )


def _totals(rows: Sequence[Row]) -> Iterator[Row]:
    """All statements of a major, just after ANALYZE and later."""
    for is_grown, major in product((False, True), dict.fromkeys(row.major for row in rows)):
        some = [row for row in rows if (row.major, row.is_grown) == (major, is_grown)]
        yield Row(
            major=major,
            name=_titled("all", is_grown=is_grown),
            compared=tuple(one for row in some for one in row.compared),
            missed=tuple(one for row in some for one in row.missed),
            is_grown=is_grown,
        )


def _titled(name: str, *, is_grown: bool) -> str:
    return f"{name}, grown by {GROWTH:.0%}" if is_grown else name


def _originals(dsn: str, statements: Sequence[str], major: int) -> dict[str, Plan]:
    plans = {}
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            outcome = _original(connection, statement, major)
            if isinstance(outcome, Plan):
                plans[statement] = outcome
            else:
                print(f"PostgreSQL {major} itself refuses: {outcome.reason}: {statement}")
    return plans


def _original(connection: psycopg.Connection, statement: str, major: int) -> Plan | NotPlanned:
    """Plan on the real server as the twin plans, with ``$n`` unknown."""
    count = parse_statement(statement).parameter_count
    form = prepared(count) if count and major < GENERIC_PLAN_SINCE else GENERIC if count else PLAIN

    def ask(*settings: str) -> Plan | NotPlanned:
        text = "; ".join(["begin", *settings, f"{form.head}{statement}{form.tail}", "rollback"])
        try:
            cursor = connection.execute(text.encode())
        except psycopg.Error as error:
            connection.rollback()
            return NotPlanned(reason=str(error.diag.message_primary))
        while cursor.statusmessage != "EXPLAIN":
            assert cursor.nextset()
        [(plan,)] = cursor.fetchall()
        return plan_from_object(plan)

    outcome = whole_plan(ask(), lambda: ask(f"set local {PRUNING} = off"))
    assert connection.info.transaction_status == pq.TransactionStatus.IDLE
    return outcome


def _print_misses(row: Row) -> None:
    print(f"PostgreSQL {row.major}, {row.name}: {row.count} statements", flush=True)
    for note in row.notes:
        print(f"  note: {note}")
    for missed in row.missed:
        print(f"  not planned: {' '.join(missed.split())}")
    for one in row.compared:
        if not one.is_same_shape or one.cost_error_ratio > SAME_COST_RATIO:
            what = "same plan" if one.is_same_shape else "other plan"
            costs = f"{one.original_cost:.2f}, here {one.twin_cost:.2f}"
            print(f"  {what}, cost {costs}: {' '.join(one.statement_id.split())}", flush=True)


def _print_table(rows: Sequence[Row]) -> None:
    names = "major", "database", "statements", "same plan", "cost within 0.01 %"
    print("|", " | ".join((*names, "median error", "99 %", "worst")), "|")
    print("|---" * 8 + "|")
    for row in rows:
        same = sum(one.is_same_shape for one in row.compared)
        errors = sorted(one.cost_error_ratio for one in row.compared)
        near = sum(error <= SAME_COST_RATIO for error in errors)
        shown = " | ".join(f"{_quantile(errors, share):.4%}" for share in (0.5, 0.99, 1.0))
        print(f"| {row.major} | {row.name} | {row.count} | {same} | {near} | {shown} |")


def _is_reached(row: Row) -> bool:
    near = sum(one.cost_error_ratio <= SAME_COST_RATIO for one in row.compared)
    return all(one.is_same_shape for one in row.compared) and near >= 0.99 * row.count


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The least value that so many are not above."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


if __name__ == "__main__":
    sys.exit(main())
