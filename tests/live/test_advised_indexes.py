"""The index that a rule on executed plans proposes is one that the planner takes."""

from __future__ import annotations

import json

import psycopg
import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.config import Config
from pgadvisor.explanation import explain_plans
from pgadvisor.model.action import CreateIndex
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Finding
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.sqltext.actions import steps_of

pytestmark = pytest.mark.live

SCHEMA = """
create table customers (id bigint primary key, email text not null, region int not null);
create table orders (id bigint primary key, customer_id bigint not null, note text not null);
insert into customers
  select n, md5(n::text) || '@example.org', n % 500 from generate_series(1, 20000) n;
insert into orders
  select n, n * 7919::bigint % 20000 + 1, repeat('x', 100) from generate_series(1, 100000) n;
create index customers_email on customers (email);
"""
"""The index on the e-mail addresses is in the order of their collation, which is not C."""
BEGINNING = "select id from customers where email like 'abc%'"
JOIN = "select o.note from customers c join orders o on o.customer_id = c.id where c.region = 42"
EVER_SO_FAST = Config(
    limits={
        rule_id: {"min_time_ms": 0.0, "min_time_ratio": 0.0}
        for rule_id in ("discarding-scan", "unindexed-join")
    }
)


def executed_on(connection: psycopg.Connection, statement: str) -> Execution:
    row = connection.execute(
        f"explain (analyze, buffers, format json) {statement}".encode()
    ).fetchone()
    assert row is not None
    [execution] = executions_of(read_plans(json.dumps(row[0])), "plan.json")
    return execution


def index_names(plan: ExecutedPlan) -> set[str]:
    return {node.index_name for node in plan.root.walk() if node.index_name}


@pytest.mark.parametrize(
    ("rule_id", "statement", "keys"),
    [
        ("discarding-scan", BEGINNING, "(email text_pattern_ops)"),
        ("unindexed-join", JOIN, "(customer_id)"),
    ],
)
def test_the_plan_takes_the_index_and_visits_a_fraction_of_the_blocks(
    database: str, rule_id: str, statement: str, keys: str
) -> None:
    def found(execution: Execution) -> list[Finding]:
        explained = explain_plans([execution], snapshot=collect(database), config=EVER_SO_FAST)
        return [f for f in explained.diagnoses[0].findings if f.rule_id == rule_id]

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        connection.execute("vacuum analyze")
        connection.execute("set max_parallel_workers_per_gather = 0")
        before = executed_on(connection, statement)
        [finding] = found(before)
        [create] = finding.remedies
        assert isinstance(create, CreateIndex)
        for step in steps_of(create):
            for sql in step.up:
                connection.execute(sql.encode())
        after = executed_on(connection, statement)

        row = connection.execute(
            "select pg_get_indexdef(oid) from pg_class where relname = %s", [create.name]
        ).fetchone()

    assert row is not None
    assert keys in row[0].replace('"', "")
    assert create.name not in index_names(before.plan)
    assert create.name in index_names(after.plan)
    visited = [plan.root.buffers.touched_blocks for plan in (before.plan, after.plan)]
    assert visited[1] * 2 < visited[0]
    assert found(after) == []
