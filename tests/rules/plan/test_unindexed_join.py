"""unindexed-join."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import CreateIndex, ManualSteps
from pgadvisor.model.finding import Confidence
from pgadvisor.model.server import Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.sqltext.index import describe_index
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    an_index,
    diagnose,
    executed,
)

RULE = "unindexed-join"
ORDERS = a_table()
BY_ITSELF = a_snapshot(version_num=0)
PLAN = """\
{join}  (cost=300.0..31000.0 rows={planned} width=12) (actual time=1.0..{total} rows={found} \
loops=1)
  {condition}
  Buffers: shared hit=16000
  ->  Seq Scan on {table} o  (cost=0.0..25000.0 rows=1000000 width=20) \
(actual time=0.0..200.0 rows={rows} loops=1)
        {filter}Buffers: shared hit={blocks}
  ->  Hash  (cost=300.0..300.0 rows={planned_others} width=8) \
(actual time=0.5..0.5 rows={others} loops=1)
        ->  Index Scan using c_region on c  (cost=0.0..300.0 rows={planned_others} width=8) \
(actual time=0.0..0.5 rows={others} loops=1)
              Index Cond: (region = 42)
              Buffers: shared hit=102
"""
USUAL = {
    "join": "Hash Join",
    "condition": "Hash Cond: (o.customer_id = c.id)",
    "filter": "",
    "table": "orders",
    "rows": "1000000",
    "others": "100",
    "planned_others": "110",
    "found": "900",
    "planned": "1100",
    "blocks": "15000",
    "total": "500.0",
}


def plan(**changes: str | int) -> str:
    return PLAN.format(**USUAL | changes)


def run(text: str, *parts: SnapshotPart, snapshot: Snapshot | None = None) -> Outcome:
    judged = snapshot or a_snapshot(ORDERS, *parts)
    return diagnose(RULE, judged, executions=executed(text, judged))


def test_proposes_an_index_on_the_column_of_the_join() -> None:
    [finding] = run(plan()).findings

    assert finding.subject == "public.orders"
    assert finding.summary == (
        "Seq Scan on orders o read 1,000,000 rows, of which a join with 100 others found 900, in "
        "500 ms of 500 ms"
    )
    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert describe_index(create.index) == "public.orders (customer_id)"
    assert (finding.confidence, finding.detail) == (Confidence.HIGH, "")
    assert finding.nodes == (1, 0)
    # What the index side of the join took stays: 499.5 ms of 1,000,000 rows, 900 of them found.
    assert finding.impact.bound_ms == pytest.approx(499.5 * 999_100 / 1_000_000)
    evidence = {each.name: each.value for each in finding.evidence}
    assert evidence["blocks that lookups would visit at most"] == 1_000
    assert evidence["condition of the join"] == "(o.customer_id = c.id)"


def test_gives_a_template_without_a_snapshot() -> None:
    [finding] = run(plan(), snapshot=BY_ITSELF).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[0] == '`CREATE INDEX CONCURRENTLY ON "orders" ("customer_id")`'
    assert finding.confidence is Confidence.MEDIUM


def test_takes_all_columns_that_are_compared() -> None:
    text = plan(condition="Hash Cond: ((o.customer_id = c.id) AND (o.status = c.status))")

    [finding] = run(text).findings

    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert set(create.index.key_columns) == {"customer_id", "status"}


def test_says_where_the_planner_would_not_take_the_index() -> None:
    # (500 + 7,175) blocks at 4.0 are 30,700, and without the other side the join costs as much.
    [expected] = run(plan(planned_others=500, planned=7_175)).findings
    [unexpected] = run(plan(planned_others=500, planned=7_176)).findings

    assert (expected.detail, expected.confidence) == ("", Confidence.HIGH)
    assert unexpected.detail == (
        "The planner expected 500 rows to look up and 7,176 to be found: it may not take the "
        "index before these estimates are mended."
    )
    assert unexpected.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    ("plan_setting", "server_setting"), [("1.1", None), (None, "1.1"), ("1.1", "4")]
)
def test_the_planner_is_asked_with_its_own_cost_of_a_block(
    plan_setting: str | None, server_setting: str | None
) -> None:
    text = plan(planned_others=500, planned=7_176)
    if plan_setting is not None:
        text += f"Settings: random_page_cost = '{plan_setting}'\n"
    known = (
        ()
        if server_setting is None
        else (Setting(name="random_page_cost", value=server_setting, value_type="real"),)
    )

    [finding] = run(text, *known).findings

    assert finding.detail == ""


FILTER = "Filter: (note <> 'x'::text)\n        Rows Removed by Filter: 9000001\n        "
NESTED = """\
Nested Loop  (cost=0.3..100600.0 rows=50 width=12) (actual time=1.0..2700.0 rows=50 loops=1)
  Join Filter: (c.id = o.customer_id)
  Rows Removed by Join Filter: 4999950
  Buffers: shared hit=15100
  ->  Seq Scan on orders o  (cost=0.0..25000.0 rows=1000000 width=20) \
(actual time=0.0..250.0 rows=1000000 loops=1)
        Buffers: shared hit=15000
  ->  Materialize  (cost=0.3..238.0 rows=5 width=8) (actual time=0.0..0.001 rows=5 loops=1000000)
        ->  Index Scan using c_region on c  (cost=0.3..238.0 rows=5 width=8) \
(actual time=0.0..0.5 rows=5 loops=1)
              Index Cond: (region = 42)
"""


def test_a_nested_loop_that_reads_the_few_again_for_each_of_the_many() -> None:
    [finding] = run(NESTED).findings

    assert finding.nodes == (1, 0, 2)
    evidence = {each.name: each.value for each in finding.evidence}
    assert evidence["rows to look up"] == 5
    assert evidence["rows found at most"] == 50


PARALLEL = """\
Gather  (cost=3461.0..24206.0 rows=1000 width=12) (actual time=87.0..318.0 rows=1000 loops=1)
  Workers Planned: 2
  Workers Launched: 2
  ->  Parallel Hash Join  (cost=2461.0..23106.0 rows=417 width=12) \
(actual time=61.0..269.0 rows=333 loops=3)
        Hash Cond: (o.customer_id = c.id)
        ->  Parallel Seq Scan on orders o  (cost=0.0..19551.0 rows=416667 width=20) \
(actual time=1.0..101.0 rows=333333 loops=3)
              Buffers: shared hit=15000
        ->  Parallel Hash  (cost=2460.0..2460.0 rows=59 width=8) \
(actual time=48.0..48.0 rows=40 loops=3)
              ->  Parallel Seq Scan on c  (cost=0.0..2460.0 rows=59 width=8) \
(actual time=7.0..44.0 rows=40 loops=3)
                    Filter: (region = 42)
                    Rows Removed by Filter: 30
"""


def test_counts_the_rows_of_all_processes() -> None:
    [finding] = run(PARALLEL).findings

    evidence = {each.name: each.value for each in finding.evidence}
    assert evidence["rows read"] == 999_999
    assert evidence["rows to look up"] == 120
    assert evidence["rows found at most"] == 999


@pytest.mark.parametrize(
    "join",
    [
        pytest.param("Hash Right Join", id="keeps the other side"),
        pytest.param("Hash Semi Join", id="returns the scan's rows"),
        pytest.param("Hash Right Anti Join", id="returns the others"),
    ],
)
def test_reports_joins_that_drop_rows_of_the_scan(join: str) -> None:
    assert len(run(plan(join=join)).findings) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(plan(join="Hash Left Join")), id="keeps the scan's rows"),
        pytest.param(run(plan(join="Hash Full Join")), id="keeps all rows"),
        pytest.param(run(plan(join="Hash Anti Join")), id="returns those without a partner"),
        pytest.param(
            run(plan(condition="Hash Cond: ((o.customer_id + 1) = c.id)")), id="an expression"
        ),
        pytest.param(run(plan(condition="Hash Cond: (o.customer_id = 5)")), id="no join"),
        pytest.param(run(plan(), an_index(ORDERS, "customer_id")), id="has an index"),
        pytest.param(run(plan() + "Settings: enable_nestloop = 'off'\n"), id="no nested loops"),
        pytest.param(
            run(plan(filter=FILTER)),
            id="its own filter discards more",
        ),
        pytest.param(run(plan(table="pg_class"), snapshot=BY_ITSELF), id="a catalog"),
        pytest.param(run(plan(total="4.9")), id="short"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


@pytest.mark.parametrize(("rows", "count"), [(10_000, 1), (9_999, 0)])
def test_leaves_small_tables_alone(rows: int, count: int) -> None:
    assert len(run(plan(rows=rows)).findings) == count


@pytest.mark.parametrize(("found", "count"), [(3_650, 1), (3_651, 0)])
def test_asks_for_a_quarter_of_the_blocks(found: int, count: int) -> None:
    assert len(run(plan(found=found)).findings) == count


@pytest.mark.parametrize(("removed", "count"), [(3_000, 0), (2_000, 1)])
def test_counts_pairs_that_were_discarded(removed: int, count: int) -> None:
    condition = (
        f"Hash Cond: (o.customer_id = c.id)\n  Join Filter: (o.total < c.most)\n"
        f"  Rows Removed by Join Filter: {removed}"
    )

    assert len(run(plan(condition=condition)).findings) == count


@pytest.mark.parametrize(("sorted_ms", "count"), [("1600.0", 1), ("1700.0", 0)])
def test_asks_for_a_third_of_the_time(sorted_ms: str, count: int) -> None:
    above = (
        "Sort  (cost=1..2 rows=900 width=12) (actual time=1.0.."
        f"{sorted_ms} rows=900 loops=1)\n  Sort Key: o.id\n  ->  "
    )
    below = plan().replace("\n", "\n        ").rstrip()

    assert len(run(f"{above}{below}\n").findings) == count


def test_says_what_a_plan_lacks() -> None:
    unexecuted = "Seq Scan on orders  (cost=0..1 rows=1 width=8)"
    without = "\n".join(line for line in plan().splitlines() if "Buffers" not in line)

    assert run(unexecuted).reasons == ("the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",)
    assert run(without).reasons == ("the plan has no buffers: use EXPLAIN (ANALYZE, BUFFERS)",)
