"""lossy-bitmap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.server import Setting
from pgadvisor.parse.statement import fingerprint
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    executed,
)
from tests.rules.changes import changes, down, manual, up

RULE = "lossy-bitmap"
TEXT = "select sum(total) from orders where total < 300"
PLAN = f"""\
Query Text: {TEXT}
Aggregate  (cost=900..901 rows=1 width=8) (actual time=100.000..100.000 rows=1 loops=1)
  ->  Bitmap Heap Scan on orders  (cost=9..800 rows=9 width=8) \
(actual time=5.000..90.000 rows=6000 loops=1)
        Recheck Cond: (total < 300)
        Rows Removed by Index Recheck: 4000
        Heap Blocks: exact=8000 lossy=24768
        ->  Bitmap Index Scan on orders_total_idx  (cost=0..9 rows=9 width=0) \
(actual time=10.000..10.000 rows=6000 loops=1)
              Index Cond: (total < 300)
Execution Time: 101.000 ms
"""
ORDERS = a_table("orders", "id bigint not null", "total integer", rows=10_000_000)
WORK_MEM = Setting(name="work_mem", value="1024", unit="kB", value_type="integer")
STATEMENT = a_statement(TEXT, fingerprint=fingerprint(TEXT), roles=("reports",))


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def test_reports_a_bitmap_that_forgot_rows() -> None:
    [finding] = run().findings

    assert finding.subject == "Bitmap Heap Scan on orders"
    assert finding.summary == (
        "The bitmap of Bitmap Heap Scan on orders knows 75.6 % of its pages as a whole only: 4,000 "
        "rows are read and removed again"
    )
    assert finding.impact.bound_ms == 32.0  # four tenths of 80 ms
    assert finding.nodes == (1,)
    needed = next(e for e in finding.evidence if e.name == "memory needed at most")
    assert needed.value == (8_000 + 24_768) * 64
    assert "SET LOCAL work_mem = '2MB'" in manual(finding)[-1]
    assert changes(finding) == ()


def test_gives_the_memory_to_the_role_that_runs_it() -> None:
    [finding] = run(PLAN, ORDERS, WORK_MEM, STATEMENT).findings

    assert finding.statement_ids == (STATEMENT.id,)
    assert up(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" SET work_mem = \'2MB\'',)
    assert down(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" RESET work_mem',)


def test_needs_no_more_than_the_table_has_pages() -> None:
    small = replace(ORDERS, size_bytes=1_000 * 8_192)

    [finding] = run(PLAN, small).findings

    needed = next(e for e in finding.evidence if e.name == "memory needed at most")
    assert needed.value == 64_000


def test_counts_the_pages_of_workers_since_18() -> None:
    in_workers = PLAN.replace(
        "lossy=24768\n", "lossy=24768\n        Worker 0:  Heap Blocks: exact=1000 lossy=2000\n"
    )

    [finding] = run(in_workers).findings

    assert next(e for e in finding.evidence if e.name == "pages read as a whole").value == 26_768


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace(" lossy=24768", ""), id="an exact one"),
        pytest.param(
            PLAN.replace("by Index Recheck: 4000", "by Filter: 4000"), id="removed by a filter"
        ),
        pytest.param(PLAN.replace("Query Text: ", "Query Text: refresh "), id="maintenance"),
        pytest.param(PLAN.replace("100.000..100.000", "9100.000..9100.000"), id="a small part"),
        pytest.param(PLAN.replace("time=5.000..90.000", "time=5.000..15.000"), id="a short one"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("removed", "count"), [(667, 1), (666, 0)])
def test_asks_for_a_tenth_of_the_rows(removed: int, count: int) -> None:
    plan = PLAN.replace("Recheck: 4000", f"Recheck: {removed}")

    assert len(run(plan, min_time_ms=0).findings) == count


def test_proposes_no_more_than_its_ceiling() -> None:
    [finding] = run(max_work_mem_bytes=1_048_576).findings

    assert "more than 1 MB (the rule's limit) is not proposed" in manual(finding)[-1]


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (
            "Seq Scan on orders  (cost=0..1 rows=9 width=4)\n",
            "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
        ),
        (
            "Seq Scan on orders  (cost=0..1 rows=9 width=4) (actual rows=9 loops=1)\n",
            "the plan has no times: use EXPLAIN (ANALYZE, BUFFERS), without TIMING OFF",
        ),
    ],
)
def test_cannot_judge_what_was_not_measured(plan: str, reason: str) -> None:
    assert run(plan).reasons == (reason,)


def test_cannot_judge_without_plans() -> None:
    assert diagnose(RULE, a_snapshot(ORDERS)).reasons == ("no executed plans were given",)
