"""overdue-vacuum."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import TableActivity
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)

RULE = "overdue-vacuum"
SETTINGS = (
    Setting(name="autovacuum", value="on"),
    Setting(name="autovacuum_vacuum_scale_factor", value="0.2"),
    Setting(name="autovacuum_vacuum_threshold", value="50"),
)
ORDERS = a_table("orders", rows=1_000_000)
LONG_AGO = COLLECTED_AT - timedelta(days=4)
DEAD = table_activity(
    ORDERS,
    dead_rows=600_000,
    rows_modified_since_analyze=10_000,
    last_autovacuum=LONG_AGO,
    last_autoanalyze=COLLECTED_AT - timedelta(hours=5),
)


def run(*objects: SnapshotPart, table: Table = ORDERS, age_days: float | None = 90.0) -> Outcome:
    return diagnose(RULE, a_snapshot(table, SETTINGS, *objects, statistics_age_days=age_days))


def dead(rows: int, table: Table = ORDERS) -> TableActivity:
    return replace(
        DEAD,
        table_oid=table.oid,
        live_rows=int(table.rows),
        dead_rows=rows,
        rows_modified_since_analyze=0,
    )


def test_reports_a_table_that_vacuum_does_not_come_to() -> None:
    [finding] = run(DEAD).findings

    assert finding.key == "overdue-vacuum:public.orders"
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == (
        "600,000 dead rows of public.orders wait for a vacuum, and none has finished for 4 days"
    )
    assert finding.detail == ""
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("dead rows", 600_000),
        ("dead rows that autovacuum waits for", 200_050),
        ("dead rows for each live one", "60 %"),
        ("no vacuum", "for 4 days"),
        ("rows modified since analyze", 10_000),
    ]
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Find out what keeps vacuum from public.orders"
    assert '`VACUUM (VERBOSE, ANALYZE) "public"."orders"`' in steps.steps[-1]
    assert not any("hot_standby_feedback" in step for step in steps.steps)


def test_remarks_on_rows_that_may_have_been_deleted_just_now() -> None:
    [finding] = run(replace(DEAD, rows_modified_since_analyze=600_000)).findings

    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    assert finding.detail == (
        "They may have been made a moment ago: the table was not analysed since."
    )


@pytest.mark.parametrize(("hours", "severity"), [(0.99, Severity.INFO), (1.0, Severity.WARNING)])
def test_an_analyze_of_an_hour_ago_proves_that_they_are_old(
    hours: float, severity: Severity
) -> None:
    analysed = replace(DEAD, last_autoanalyze=COLLECTED_AT - timedelta(hours=hours))

    [finding] = run(analysed).findings

    assert finding.severity is severity


def test_without_any_analyze_nothing_proves_that_they_are_old() -> None:
    [finding] = run(replace(DEAD, last_autoanalyze=None)).findings

    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(("rows", "count"), [(400_099, 0), (400_100, 1)])
def test_asks_for_twice_what_autovacuum_waits_for(rows: int, count: int) -> None:
    assert len(run(dead(rows)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(99_999, 0), (100_000, 1)])
def test_asks_for_a_hundred_thousand_dead_rows(rows: int, count: int) -> None:
    small = replace(ORDERS, rows=10_000)

    assert len(run(dead(rows, small), table=small).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(199_999, 0), (200_000, 1)])
def test_asks_for_a_fifth_of_the_live_rows(rows: int, count: int) -> None:
    eager = replace(ORDERS, options=("autovacuum_vacuum_scale_factor=0.01",))

    assert len(run(dead(rows, eager), table=eager).findings) == count


@pytest.mark.parametrize(("days", "count"), [(0.99, 0), (1.0, 1)])
def test_a_vacuum_of_the_last_day_is_enough(days: float, count: int) -> None:
    last = COLLECTED_AT - timedelta(days=days)

    assert len(run(replace(DEAD, last_vacuum=last)).findings) == count
    assert len(run(replace(DEAD, last_autovacuum=last)).findings) == count


@pytest.mark.parametrize(
    "option",
    ["autovacuum_vacuum_scale_factor=0.5", "autovacuum_vacuum_threshold=500000"],
)
def test_leaves_alone_a_table_that_is_to_wait_longer(option: str) -> None:
    assert run(DEAD, table=replace(ORDERS, options=(option,))).is_clear


def test_knows_the_bound_of_postgresql_18() -> None:
    large = replace(ORDERS, rows=3_000_000)
    bound = Setting(name="autovacuum_vacuum_max_threshold", value="250000")
    many = dead(900_000, large)

    assert run(many, table=large).is_clear
    assert len(run(many, bound, table=large).findings) == 1
    assert run(many, replace(bound, value="-1"), table=large).is_clear


@pytest.mark.parametrize("value", ["off", "false", "0"])
def test_leaves_a_table_without_autovacuum_to_another_rule(value: str) -> None:
    assert run(DEAD, table=replace(ORDERS, options=(f"autovacuum_enabled={value}",))).is_clear


def test_names_the_standbys_only_where_there_are_some() -> None:
    snapshot = a_snapshot(ORDERS, SETTINGS, DEAD, streaming_replica_count=1)

    [finding] = diagnose(RULE, snapshot).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "hot_standby_feedback" in steps.steps[2]


def test_says_that_several_tables_wait() -> None:
    notes = a_table("notes", rows=1_000_000)

    findings = run(DEAD, notes, dead(700_000, notes)).findings

    assert len(findings) == 2
    assert findings[0].detail.startswith("1 other table waits, too: look for one cause")


def test_judges_each_partition_by_itself() -> None:
    parent = a_table("log", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    first = replace(ORDERS, parent_oids=(parent.oid,), is_partition=True)
    second = a_table("log_2", parent_oids=(parent.oid,), is_partition=True)

    [finding] = run(parent, second, DEAD, dead(5, second), table=first).findings

    assert finding.subject == "public.orders"


def test_a_table_never_vacuumed_counts_once_the_counters_cover_a_day() -> None:
    never = replace(DEAD, last_autovacuum=None, last_autoanalyze=None)

    assert run(never, age_days=0.99).reasons == (
        (
            "it has many dead rows, but the counters do not say since when there was no vacuum: "
            "since pg_stat_database.stats_reset"
        ),
    )
    [finding] = run(never, age_days=1.0).findings
    assert finding.summary.endswith("none has finished since the counters were reset")


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (
            a_snapshot(ORDERS, DEAD, SETTINGS[0]),
            "the settings of autovacuum are not in the snapshot",
        ),
        (a_snapshot(ORDERS, SETTINGS), "the counters of tables are not in the snapshot"),
        (
            a_snapshot(ORDERS, DEAD, SETTINGS[1:], replace(SETTINGS[0], value="off")),
            "autovacuum is off on the whole server, so that no table waits for it",
        ),
        (
            a_snapshot(ORDERS, DEAD, SETTINGS, is_in_recovery=True),
            "this is a standby: its primary vacuums, and counts what is written",
        ),
    ],
    ids=["settings", "counters", "switched-off", "standby"],
)
def test_cannot_judge(snapshot: Snapshot, reason: str) -> None:
    assert diagnose(RULE, snapshot).reasons == (reason,)
