"""hot-breaking-index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import Index, IndexKey, RelationKind
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import StatementPlan
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)

RULE = "hot-breaking-index"
USERS = a_table(
    "users", "id bigint not null", "team_id bigint", "name text", "note text", "seen_at timestamptz"
)
KEY = a_primary_key(USERS, "id")
SEEN = an_index(USERS, "seen_at")
SCANNED = index_activity(SEEN, scans=900)
UPDATED = table_activity(USERS, rows_updated=1_800_000, rows_hot_updated=90_000)
TOUCH = a_statement("update users set seen_at = $1 where id = $2", calls=1_620_000)


def run(*objects: SnapshotPart, index: Index = SEEN, streaming_replica_count: int = 0) -> Outcome:
    snapshot = a_snapshot(
        USERS, KEY, UPDATED, index, *objects, streaming_replica_count=streaming_replica_count
    )
    return diagnose(RULE, snapshot)


def test_does_not_call_a_scan_now_and_then_none() -> None:
    [finding] = run(TOUCH, index_activity(SEEN, scans=2)).findings

    assert finding.summary.startswith("public.users_seen_at_idx is scanned hardly once a day, and ")


def test_reports_an_index_on_a_column_that_changes_all_the_time() -> None:
    [finding] = run(TOUCH, SCANNED).findings

    assert finding.key == "hot-breaking-index:public.users_seen_at_idx"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "public.users_seen_at_idx is scanned 10 times a day, and for it 18,000 updates of seen_at "
        "a day are not heap-only"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("scans", 900),
        ("updates a day that are not heap-only", 19_000),
        ("heap-only updates", "5 %"),
        (
            "definition",
            'CREATE INDEX "users_seen_at_idx" ON "public"."users" USING btree ("seen_at")',
        ),
    ]
    assert finding.impact.freed_bytes == SEEN.size_bytes
    assert finding.impact.written_entries_per_day == -36_000
    assert finding.statement_ids == (TOUCH.id,)
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[2] == (
        'Where they can do without: `DROP INDEX CONCURRENTLY "public"."users_seen_at_idx"`. The '
        'way back is `CREATE INDEX "users_seen_at_idx" ON "public"."users" USING btree '
        '("seen_at")`.'
    )


def test_names_the_statements_whose_plans_use_it() -> None:
    report = a_statement("select name from users where seen_at > $1", calls=900)
    node = PlanNode(node_type="Index Scan", index_name=SEEN.name)
    plan = StatementPlan(statement_id=report.id, plan=Plan(root=node))

    [finding] = run(TOUCH, SCANNED, report, plan).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert f"by their plans, {report.id} do, and their time" in steps.steps[0]


def test_is_less_sure_where_standbys_scan_as_well() -> None:
    [finding] = run(TOUCH, SCANNED, streaming_replica_count=1).findings

    assert finding.confidence is Confidence.LOW
    assert finding.detail.startswith("Its scans elsewhere are not counted: 1 standby streams")


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(an_index(USERS, "name", include=("seen_at",)), id="included"),
        pytest.param(an_index(USERS, "name", predicate="(seen_at IS NULL)"), id="in-a-predicate"),
        pytest.param(
            an_index(USERS, IndexKey(column=None, expression="date(seen_at)")),
            id="in-an-expression",
        ),
    ],
)
def test_sees_the_column_wherever_the_index_reads_it(index: Index) -> None:
    assert len(run(TOUCH, index_activity(index, scans=900), index=index).findings) == 1


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(an_index(USERS, "name"), id="on-another-column"),
        pytest.param(replace(SEEN, is_unique=True), id="unique"),
        pytest.param(replace(SEEN, is_exclusion=True), id="exclusion"),
        pytest.param(replace(SEEN, is_replica_identity=True), id="replica-identity"),
        pytest.param(replace(SEEN, is_clustered=True), id="clustered"),
        pytest.param(replace(SEEN, is_valid=False), id="invalid"),
        pytest.param(replace(SEEN, access_method="brin"), id="brin"),
    ],
)
def test_leaves_alone(index: Index) -> None:
    assert run(TOUCH, index_activity(index, scans=900), index=index).is_clear


def test_before_postgresql_16_a_brin_index_is_an_obstacle() -> None:
    brin = replace(SEEN, access_method="brin")
    snapshot = a_snapshot(USERS, KEY, UPDATED, brin, TOUCH, SCANNED, version_num=150000)

    assert len(diagnose(RULE, snapshot).findings) == 1


def test_leaves_alone_what_a_second_index_would_hold_back() -> None:
    assert run(TOUCH, SCANNED, an_index(USERS, "team_id", "seen_at")).is_clear


def test_leaves_alone_the_only_one_that_serves_a_foreign_key() -> None:
    teams = a_table("teams")
    index = an_index(USERS, "team_id", "seen_at")
    key = a_foreign_key(USERS, "team_id", teams)
    scanned = index_activity(index, scans=900)

    assert run(TOUCH, scanned, teams, key, index=index).is_clear
    assert (
        len(
            run(
                TOUCH, scanned, teams, key, an_index(USERS, "team_id", "name"), index=index
            ).findings
        )
        == 1
    )


def test_leaves_what_nobody_scans_to_another_rule() -> None:
    assert run(TOUCH).is_clear


def test_leaves_what_is_redundant_to_another_rule() -> None:
    other = an_index(USERS, "seen_at", name="users_seen_at_idx1")

    assert run(TOUCH, SCANNED, other, index_activity(other, scans=900)).is_clear


@pytest.mark.parametrize(("scans", "count"), [(16_200, 1), (16_201, 0)])
def test_allows_one_scan_for_a_hundred_updates(scans: int, count: int) -> None:
    assert len(run(TOUCH, replace(SCANNED, scans=scans)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(899_999, 0), (900_000, 1)])
def test_asks_for_ten_thousand_updates_a_day(rows: int, count: int) -> None:
    assert len(run(replace(TOUCH, rows=rows), SCANNED).findings) == count


@pytest.mark.parametrize(("hot", "count"), [(900_000, 0), (899_999, 1)])
def test_leaves_alone_what_is_mostly_heap_only(hot: int, count: int) -> None:
    updated = replace(UPDATED, rows_hot_updated=hot)

    outcome = diagnose(RULE, a_snapshot(USERS, KEY, updated, SEEN, SCANNED, TOUCH))

    assert len(outcome.findings) == count


@pytest.mark.parametrize(("updated", "count"), [(3_240_000, 1), (3_250_000, 0)])
def test_has_to_explain_half_of_what_is_not_heap_only(updated: int, count: int) -> None:
    counters = replace(UPDATED, rows_updated=updated, rows_hot_updated=0)

    outcome = diagnose(RULE, a_snapshot(USERS, KEY, counters, SEEN, SCANNED, TOUCH))

    assert len(outcome.findings) == count


@pytest.mark.parametrize(("columns", "count"), [("seen_at, note", 1), ("seen_at, note, name", 0)])
def test_leaves_alone_statements_that_write_whole_rows_back(columns: str, count: int) -> None:
    pairs = ", ".join(f"{name} = null" for name in columns.split(", "))
    update = a_statement(f"update users set {pairs} where id = $1", calls=1_620_000)

    assert len(run(update, SCANNED).findings) == count


@pytest.mark.parametrize(("pages", "count"), [(1_023, 0), (1_024, 1)])
def test_asks_for_a_table_that_is_not_small(pages: int, count: int) -> None:
    table = replace(USERS, rows=80.0 * pages, pages=pages, size_bytes=8192 * pages)

    outcome = diagnose(RULE, a_snapshot(table, KEY, UPDATED, SEEN, SCANNED, TOUCH))

    assert len(outcome.findings) == count


def test_adds_up_the_partitions_and_sees_their_own_indexes() -> None:
    parent = replace(USERS, kind=RelationKind.PARTITIONED_TABLE, rows=0.0, size_bytes=0)
    part = replace(
        a_table("users_1", rows=1_000_000),
        columns=USERS.columns,
        parent_oids=(parent.oid,),
        is_partition=True,
    )
    index = replace(SEEN, is_partitioned=True, size_bytes=0)
    child = an_index(part, "seen_at", parent_oid=index.oid)
    parts = (parent, part, index, child, index_activity(child, scans=900), TOUCH)
    updated = replace(UPDATED, table_oid=part.oid)

    [finding] = diagnose(RULE, a_snapshot(parts, updated)).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert '`DROP INDEX "public"."users_seen_at_idx"`' in steps.steps[2]
    assert diagnose(RULE, a_snapshot(parts, updated, an_index(part, "note", "seen_at"))).is_clear


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (
            a_snapshot(USERS, KEY, SEEN, SCANNED, TOUCH),
            "the counters of tables are not in the snapshot",
        ),
        (
            a_snapshot(USERS, KEY, UPDATED, SEEN, SCANNED, TOUCH, is_in_recovery=True),
            "this is a standby: its primary counts what is written",
        ),
        (
            a_snapshot(USERS, KEY, UPDATED, SEEN, SCANNED, TOUCH, statistics_age_days=6),
            "statistics cover 6 days, 7 days are needed (since pg_stat_database.stats_reset)",
        ),
        (
            a_snapshot(USERS, KEY, UPDATED, SEEN, SCANNED),
            "no statement was recorded, and no workload files were given",
        ),
    ],
    ids=["counters", "standby", "window", "statements"],
)
def test_cannot_judge(snapshot: Snapshot, reason: str) -> None:
    assert diagnose(RULE, snapshot).reasons == (reason,)
