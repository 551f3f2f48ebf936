"""queue-bloat."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    table_activity,
)

RULE = "queue-bloat"
SETTINGS = (
    Setting(name="autovacuum_vacuum_scale_factor", value="0.2"),
    Setting(name="autovacuum_vacuum_threshold", value="50"),
)
JOBS = a_table("jobs", "id bigint not null", "state text not null", "run_at timestamptz")
KEY = a_primary_key(JOBS, "id")
BUSY = table_activity(JOBS, rows_updated=90 * 400_000, dead_rows=30_000)
TEXT = "select id from jobs where state = $1 order by run_at limit 1 for update skip locked"
POLL = a_statement(TEXT, calls=90 * 200_000)
SMALL = replace(JOBS, rows=1_000.0)
STUCK = table_activity(
    SMALL,
    rows_updated=90 * 400_000,
    dead_rows=300_000,
    last_autovacuum=COLLECTED_AT - timedelta(minutes=1),
)


def run(*objects: SnapshotPart, table: Table = JOBS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, KEY, SETTINGS, *objects))


def test_proposes_to_vacuum_a_large_queue_earlier() -> None:
    [finding] = run(BUSY, POLL).findings

    assert finding.key == "queue-bloat:public.jobs"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "Workers of the queue public.jobs read up to 200,050 dead rows before a vacuum comes"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("dead rows now", 30_000),
        ("live rows", 1_000_000),
        ("dead rows that autovacuum waits for", 200_050),
        ("rows updated and deleted a day", 400_000),
    ]
    assert finding.statement_ids == (POLL.id,)
    [step] = steps_of(finding.remedies[0])
    assert step.up == ('ALTER TABLE "public"."jobs" SET (autovacuum_vacuum_scale_factor = 0.01)',)
    assert step.down == ('ALTER TABLE "public"."jobs" RESET (autovacuum_vacuum_scale_factor)',)


def test_warns_of_dead_rows_that_vacuum_cannot_remove() -> None:
    [finding] = run(STUCK, POLL, table=SMALL).findings

    assert finding.key == "queue-bloat:public.jobs"
    assert finding.severity is Severity.WARNING
    assert finding.summary == (
        "The queue public.jobs has 300,000 dead rows and 1,000 live ones, though vacuum comes"
    )
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Find out who holds the dead rows of public.jobs"
    assert '`VACUUM (VERBOSE) "public"."jobs"`' in steps.steps[-1]


@pytest.mark.parametrize(("minutes", "count"), [(29.9, 0), (30.0, 1)])
def test_half_an_hour_of_changes_is_a_backlog(minutes: float, count: int) -> None:
    stuck = replace(STUCK, rows_updated=0, rows_deleted=int(90 * 300_000 * 1_440 / minutes))

    assert len(run(stuck, POLL, table=SMALL).findings) == count


@pytest.mark.parametrize(("live", "count"), [(150_000, 1), (150_001, 0)])
def test_a_backlog_is_twice_the_live_rows(live: int, count: int) -> None:
    assert len(run(replace(STUCK, live_rows=live), POLL, table=SMALL).findings) == count


@pytest.mark.parametrize(("dead", "count"), [(19_999, 0), (20_000, 1)])
def test_a_backlog_is_far_more_than_autovacuum_waits_for(dead: int, count: int) -> None:
    stuck = replace(STUCK, dead_rows=dead, rows_updated=90 * 100_000)

    assert len(run(stuck, POLL, table=SMALL).findings) == count


@pytest.mark.parametrize(("hours", "count"), [(24, 1), (24.1, 0)])
def test_leaves_what_was_not_vacuumed_for_a_day_to_another_rule(hours: float, count: int) -> None:
    stuck = replace(STUCK, last_autovacuum=COLLECTED_AT - timedelta(hours=hours))

    assert len(run(stuck, POLL, table=SMALL).findings) == count
    assert run(replace(STUCK, last_autovacuum=None), POLL, table=SMALL).is_clear


@pytest.mark.parametrize(("rows", "count"), [(49_745, 0), (49_750, 1)])
def test_leaves_alone_a_queue_that_is_small_enough(rows: int, count: int) -> None:
    table = replace(JOBS, rows=float(rows))

    assert len(run(replace(BUSY, live_rows=rows), POLL, table=table).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(49_999_740, 1), (49_999_750, 0)])
def test_leaves_a_very_large_table_to_another_rule(rows: int, count: int) -> None:
    table = replace(JOBS, rows=float(rows))

    assert len(run(replace(BUSY, live_rows=rows), POLL, table=table).findings) == count


@pytest.mark.parametrize(("per_day", "count"), [(99_999, 0), (100_000, 1)])
def test_leaves_alone_a_quiet_queue(per_day: int, count: int) -> None:
    assert len(run(replace(BUSY, rows_updated=90 * per_day), POLL).findings) == count


@pytest.mark.parametrize(("per_day", "count"), [(9_999, 0), (10_000, 1)])
def test_leaves_alone_what_is_seldom_polled(per_day: int, count: int) -> None:
    assert len(run(BUSY, replace(POLL, calls=90 * per_day)).findings) == count


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select id from jobs where state = $1 order by run_at limit 1", id="no-lock"),
        pytest.param("select id from jobs where state = $1 for update", id="no-limit"),
        pytest.param("select id from jobs where id = $1 limit 1 for update", id="by-key"),
    ],
)
def test_leaves_alone_what_is_no_queue(text: str) -> None:
    assert run(BUSY, replace(POLL, text=text)).is_clear


@pytest.mark.parametrize(
    "option",
    [
        "autovacuum_vacuum_scale_factor=0.2",
        "autovacuum_vacuum_threshold=10000",
        "autovacuum_enabled=off",
    ],
)
def test_leaves_alone_what_has_settings_of_its_own(option: str) -> None:
    assert run(BUSY, POLL, table=replace(JOBS, options=(option,))).is_clear


@pytest.mark.parametrize(("bound", "count"), [("9999", 0), ("10000", 1), ("-1", 1)])
def test_a_bound_of_the_server_is_enough(bound: str, count: int) -> None:
    setting = Setting(name="autovacuum_vacuum_max_threshold", value=bound)

    assert len(run(BUSY, POLL, setting).findings) == count


def test_judges_each_partition_by_itself() -> None:
    parent = a_table("queue", "id bigint", "state text", kind=RelationKind.PARTITIONED_TABLE)
    first = replace(JOBS, parent_oids=(parent.oid,), is_partition=True)
    second = a_table("jobs_2", parent_oids=(parent.oid,), is_partition=True)
    poll = replace(POLL, text="select id from queue where state = $1 limit 1 for update")

    [finding] = run(parent, second, BUSY, poll, table=first).findings

    assert finding.subject == "public.jobs"


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (
            a_snapshot(JOBS, KEY, BUSY, POLL, SETTINGS[0]),
            "the settings of autovacuum are not in the snapshot",
        ),
        (
            a_snapshot(JOBS, KEY, POLL, SETTINGS),
            "the counters of tables are not in the snapshot",
        ),
        (
            a_snapshot(JOBS, KEY, BUSY, POLL, SETTINGS, Setting(name="autovacuum", value="off")),
            "autovacuum is off on the whole server",
        ),
        (
            a_snapshot(JOBS, KEY, BUSY, POLL, SETTINGS, is_in_recovery=True),
            "this is a standby: its primary vacuums, and counts what is written",
        ),
        (
            a_snapshot(JOBS, KEY, BUSY, POLL, SETTINGS, statistics_age_days=6),
            "statistics cover 6 days, 7 days are needed (since pg_stat_database.stats_reset)",
        ),
        (
            a_snapshot(JOBS, KEY, BUSY, SETTINGS),
            "no statement was recorded, and no workload files were given",
        ),
    ],
    ids=["settings", "counters", "switched-off", "standby", "window", "statements"],
)
def test_cannot_judge(snapshot: Snapshot, reason: str) -> None:
    assert diagnose(RULE, snapshot).reasons == (reason,)
