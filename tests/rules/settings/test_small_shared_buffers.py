"""small-shared-buffers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.action import SettingEffect
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Machine
from pgadvisor.model.schema import Table
from pgadvisor.model.server import DatabaseActivity, Setting
from pgadvisor.testing import Outcome, a_snapshot, a_statement, a_table, diagnose
from pgadvisor.units import GiB, MiB
from tests.rules.changes import by_hand, changes

RULE = "small-shared-buffers"
DAYS = 10
BUFFERS = Setting(
    name="shared_buffers",
    value="16384",
    unit="8kB",
    source="configuration file",
    context="postmaster",
    value_type="integer",
)
TIMING = Setting(name="track_io_timing", value="on")
ORDERS = replace(a_table("orders", "id bigint not null"), size_bytes=100 * GiB)
READS = a_statement("select * from orders where id = $1", calls=1_000, mean_time_ms=10.0)


def run(
    *,
    buffers: Setting = BUFFERS,
    timing: Setting = TIMING,
    table: Table = ORDERS,
    read_ms: float = 1_000.0,
    turnovers: int = 10,
    memory_bytes: int | None = 32 * GiB,
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Outcome:
    read = turnovers * DAYS * int(buffers.value)
    return diagnose(
        RULE,
        a_snapshot(
            table,
            replace(READS, block_read_time_ms=read_ms),
            buffers,
            timing,
            activity=DatabaseActivity(blocks_read=read),
            **({"statistics_age_days": float(DAYS)} | fields),
        ),
        machine=Machine(memory_bytes=memory_bytes),
    )


def test_reports_small_buffers_that_are_turned_over() -> None:
    [finding] = run().findings

    assert finding.key == "small-shared-buffers:shared_buffers"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "shared_buffers is 128 MB of 32 GB of memory, and 10 % of all execution time is spent "
        "reading"
    )
    assert finding.detail == "10 times a day as much is read into them as they hold."
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("shared_buffers", 128 * MiB),
        ("memory", 32 * GiB),
        ("tables and indexes", 100 * GiB),
        ("times a day that the buffers are filled anew", 10.0),
        ("time spent reading", 0.1),
    ]
    [change] = changes(finding)
    assert change.effect is SettingEffect.RESTART
    assert by_hand(finding)[0] == "ALTER SYSTEM SET shared_buffers = '8GB'"


def test_proposes_no_more_than_the_data_take() -> None:
    [finding] = run(table=replace(ORDERS, size_bytes=5 * GiB)).findings

    assert by_hand(finding)[0] == "ALTER SYSTEM SET shared_buffers = '6GB'"


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(read_ms=999.0), id="little-time-for-reads"),
        pytest.param(run(turnovers=9), id="seldom-turned-over"),
        pytest.param(run(table=replace(ORDERS, size_bytes=100 * MiB)), id="a-small-database"),
        pytest.param(run(memory_bytes=853 * MiB), id="15-percent-of-the-memory"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_a_little_less_than_15_percent_is_small() -> None:
    assert len(run(memory_bytes=854 * MiB).findings) == 1


def test_says_why_it_cannot_judge() -> None:
    assert run(memory_bytes=None).reasons == (
        (
            "how much memory the machine has is not said: set memory_bytes in [machine] of "
            "pgadvisor.toml"
        ),
    )
    assert run(timing=replace(TIMING, value="off")).reasons == (
        "track_io_timing is off, so nobody knows what reads take",
    )
    assert diagnose(RULE, a_snapshot(ORDERS, READS)).reasons == (
        "values of shared_buffers are not in the snapshot",
    )
    assert run(statistics_age_days=None).reasons == (
        "nobody knows how long the counters run: pg_stat_database.stats_reset is NULL",
    )
