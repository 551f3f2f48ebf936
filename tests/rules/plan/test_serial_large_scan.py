"""serial-large-scan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.finding import Confidence
from pgadvisor.model.schema import Function
from pgadvisor.model.server import Setting
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    diagnose,
    executed,
)
from tests.rules.changes import manual

RULE = "serial-large-scan"
PLAN = """\
Aggregate  (cost=9..20 rows=1 width=8) (actual time=2500.000..2500.000 rows=1 loops=1)
  Buffers: shared hit=100 read=262044
  ->  Seq Scan on orders  (cost=0..9 rows=9 width=8) \
(actual time=0.000..2400.000 rows=60000 loops=1)
        Filter: (net_price(total) > 5)
        Rows Removed by Filter: 9000000
        Buffers: shared hit=100 read=262044
Execution Time: 2501.000 ms
"""
ORDERS = a_table("orders", "total integer")
FUNCTION = Function(
    oid=1,
    schema="public",
    name="net_price",
    arguments="integer",
    language="sql",
    volatility="i",
    definition="",
    parallel="u",
)
NONE = Setting(name="max_parallel_workers_per_gather", value="0", value_type="integer")


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def test_reports_a_large_table_that_one_process_reads() -> None:
    [finding] = run().findings

    assert finding.summary == "Seq Scan on orders reads 2 GB in one process, 2.4 s long"
    assert finding.impact.bound_ms == 1_600.0  # with two workers, two thirds
    assert finding.confidence is Confidence.LOW


def test_names_a_function_that_gets_no_workers() -> None:
    [finding] = run(PLAN, ORDERS, FUNCTION).findings

    assert finding.detail == 'It calls "public"."net_price"(integer), which gets no workers.'
    assert finding.confidence is Confidence.HIGH
    assert '`ALTER FUNCTION "public"."net_price"(integer) PARALLEL SAFE`' in manual(finding)[1]


def test_names_no_function_that_the_plan_does_not_call() -> None:
    [finding] = run(PLAN, replace(FUNCTION, name="price"), replace(FUNCTION, parallel="s")).findings

    assert finding.detail == ""


UNDER = "Aggregate  (cost=9..20 rows=1 width=8) (actual"


@pytest.mark.parametrize(
    ("plan", "objects"),
    [
        pytest.param(PLAN.replace("Seq Scan", "Parallel Seq Scan"), (), id="with workers"),
        pytest.param(PLAN.replace(UNDER, UNDER.replace("Aggregate", "Gather")), (), id="below one"),
        pytest.param(
            PLAN.replace(UNDER, UNDER.replace("Aggregate", "Limit")), (), id="stops early"
        ),
        pytest.param(PLAN.replace(UNDER, UNDER.replace("Aggregate", "LockRows")), (), id="locks"),
        pytest.param(
            PLAN.replace(UNDER, UNDER.replace("Aggregate", "Insert on copy")), (), id="writes"
        ),
        pytest.param(
            PLAN.replace(UNDER, UNDER.replace("Aggregate", "Subquery Scan on s")).replace(
                "rows=60000", "rows=6000000"
            ),
            (),
            id="hands up many rows",
        ),
        pytest.param(PLAN, (NONE,), id="forbidden by a setting"),
        pytest.param(
            f"{PLAN}Settings: max_parallel_workers_per_gather = '0'\n", (), id="in the session"
        ),
        pytest.param(PLAN, (replace(ORDERS, persistence="t"),), id="a temporary table"),
        pytest.param(PLAN, (replace(ORDERS, options=("parallel_workers=0",)),), id="of the table"),
        pytest.param(PLAN.replace("..2400.000", "..700.000"), (), id="a short one"),
        pytest.param(f"Query Text: refresh materialized view v\n{PLAN}", (), id="maintenance"),
    ],
)
def test_leaves_alone(plan: str, objects: tuple[SnapshotPart, ...]) -> None:
    assert run(plan, *objects).is_clear


@pytest.mark.parametrize(("blocks", "count"), [(131_072, 1), (131_071, 0)])
def test_asks_for_a_gigabyte(blocks: int, count: int) -> None:
    plan = PLAN.replace("hit=100 read=262044", f"hit={blocks}")

    assert len(run(plan).findings) == count


def test_cannot_judge_without_buffers() -> None:
    lines = [line for line in PLAN.splitlines() if "Buffers" not in line]

    assert run("\n".join(lines)).reasons == (
        "the plan has no buffers: use EXPLAIN (ANALYZE, BUFFERS)",
    )
