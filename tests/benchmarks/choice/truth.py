"""Part *truth*: the chosen set, really built: its costs and bytes beside the prediction."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from pgadvisor.model.action import IndexDefinition
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.sqltext.index import create_index_sql
from tests.benchmarks.advisors.cost_model import Indexes, Query, sort_key
from tests.benchmarks.choice.comparison import ratios
from tests.benchmarks.choice.contest import Outcome, chosen_by, geometric_mean_ratio
from tests.benchmarks.choice.database import Loaded

_SIZE = "select coalesce(sum(pg_relation_size(c::regclass)), 0) from unnest(%s::text[]) c"


def print_truth(
    loaded: Loaded, queries: Sequence[Query], names: Sequence[str], shares: Sequence[float]
) -> None:
    """Choose for some statements, build, explain, and roll back."""
    print("Summed cost and geometric mean of cost ratios in % of no index.\n")
    print("| | budget | indexes | predicted | built | predicted MB | built MB |")
    print("|---" * 7 + "|")
    for name in names:
        for share in shares:
            budget = loaded.budget_bytes(share)
            outcome = chosen_by(name, loaded.snapshot, queries, budget)
            print(_row(loaded, queries, outcome, f"| {name} | {share:.0%}"), flush=True)


def _row(loaded: Loaded, queries: Sequence[Query], outcome: Outcome, head: str) -> str:
    with psycopg.connect(loaded.dsn) as connection:
        before = _costs(connection, queries)
        built_bytes = build(connection, outcome.indexes)
        after = _costs(connection, queries)
        connection.rollback()
    total = sum(after) / sum(before) * 100
    built = f"{total:.2f} · {geometric_mean_ratio(before, after) * 100:.1f}"
    sizes = f"{outcome.index_bytes / 1e6:.1f} | {built_bytes / 1e6:.1f}"
    return f"{head} | {len(outcome.indexes)} | {ratios(outcome)} | {built} | {sizes} |"


def build(connection: psycopg.Connection, indexes: Indexes) -> int:
    """Build indexes, in the transaction that there is; returns what they take."""
    connection.execute("set local maintenance_work_mem = '512MB'")
    by_name = named(indexes)
    for name, index in by_name.items():
        connection.execute(create_index_sql(index, name).encode())
    row = connection.execute(_SIZE, (list(by_name),)).fetchone()
    assert row is not None
    return int(row[0])


def named(indexes: Indexes) -> dict[str, IndexDefinition]:
    """What each is called."""
    return {f"chosen_{number}": one for number, one in enumerate(sorted(indexes, key=sort_key))}


def _costs(connection: psycopg.Connection, queries: Sequence[Query]) -> list[float]:
    costs = []
    for query in queries:
        row = connection.execute(f"explain (format json) {query.text}".encode()).fetchone()
        assert row is not None
        costs.append(plan_from_object(row[0]).total_cost)
    return costs
