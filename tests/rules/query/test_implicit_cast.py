"""implicit-cast."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import RelationKind
from pgadvisor.model.statement import StatementPlan
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    table_activity,
)
from pgadvisor.units import MiB

RULE = "implicit-cast"
ORDERS = a_table("orders", "id bigint not null", "code character(8)", "name varchar", "at date")
INDEXES = tuple(an_index(ORDERS, column) for column in ("id", "code", "name", "at"))
REFS = a_table("refs", "number numeric", "t text")
BY_ID = a_statement("select * from orders where id = $1::numeric")
JOINED = a_statement("select o.at from orders o join refs r on o.id = r.number")
JOIN = PlanNode(
    node_type="Nested Loop",
    join_filter="((o.id)::numeric = r.number)",
    children=(
        PlanNode(node_type="Seq Scan", schema="public", relation="orders", alias="o"),
        PlanNode(node_type="Seq Scan", schema="public", relation="refs", alias="r"),
    ),
)


def planned(root: PlanNode) -> StatementPlan:
    return StatementPlan(statement_id=JOINED.id, plan=Plan(root=root))


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, REFS, INDEXES, *objects))


def test_reports_a_column_that_is_converted() -> None:
    [finding] = run(BY_ID).findings

    assert finding.key == f"implicit-cast:public.orders.id:{BY_ID.id}"
    assert finding.summary == (
        "public.orders.id is converted from bigint to numeric in a comparison, which keeps "
        "indexes out (100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "`...::bigint`" in action.steps[0]


def test_is_not_reported_by_another_rule_as_well() -> None:
    assert diagnose("non-sargable-predicate", a_snapshot(ORDERS, BY_ID)).is_clear


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        pytest.param("id > $1::float8", 1, id="float"),
        pytest.param("code = $1::text", 1, id="character-to-text"),
        pytest.param("name = $1::text", 0, id="varchar-to-text"),
        pytest.param("id = $1::bigint", 0, id="its-own-type"),
        pytest.param("id = $1::int", 0, id="among-integers"),
        pytest.param("at = $1::timestamp", 0, id="date-and-timestamp"),
        pytest.param("id::numeric = $1", 0, id="written"),
        pytest.param("cast(orders.id as numeric) = $1", 0, id="written-in-words"),
    ],
)
def test_tells_conversions_apart(condition: str, count: int) -> None:
    text = f"select id as number from orders where {condition}"

    assert len(run(a_statement(text)).findings) == count


def test_sees_the_condition_of_a_join() -> None:
    [finding] = run(JOINED, planned(JOIN)).findings

    assert finding.subject == "public.orders.id"
    assert finding.evidence[0].source == "EXPLAIN on the original server"


@pytest.mark.parametrize(("node_type", "count"), [("Seq Scan", 1), ("Index Scan", 0)])
def test_sees_a_comparison_with_the_result_of_a_subquery(node_type: str, count: int) -> None:
    scan = PlanNode(
        node_type=node_type,
        schema="public",
        relation="orders",
        alias="o",
        filter="((o.id)::numeric = (InitPlan 1).col1)",
    )

    assert len(run(JOINED, planned(scan)).findings) == count


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("(o.id = (r.number)::bigint)", id="the-other-side"),
        pytest.param("((o.name)::text = r.t)", id="varchar-to-text"),
        pytest.param("((o.gone)::numeric = r.number)", id="unknown-column"),
        pytest.param("((x.id)::numeric = r.number)", id="unknown-alias"),
        pytest.param(None, id="none"),
    ],
)
def test_leaves_joins_alone(condition: str | None) -> None:
    assert run(JOINED, planned(replace(JOIN, join_filter=condition))).is_clear


def test_leaves_a_join_on_a_column_without_an_index_alone() -> None:
    second = an_index(ORDERS, "at", "id")

    assert diagnose(RULE, a_snapshot(ORDERS, REFS, JOINED, second, planned(JOIN))).is_clear


def test_leaves_a_join_alone_that_casts_by_itself() -> None:
    text = "select o.at from orders o join refs r on o.id::numeric = r.number"

    assert run(replace(JOINED, text=text), planned(JOIN)).is_clear


def test_leaves_small_tables_alone() -> None:
    small = replace(ORDERS, rows=9_999.0, size_bytes=0)

    assert diagnose(RULE, a_snapshot(small, REFS, INDEXES, BY_ID, JOINED, planned(JOIN))).is_clear


KEY = a_primary_key(ORDERS, "id")
BLOCKS = ORDERS.size_bytes // 8_192
LOOKUP = a_statement("select * from orders where id = $1", calls=100, shared_blocks_hit=50 * BLOCKS)
SCANNED = table_activity(ORDERS, sequential_scans=50)


def test_finds_by_the_blocks_what_type_the_driver_sends() -> None:
    [finding] = diagnose(RULE, a_snapshot(ORDERS, KEY, LOOKUP, SCANNED)).findings

    assert finding.key == f"implicit-cast:public.orders.id:{LOOKUP.id}"
    assert finding.summary == (
        "public.orders.id is converted from bigint to another type in a comparison, which keeps "
        "indexes out (100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert [(e.name, e.value) for e in finding.evidence[:3]] == [
        ("condition", "id = $1"),
        ("blocks touched a call", BLOCKS / 2),
        ("sequential scans of the table", 50),
    ]


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param((KEY, SCANNED, replace(LOOKUP, shared_blocks_hit=50 * BLOCKS - 1)), id="few"),
        pytest.param((KEY, LOOKUP, replace(SCANNED, sequential_scans=49)), id="seldom-scanned"),
        pytest.param((an_index(ORDERS, "id"), LOOKUP, SCANNED), id="not-unique"),
        pytest.param((a_primary_key(ORDERS, "id", "at"), LOOKUP, SCANNED), id="a-part-of-a-key"),
        *(
            pytest.param((KEY, SCANNED, replace(LOOKUP, text=text)), id=name)
            for name, text in {
                "a-constant": "select * from orders where id = 5",
                "a-range": "select * from orders where id > $1",
                "below-an-or": "select * from orders where id = $1 or code = $2",
                "a-function": "select touch(code) from orders where id = $1",
                "a-join": "select o.at from orders o, refs r where o.id = $1",
                "a-change": "delete from orders where id = $1",
            }.items()
        ),
    ],
)
def test_leaves_lookups_alone(objects: tuple[SnapshotPart, ...]) -> None:
    assert diagnose(RULE, a_snapshot(ORDERS, REFS, *objects)).findings == ()


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        ({"has_row_security": True}, 0),
        ({"size_bytes": 8 * MiB - 1}, 0),
        ({"kind": RelationKind.MATERIALIZED_VIEW}, 0),
    ],
)
def test_looks_up_in_large_tables_only_whose_rows_all_may_see(
    changes: dict[str, Any], count: int
) -> None:
    orders = replace(ORDERS, **{"size_bytes": 8 * MiB, "pages": 1_024, **changes})
    lookup = replace(LOOKUP, shared_blocks_hit=200_000)

    assert len(diagnose(RULE, a_snapshot(orders, KEY, lookup, SCANNED)).findings) == count


def test_leaves_a_key_alone_that_every_other_type_is_compared_with() -> None:
    names = a_table("names", "id varchar not null")
    lookup = a_statement("select * from names where id = $1", shared_blocks_hit=10_000_000)
    scanned = table_activity(names, sequential_scans=1_000_000)

    assert diagnose(RULE, a_snapshot(names, a_primary_key(names, "id"), lookup, scanned)).is_clear


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(BY_ID, total_time_ms=1.0), other).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_cannot_judge_a_join_without_a_plan() -> None:
    [skipped] = run(JOINED).skipped

    assert skipped.subject == "1 statement with joins"
    assert skipped.reason == "the original server's plan is not in the snapshot"


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
