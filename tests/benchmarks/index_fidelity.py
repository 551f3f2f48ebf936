"""How near plans and costs with hypothetical indexes are to those with indexes that were built.

    python -m tests.benchmarks.index_fidelity                    # all kinds of index
    python -m tests.benchmarks.index_fidelity --kind gin         # kinds with that word
    python -m tests.benchmarks.index_fidelity --misses           # and what is off, one by one

Each index of ``many_indexes`` is built for real in a transaction that is rolled back; one on an
expression is analysed there, since it has no statistics before.  The twin of the snapshot that
was taken without any of them makes it up twice: with the real size, and with a predicted one.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psycopg

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.errors import RefusedError
from pgadvisor.model.plan import Plan
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.whatif.twin import Twin
from tests.benchmarks.many_indexes import CASES, NAME, Case, fill
from tests.fixtures.databases import SETTINGS, fresh_database

KNOWN = "known"
"""What an index is called that has its real size."""
KNOWN_LIMIT_RATIO = 0.001
GIN_LIMIT_RATIO = 0.01
"""Costs rest on what its metapage counts, which is predicted even where its size is known."""
PREDICTED_LIMIT_RATIO = 0.01
_EXPLAIN = "explain (format json, verbose, settings) "
_BUILT = """
with recursive family(oid) as (
    select oid from pg_class where relname = %s and relkind in ('i', 'I') union all
    select i.inhrelid from family f join pg_inherits i on i.inhparent = f.oid
)
select sum(pg_relation_size(oid))::bigint,
    bool_or(indexprs is not null)
from family join pg_index on indexrelid = oid
"""
_NUMBER_OF_A_PART = re.compile(rf"_idx\d*\b|\b{NAME}\b|\b{KNOWN}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One statement that gains by one index."""

    case: Case
    statement: str
    built: Plan
    """With the real index."""
    known: Plan
    """On the twin, of the real size."""
    predicted: Plan
    """On the twin, of a predicted size."""
    is_used: bool
    """The real index changes the plan."""

    @property
    def is_same_shape(self) -> bool:
        """All three plans are of the same shape."""
        return shape(self.built) == shape(self.known) == shape(self.predicted)

    @property
    def known_error_ratio(self) -> float:
        """Of the cost, with the real size."""
        return error_ratio(self.built, self.known)

    @property
    def is_near_with_real_size(self) -> bool:
        """The cost is as near as it is to be with the real size."""
        is_gin = self.case.kind.startswith("gin")
        return self.known_error_ratio <= (GIN_LIMIT_RATIO if is_gin else KNOWN_LIMIT_RATIO)

    @property
    def predicted_error_ratio(self) -> float:
        """Of the cost, with the predicted size."""
        return error_ratio(self.built, self.predicted)


def shape(plan: Plan) -> str:
    """The shape, without what indexes are called that were made up here."""
    return _NUMBER_OF_A_PART.sub("_idx", plan.shape)


def error_ratio(built: Plan, other: Plan) -> float:
    """|other - built| / built, of the total costs."""
    return abs(other.total_cost - built.total_cost) / built.total_cost


def explain(connection: psycopg.Connection, statement: str) -> Plan:
    """Plan a statement on the real server."""
    row = connection.execute((_EXPLAIN + statement).encode()).fetchone()
    assert row is not None
    return plan_from_object(row[0])


def build(connection: psycopg.Connection, case: Case, table: str) -> int:
    """Build an index for real, and return its size with all of its parts."""
    connection.execute("set local max_parallel_maintenance_workers = 0")
    connection.execute(case.create_named.encode())
    row = connection.execute(_BUILT, (NAME,)).fetchone()
    assert row is not None
    size_bytes, has_expression = row
    if has_expression:
        connection.execute(f"analyze {table}".encode())
    return int(size_bytes)


def measure(connection: psycopg.Connection, twin: Twin, case: Case) -> Iterator[Result]:
    """Compare the plans of a case's statements."""
    table = re.split(r" using | \(", case.create.split(" on ", 1)[1])[0]
    plain = [explain(connection, statement) for statement in case.statements]
    size_bytes = build(connection, case, table)
    built = [explain(connection, statement) for statement in case.statements]
    connection.rollback()
    as_known = case.create_named.replace(f"index {NAME} on", f"index {KNOWN} on", 1)
    twin.create(as_known, size_bytes=size_bytes)
    for statement, without, plan in zip(case.statements, plain, built, strict=True):
        yield Result(
            case=case,
            statement=statement,
            built=plan,
            known=twin.explain(statement, create=(as_known,)),
            predicted=twin.explain(statement, create=(case.create_named,)),
            is_used=without.shape != plan.shape,
        )


def run(wanted: Sequence[Case]) -> tuple[list[Result], list[str]]:
    """Measure all cases; returns with the results what the twin refused."""
    results: list[Result] = []
    refused: list[str] = []
    with (
        Cluster(binaries=embedded_binaries(), settings=SETTINGS) as cluster,
        fresh_database(cluster) as dsn,
    ):
        fill(dsn)
        snapshot = collect(dsn)
        with Twin(snapshot) as twin, psycopg.connect(dsn) as connection:
            for case in wanted:
                try:
                    results += measure(connection, twin, case)
                except RefusedError as error:
                    refused.append(f"{case.create}: {error}")
                    connection.rollback()
    return results, refused


def share(results: Sequence[Result], holds: Callable[[Result], bool]) -> str:
    """How many of them, of all."""
    return f"{sum(map(holds, results))} of {len(results)}"


def row(name: str, results: Sequence[Result]) -> str:
    """One line of the table."""
    cells = (
        name,
        str(len({result.case.create for result in results})),
        share(results, lambda r: r.is_same_shape),
        share(results, lambda r: r.is_near_with_real_size),
        f"{max(r.known_error_ratio for r in results):.2%}",
        share(results, lambda r: r.predicted_error_ratio <= PREDICTED_LIMIT_RATIO),
        f"{max(r.predicted_error_ratio for r in results):.2%}",
    )
    return f"| {' | '.join(cells)} |"


def report(results: Sequence[Result]) -> Iterator[str]:
    """The table, by access method and, of btrees, by what is special."""
    limits = "real size: within 0.1 % (GIN 1 %) | worst | predicted size: within 1 % | worst"
    yield f"| kind | indexes | same shape | {limits} |"
    yield "|---|---|---|---|---|---|---|"
    for kind in dict.fromkeys(result.case.kind for result in results):
        yield row(kind, [result for result in results if result.case.kind == kind])
    yield row("all", results)
    derived = [result for result in results if "not derived" not in result.case.kind]
    if derived:
        yield row("all but what is not derived", derived)


def misses(results: Sequence[Result]) -> Iterator[str]:
    """What is beyond the limits, or of another shape."""
    for result in results:
        is_near = result.predicted_error_ratio <= PREDICTED_LIMIT_RATIO
        if result.is_same_shape and is_near and result.is_near_with_real_size:
            continue
        costs = (result.built.total_cost, result.known.total_cost, result.predicted.total_cost)
        rows = tuple(plan.root.rows for plan in (result.built, result.known, result.predicted))
        yield f"{result.case.create}\n    {result.statement}\n    cost {costs} rows {rows}"
        if not result.is_same_shape:
            for plan in (result.built, result.known, result.predicted):
                yield f"    {plan.shape}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", default="", help="only kinds that have this word")
    parser.add_argument("--misses", action="store_true", help="list what is off")
    options = parser.parse_args()
    results, refused = run([case for case in CASES if options.kind in case.kind])
    print("\n".join(report(results)))
    for line in refused:
        print("refused:", line)
    for result in results:
        if not result.is_used:
            print("not used:", result.case.create, "|", result.statement)
    if options.misses:
        print("\n".join(misses(results)))


if __name__ == "__main__":
    main()
