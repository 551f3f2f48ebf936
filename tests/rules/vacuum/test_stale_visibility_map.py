"""stale-visibility-map."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import SetTableOptions
from pgadvisor.model.finding import Confidence
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.model.statement import Statement, StatementPlan
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)

RULE = "stale-visibility-map"
FACTOR = Setting(name="autovacuum_vacuum_scale_factor", value="0.2")
THRESHOLD = Setting(name="autovacuum_vacuum_threshold", value="50")
# 8 million rows on 100,000 pages, of which 60,000 have their mark.
ORDERS = a_table("orders", rows=8_000_000, all_visible_pages=60_000)
BY_CUSTOMER = an_index(ORDERS, "customer_id")
SCANNED = index_activity(BY_CUSTOMER, scans=10, entries_read=1_000, rows_fetched=400)
CHANGED = {"rows_inserted": 900_000, "rows_updated": 9_000_000, "dead_rows": 800_000}
COUNT = a_statement("select count(*) from orders where customer_id = $1")


def a_scan(statement: Statement = COUNT, node_type: str = "Index Only Scan") -> StatementPlan:
    scan = PlanNode(
        node_type=node_type, schema="public", relation="orders", index_name=BY_CUSTOMER.name
    )
    plan = Plan(root=PlanNode(node_type="Aggregate", children=(scan,)))
    return StatementPlan(statement_id=statement.id, plan=plan)


SCAN = a_scan()


def run(
    *objects: SnapshotPart,
    table: Table = ORDERS,
    scan: StatementPlan = SCAN,
    **counters: int,
) -> Outcome:
    activity = table_activity(table, **{**CHANGED, **counters})
    given = objects or (SCANNED,)
    return diagnose(
        RULE, a_snapshot(table, BY_CUSTOMER, activity, FACTOR, THRESHOLD, COUNT, scan, *given)
    )


def test_reports_index_only_scans_that_read_the_table() -> None:
    [finding] = run().findings

    assert finding.key == "stale-visibility-map:public.orders"
    assert finding.summary == (
        "Index-only scans of public.orders fetch rows from the table: 40 % of its pages are not "
        "marked as visible to all"
    )
    assert finding.confidence is Confidence.MEDIUM
    assert finding.statement_ids == (COUNT.id,)
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("pages not marked as visible", 0.4),
        ("rows fetched for each entry read", 0.4),
        ("vacuums a day that would come", 0.6),
        ("share of time of its index-only scans", "100 %"),
    ]
    [step] = steps_of(finding.remedies[0])
    assert step.up == ('ALTER TABLE "public"."orders" SET (autovacuum_vacuum_scale_factor = 0.02)',)


def test_keeps_the_table_s_own_setting_for_the_way_back() -> None:
    own = replace(ORDERS, options=("autovacuum_vacuum_scale_factor=0.3",))

    [finding] = run(table=own).findings

    [action, _] = finding.remedies
    assert isinstance(action, SetTableOptions)
    assert action.previous == (("autovacuum_vacuum_scale_factor", "0.3"),)


@pytest.mark.parametrize(("all_visible_pages", "count"), [(70_000, 1), (70_001, 0)])
def test_asks_for_three_tenths_of_the_pages(all_visible_pages: int, count: int) -> None:
    table = replace(ORDERS, all_visible_pages=all_visible_pages)

    assert len(run(table=table).findings) == count


@pytest.mark.parametrize(("fetched", "count"), [(100, 1), (99, 0)])
def test_leaves_alone_scans_that_fetch_few_rows(fetched: int, count: int) -> None:
    assert len(run(replace(SCANNED, rows_fetched=fetched)).findings) == count


def test_leaves_alone_scans_that_nobody_counted() -> None:
    assert run(index_activity(BY_CUSTOMER)).is_clear


@pytest.mark.parametrize(("updated", "count"), [(9_001, 1), (9_000, 0)])
def test_leaves_alone_a_table_that_only_grows(updated: int, count: int) -> None:
    assert len(run(rows_updated=updated).findings) == count


@pytest.mark.parametrize(("dead", "count"), [(1_600_049, 1), (1_600_050, 0)])
def test_leaves_alone_a_table_whose_vacuum_is_due(dead: int, count: int) -> None:
    assert len(run(dead_rows=dead).findings) == count


def test_leaves_alone_a_table_that_is_vacuumed_early_already() -> None:
    early = replace(ORDERS, options=("autovacuum_vacuum_scale_factor=0.02",))

    assert run(table=early, dead_rows=0).is_clear


@pytest.mark.parametrize(("updated", "count"), [(90 * 24 * 160_050, 1), (90 * 24 * 160_050 + 1, 0)])
def test_leaves_alone_a_table_that_is_changed_too_fast(updated: int, count: int) -> None:
    assert len(run(rows_updated=updated).findings) == count


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(ORDERS, options=("autovacuum_enabled=off",)), id="autovacuum-off"),
        pytest.param(replace(ORDERS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised"),
        pytest.param(replace(ORDERS, is_extension_member=True), id="extension"),
        pytest.param(
            replace(ORDERS, rows=999_999, size_bytes=ORDERS.pages * 8192, pages=ORDERS.pages),
            id="one-row-too-few",
        ),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(table=table, dead_rows=0).is_clear


def test_leaves_alone_other_scans() -> None:
    assert run(scan=a_scan(node_type="Index Scan")).is_clear


def test_leaves_alone_statements_of_no_weight() -> None:
    heavy = a_statement("select 1", calls=COUNT.calls * 200)

    assert run(SCANNED, heavy).is_clear


def test_says_why_it_cannot_judge() -> None:
    activity = table_activity(ORDERS, **CHANGED)
    whole = (ORDERS, BY_CUSTOMER, COUNT, FACTOR, THRESHOLD, activity, a_scan())

    def reasons(*without: object, **server: bool) -> tuple[str, ...]:
        return diagnose(
            RULE,
            a_snapshot(*(part for part in whole if part not in without), **server),
        ).reasons

    assert reasons(is_in_recovery=True) == (
        "this is a standby: its primary vacuums, and counts what is written",
    )
    assert reasons(FACTOR) == ("the settings of autovacuum are not in the snapshot",)
    assert reasons(a_scan()) == (
        "there are no plans in the snapshot that would tell index-only scans",
    )
    assert reasons(activity) == ("the counters of tables are not in the snapshot",)
    off = Setting(name="autovacuum", value="off")
    assert diagnose(RULE, a_snapshot(*whole, off)).reasons == (
        "autovacuum is off on the whole server",
    )
