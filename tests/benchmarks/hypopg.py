"""Measure the twin beside HypoPG: ``python -m tests.benchmarks.hypopg``.

One server that has HypoPG, its twin of the same major, the same indexes, one run.  Three tables:
how far the cost of a plan with each is from the cost with the index really built; how far its
size is; and how long one question takes.

The data is that of ``many_indexes``, and so are the indexes, but for those of kinds that HypoPG
does not simulate.  HypoPG is asked directly here, as its own users do.
"""

from __future__ import annotations

import argparse
import itertools
import re
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.sqltext.index import create_index_sql
from pgadvisor.sqltext.quote import quote_literal
from pgadvisor.whatif.backend import Backend, Configuration, NotPlanned
from pgadvisor.whatif.hypopg import HypoPG
from pgadvisor.whatif.twin import Twin
from tests.benchmarks.many_indexes import CASES, EXTENSIONS, Case
from tests.fixtures.databases import SETTINGS
from tests.fixtures.hypopg import hypopg_binaries

_EXPLAIN = "EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) "
_KINDS = ("btree", "hash", "brin", "bloom")
_STATEMENTS = (
    "select * from trips where rider_id = 4711",
    "select * from trips where driver_id = 17 order by started_at desc limit 10",
    "select count(*) from trips where day = '2024-03-03' and city = 'City 3'",
    "select status, sum(fare) from trips where plate = 'P000123' group by 1",
    "select * from trips where email = 'User77@Mail.example' and not is_paid",
    "select * from trips where driver_id = 21 and status = 'done'",
    "select max(fare) from trips where city = 'City 7'",
    "select * from trips where plate = 'P000321' order by started_at",
    "select day, count(*) from trips where rider_id = 99 group by day",
    "select * from trips where started_at > '2024-11-01' and driver_id = 5",
)
_SHOWN = frozenset(
    {"btree", "btree, several columns", "btree, include", "btree, partial", "hash", "brin", "bloom"}
    | {"btree, partitioned table"}
)
"""Kinds with a row of their own."""
_WIDTHS = (1, 5, 20)
"""Hypothetical indexes of a question."""

Connection = psycopg.Connection[tuple[Any, ...]]
Asked = tuple[str, Sequence[IndexDefinition]]
"""A statement, and the indexes that it is planned with."""
Way = Callable[[Sequence[Asked]], Sequence[Plan | NotPlanned]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An index, and the plans of some statements with it."""

    size_bytes: int
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The same index, three times."""

    case: Case
    real: Answer
    hypopg: Answer
    twin: Answer

    @property
    def kind(self) -> str:
        """``btree``, ``btree, partial``, ``hash``, ...; what is rare goes together."""
        method = self.case.kind.partition(",")[0]
        return self.case.kind if self.case.kind in _SHOWN else f"{method}, others"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the twin beside HypoPG.")
    parser.add_argument("--calls", type=int, default=300, help="questions of each kind")
    options = parser.parse_args()
    binaries = hypopg_binaries()
    with Cluster(binaries=binaries, settings=SETTINGS, locale="C.UTF-8") as cluster:
        dsn = cluster.dsn()
        fill(dsn)
        snapshot = collect(dsn)
        with Twin(snapshot) as twin, _connected(dsn) as connection:
            print(f"server {snapshot.server.version}, twin {twin.version}\n")
            answers = [*_answers(connection, twin)]
            print_costs(answers)
            print_sizes(answers)
            print_calls(dsn, snapshot, options.calls)


def fill(dsn: str) -> None:
    """Make the data set, but for the type vector, which not every system has a package of."""
    data = Path(__file__).with_name("many_indexes_data.sql").read_text()
    without = re.sub(r"(?s)create table pictures .*?\ninsert into pictures\n.*?;\n", "", data)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for extension in ("hypopg", *EXTENSIONS):
            if extension != "vector":
                connection.execute(f"create extension {extension}".encode())
        connection.execute(without.encode())
        connection.execute("vacuum analyze")


@contextmanager
def _connected(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def _answers(connection: Connection, twin: Twin) -> Iterator[Answers]:
    for case in CASES:
        if not case.kind.startswith(_KINDS) or "expression" in case.kind:
            continue
        yield Answers(
            case=case,
            real=_really(connection, case),
            hypopg=_by_hypopg(connection, case),
            twin=_by_twin(twin, case),
        )


def _really(connection: Connection, case: Case) -> Answer:
    """Build the index, ask, and roll back."""
    connection.execute("begin")
    connection.execute(case.create_named.encode())
    # Its parts have names of their own on a partitioned table.
    [size] = connection.execute(
        "select sum(pg_relation_size(oid)) from pg_class"
        " where relkind = 'i' and xmin = pg_current_xact_id()::xid"
    ).fetchone() or (0,)
    plans = tuple(_explained(connection, statement) for statement in case.statements)
    connection.execute("rollback")
    return Answer(size_bytes=int(size), plans=plans)


def _by_hypopg(connection: Connection, case: Case) -> Answer:
    """Make the index in the session, ask, and forget it."""
    leaves = connection.execute(
        "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass"
        " and (select relkind from pg_class where oid = inhparent) = 'p'",
        (_table(case),),
    ).fetchall()
    parts = [case.create.replace(f" on {_table(case)} ", f" on {leaf} ") for (leaf,) in leaves]
    # HypoPG takes a partitioned table's own pages, of which it has none.
    size = sum(_hypopg_size(connection, create) for create in parts or [case.create])
    connection.execute("select hypopg_create_index(%s)", (case.create,))
    plans = tuple(_explained(connection, statement) for statement in case.statements)
    connection.execute("select hypopg_reset()")
    return Answer(size_bytes=size, plans=plans)


def _hypopg_size(connection: Connection, create: str) -> int:
    row = connection.execute(
        "select hypopg_relation_size(indexrelid) from hypopg_create_index(%s)", (create,)
    ).fetchone()
    connection.execute("select hypopg_reset()")
    assert row is not None
    return int(row[0])


def _by_twin(twin: Twin, case: Case) -> Answer:
    built = twin.create(case.create_named)
    plans = tuple(
        twin.explain(statement, create=(case.create_named,)) for statement in case.statements
    )
    return Answer(size_bytes=built.size_bytes, plans=plans)


def _table(case: Case) -> str:
    match = re.search(r"\bindex on (.+?) (?:using \w+ )?\(", case.create)
    assert match is not None
    return match[1]


def _explained(connection: Connection, statement: str) -> Plan:
    row = connection.execute((_EXPLAIN + statement).encode()).fetchone()
    assert row is not None
    return plan_from_object(row[0])


def print_costs(answers: Sequence[Answers]) -> None:
    """How far each planner's costs are from those with the index built, by kind of index."""
    print(
        "| kind | indexes | plans | same plan: HypoPG, twin | cost off, median: HypoPG, twin "
        "| cost off, most: HypoPG, twin | nearer: HypoPG, alike, twin |\n"
        "|---|---|---|---|---|---|---|"
    )
    for kind, group in _by_kind(answers):
        plans = [plans for one in group for plans in _plans(one)]
        hypopg = [_error(real, plan) for real, plan, _ in plans]
        twin = [_error(real, plan) for real, _, plan in plans]
        nearer = [_nearer(*pair) for pair in zip(hypopg, twin, strict=True)]
        print(
            f"| {kind} | {len(group)} | {len(plans)} "
            f"| {sum(_outline(r) == _outline(h) for r, h, _ in plans)}, "
            f"{sum(_outline(r) == _outline(t) for r, _, t in plans)} "
            f"| {_percent(statistics.median(hypopg))}, {_percent(statistics.median(twin))} "
            f"| {_percent(max(hypopg))}, {_percent(max(twin))} "
            f"| {', '.join(str(nearer.count(who)) for who in (-1, 0, 1))} |"
        )


def print_sizes(answers: Sequence[Answers]) -> None:
    """How many times as large as built each planner takes the indexes to be, by kind."""
    print(
        "\n| kind | indexes | HypoPG: median (least to most) | twin: median (least to most) |"
        "\n|---|---|---|---|"
    )
    for kind, group in _by_kind(answers):
        hypopg = [one.hypopg.size_bytes / one.real.size_bytes for one in group]
        twin = [one.twin.size_bytes / one.real.size_bytes for one in group]
        print(f"| {kind} | {len(group)} | {_span(hypopg)} | {_span(twin)} |")


def print_calls(dsn: str, snapshot: Snapshot, calls: int) -> None:
    """How long a question takes, under ever new sets of indexes.

    All ways of asking take turns, so that what else the machine does meanwhile strikes all.
    """
    candidates = _pairs_of_columns(snapshot)
    print(
        f"\n{len(candidates)} candidates present; ms for each question, median of {calls} "
        "questions in tens (of a tenth, it is less than in brackets).\n"
    )
    with ExitStack() as opened:
        connection = opened.enter_context(_connected(dsn))
        hypopg = opened.enter_context(HypoPG(dsn, snapshot))
        # One for each way of asking: it would remember what another was told.
        twins = [opened.enter_context(Twin(snapshot)) for _ in range(3)]
        planners: list[Backend] = [hypopg, *twins]
        for planner in planners:
            planner.build(candidates)
            for statement in _STATEMENTS:
                planner.plan(statement)
        print("Ten statements, each under a set of its own:\n")
        ways: dict[str, Way] = {
            "EXPLAIN alone": lambda asked: [_explained(connection, text) for text, _ in asked],
            "HypoPG, asked directly": lambda asked: [
                _ask_directly(connection, [text], indexes)[0] for text, indexes in asked
            ],
            "HypoPG, as we ask": lambda asked: [hypopg.plan(*one) for one in _questions(asked)],
            "twin": lambda asked: [twins[0].plan(*one) for one in _questions(asked)],
            "twin, all at once": lambda asked: twins[1].plans(_questions(asked)),
        }
        _print_ways(ways, calls, lambda number, n: candidates[(7 * number + n) % len(candidates)])
        print("\nTen statements, all under one set:\n")
        ways = {
            "HypoPG, asked directly, all at once": lambda asked: _ask_directly(
                connection, [text for text, _ in asked], asked[0][1]
            ),
            "HypoPG, as we ask": lambda asked: hypopg.plans(_questions(asked)),
            "twin, all at once": lambda asked: twins[2].plans(_questions(asked)),
        }
        _print_ways(ways, calls, lambda number, n: candidates[(number // 10 + n) % len(candidates)])


def _print_ways(
    ways: Mapping[str, Way], calls: int, candidate: Callable[[int, int], IndexDefinition]
) -> None:
    print(f"| indexes in a question | {' | '.join(ways)} |\n|---|{'---|' * len(ways)}")
    for width in _WIDTHS:
        times: dict[str, list[float]] = {name: [] for name in ways}
        for first in range(0, calls, len(_STATEMENTS)):
            asked = [
                (statement, [candidate(first + number, n) for n in range(width)])
                for number, statement in enumerate(_STATEMENTS)
            ]
            for name, ask in ways.items():
                started = time.perf_counter()
                plans = ask(asked)
                times[name].append((time.perf_counter() - started) * 1000 / len(asked))
                assert all(isinstance(plan, Plan) for plan in plans)
        print(f"| {width} | {' | '.join(map(_duration, times.values()))} |")


def _pairs_of_columns(snapshot: Snapshot) -> list[IndexDefinition]:
    table = next(t for t in snapshot.tables if t.name == "trips")
    return [
        IndexDefinition(
            table_oid=table.oid,
            schema=table.schema,
            table=table.name,
            keys=tuple(IndexKey(column=column.name) for column in pair),
        )
        for pair in itertools.permutations(table.columns, 2)
    ]


def _questions(asked: Sequence[Asked]) -> list[tuple[str, Configuration]]:
    return [(text, Configuration(create=frozenset(indexes))) for text, indexes in asked]


def _ask_directly(
    connection: Connection, statements: Sequence[str], indexes: Sequence[IndexDefinition]
) -> list[Plan]:
    """One round trip that makes the indexes, explains, and forgets them."""
    creates = (quote_literal(create_index_sql(index, "tried")) for index in indexes)
    made = "; ".join(f"select hypopg_create_index({create})" for create in creates)
    explains = "; ".join(_EXPLAIN + statement for statement in statements)
    cursor = connection.execute(
        f"begin; {made}; {explains}; select hypopg_reset(); rollback".encode()
    )
    plans = []
    while cursor.nextset():
        if cursor.statusmessage == "EXPLAIN":
            [row] = cursor.fetchall()
            plans.append(plan_from_object(row[0]))
    assert len(plans) == len(statements)
    return plans


def _duration(times_ms: Sequence[float]) -> str:
    """The median, and what a tenth of them stay below, which a busy machine changes less."""
    return f"{statistics.median(times_ms):.2f} ({statistics.quantiles(times_ms, n=10)[0]:.2f})"


def _plans(one: Answers) -> Iterator[tuple[Plan, Plan, Plan]]:
    yield from zip(one.real.plans, one.hypopg.plans, one.twin.plans, strict=True)


def _by_kind(answers: Iterable[Answers]) -> Iterator[tuple[str, list[Answers]]]:
    everything = list(answers)
    for kind in dict.fromkeys(one.kind for one in everything):
        yield kind, [one for one in everything if one.kind == kind]
    yield "all", everything


def _error(real: Plan, other: Plan) -> float:
    return abs(other.total_cost - real.total_cost) / real.total_cost


def _nearer(hypopg: float, twin: float) -> int:
    """-1: HypoPG is nearer to the truth; 1: the twin; 0: they are as far, to a hundredth of a %."""
    if abs(hypopg - twin) < 0.0001:
        return 0
    return -1 if hypopg < twin else 1


def _outline(plan: Plan) -> list[tuple[str, str | None, bool]]:
    """The plan's nodes without the names of indexes."""
    return [(n.node_type, n.relation, n.index_name is None) for n in plan.root.walk()]


def _percent(ratio: float) -> str:
    return f"{ratio * 100:.2f} %"


def _span(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
