"""Differences of any counters, and that no counter of the model is forgotten."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.history.delta import delta
from pgadvisor.model.counters import (
    INDEX_COUNTERS,
    SERVER_COUNTERS,
    STATEMENT_COUNTERS,
    TABLE_COUNTERS,
)
from pgadvisor.model.server import DatabaseActivity, Server, StatementsInfo
from pgadvisor.model.server_counters import LookupActivity, WalActivity, WriteActivity
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.model.statistics import IndexActivity, TableActivity
from pgadvisor.model.window import counter_window
from pgadvisor.testing import (
    a_snapshot,
    a_statement,
    index_activity,
    table_activity,
)
from tests.history.moments import (
    INDEX,
    ORDERS,
    TEXT,
    days_ago,
    info_of,
)

# -- for any counters --------------------------------------------------------------------------

COUNTS = st.integers(0, 1_000)


@st.composite
def activities(draw: st.DrawFn) -> tuple[TableActivity, IndexActivity, DatabaseActivity, Statement]:
    statement = a_statement(TEXT, calls=draw(COUNTS), mean_time_ms=1.0)
    numbers: dict[str, Any] = {
        name: draw(COUNTS if isinstance(getattr(statement, name), int) else st.floats(0, 1e6))
        for name in STATEMENT_COUNTERS
    }
    return (
        table_activity(ORDERS, **{name: draw(COUNTS) for name in TABLE_COUNTERS}),
        index_activity(INDEX, **{name: draw(COUNTS) for name in INDEX_COUNTERS}),
        DatabaseActivity(**{name: draw(COUNTS) for name in SERVER_COUNTERS["activity"]}),
        replace(statement, **numbers),
    )


def built(
    parts: tuple[TableActivity, IndexActivity, DatabaseActivity, Statement],
    days: float,
    reset_at: datetime | None,
) -> Snapshot:
    table, index, activity, statement = parts
    snapshot = a_snapshot(
        *(ORDERS, INDEX, table, index, statement),
        collected_at=days_ago(days),
        statistics_reset_at=reset_at,
        activity=activity,
        system_identifier="7",
    )
    return info_of(snapshot, reset_at=reset_at)


def figures(snapshot: Snapshot) -> dict[str, float]:
    found: dict[str, float] = {}
    for kind, rows, names in (
        ("table", snapshot.table_activity, TABLE_COUNTERS),
        ("index", snapshot.index_activity, INDEX_COUNTERS),
        ("statement", tuple(snapshot.statements), STATEMENT_COUNTERS),
        ("server", (snapshot.server.activity,), SERVER_COUNTERS["activity"]),
    ):
        for row in rows:
            found |= {f"{kind} {name}": getattr(row, name) for name in names}
    return found


RESETS = st.sampled_from([days_ago(90), days_ago(5), None])


@given(old=activities(), new=activities(), reset_at=RESETS)
def test_no_figure_is_negative_or_more_than_the_later_one(
    old: tuple[Any, ...], new: tuple[Any, ...], reset_at: datetime | None
) -> None:
    later = built(new, 0, reset_at)

    made = delta(later, built(old, 40, days_ago(90)))

    now = figures(later)
    assert all(0 <= value <= now[name] for name, value in figures(made).items())
    for statement in made.statements:
        assert statement.stddev_time_ms >= 0
        assert statement.min_time_ms <= statement.mean_time_ms <= statement.max_time_ms


@given(old=activities(), between=activities())
def test_what_goes_on_is_told_exactly(old: tuple[Any, ...], between: tuple[Any, ...]) -> None:
    earlier = built(old, 40, days_ago(90))
    added = built(between, 0, days_ago(90))
    names = (TABLE_COUNTERS, INDEX_COUNTERS, SERVER_COUNTERS["activity"], STATEMENT_COUNTERS)
    sums = tuple(
        replace(one, **{name: getattr(one, name) + getattr(two, name) for name in counters})
        for one, two, counters in zip(old, between, names, strict=True)
    )

    made = delta(built(sums, 0, days_ago(90)), earlier)

    told, counted = figures(made), figures(added)
    if not len(made.statements):
        assert between[3].calls == 0
        counted = {name: value for name, value in counted.items() if "statement" not in name}
    assert told == pytest.approx(counted, rel=1e-6, abs=1e-3)


@given(old=activities(), since=activities())
def test_a_reset_never_tells_what_was_before(old: tuple[Any, ...], since: tuple[Any, ...]) -> None:
    earlier = built(old, 40, days_ago(90))
    later = built(since, 0, days_ago(5))

    made = delta(later, earlier)

    # All that the later one has was counted after the reset; the window never reaches further.
    days = counter_window(made).days
    assert days is None or days == pytest.approx(5)
    told, counted = figures(made), figures(later)
    assert all(value <= counted[name] for name, value in told.items())


# -- nothing is forgotten ----------------------------------------------------------------------

GAUGES = {
    TableActivity: {
        *("table_oid", "live_rows", "dead_rows", "rows_modified_since_analyze"),
        *("rows_inserted_since_vacuum", "last_vacuum", "last_autovacuum"),
        *("last_analyze", "last_autoanalyze"),
        *("toast_live_rows", "toast_dead_rows", "toast_last_vacuum"),
    },
    IndexActivity: {"index_oid", "last_scan"},
    DatabaseActivity: {"backends"},
    WriteActivity: {"reset_at"},
    WalActivity: {"reset_at"},
    LookupActivity: {"reset_at"},
    Statement: {
        *("id", "text", "source", "fingerprint", "roles", "is_top_level", "since", "weight"),
        *("mean_time_ms", "min_time_ms", "max_time_ms", "stddev_time_ms"),
    },
}
COUNTERS = {
    TableActivity: TABLE_COUNTERS,
    IndexActivity: INDEX_COUNTERS,
    DatabaseActivity: SERVER_COUNTERS["activity"],
    WriteActivity: SERVER_COUNTERS["write_activity"],
    WalActivity: SERVER_COUNTERS["wal_activity"],
    LookupActivity: SERVER_COUNTERS["lookup_activity"],
    Statement: STATEMENT_COUNTERS,
}


@pytest.mark.parametrize("kind", COUNTERS, ids=lambda kind: kind.__name__)
def test_every_field_is_a_counter_or_is_known_to_be_none(kind: type[Any]) -> None:
    counters = set(COUNTERS[kind])

    assert counters.isdisjoint(GAUGES[kind])
    assert counters | GAUGES[kind] == {field.name for field in fields(kind)}


def test_every_part_of_the_server_that_counts_is_known() -> None:
    parts = {field.name for field in fields(Server) if "Activity" in str(field.type)}

    assert parts == set(SERVER_COUNTERS)
    assert "deallocations" in {field.name for field in fields(StatementsInfo)}
