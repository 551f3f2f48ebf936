"""discarding-scan."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import CreateIndex, ManualSteps
from pgadvisor.model.finding import Confidence
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.sqltext.index import describe_index
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

RULE = "discarding-scan"
ORDERS = a_table()
BY_ITSELF = a_snapshot(version_num=0)
SCAN = """\
Seq Scan on {table}  (cost=0..800 rows=5 width=8) (actual time=1.0..{time} rows={rows} loops=1)
  Filter: {filter}
  Rows Removed by Filter: {removed}
  Buffers: shared hit=1250
"""


def scan(
    filter: str = "(customer_id = 42)",  # noqa: A002
    *,
    table: str = "orders",
    rows: int = 1_000,
    removed: int = 99_000,
    time: str = "50.0",
) -> str:
    return SCAN.format(filter=filter, table=table, rows=rows, removed=removed, time=time)


def run(plan: str, *parts: SnapshotPart, snapshot: Snapshot | None = None) -> Outcome:
    judged = snapshot or a_snapshot(ORDERS, *parts)
    return diagnose(RULE, judged, executions=executed(plan, judged))


def test_proposes_an_index_on_the_columns() -> None:
    [finding] = run(scan()).findings

    assert finding.subject == "public.orders"
    assert finding.summary == (
        "Seq Scan on orders read 100,000 rows and discarded 99 % of them, in 50 ms of 50 ms"
    )
    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert describe_index(create.index) == "public.orders (customer_id)"
    assert finding.confidence is Confidence.HIGH
    assert finding.impact.bound_ms == pytest.approx(49.5)
    assert [e.value for e in finding.evidence if e.name == "filter"] == ["(customer_id = ?)"]


def test_is_less_sure_where_another_condition_may_discard_the_rows() -> None:
    [finding] = run(scan("((customer_id = 42) AND (note ~~ '%x%'::text))")).findings

    assert finding.confidence is Confidence.MEDIUM
    assert finding.detail.startswith("The filter has other conditions as well")


def test_puts_equality_before_a_range_and_the_selective_column_first() -> None:
    statistics = (
        column_statistics(ORDERS, "status", n_distinct=3.0),
        column_statistics(ORDERS, "customer_id", n_distinct=5_000.0),
    )
    text = "((status = 'x'::text) AND (created_at > '2026-01-01'::date) AND (customer_id = 4))"

    [finding] = run(scan(text), statistics).findings

    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert describe_index(create.index) == "public.orders (customer_id, status, created_at)"


def test_gives_a_template_without_a_snapshot() -> None:
    [finding] = run(scan(), snapshot=BY_ITSELF).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps == (
        '`CREATE INDEX CONCURRENTLY ON "orders" ("customer_id")`',
        "Compare with EXPLAIN (ANALYZE, BUFFERS) for values with few and with many rows.",
    )


def test_a_template_leaves_the_order_of_several_columns_to_the_user() -> None:
    [finding] = run(
        scan("((customer_id = 42) AND (status = 'x'::text))"), snapshot=BY_ITSELF
    ).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[1] == (
        "Put the column that leaves the fewest rows over first, among those before a range."
    )


def test_proposes_an_index_on_an_expression_by_hand() -> None:
    [finding] = run(scan("(lower(note) = 'secret'::text)")).findings

    assert "secret" not in str(finding)
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "((lower(note)))" in steps.steps[0]


def test_proposes_an_index_for_each_arm_of_an_or() -> None:
    [finding] = run(scan("((customer_id = 4) OR (note = 'x'::text))")).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Give each arm of the OR an index: customer_id, note"


BEGINNING = "(note ~~ 'secret%'::text)"


@pytest.mark.parametrize(
    ("collation", "shown"),
    [
        ("en_US.UTF-8", "public.orders (note text_pattern_ops)"),
        ("C.UTF-8", "public.orders (note text_pattern_ops)"),
        ("C", "public.orders (note)"),
    ],
)
def test_finds_the_beginning_of_a_text_under_any_collation(collation: str, shown: str) -> None:
    snapshot = a_snapshot(ORDERS, collation=collation)

    [finding] = run(scan(BEGINNING), snapshot=snapshot).findings

    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert describe_index(create.index) == shown
    assert "secret" not in str(finding)


@pytest.mark.parametrize(
    ("type_name", "operator_class"),
    [("character varying(20)", "varchar_pattern_ops"), ("character(9)", "bpchar_pattern_ops")],
)
def test_an_operator_class_fits_its_type(type_name: str, operator_class: str) -> None:
    table = a_table("codes", f"code {type_name}", rows=100_000)
    snapshot = a_snapshot(table, collation="en_US.UTF-8")

    [finding] = run(scan("((code)::text ~~ 'x%'::text)", table="codes"), snapshot=snapshot).findings

    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert [key.operator_class for key in create.index.keys] == [operator_class]


def test_the_template_for_a_beginning_says_what_it_depends_on() -> None:
    [finding] = run(
        scan(f"((customer_id = 4) AND (total > 5) AND {BEGINNING})"), snapshot=BY_ITSELF
    ).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[:2] == (
        '`CREATE INDEX CONCURRENTLY ON "orders" ("customer_id", "note" text_pattern_ops)`',
        (
            "An index without an operator class finds texts by their beginning only where their "
            "collation is C; a column of type char(n) wants `bpchar_pattern_ops`."
        ),
    )


BY_BYTES = IndexKey(
    column="note", operator_class="text_pattern_ops", is_default_operator_class=False
)


@pytest.mark.parametrize(
    ("collation", "key", "count"),
    [
        pytest.param("en_US.UTF-8", IndexKey(column="note"), 1, id="of no use"),
        pytest.param("en_US.UTF-8", BY_BYTES, 0, id="by bytes"),
        pytest.param("C", BY_BYTES, 0, id="by bytes under C"),
        pytest.param("C", IndexKey(column="note"), 0, id="of use under C"),
        pytest.param(
            "en_US.UTF-8",
            IndexKey(column="note", collation='pg_catalog."C"'),
            0,
            id="with a collation of its own",
        ),
    ],
)
def test_knows_which_index_finds_beginnings(collation: str, key: IndexKey, count: int) -> None:
    snapshot = a_snapshot(ORDERS, an_index(ORDERS, key), collation=collation)

    assert len(run(scan(BEGINNING), snapshot=snapshot).findings) == count


def test_tells_a_scan_of_several_plans_once_by_the_slowest() -> None:
    [finding] = run(scan() + "\n" + scan(time="70.0")).findings

    assert finding.execution == 1


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(scan(rows=11_001)), id="returns-a-tenth"),
        pytest.param(run(scan(rows=0, removed=9_999)), id="few-rows"),
        pytest.param(run(scan(time="4.9")), id="short"),
        pytest.param(run(scan("(status <> 'x'::text)")), id="no-index-serves-it"),
        pytest.param(run(scan("(note ~~ '%x'::text)")), id="no-beginning"),
        pytest.param(run(scan("(note ~~ $1)")), id="a-beginning-that-is-not-known"),
        pytest.param(run(scan("(note ~~* 'x%'::text)")), id="in-any-case"),
        pytest.param(run(scan("(SubPlan 1)")), id="a-subquery"),
        pytest.param(run(scan(), an_index(ORDERS, "customer_id")), id="has-an-index"),
        pytest.param(run(scan(table="pg_class"), snapshot=BY_ITSELF), id="a-catalog"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


@pytest.mark.parametrize(("rows", "removed", "count"), [(0, 10_000, 1), (1_111, 9_999, 0)])
def test_asks_for_ten_thousand_discarded_rows(rows: int, removed: int, count: int) -> None:
    assert len(run(scan(rows=rows, removed=removed)).findings) == count


LOOPS = """\
Nested Loop  (cost=1..900 rows=9 width=8) (actual time=0.1..{total} rows=100 loops=1)
  ->  Seq Scan on a  (cost=0..800 rows=100 width=8) (actual time=0..1.0 rows=100 loops=1)
  ->  Seq Scan on orders  (cost=0..8 rows=1 width=8) (actual time=0..0.5 rows=1 loops=100)
        Filter: (customer_id = 42)
        Rows Removed by Filter: {removed}
"""


@pytest.mark.parametrize(("removed", "count"), [(999, 1), (998, 0)])
def test_leaves_small_tables_alone_however_often_they_are_read(removed: int, count: int) -> None:
    assert len(run(LOOPS.format(removed=removed, total="60.0")).findings) == count


@pytest.mark.parametrize(("total", "count"), [("166.0", 1), ("168.0", 0)])
def test_asks_for_a_third_of_the_time(total: str, count: int) -> None:
    assert len(run(LOOPS.format(removed=2_000, total=total)).findings) == count


def test_says_what_a_plan_lacks() -> None:
    plan = "Seq Scan on orders  (cost=0..1 rows=1 width=8)"

    assert run(plan).reasons == ("the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",)
