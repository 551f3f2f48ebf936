"""How long the server has been counting."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pgadvisor.model.earlier import Continuity, EarlierSnapshot
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.window import counter_window, statement_window
from pgadvisor.testing import (
    COLLECTED_AT,
    a_snapshot,
    a_table,
    an_index,
    index_activity,
    table_activity,
)

ORDERS = a_table("orders")
INDEX = an_index(ORDERS, "id")


def days_ago(days: float) -> datetime:
    return COLLECTED_AT - timedelta(days=days)


def before_14(snapshot: Snapshot) -> Snapshot:
    """As from a server whose pg_stat_statements does not say when it was reset."""
    info = snapshot.server.statements_info
    assert info is not None
    server = replace(snapshot.server, statements_info=replace(info, reset_at=None))
    return replace(snapshot, server=server)


def test_counters_cover_the_time_since_they_were_reset() -> None:
    window = counter_window(a_snapshot(statistics_age_days=12.5))

    assert window.days == pytest.approx(12.5)
    assert not window.is_lower_bound


def test_a_reset_in_the_future_is_no_time() -> None:
    assert counter_window(a_snapshot(statistics_age_days=-3.0)).days == 0.0


def test_the_oldest_event_proves_that_counters_are_as_old() -> None:
    snapshot = a_snapshot(
        ORDERS,
        INDEX,
        table_activity(ORDERS, last_vacuum=days_ago(5), last_autoanalyze=days_ago(20)),
        index_activity(INDEX, last_scan=days_ago(9)),
        statistics_age_days=None,
    )

    window = counter_window(snapshot)

    assert window.days == pytest.approx(20)
    assert window.is_lower_bound


def test_without_a_reset_and_an_event_nobody_knows() -> None:
    snapshot = a_snapshot(ORDERS, table_activity(ORDERS), statistics_age_days=None)

    assert counter_window(snapshot).days is None


def test_statements_have_a_window_of_their_own() -> None:
    snapshot = a_snapshot(statistics_age_days=40)

    assert statement_window(snapshot).days == pytest.approx(40)
    assert "pg_stat_statements_info" in statement_window(snapshot).note


def test_before_14_statements_take_the_window_of_the_tables() -> None:
    window = statement_window(before_14(a_snapshot(statistics_age_days=3)))

    assert window.days == pytest.approx(3)
    assert "before PostgreSQL 14" in window.note


def test_without_statements_there_is_no_window() -> None:
    assert statement_window(a_snapshot(statements_info=None)).days is None


def test_statements_that_no_crash_has_emptied_prove_that_counters_are_as_old() -> None:
    snapshot = a_snapshot(statistics_age_days=None)
    info = snapshot.server.statements_info
    assert info is not None
    server = replace(snapshot.server, statements_info=replace(info, reset_at=days_ago(50)))

    window = counter_window(replace(snapshot, server=server))

    assert window.days == pytest.approx(50)
    assert window.is_lower_bound
    assert window.note == (
        "stats_reset is NULL; pg_stat_statements, which a crash would have emptied as well, is as "
        "old"
    )


@pytest.mark.parametrize(
    ("statements", "days"), [(Continuity.RESET, 12), (Continuity.CONTINUED, None)]
)
def test_after_a_crash_only_a_reset_of_the_statements_tells_when_it_was(
    statements: Continuity, days: float | None
) -> None:
    snapshot = a_snapshot(statistics_age_days=None)
    info = snapshot.server.statements_info
    assert info is not None
    server = replace(snapshot.server, statements_info=replace(info, reset_at=days_ago(12)))
    earlier = EarlierSnapshot(
        collected_at=days_ago(40), counters=Continuity.LOST, statements=statements
    )

    window = counter_window(replace(snapshot, server=server, earlier=earlier))

    assert window.days == (None if days is None else pytest.approx(days))
