"""wasteful-index-reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.action import RebuildIndex
from pgadvisor.model.finding import Confidence
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    an_index,
    column_statistics,
    diagnose,
    executed,
)
from tests.rules.changes import manual

RULE = "wasteful-index-reads"
SCATTERED = """\
Aggregate  (cost=9..20 rows=1 width=8) (actual time=130.000..130.000 rows=1 loops=1)
  Buffers: shared hit=3100
  ->  Index Scan using orders_customer_id_idx on orders  (cost=0..9 rows=9 width=8) \
(actual time=0.000..100.000 rows=3000 loops=1)
        Index Cond: (customer_id < 100)
        Buffers: shared hit=3100
Execution Time: 131.000 ms
"""
DEAD = SCATTERED.replace("rows=3000", "rows=10")
ORDERS = a_table("orders", rows=1_000_000)
INDEX = an_index(ORDERS, "customer_id")


def run(plan: str = SCATTERED, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def correlated(correlation: float) -> tuple[SnapshotPart, ...]:
    return ORDERS, INDEX, column_statistics(ORDERS, "customer_id", correlation=correlation)


def test_reports_rows_that_lie_far_from_each_other() -> None:
    [finding] = run(SCATTERED, *correlated(0.02)).findings

    assert finding.summary == (
        "Index Scan using orders_customer_id_idx on orders touches 3,100 blocks for 3,000 rows, as "
        "they lie far from each other in the table"
    )
    # Of 3,100 blocks, 38 pages of 80 rows and 34 of the index are needed.
    assert finding.impact.bound_ms == pytest.approx(97.7, abs=0.1)
    assert finding.confidence is Confidence.MEDIUM
    assert finding.evidence[-1].value == 0.02
    assert 'ON "public"."orders"' in manual(finding)[0]


def test_a_plan_by_itself_says_less() -> None:
    [finding] = run().findings

    assert finding.confidence is Confidence.LOW


def test_reports_entries_that_lead_to_no_live_row() -> None:
    [finding] = run(DEAD, *correlated(0.02)).findings

    assert finding.summary.endswith("as most of the entries that it reads lead to no live row")
    assert RebuildIndex(
        schema="public", name="orders_customer_id_idx", size_bytes=INDEX.size_bytes
    ) in (finding.remedies)
    assert '`VACUUM "public"."orders"`' in manual(finding)[1]


WIDE = replace(ORDERS, rows=200_000.0, pages=100_000)


@pytest.mark.parametrize(
    ("plan", "objects"),
    [
        pytest.param(SCATTERED, correlated(-0.9), id="they lie together by the statistics"),
        pytest.param(SCATTERED, (WIDE, INDEX), id="wide rows"),
        pytest.param(SCATTERED.replace("hit=3100", "hit=1000"), (), id="few blocks"),
        pytest.param(SCATTERED.replace("hit=3100", "hit=9900"), (), id="long values"),
        pytest.param(
            SCATTERED.replace("rows=3000 loops=1", "rows=10 loops=300").replace(
                "..100.0", "..0.33"
            ),
            (),
            id="lookups of a few rows each",
        ),
        pytest.param(SCATTERED.replace("0.000..100.000", "0.000..20.000"), (), id="a small part"),
        pytest.param(DEAD, (), id="dead entries without a snapshot"),
        pytest.param(
            DEAD.replace("(customer_id < 100)", "((customer_id < 100) AND (status = 'x'::text))"),
            (ORDERS, an_index(ORDERS, "customer_id", "status", name="orders_customer_id_idx")),
            id="a poorly bounded scan",
        ),
        pytest.param(
            DEAD.replace("(customer_id < 100)", "(customer_id < 100)\n        Filter: (note > '')"),
            (replace(ORDERS, toast_size_bytes=1), INDEX),
            id="long values that a filter unpacks",
        ),
        pytest.param(
            DEAD.replace(
                "loops=1)\n        Index Cond",
                "loops=1)\n        Index Searches: 900\n        Index Cond",
            ),
            (ORDERS, INDEX),
            id="many searches",
        ),
        pytest.param(SCATTERED.replace("Index Scan", "Index Only Scan"), (), id="another scan"),
    ],
)
def test_leaves_alone(plan: str, objects: tuple[SnapshotPart, ...]) -> None:
    assert run(plan, *objects).is_clear


@pytest.mark.parametrize(("limit", "count"), [(3_100, 1), (3_101, 0)])
def test_asks_for_many_blocks(limit: int, count: int) -> None:
    assert len(run(min_blocks_count=limit).findings) == count


def test_cannot_judge_without_buffers() -> None:
    lines = [line for line in SCATTERED.splitlines() if "Buffers" not in line]

    assert run("\n".join(lines)).reasons == (
        "the plan has no buffers: use EXPLAIN (ANALYZE, BUFFERS)",
    )
