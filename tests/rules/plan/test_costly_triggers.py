"""costly-triggers."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.action import CreateIndex
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_table,
    an_index,
    diagnose,
    executed,
)
from tests.rules.changes import manual

RULE = "costly-triggers"
PLAN = """\
Delete on customers  (cost=9..20 rows=0 width=0) (actual time=40.000..40.000 rows=0 loops=1)
  ->  Seq Scan on customers  (cost=0..9 rows=9 width=8) (actual time=0.000..30.000 rows=500 loops=1)
Trigger for constraint orders_customer_id_fkey: time=1500.000 calls=500
Execution Time: 1545.000 ms
"""
UPDATE = """\
Update on customers  (cost=9..20 rows=0 width=0) (actual time=240.000..240.000 rows=0 loops=1)
  ->  Seq Scan on customers  (cost=0..9 rows=9 width=8) (actual time=0.000..30.000 rows=500 loops=1)
Trigger keep_history: time=200.000 calls=500
Execution Time: 245.000 ms
"""
CUSTOMERS = a_table("customers", "id bigint not null", "name text")
ORDERS = a_table("orders", "id bigint not null", "customer_id bigint")
KEY = (
    CUSTOMERS,
    ORDERS,
    a_primary_key(CUSTOMERS, "id"),
    a_foreign_key(ORDERS, "customer_id", CUSTOMERS),
)


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def test_reports_a_foreign_key_that_scans() -> None:
    [finding] = run().findings

    assert finding.subject == "orders_customer_id_fkey"
    assert finding.summary == (
        "The foreign key orders_customer_id_fkey takes 1.5 s of 1.54 s (97.1 %), 3 ms in each of "
        "500 calls"
    )
    assert finding.impact.bound_ms == 1_500.0
    assert manual(finding)[0].endswith("WHERE conname = 'orders_customer_id_fkey'`.")
    assert "`CREATE INDEX CONCURRENTLY ON <referring table>" in manual(finding)[1]


def test_creates_the_index_that_the_snapshot_lacks() -> None:
    [finding] = run(PLAN, *KEY).findings

    [remedy] = finding.remedies
    assert isinstance(remedy, CreateIndex)
    assert (remedy.index.table, remedy.index.key_columns) == ("orders", ("customer_id",))


@pytest.mark.parametrize(
    ("plan", "objects"),
    [
        pytest.param(PLAN, (an_index(ORDERS, "customer_id"),), id="it has one"),
        pytest.param(
            PLAN.replace("Delete on customers", "Insert on orders"),
            (),
            id="the other side is searched",
        ),
    ],
)
def test_creates_no_index_that_would_not_help(plan: str, objects: tuple[SnapshotPart, ...]) -> None:
    [finding] = run(plan, *KEY, *objects).findings

    assert manual(finding) == (
        (
            "Write fewer rows at a time, and in an UPDATE leave the columns of the key alone: the "
            "check is then spared."
        ),
    )


def test_reports_a_trigger_of_the_users_own() -> None:
    [finding] = run(UPDATE).findings

    assert finding.summary.startswith("The trigger keep_history takes 200 ms of 245 ms")
    assert "keep_history" in manual(finding)[0]
    assert finding.impact.bound_ms == 200.0


def test_takes_the_triggers_of_partitions_together() -> None:
    twice = UPDATE.replace(
        "Trigger keep_history: time=200.000 calls=500",
        "Trigger keep_history on p1: time=100.000 calls=500\n"
        "Trigger keep_history on p2: time=60.000 calls=300",
    )

    [finding] = run(twice).findings

    assert finding.impact.bound_ms == 160.0
    assert "in each of 800 calls" in finding.summary


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("Time: 1545.000", "Time: 9545.000"), id="a small part"),
        pytest.param(PLAN.replace("time=1500.000", "time=19.000"), id="a short one"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("took", "count"), [("309.000", 1), ("308.999", 0)])
def test_asks_for_a_fifth_of_the_execution(took: str, count: int) -> None:
    assert len(run(PLAN.replace("1500.000", took)).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("Delete on customers  (cost=9..20 rows=0 width=0)\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
