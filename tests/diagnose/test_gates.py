"""Whether the statistics can carry a judgement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.config import GateLimits
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.model.gates import Gate, GateState
from pgadvisor.model.server import StatementsInfo
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import (
    COLLECTED_AT,
    a_server,
    a_snapshot,
    a_statement,
    a_table,
    table_activity,
)

LIMITS = GateLimits()


def gate(snapshot: Snapshot, gate_id: str, limits: GateLimits = LIMITS) -> Gate:
    return evaluate_gates(snapshot, limits).gate(gate_id)


def statements_info() -> StatementsInfo:
    info = a_server().statements_info
    assert info is not None
    return info


@pytest.mark.parametrize(
    ("gate_id", "days", "state"),
    [
        ("usage-window", 7.0, GateState.OPEN),
        ("usage-window", 6.9, GateState.CLOSED),
        ("drop-window", 35.0, GateState.OPEN),
        ("drop-window", 34.9, GateState.CLOSED),
    ],
)
def test_windows_open_at_their_limits(gate_id: str, days: float, state: GateState) -> None:
    assert gate(a_snapshot(statistics_age_days=days), gate_id).state is state


def test_says_how_much_is_missing() -> None:
    found = gate(a_snapshot(statistics_age_days=12.4), "drop-window")

    assert found.detail == (
        "statistics cover 12.4 days, 35 days are needed (since pg_stat_database.stats_reset)"
    )
    assert found.value == pytest.approx(12.4)
    assert found.limit == 35.0


def test_marks_a_limit_below_the_default() -> None:
    limits = GateLimits(drop_window_days=0.0001)
    snapshot = a_snapshot(statistics_age_days=20 / 86_400)

    found = gate(snapshot, "drop-window", limits)

    assert found.state is GateState.OPEN
    assert found.is_limit_lowered
    assert found.detail == "statistics cover 20 s (since pg_stat_database.stats_reset)"
    assert not gate(snapshot, "usage-window", limits).is_limit_lowered


@pytest.mark.parametrize("gate_id", ["usage-window", "drop-window"])
def test_an_unknown_reset_is_unknown(gate_id: str) -> None:
    found = gate(a_snapshot(statistics_age_days=None), gate_id)

    assert found.state is GateState.UNKNOWN
    assert found.value is None


def test_a_time_on_record_bounds_an_unknown_reset_from_below() -> None:
    table = a_table()
    seen = table_activity(table, last_autoanalyze=COLLECTED_AT - timedelta(days=40))

    found = gate(a_snapshot(table, seen, statistics_age_days=None), "drop-window")

    assert found.state is GateState.OPEN
    assert found.detail.startswith("statistics cover at least 40 days")


def test_statements_that_were_reset_later_close_the_window_for_drops() -> None:
    info = replace(statements_info(), reset_at=COLLECTED_AT - timedelta(days=3))
    snapshot = a_snapshot(statements_info=info)

    assert gate(snapshot, "drop-window").state is GateState.CLOSED
    assert gate(snapshot, "usage-window").state is GateState.OPEN


def test_the_tables_window_counts_where_there_are_no_statements() -> None:
    assert gate(a_snapshot(statements_info=None), "drop-window").state is GateState.OPEN


@pytest.mark.parametrize(
    ("deallocations", "state"),
    [(18, GateState.OPEN), (19, GateState.CLOSED), (None, GateState.UNKNOWN)],
)
def test_eviction_of_a_percent_a_day_is_too_much(
    deallocations: int | None, state: GateState
) -> None:
    info = replace(statements_info(), deallocations=deallocations)

    # Each time a twentieth of the entries goes: 18 times in 90 days are a percent a day.
    assert gate(a_snapshot(statements_info=info), "eviction").state is state


@pytest.mark.parametrize(
    ("count", "state"),
    [(0, GateState.OPEN), (2, GateState.CLOSED), (None, GateState.UNKNOWN)],
)
def test_standbys_close_the_topology(count: int | None, state: GateState) -> None:
    assert gate(a_snapshot(streaming_replica_count=count), "topology").state is state


def test_a_standby_is_no_place_to_judge_from() -> None:
    assert gate(a_snapshot(is_in_recovery=True), "topology").state is GateState.CLOSED


def test_statements_are_there_or_not() -> None:
    statement = a_statement("select 1")

    assert gate(a_snapshot(statement), "statements").detail == "1 statement is known"
    assert gate(a_snapshot(), "statements").state is GateState.CLOSED
    without = gate(a_snapshot(statements_info=None), "statements")
    assert without.detail.startswith("pg_stat_statements is not usable")
    given = gate(a_snapshot(statement, statements_info=None), "statements")
    assert given.state is GateState.OPEN


def test_statements_that_are_not_tracked_do_not_count() -> None:
    info = replace(statements_info(), track="none")

    found = gate(a_snapshot(a_statement("select 1"), statements_info=info), "statements")

    assert found.state is GateState.CLOSED
