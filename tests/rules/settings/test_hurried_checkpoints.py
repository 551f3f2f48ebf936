"""hurried-checkpoints."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.server_counters import WalActivity
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    a_server,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)
from pgadvisor.units import MiB
from tests.rules.changes import by_hand, down, down_by_hand, up

RULE = "hurried-checkpoints"
TARGET = Setting(
    name="checkpoint_completion_target",
    value="0.5",
    source="configuration file",
    boot_value="0.9",
    context="sighup",
    value_type="real",
    min_value="0",
    max_value="1",
)
TIMEOUT = Setting(name="checkpoint_timeout", value="300", unit="s", context="sighup")
ORDERS = a_table("orders", "note text")
CHECKPOINTS = 90 * 24 * 12
"""In the window, one every five minutes."""
UPDATE = a_statement("update orders set note = $1", wal_bytes=CHECKPOINTS * 64 * MiB)


def run(
    *settings: Setting, wal_bytes: int = UPDATE.wal_bytes, is_in_recovery: bool = False
) -> Outcome:
    statement = replace(UPDATE, wal_bytes=wal_bytes)
    chosen = settings or (TARGET, TIMEOUT)
    return diagnose(RULE, a_snapshot(ORDERS, statement, chosen, is_in_recovery=is_in_recovery))


def test_reports_checkpoints_that_take_half_of_their_time() -> None:
    [finding] = run().findings

    assert finding.key == "hurried-checkpoints:checkpoint_completion_target"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "Checkpoints write in 50 % of their time what they could spread over 90 %"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("checkpoint_completion_target", 0.5),
        ("checkpoint_timeout", 300_000.0),
        ("WAL between two checkpoints", 64 * MiB),
    ]
    assert up(finding) == (
        "ALTER SYSTEM SET checkpoint_completion_target = 0.9",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert down(finding) == (
        "ALTER SYSTEM SET checkpoint_completion_target = 0.5",
        "SELECT pg_catalog.pg_reload_conf()",
    )


def test_goes_back_to_where_the_value_came_from() -> None:
    [stock] = run(replace(TARGET, source="default"), TIMEOUT).findings
    [other_file] = run(replace(TARGET, is_set_by_alter_system=False), TIMEOUT).findings
    [started] = run(replace(TARGET, source="command line"), TIMEOUT).findings

    assert down(stock)[0] == "ALTER SYSTEM RESET checkpoint_completion_target"
    assert down(other_file)[0] == "ALTER SYSTEM RESET checkpoint_completion_target"
    assert by_hand(started) == ("postgres -c checkpoint_completion_target=0.9",)
    assert down_by_hand(started) == ("postgres -c checkpoint_completion_target=0.5",)


@pytest.mark.parametrize(("value", "count"), [("0.89", 1), ("0.9", 0), ("0.95", 0)])
def test_nine_tenths_are_enough(value: str, count: int) -> None:
    assert len(run(replace(TARGET, value=value), TIMEOUT).findings) == count


@pytest.mark.parametrize(("less", "count"), [(0, 1), (CHECKPOINTS, 0)])
def test_asks_for_64_megabytes_between_two_checkpoints(less: int, count: int) -> None:
    assert len(run(wal_bytes=UPDATE.wal_bytes - less).findings) == count


def test_a_longer_time_between_two_gathers_more() -> None:
    slow = replace(TIMEOUT, value="900")

    assert len(run(TARGET, slow, wal_bytes=UPDATE.wal_bytes // 3).findings) == 1
    assert run(TARGET, slow, wal_bytes=UPDATE.wal_bytes // 3 - CHECKPOINTS).is_clear


def test_stays_within_the_bounds_of_the_server() -> None:
    assert len(run(replace(TARGET, max_value="0.9"), TIMEOUT).findings) == 1
    assert run(replace(TARGET, max_value="0.89"), TIMEOUT).reasons == (
        "checkpoint_completion_target = 0.9 is out of the server's bounds, 0 to 0.89",
    )


def test_is_nothing_where_no_checkpoint_writes_pages() -> None:
    aurora = a_snapshot(ORDERS, UPDATE, TARGET, TIMEOUT, service_marks=("function aurora_version",))

    assert diagnose(RULE, aurora).reasons == (
        (
            "Amazon Aurora keeps the data in a storage of its own, to which "
            "checkpoint_completion_target is nothing"
        ),
    )


def test_cannot_judge_without_the_settings_or_on_a_standby() -> None:
    assert run(TARGET).reasons == (
        "checkpoint_completion_target and checkpoint_timeout are not in the snapshot",
    )
    assert run(is_in_recovery=True).reasons == ("this is a standby, whose statements write no WAL",)


def test_cannot_judge_without_statements_or_the_time_of_their_reset() -> None:
    nothing_run = a_snapshot(ORDERS, TARGET, TIMEOUT)
    info = a_server(statistics_age_days=None).statements_info
    timeless = a_snapshot(
        ORDERS, UPDATE, TARGET, TIMEOUT, statements_info=info, statistics_age_days=None
    )

    assert diagnose(RULE, nothing_run).reasons == (
        "no statement was recorded, and no workload files were given",
    )
    assert diagnose(RULE, timeless).reasons == (
        "nobody knows how long statements have been counted",
    )


@pytest.mark.parametrize(
    ("age_days", "reasons"),
    [(7.0, ()), (6.5, ("statements have been counted for 6.5 days, 7 days are needed",))],
)
def test_cannot_speak_of_an_average_of_a_few_days(
    age_days: float, reasons: tuple[str, ...]
) -> None:
    info = a_server(statistics_age_days=age_days).statements_info

    snapshot = a_snapshot(ORDERS, UPDATE, TARGET, TIMEOUT, statements_info=info)

    assert diagnose(RULE, snapshot).reasons == reasons


def counted(wal_bytes: int, days: float) -> WalActivity:
    return WalActivity(wal_bytes=wal_bytes, reset_at=COLLECTED_AT - timedelta(days=days))


@pytest.mark.parametrize(("less", "count"), [(0, 1), (1, 0)])
def test_goes_by_all_wal_of_the_server_where_that_is_counted(less: int, count: int) -> None:
    wal = counted(7 * 24 * 12 * 64 * MiB - less, 7)

    found = diagnose(RULE, a_snapshot(TARGET, TIMEOUT, wal_activity=wal)).findings

    assert len(found) == count
    for finding in found:
        assert finding.detail == (
            "The server writes 64 MB of WAL between two checkpoints, on average."
        )
        assert finding.evidence[2].source == "pg_stat_wal.wal_bytes over its window"


def test_goes_by_statements_where_the_server_has_counted_for_too_short() -> None:
    short = counted(0, 6.5)

    [finding] = diagnose(
        RULE, a_snapshot(ORDERS, UPDATE, TARGET, TIMEOUT, wal_activity=short)
    ).findings

    assert finding.detail.startswith("Statements of this database alone write 64 MB of WAL")
