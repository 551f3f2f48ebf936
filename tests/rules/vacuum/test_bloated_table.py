"""bloated-table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Provenance
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Extension
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_snapshot,
    a_table,
    column_statistics,
    diagnose,
    table_activity,
)
from pgadvisor.units import GiB

RULE = "bloated-table"
# Rows of 24 + 16 bytes and a line pointer: 185 fit on a page, and they need 1,055 MiB.
ROWS = 25_000_000
PACKED = 135_136 * 8192
EVENTS = a_table("events", "id bigint not null", "at timestamptz not null", rows=ROWS)


def statistics_of(table: Table) -> tuple[ColumnStatistics, ...]:
    return tuple(column_statistics(table, column.name) for column in table.columns)


def sized(size_bytes: int, **fields: object) -> Table:
    return replace(EVENTS, size_bytes=size_bytes, pages=size_bytes // 8192, **fields)  # type: ignore[arg-type]  # fields by their names


BLOATED = sized(3 * GiB)


def run(table: Table, *objects: SnapshotPart, **counters: int) -> Outcome:
    activity = table_activity(table, **counters)
    return diagnose(RULE, a_snapshot(table, activity, *statistics_of(table), *objects))


def test_reports_a_table_that_is_mostly_free_space() -> None:
    [finding] = run(BLOATED, dead_rows=5, rows_updated=7, rows_deleted=2).findings

    assert finding.key == "bloated-table:public.events"
    assert finding.summary == "public.events takes 3 GB, and its rows would fit into 1.03 GB"
    assert finding.impact.freed_bytes == 3 * GiB - PACKED
    assert finding.provenance is Provenance.ESTIMATED
    assert finding.confidence is Confidence.MEDIUM
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("size", 3 * GiB),
        ("what its rows need", PACKED),
        ("rows", ROWS),
        ("free", "65.6 %"),
        ("dead rows now", 5),
        ("rows updated and deleted", 9),
    ]
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "`pg_repack --table=public.events`" in steps.steps[2]


def test_takes_the_tool_that_is_there() -> None:
    [finding] = run(BLOATED, Extension(name="pg_squeeze", version="1.8", schema="squeeze")).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "squeeze.squeeze_table('public', 'events')" in steps.steps[2]


@pytest.mark.parametrize(("size_bytes", "count"), [(PACKED + GiB, 1), (PACKED + GiB - 8192, 0)])
def test_asks_for_a_gigabyte(size_bytes: int, count: int) -> None:
    assert len(run(sized(size_bytes)).findings) == count


@pytest.mark.parametrize(("pages", "count"), [(1_000_000, 1), (999_999, 0)])
def test_asks_for_two_fifths(pages: int, count: int) -> None:
    table = replace(sized(pages * 8192), rows=600_000 * 185)

    assert len(run(table).findings) == count


def test_a_fillfactor_is_no_waste() -> None:
    assert run(replace(BLOATED, options=("fillfactor=50",))).is_clear


def test_leaves_alone_what_growth_fills_within_three_months() -> None:
    wasted_rows = (3 * GiB - PACKED) * ROWS / PACKED

    assert run(BLOATED, rows_inserted=int(wasted_rows) + 10, rows_deleted=1).is_clear
    assert len(run(BLOATED, rows_inserted=int(wasted_rows), rows_deleted=1).findings) == 1


def test_says_that_a_dropped_column_may_be_it() -> None:
    table = replace(BLOATED, columns=(EVENTS.columns[0], replace(EVENTS.columns[1], number=3)))

    outcome = run(table)

    assert outcome.findings == ()
    assert outcome.reasons == (
        (
            "whether it is bloated is not known: 1 column was dropped, and rows from before still "
            "hold what was in them"
        ),
    )


@pytest.mark.parametrize(("modified", "count"), [(5_000_000, 1), (5_000_001, 0)])
def test_does_not_judge_by_statistics_that_are_stale(modified: int, count: int) -> None:
    outcome = run(BLOATED, rows_modified_since_analyze=modified)

    assert len(outcome.findings) == count
    assert len(outcome.skipped) == 1 - count


def test_says_which_columns_have_no_statistics() -> None:
    activity = table_activity(BLOATED)

    outcome = diagnose(RULE, a_snapshot(BLOATED, activity, column_statistics(BLOATED, "id")))

    assert outcome.reasons == ("what its rows need is not known: no statistics of at",)


def test_a_virtual_column_needs_none() -> None:
    virtual = a_column("day date", number=3, generated="v", default_sql="at::date")
    table = replace(BLOATED, columns=(*BLOATED.columns, virtual))
    known = statistics_of(BLOATED)

    assert len(diagnose(RULE, a_snapshot(table, table_activity(table), *known)).findings) == 1


def test_looks_at_partitions_one_by_one() -> None:
    parent = a_table("log", *("id bigint not null", "at timestamptz not null"), rows=0)
    parent = replace(parent, kind=RelationKind.PARTITIONED_TABLE)
    part = replace(BLOATED, parent_oids=(parent.oid,), is_partition=True)

    assert [f.subject for f in run(part, parent).findings] == ["public.events"]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(BLOATED, is_extension_member=True), id="extension"),
        pytest.param(replace(BLOATED, persistence="t"), id="temporary"),
        pytest.param(replace(BLOATED, rows=-1.0), id="never-analysed"),
        pytest.param(replace(BLOATED, kind=RelationKind.MATERIALIZED_VIEW), id="materialised"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(table).is_clear


def test_is_skipped_without_counters() -> None:
    assert diagnose(RULE, a_snapshot(BLOATED)).reasons == (
        "the counters of tables are not in the snapshot",
    )
