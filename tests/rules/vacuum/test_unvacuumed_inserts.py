"""unvacuumed-inserts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement, StatementPlan
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    table_activity,
)

RULE = "unvacuumed-inserts"
FACTOR = Setting(name="autovacuum_vacuum_insert_scale_factor", value="0.2")
THRESHOLD = Setting(name="autovacuum_vacuum_insert_threshold", value="1000")
NEVER = replace(THRESHOLD, value="-1")
EVENTS = a_table("events", rows=8_000_000, all_visible_pages=60_000)
INSERTED = table_activity(EVENTS, rows_inserted=9_000_000, rows_inserted_since_vacuum=400_000)
COUNT = a_statement("select count(*) from events where created_at > $1")


def a_scan(
    statement: Statement = COUNT, relation: str = "events", node_type: str = "Index Only Scan"
) -> StatementPlan:
    scan = PlanNode(node_type=node_type, schema="public", relation=relation)
    plan = Plan(root=PlanNode(node_type="Aggregate", children=(scan,)))
    return StatementPlan(statement_id=statement.id, plan=plan)


def run(*objects: SnapshotPart, table: Table = EVENTS, threshold: Setting = THRESHOLD) -> Outcome:
    return diagnose(RULE, a_snapshot(table, FACTOR, threshold, COUNT, *objects))


def test_reports_a_table_whose_inserts_never_bring_a_vacuum() -> None:
    [finding] = run(INSERTED, a_scan(), threshold=NEVER).findings

    assert finding.key == "unvacuumed-inserts:public.events"
    assert finding.severity is Severity.WARNING
    assert finding.summary == (
        "Index-only scans of public.events visit the heap: 40 % of its pages are not marked as "
        "visible, and inserts never bring a vacuum"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("pages not marked as visible", 0.4),
        ("rows inserted since the last vacuum", 400_000),
        ("inserted rows that autovacuum waits for", "no number"),
        ("share of time of its index-only scans", "100 %"),
    ]
    assert finding.statement_ids == (COUNT.id,)
    options, vacuum = finding.remedies
    [step] = steps_of(options)
    assert step.up == (
        (
            'ALTER TABLE "public"."events" SET (autovacuum_vacuum_insert_threshold = 1000, '
            "autovacuum_vacuum_insert_scale_factor = 0.05)"
        ),
    )
    assert step.down == (
        (
            'ALTER TABLE "public"."events" RESET (autovacuum_vacuum_insert_threshold, '
            "autovacuum_vacuum_insert_scale_factor)"
        ),
    )
    assert isinstance(vacuum, ManualSteps)
    assert vacuum.steps == ('`VACUUM "public"."events"`; it blocks neither side.',)


def test_remarks_on_a_table_that_waits_long() -> None:
    [finding] = run(INSERTED, a_scan()).findings

    assert finding.severity is Severity.INFO
    assert finding.summary.endswith("and only 1,201,000 more rows bring a vacuum")
    [step] = steps_of(finding.remedies[0])
    assert step.up == (
        'ALTER TABLE "public"."events" SET (autovacuum_vacuum_insert_scale_factor = 0.05)',
    )


def test_gives_back_the_tables_own_settings() -> None:
    own = replace(EVENTS, options=("autovacuum_vacuum_insert_threshold=-1",))

    [finding] = run(INSERTED, a_scan(), table=own).findings

    assert finding.severity is Severity.WARNING
    [step] = steps_of(finding.remedies[0])
    assert step.down == (
        'ALTER TABLE "public"."events" SET (autovacuum_vacuum_insert_threshold = -1)',
        'ALTER TABLE "public"."events" RESET (autovacuum_vacuum_insert_scale_factor)',
    )


def test_a_fine_factor_needs_a_vacuum_only() -> None:
    own = replace(EVENTS, options=("autovacuum_vacuum_insert_scale_factor=0.05",))
    lost = replace(INSERTED, rows_inserted_since_vacuum=0)

    [finding] = run(lost, a_scan(), table=own).findings

    assert [type(action) for action in finding.remedies] == [ManualSteps]


@pytest.mark.parametrize(("rows", "count"), [(1_600_999, 1), (1_601_000, 0)])
def test_leaves_alone_what_is_due(rows: int, count: int) -> None:
    counters = replace(INSERTED, rows_inserted_since_vacuum=rows)

    assert len(run(counters, a_scan()).findings) == count


@pytest.mark.parametrize(("pages", "count"), [(80_001, 0), (80_000, 1)])
def test_asks_for_a_fifth_of_the_pages(pages: int, count: int) -> None:
    table = replace(EVENTS, all_visible_pages=pages)

    assert len(run(INSERTED, a_scan(), table=table).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(999_999, 0), (1_000_000, 1)])
def test_asks_for_a_million_rows(rows: int, count: int) -> None:
    table = replace(EVENTS, rows=float(rows))

    assert len(run(INSERTED, a_scan(), table=table, threshold=NEVER).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(90_000, 1), (90_001, 0)])
def test_leaves_alone_what_is_updated_or_deleted_from(rows: int, count: int) -> None:
    assert len(run(replace(INSERTED, rows_updated=rows), a_scan()).findings) == count
    assert len(run(replace(INSERTED, rows_deleted=rows), a_scan()).findings) == count


def test_leaves_alone_what_is_not_inserted_into() -> None:
    assert run(replace(INSERTED, rows_inserted=0), a_scan()).is_clear


@pytest.mark.parametrize(
    "scan",
    [
        pytest.param(a_scan(node_type="Index Scan"), id="another-kind-of-scan"),
        pytest.param(a_scan(relation="orders"), id="of-another-table"),
    ],
)
def test_leaves_alone_what_no_index_only_scan_reads(scan: StatementPlan) -> None:
    orders = a_table("orders")
    quiet = table_activity(orders, rows_inserted_since_vacuum=0)

    assert run(INSERTED, orders, quiet, scan).is_clear


@pytest.mark.parametrize(("time_ms", "count"), [(4.9, 0), (5.1, 1)])
def test_asks_for_statements_of_weight(time_ms: float, count: int) -> None:
    rest = a_statement("select 1", calls=1, mean_time_ms=1_000 - time_ms)
    rare = a_statement("select count(*) from events", calls=1, mean_time_ms=time_ms)
    snapshot = a_snapshot(EVENTS, FACTOR, THRESHOLD, INSERTED, rest, rare, a_scan(rare))

    assert len(diagnose(RULE, snapshot).findings) == count


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(EVENTS, options=("autovacuum_enabled=off",)), id="switched-off"),
        pytest.param(replace(EVENTS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"),
        pytest.param(replace(EVENTS, size_bytes=0), id="no-length"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(INSERTED, a_scan(), table=table).is_clear


def test_judges_each_partition_by_itself() -> None:
    parent = a_table("log", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    first = replace(EVENTS, parent_oids=(parent.oid,), is_partition=True)
    second = a_table("log_2", parent_oids=(parent.oid,), is_partition=True)
    read = (a_scan(), a_scan(relation="log_2"))

    seen = replace(INSERTED, table_oid=second.oid)
    outcome = run(parent, second, INSERTED, seen, read, table=first)

    assert [finding.subject for finding in outcome.findings] == ["public.events"]
    assert not outcome.skipped


def test_cannot_judge_a_table_whose_inserts_are_not_counted() -> None:
    outcome = run(replace(INSERTED, rows_inserted_since_vacuum=None), a_scan())

    assert outcome.reasons == ("nobody knows how many rows were inserted since its last vacuum",)
    small = replace(EVENTS, rows=999_999.0)
    assert run(replace(INSERTED, rows_inserted_since_vacuum=None), a_scan(), table=small).is_clear


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (
            a_snapshot(EVENTS, FACTOR, INSERTED, COUNT, a_scan()),
            "the settings of autovacuum are not in the snapshot",
        ),
        (
            a_snapshot(EVENTS, FACTOR, THRESHOLD, INSERTED, COUNT),
            "there are no plans in the snapshot that would tell index-only scans",
        ),
        (
            a_snapshot(EVENTS, FACTOR, THRESHOLD, COUNT, a_scan()),
            "the counters of tables are not in the snapshot",
        ),
        (
            a_snapshot(
                EVENTS,
                FACTOR,
                THRESHOLD,
                INSERTED,
                COUNT,
                a_scan(),
                Setting(name="autovacuum", value="off"),
            ),
            "autovacuum is off on the whole server",
        ),
        (
            a_snapshot(EVENTS, FACTOR, THRESHOLD, INSERTED, COUNT, a_scan(), is_in_recovery=True),
            "this is a standby: its primary vacuums, and counts what is written",
        ),
        (
            a_snapshot(EVENTS, FACTOR, THRESHOLD, INSERTED),
            "no statement was recorded, and no workload files were given",
        ),
    ],
    ids=["settings", "plans", "counters", "switched-off", "standby", "statements"],
)
def test_cannot_judge(snapshot: Snapshot, reason: str) -> None:
    assert diagnose(RULE, snapshot).reasons == (reason,)
