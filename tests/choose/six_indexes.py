"""A workload on three tables with six indexes to choose from: few enough to plan all sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.choose.chooser import (
    NO_STRICTNESS,
    IndexChooser,
    Strictness,
)
from pgadvisor.choose.workload import weigh
from pgadvisor.choose.write_cost import WriteCost
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Candidate, WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.choice import Choice
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey, Table
from pgadvisor.model.statement import Statement
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import (
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    column_statistics,
    table_activity,
)
from pgadvisor.units import MiB
from pgadvisor.whatif.backend import Configuration
from pgadvisor.whatif.twin import Twin

CUSTOMERS = a_table("customers", "id bigint not null", "country text", rows=100_000)
ORDERS = a_table(
    "orders",
    "id bigint not null",
    "customer_id bigint",
    "status text",
    "created_at timestamptz",
    "total bigint",
    rows=1_000_000,
)
EVENTS = a_table(
    "events",
    "id bigint not null",
    "order_id bigint",
    "kind text",
    "at timestamptz",
    rows=2_000_000,
)
DISTINCT: Mapping[Table, Mapping[str, float]] = {
    CUSTOMERS: {"id": -1.0, "country": 60.0},
    ORDERS: {
        "id": -1.0,
        "customer_id": 80_000.0,
        "status": 25.0,
        "created_at": -1.0,
        "total": -0.5,
    },
    EVENTS: {"id": -1.0, "order_id": -0.3, "kind": 500.0, "at": -1.0},
}
CATALOG = Catalog(
    a_snapshot(
        *DISTINCT,
        *(a_primary_key(table, "id") for table in DISTINCT),
        *(
            column_statistics(table, column, n_distinct=distinct)
            for table, columns in DISTINCT.items()
            for column, distinct in columns.items()
        ),
        table_activity(ORDERS, rows_inserted=9_000_000),
        table_activity(EVENTS, rows_inserted=90_000_000),
    )
)
DAYS = 90.0
STATEMENTS = (
    a_statement("select * from orders where customer_id = $1", calls=9_000_000, mean_time_ms=8.0),
    a_statement(
        "select * from orders where status = $1 and created_at > $2",
        calls=450_000,
        mean_time_ms=60.0,
    ),
    a_statement(
        "select o.id, count(*) from orders o join events e on e.order_id = o.id "
        "where o.customer_id = $1 group by o.id",
        calls=90_000,
        mean_time_ms=300.0,
    ),
    a_statement(
        "select * from events where kind = $1 order by at desc limit 20",
        calls=900_000,
        mean_time_ms=25.0,
    ),
    a_statement(
        "select c.id, o.total from customers c join orders o on o.customer_id = c.id "
        "where c.country = $1 and c.id between $2 and $3",
        calls=180_000,
        mean_time_ms=90.0,
    ),
)
LOG = a_statement(
    "insert into events (order_id, kind) values ($1, $2)", calls=90_000_000, mean_time_ms=0.02
)


def candidate(table: Table, *columns: str) -> Candidate:
    definition = IndexDefinition(
        table_oid=table.oid,
        schema="public",
        table=table.name,
        keys=tuple(IndexKey(column=column) for column in columns),
    )
    return Candidate(definition=definition, statement_ids=(), reason="")


CANDIDATES = (
    candidate(ORDERS, "customer_id"),
    candidate(ORDERS, "status"),
    candidate(ORDERS, "status", "created_at"),
    candidate(EVENTS, "order_id"),
    candidate(EVENTS, "kind", "at"),
    candidate(CUSTOMERS, "country"),
)
FREE = Budget(min_saving_ratio=0.0)
"""An index is worth having whatever it saves."""
BUDGETS = (
    FREE,
    replace(FREE, max_indexes=0),
    replace(FREE, max_indexes=1),
    replace(FREE, max_indexes=2),
    replace(FREE, max_indexes=3),
    replace(FREE, index_bytes=0),
    replace(FREE, index_bytes=8 * MiB),
    replace(FREE, index_bytes=16 * MiB),
    replace(FREE, index_bytes=40 * MiB),
    replace(FREE, index_bytes=70 * MiB),
    replace(FREE, max_indexes_per_table=1),
    replace(FREE, index_bytes=60 * MiB, max_indexes=2, max_indexes_per_table=1),
)


def weighted(*statements: Statement) -> tuple[WeightedStatement, ...]:
    usages = {one.id: usage_of(one.id, one.text, CATALOG) for one in statements}
    return weigh(statements, usages, CATALOG, DAYS).statements


def chooser(
    twin: Twin,
    statements: Sequence[Statement] = STATEMENTS,
    candidates: Sequence[Candidate] = CANDIDATES,
    strictness: Strictness = NO_STRICTNESS,
) -> IndexChooser:
    workload = weighted(*statements)
    usages = [usage_of(one.id, one.text, CATALOG) for one in statements]
    write_cost = WriteCost(CATALOG, usages, DAYS, workload)
    return IndexChooser(workload, candidates, twin, write_cost, strictness=strictness)


def names(choice: Choice) -> set[str]:
    return {index.name for index in choice.chosen}


def tables(choice: Choice) -> set[str]:
    return {index.candidate.definition.table for index in choice.chosen}


def refused(choice: Choice) -> dict[str, str]:
    return {
        f"{one.candidate.definition.table}({', '.join(map(str, columns))})": one.code
        for one in choice.rejected
        if (columns := one.candidate.definition.key_columns)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What each set of candidates saves a day, and takes; every statement was planned with it."""

    saved: Mapping[frozenset[IndexDefinition], float]
    sizes_bytes: Mapping[IndexDefinition, int]
    plan_count: int

    def best(self, budget: Budget) -> float:
        """The most that a set within the budget saves."""
        return max(saved for chosen, saved in self.saved.items() if self._allows(budget, chosen))

    def _allows(self, budget: Budget, chosen: frozenset[IndexDefinition]) -> bool:
        on_table = [one.table for one in chosen]
        return (
            (budget.max_indexes is None or len(chosen) <= budget.max_indexes)
            and all(on_table.count(t) <= budget.max_indexes_per_table for t in on_table)
            and (
                budget.index_bytes is None
                or sum(self.sizes_bytes[one] for one in chosen) <= budget.index_bytes
            )
        )


def cost(
    twin: Twin, statement: WeightedStatement, chosen: frozenset[IndexDefinition] = frozenset()
) -> float:
    plan = twin.plan(statement.text, Configuration(create=chosen))
    assert isinstance(plan, Plan)
    return plan.total_cost
