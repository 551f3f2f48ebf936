"""misestimated-rows."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import AnalyzeTable, CreateStatistics, ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import (
    Outcome,
    a_snapshot,
    a_table,
    column_statistics,
    diagnose,
    executed,
    table_activity,
)

RULE = "misestimated-rows"
ORDERS = a_table("orders", "id bigint not null", "customer_id bigint", "note text", rows=200_000)
STATISTICS = tuple(column_statistics(ORDERS, column.name) for column in ORDERS.columns)
KNOWN = a_snapshot(ORDERS, STATISTICS)
BY_ITSELF = a_snapshot(version_num=0)

SCAN = """\
Aggregate  (cost=1..2 rows=1 width=8) (actual time=50.0..50.0 rows=1 loops=1)
  ->  Seq Scan on orders  (cost=0..1 rows={expected} width=8) (actual time=0..40 rows={rows} loops=1)
        Filter: {filter}
"""  # noqa: E501
LOOP = """\
Nested Loop  (cost=1..900 rows=20 width=8) (actual time=0.1..100.0 rows=40000 loops=1)
  ->  Seq Scan on orders  (cost=0..800 rows=20 width=8) (actual time=0..20.0 rows=40000 loops=1)
        Filter: (lower(note) = 'late'::text)
  ->  Index Scan using items_i on items  (cost=0..5 rows=2 width=4) (actual time=0.001..0.0015 rows=2 loops=40000)
        Index Cond: (order_id = orders.id)
"""  # noqa: E501


def scan(
    expected: int = 1_000,
    rows: int = 40_000,
    filter: str = "(lower(note) = 'x'::text)",  # noqa: A002
) -> str:
    return SCAN.format(expected=expected, rows=rows, filter=filter)


def run(plan: str, snapshot: Snapshot = KNOWN) -> Outcome:
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot))


def test_tells_where_an_expression_has_no_statistics() -> None:
    [finding] = run(scan()).findings

    assert finding.subject == "public.orders"
    assert finding.summary == ("Seq Scan on orders returned 40,000 rows where 1,000 were expected")
    assert finding.severity is Severity.INFO
    statistics, analyze = finding.remedies
    assert isinstance(statistics, CreateStatistics)
    assert statistics.expressions == ("lower(note)",)
    assert analyze == AnalyzeTable(schema="public", table="orders")
    assert [e.value for e in finding.evidence if e.name == "filter"] == ["(lower(note) = ?::text)"]
    assert finding.impact.bound_ms == 50.0


def test_warns_where_it_led_to_a_nested_loop_that_takes_the_time() -> None:
    [finding] = run(LOOP).findings

    assert finding.severity is Severity.WARNING
    assert finding.detail.endswith("A nested loop ran its inner side 40,000 times instead of 20.")
    assert finding.nodes == (1, 0, 2)
    assert finding.impact.bound_ms == 100.0


def test_does_without_a_snapshot() -> None:
    [finding] = run(scan(), BY_ITSELF).findings

    assert finding.subject == "orders"
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[0].startswith('`CREATE STATISTICS ON (lower(note)) FROM "orders"`')


def test_analyses_a_table_that_has_changed() -> None:
    changed = a_snapshot(
        ORDERS, STATISTICS, table_activity(ORDERS, rows_modified_since_analyze=20_000)
    )

    [finding] = run(scan(filter="(customer_id = 5)"), changed).findings

    assert finding.remedies == (AnalyzeTable(schema="public", table="orders"),)
    assert finding.detail == "20,000 rows of public.orders have changed since it was analysed."
    assert finding.confidence is Confidence.HIGH


def test_analyses_a_table_that_never_was() -> None:
    [finding] = run(scan(filter="(customer_id = 5)"), a_snapshot(ORDERS)).findings

    assert finding.detail == "public.orders was never analysed."


def test_refines_the_statistics_of_a_column() -> None:
    [finding] = run(scan(filter="(customer_id = 5)")).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Refine the statistics of customer_id"
    assert "SET STATISTICS 1000" in steps.steps[1]


def test_hides_expressions_with_constants_that_may_be_data() -> None:
    plan = scan(filter="(replace(note, 'secret'::text, ''::text) = 'x'::text)")

    [finding] = run(plan).findings

    assert "secret" not in str(finding)
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "ON (...)" in steps.steps[0]


def test_tells_functions_to_declare_their_rows() -> None:
    plan = """\
Function Scan on made  (cost=0..1 rows=10 width=4) (actual time=0..50.0 rows=50000 loops=1)
"""

    [finding] = run(plan).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "ROWS 50000" in steps.steps[0]


def test_tells_joins_on_several_columns_of_foreign_keys() -> None:
    plan = """\
Hash Join  (cost=1..9 rows=100 width=8) (actual time=1.0..50.0 rows=50000 loops=1)
  Hash Cond: ((a.x = b.x) AND (a.y = b.y))
  ->  Seq Scan on a  (cost=0..1 rows=50000 width=8) (actual time=0..10.0 rows=50000 loops=1)
  ->  Hash  (cost=0..1 rows=500 width=8) (actual time=1.0..1.0 rows=500 loops=1)
        ->  Seq Scan on b  (cost=0..1 rows=500 width=8) (actual time=0..0.5 rows=500 loops=1)
"""

    [finding] = run(plan).findings

    assert finding.nodes[0] == 0
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[1].startswith("Declare a foreign key over all the columns")


GROUPS = """\
HashAggregate  (cost=1..2 rows=9 width=8) (actual time=50.0..50.0 rows=9000 loops=1)
  Group Key: {key}
  ->  Seq Scan on orders  (cost=1..2 rows=200000 width=8) (actual time=0..40 rows=200000 loops=1)
"""


def test_tells_that_groups_of_a_column_were_counted_wrong() -> None:
    [finding] = run(GROUPS.format(key="customer_id")).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Let the planner know how many groups there are"
    assert "SET (n_distinct = ...)" in steps.steps[2]


def test_takes_statistics_for_groups_of_an_expression() -> None:
    [finding] = run(GROUPS.format(key="lower(note)")).findings

    assert isinstance(finding.remedies[0], CreateStatistics)
    assert finding.remedies[0].expressions == ("lower(note)",)


@pytest.mark.parametrize(
    ("expected", "rows", "count"),
    [(1_000, 10_000, 1), (1_000, 9_999, 0), (10_000, 1_000, 1), (50, 1_050, 1), (50, 1_049, 0)],
)
def test_asks_for_ten_times_and_a_thousand_rows(expected: int, rows: int, count: int) -> None:
    assert len(run(scan(expected, rows)).findings) == count


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(scan(filter="((customer_id = 5) AND (note = 'x'::text))"), id="correlated"),
        pytest.param(scan(filter="(note ~~ $1)"), id="unknown-value"),
        pytest.param(scan().replace("50.0..50.0", "9.0..9.9").replace("0..40", "0..4"), id="short"),
    ],
)
def test_leaves_alone_what_others_tell_and_short_plans(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (
            "Seq Scan on orders  (cost=0..1 rows=1 width=8) (actual rows=40000 loops=1)",
            "the plan has no times: use EXPLAIN (ANALYZE, BUFFERS), without TIMING OFF",
        ),
        (
            "Seq Scan on orders  (cost=0..1 rows=1 width=8)",
            "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
        ),
    ],
)
def test_says_what_a_plan_lacks(plan: str, reason: str) -> None:
    outcome = run(plan)

    assert outcome.findings == ()
    assert outcome.reasons == (reason,)
    assert outcome.skipped[0].subject == "explained"


def test_is_skipped_without_plans() -> None:
    assert diagnose(RULE, KNOWN).reasons == ("no executed plans were given",)
