"""few-valued-index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import Index
from pgadvisor.model.statement import StatementPlan
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
    diagnose,
    index_activity,
)
from pgadvisor.units import MiB

RULE = "few-valued-index"
ORDERS = a_table("orders")
STATUS = an_index(ORDERS, "status", size_bytes=40 * MiB)
SCANNED = index_activity(STATUS, scans=500)
EVEN = column_statistics(ORDERS, "status", most_common=[("new", 0.5), ("old", 0.3), ("gone", 0.2)])
FIND = a_statement("select * from orders where status = $1")


def a_plan(index_name: str | None = None) -> StatementPlan:
    root = PlanNode(node_type="Seq Scan", relation="orders", index_name=index_name)
    return StatementPlan(statement_id=FIND.id, plan=Plan(root=root))


SEQUENTIAL = a_plan()


def run(
    *objects: SnapshotPart,
    index: Index = STATUS,
    plan: StatementPlan = SEQUENTIAL,
    **server: float,
) -> Outcome:
    given = objects or (EVEN, SCANNED)
    return diagnose(RULE, a_snapshot(ORDERS, index, FIND, plan, *given, **server))


def test_reports_an_index_that_finds_a_fifth_of_the_rows_at_least() -> None:
    [finding] = run().findings

    assert finding.key == "few-valued-index:public.orders_status_idx"
    assert finding.summary == (
        "public.orders_status_idx (40 MB) finds 20 % of the rows at least by each value, and no "
        "known plan reads it"
    )
    assert finding.confidence is Confidence.MEDIUM
    assert finding.evidence[0].value == 0.2


@pytest.mark.parametrize(("rarest", "count"), [(0.1, 1), (0.0999, 0)])
def test_a_rare_value_may_be_what_the_index_is_for(rarest: float, count: int) -> None:
    values = [("new", 0.5), ("old", 0.5 - rarest), ("gone", rarest)]
    skewed = column_statistics(ORDERS, "status", most_common=values)

    assert len(run(skewed, SCANNED).findings) == count


def test_nulls_are_a_value() -> None:
    values = [("new", 0.5), ("old", 0.45)]

    assert run(
        column_statistics(ORDERS, "status", most_common=values, null_ratio=0.05), SCANNED
    ).is_clear


@pytest.mark.parametrize(("number", "count"), [(5, 1), (6, 0)])
def test_takes_five_values_for_few(number: int, count: int) -> None:
    values = [(f"value {n}", 1 / number) for n in range(number)]

    assert (
        len(run(column_statistics(ORDERS, "status", most_common=values), SCANNED).findings) == count
    )


def test_leaves_alone_a_column_with_values_that_are_not_known() -> None:
    partly = column_statistics(ORDERS, "status", most_common=[("new", 0.5), ("old", 0.3)])

    assert run(partly, SCANNED).is_clear


def test_leaves_alone_an_index_that_a_known_plan_reads() -> None:
    assert run(plan=a_plan(STATUS.name)).is_clear


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(STATUS, is_unique=True), id="unique"),
        pytest.param(replace(STATUS, is_valid=False), id="invalid"),
        pytest.param(replace(STATUS, predicate="(id > 0)"), id="partial"),
        pytest.param(replace(STATUS, access_method="hash"), id="other-method"),
        pytest.param(replace(STATUS, include=("note",)), id="includes"),
        pytest.param(an_index(ORDERS, "status", "id", size_bytes=40 * MiB), id="two-keys"),
        pytest.param(replace(STATUS, size_bytes=32 * MiB - 1), id="one-byte-too-small"),
    ],
)
def test_leaves_alone(index: Index) -> None:
    assert run(EVEN, index_activity(index, scans=9), index=index).is_clear


def test_reports_an_index_of_just_the_size() -> None:
    assert len(run(index=replace(STATUS, size_bytes=32 * MiB)).findings) == 1


def test_leaves_alone_what_nobody_scans_for_another_rule() -> None:
    assert run(EVEN).is_clear


def test_leaves_alone_the_only_index_of_a_foreign_key() -> None:
    states = a_table("states", "id text not null")

    assert run(EVEN, SCANNED, states, a_foreign_key(ORDERS, "status", states)).is_clear


def test_is_less_sure_where_standbys_may_scan_it() -> None:
    [finding] = run(streaming_replica_count=1).findings

    assert finding.confidence is Confidence.LOW


def test_says_why_it_cannot_judge() -> None:
    assert run(SCANNED).reasons == ("statistics of columns are not in the snapshot",)
    assert diagnose(RULE, a_snapshot(ORDERS, STATUS, FIND, EVEN, SCANNED)).reasons == (
        "there are no plans in the snapshot that would tell who reads an index",
    )
    [reason] = run(statistics_age_days=6).reasons
    assert reason.startswith("statistics cover 6 days, 7 days are needed")
