"""inefficient-index-scan."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import CreateIndex, ManualSteps
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

RULE = "inefficient-index-scan"
ORDERS = a_table()
BY_CUSTOMER = an_index(ORDERS, "customer_id", name="orders_customer")
BY_STATUS = an_index(ORDERS, "status", "customer_id", name="orders_status")
BY_ITSELF = a_snapshot(version_num=0)
SCAN = """\
Index Scan using orders_customer on orders  (cost=0..800 rows=5 width=8) (actual time=1..{time} rows={rows} loops=1)
  Index Cond: (customer_id = 42)
  Filter: {filter}
  Rows Removed by Filter: {removed}
  Buffers: shared hit=1250
"""  # noqa: E501
BITMAP = """\
Bitmap Heap Scan on orders  (cost=0..800 rows=5 width=8) (actual time=2..50 rows=10 loops=1)
  Recheck Cond: (customer_id = 42)
  Rows Removed by Index Recheck: 9000
  Filter: (status = 'x'::text)
  Rows Removed by Filter: {filtered}
  Heap Blocks: exact=100{lossy}
  ->  Bitmap Index Scan on orders_customer  (cost=0..5 rows=9 width=0) (actual time=1..1 rows=9 loops=1)
        Index Cond: (customer_id = 42)
"""  # noqa: E501
WHOLE_INDEX = """\
Index Only Scan using orders_status on orders  (cost=0..800 rows=5 width=8) (actual time=1..50 rows={rows} loops=1)
  Index Cond: (customer_id = 42)
  Buffers: shared hit={blocks}
"""  # noqa: E501


def scan(
    filter: str = "(status = 'x'::text)",  # noqa: A002
    *,
    rows: int = 100,
    removed: int = 9_900,
    time: str = "50.0",
) -> str:
    return SCAN.format(filter=filter, rows=rows, removed=removed, time=time)


def run(plan: str, *parts: SnapshotPart, snapshot: Snapshot | None = None) -> Outcome:
    judged = snapshot or a_snapshot(ORDERS, *(parts or (BY_CUSTOMER,)))
    return diagnose(RULE, judged, executions=executed(plan, judged))


def test_adds_the_filters_column_to_the_index() -> None:
    [finding] = run(scan()).findings

    assert finding.subject == "public.orders"
    assert finding.summary == (
        "Index Scan using orders_customer on orders found 10,000 rows, of which its filter left "
        "100 over"
    )
    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert set(create.index.key_columns) == {"customer_id", "status"}
    assert finding.impact.bound_ms == pytest.approx(49.5)


def test_gives_a_template_without_a_snapshot() -> None:
    [finding] = run(scan(), snapshot=BY_ITSELF).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[0] == '`CREATE INDEX CONCURRENTLY ON "orders" ("customer_id", "status")`'


def test_says_what_to_do_by_hand_about_an_expression() -> None:
    [finding] = run(scan("(lower(note) = 'secret'::text)")).findings

    assert "secret" not in str(finding)
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "`(lower(note) = ?::text)`" in steps.steps[0]


def test_tells_that_the_first_column_of_the_index_is_not_used() -> None:
    [finding] = run(WHOLE_INDEX.format(rows=10, blocks=2_000), BY_STATUS).findings

    assert finding.summary == (
        "No condition is on status, the first column of orders_status: 2,000 blocks were touched "
        "for 10 rows"
    )
    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert describe_index(create.index) == "public.orders (customer_id)"
    assert finding.impact.bound_ms == 50.0


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(scan(rows=991)), id="keeps-enough"),
        pytest.param(run(scan(rows=0, removed=999)), id="few-rows"),
        pytest.param(run(scan(time="4.9")), id="short"),
        pytest.param(run(scan("(status <> 'x'::text)")), id="no-index-serves-it"),
        pytest.param(run(scan("((customer_id)::numeric < 5.5)")), id="the-same-column-again"),
        pytest.param(
            run(scan(), BY_CUSTOMER, an_index(ORDERS, "customer_id", "status")), id="has-an-index"
        ),
        pytest.param(
            run(scan().replace("  Index Cond: (customer_id = 42)\n", "")), id="a-walk-in-its-order"
        ),
        pytest.param(
            run(WHOLE_INDEX.format(rows=201, blocks=2_000), BY_STATUS), id="many-rows-for-blocks"
        ),
        pytest.param(
            run(WHOLE_INDEX.format(rows=10, blocks=999), BY_STATUS), id="touches-few-blocks"
        ),
        pytest.param(
            run(WHOLE_INDEX.format(rows=10, blocks=2_000), snapshot=BY_ITSELF), id="index-unknown"
        ),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


@pytest.mark.parametrize(("rows", "count"), [(990, 1), (991, 0)])
def test_asks_for_ten_discarded_rows_for_each(rows: int, count: int) -> None:
    assert len(run(scan(rows=rows)).findings) == count


@pytest.mark.parametrize(
    ("lossy", "filtered", "count"), [("", 0, 1), (" lossy=9", 0, 0), (" lossy=9", 9_000, 1)]
)
def test_rechecks_of_a_lossy_bitmap_do_not_count(lossy: str, filtered: int, count: int) -> None:
    assert len(run(BITMAP.format(lossy=lossy, filtered=filtered)).findings) == count


def test_says_what_a_plan_lacks() -> None:
    plan = "Index Scan using i on orders  (cost=0..1 rows=1 width=8)"

    assert run(plan).reasons == ("the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",)


def test_says_that_blocks_were_not_counted() -> None:
    plan = WHOLE_INDEX.format(rows=10, blocks=2_000)
    plan = plan[: plan.index("  Buffers")]

    outcome = run(plan, BY_STATUS)

    assert outcome.findings == ()
    assert outcome.reasons == ("the plan has no buffers: use EXPLAIN (ANALYZE, BUFFERS)",)
