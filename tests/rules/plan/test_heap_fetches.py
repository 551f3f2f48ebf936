"""heap-fetches."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    diagnose,
    executed,
    table_activity,
)
from tests.rules.changes import manual

RULE = "heap-fetches"
PLAN = """\
Aggregate  (cost=9..20 rows=1 width=8) (actual time=50.000..50.000 rows=1 loops=1)
  ->  Index Only Scan using orders_customer_id_idx on orders  (cost=0..9 rows=15000 width=8) \
(actual time=0.000..40.000 rows=15000 loops=1)
        Index Cond: (customer_id < 500)
        Heap Fetches: 12000
Execution Time: 51.000 ms
"""
ORDERS = a_table("orders", all_visible_pages=3_125)


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def test_reports_rows_that_are_looked_up_in_the_table() -> None:
    [finding] = run().findings

    assert finding.summary == (
        "Index Only Scan using orders_customer_id_idx on orders looks 12,000 rows up in the table "
        "(80 % of its entries) and takes 40 ms"
    )
    assert finding.impact.bound_ms == 40.0
    assert manual(finding)[0] == "`VACUUM orders`; it blocks neither readers nor writers."


def test_the_snapshot_tells_how_many_pages_are_marked_and_that_nobody_vacuumed() -> None:
    [finding] = run(PLAN, ORDERS, table_activity(ORDERS)).findings

    marked = next(e for e in finding.evidence if e.name == "pages marked as visible to all")
    assert marked.value == 0.25
    assert finding.detail == "No vacuum of the table is known."
    assert manual(finding)[0].startswith('`VACUUM "public"."orders"`')


def test_tells_that_autovacuum_is_off() -> None:
    off = a_table("orders", options=("autovacuum_enabled=off",))

    [finding] = run(PLAN, off).findings

    assert finding.detail == "Autovacuum is off for this table."


def test_a_standby_cannot_vacuum() -> None:
    snapshot = a_snapshot(is_in_recovery=True)

    [finding] = diagnose(RULE, snapshot, executions=executed(PLAN)).findings

    assert "This is a standby: it is the primary that vacuums." in manual(finding)


def test_fetched_rows_that_nobody_sees_are_entries_as_well() -> None:
    [finding] = run(PLAN.replace("40.000 rows=15000", "40.000 rows=0")).findings

    assert "(100 % of its entries)" in finding.summary


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("Fetches: 12000", "Fetches: 0"), id="none"),
        pytest.param(PLAN.replace("0.000..40.000", "0.000..4.000"), id="a small part"),
        pytest.param(PLAN.replace("rows=15000 loops", "rows=70000 loops"), id="a small share"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("fetches", "count"), [(1_000, 1), (999, 0)])
def test_asks_for_a_thousand(fetches: int, count: int) -> None:
    plan = PLAN.replace("12000", f"{fetches}").replace("rows=15000 loops", "rows=1000 loops")

    assert len(run(plan).findings) == count


def test_cannot_judge_what_has_no_times() -> None:
    plan = "Index Only Scan using i on orders  (cost=0..9 rows=9 width=8) (actual rows=9 loops=1)\n"

    assert run(plan).reasons == (
        "the plan has no times: use EXPLAIN (ANALYZE, BUFFERS), without TIMING OFF",
    )
