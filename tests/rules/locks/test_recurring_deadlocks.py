"""recurring-deadlocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import DatabaseActivity, Setting
from pgadvisor.model.statement import Statement
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
from tests.rules.changes import changes, down, up

RULE = "recurring-deadlocks"
TIMEOUT = Setting(name="deadlock_timeout", value="1000", unit="ms")
STOCK = a_table("stock", "id bigint not null", "item_id bigint", "held integer")
KEY = a_primary_key(STOCK, "id")
HOLD = a_statement(
    "update stock set held = held + 1 where item_id = any ($1)",
    calls=1_000,
    rows=5_000,
    max_time_ms=1_004.0,
)


def run(*objects: SnapshotPart, deadlocks: int = 450, commits: int = 9_000_000) -> Outcome:
    activity = DatabaseActivity(deadlocks=deadlocks, commits=commits)
    return diagnose(RULE, a_snapshot(STOCK, KEY, TIMEOUT, *objects, activity=activity))


def like(text: str) -> Statement:
    return replace(HOLD, text=text)


def test_reports_deadlocks_that_come_every_day() -> None:
    [finding] = run().findings

    assert finding.key == "recurring-deadlocks:database"
    assert finding.subject == "database shop"
    assert finding.severity is Severity.INFO
    assert finding.summary == "There are 5.0 deadlocks a day"
    assert finding.detail == ""
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("deadlocks", 450),
        ("deadlocks a day", 5.0),
        ("counted for", 90.0),
        ("deadlocks for a million commits", "50"),
        ("wait before each is found", "1 s"),
    ]
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Lock rows in one order everywhere"
    assert "`SELECT ... ORDER BY id FOR UPDATE`" in steps.steps[1]


def test_lets_the_log_tell_of_waits() -> None:
    off = Setting(name="log_lock_waits", value="off", value_type="bool", context="superuser")

    [finding] = run(off).findings

    assert up(finding) == (
        "ALTER SYSTEM SET log_lock_waits = on",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert down(finding)[0] == "ALTER SYSTEM RESET log_lock_waits"


@pytest.mark.parametrize(
    "setting",
    [
        Setting(name="log_lock_waits", value="on", value_type="bool"),
        pytest.param(
            Setting(name="log_lock_waits", value="off", value_type="bool", source="user"),
            id="only-the-collecting-role-has-it",
        ),
    ],
)
def test_leaves_the_log_as_it_is(setting: Setting) -> None:
    [finding] = run(setting).findings

    assert changes(finding) == ()


@pytest.mark.parametrize(("deadlocks", "count"), [(0, 0), (89, 0), (90, 1)])
def test_asks_for_one_a_day(deadlocks: int, count: int) -> None:
    assert len(run(deadlocks=deadlocks).findings) == count


@pytest.mark.parametrize(
    ("deadlocks", "severity"), [(90 * 24 - 1, Severity.INFO), (90 * 24, Severity.WARNING)]
)
def test_one_an_hour_is_a_warning(deadlocks: int, severity: Severity) -> None:
    [finding] = run(deadlocks=deadlocks).findings

    assert finding.severity is severity


@pytest.mark.parametrize(
    "text",
    [
        "update stock set held = held + 1 where item_id = any ($1)",
        "delete from stock where item_id = $1",
        "select id from stock where item_id = any ($1) for update",
    ],
)
def test_names_what_locks_several_rows_in_no_order(text: str) -> None:
    [finding] = run(like(text)).findings

    assert finding.statement_ids == (HOLD.id,)
    assert finding.detail == (
        f"Statement {HOLD.id} locks several rows in no order, and may be part of them."
    )


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            like("select id from stock where item_id = $1 order by id for update"), id="in-order"
        ),
        pytest.param(
            like(
                "with mine as (select id from stock where item_id = $1 order by id for update) "
                "update stock set held = 1 from mine where stock.id = mine.id"
            ),
            id="in-order-before",
        ),
        pytest.param(like("select id from stock where item_id = $1"), id="no-lock"),
        pytest.param(like("select id from stock where item_id = $1 for share"), id="shared"),
        pytest.param(replace(HOLD, rows=1_999), id="one-row"),
        pytest.param(replace(HOLD, max_time_ms=999.9), id="never-waited"),
        pytest.param(replace(HOLD, calls=0, rows=0), id="a-workload-file"),
    ],
)
def test_does_not_suspect(statement: Statement) -> None:
    [finding] = run(statement).findings

    assert finding.statement_ids == ()


def test_two_rows_a_call_and_the_timeout_itself_are_enough() -> None:
    [finding] = run(replace(HOLD, rows=2_000, max_time_ms=1_000.0)).findings

    assert finding.statement_ids == (HOLD.id,)


def test_names_five_at_most_and_the_most_frequent_first() -> None:
    many = [replace(HOLD, id=str(n), calls=n, rows=2 * n) for n in range(1, 8)]

    [finding] = run(many).findings

    assert finding.statement_ids == ("7", "6", "5", "4", "3")
    assert finding.detail.startswith("Statements 7, 6, 5, 4, 3 lock several rows")


def test_suspects_nobody_where_the_timeout_is_not_known() -> None:
    activity = DatabaseActivity(deadlocks=450)

    [finding] = diagnose(RULE, a_snapshot(STOCK, KEY, HOLD, activity=activity)).findings

    assert finding.statement_ids == ()
    assert [e.name for e in finding.evidence] == ["deadlocks", "deadlocks a day", "counted for"]


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (6.0, "statistics cover 6 days, 7 days are needed (since pg_stat_database.stats_reset)"),
        (None, "nobody knows how long the counters run: pg_stat_database.stats_reset is NULL"),
    ],
)
def test_cannot_judge(days: float | None, reason: str) -> None:
    activity = DatabaseActivity(deadlocks=450)
    snapshot = a_snapshot(STOCK, activity=activity, statistics_age_days=days)

    assert diagnose(RULE, snapshot).reasons == (reason,)


def test_a_vacuum_on_record_does_not_tell_since_when_deadlocks_are_counted() -> None:
    activity = DatabaseActivity(deadlocks=450)
    vacuumed = table_activity(STOCK, last_vacuum=COLLECTED_AT - timedelta(days=30))
    snapshot = a_snapshot(STOCK, vacuumed, activity=activity, statistics_age_days=None)

    assert diagnose(RULE, snapshot).reasons == ("nobody knows since when deadlocks are counted",)
