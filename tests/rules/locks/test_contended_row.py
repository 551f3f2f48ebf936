"""contended-row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence
from pgadvisor.model.schema import Table
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    table_activity,
)

RULE = "contended-row"
SHOPS = a_table("shops", "id bigint not null", "name text", "order_count bigint", rows=100)
KEY = a_primary_key(SHOPS, "id")
COUNT = a_statement(
    "update shops set order_count = order_count + 1 where id = $1",
    calls=9_000_000,
    mean_time_ms=30,
    min_time_ms=0.05,
    max_time_ms=2_000.0,
    shared_blocks_hit=9_000_000 * 8,
)


def run(
    statement: Statement = COUNT,
    *objects: SnapshotPart,
    table: Table = SHOPS,
    updated: int = 9_000_000,
) -> Outcome:
    counters = table_activity(table, rows_updated=updated)
    return diagnose(RULE, a_snapshot(table, *KEY, counters, statement, *objects))


def test_reports_updates_that_wait_for_each_other() -> None:
    [finding] = run().findings

    assert finding.key == "contended-row:public.shops"
    assert finding.summary == (
        "An update of one of 100 rows of public.shops takes 30 ms, and 0.05 ms when nothing is in "
        "its way (100 % of all time)"
    )
    assert finding.confidence is Confidence.LOW
    assert finding.statement_ids == (COUNT.id,)
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("updates a day for each row", 1_000),
        ("mean time", 30),
        ("shortest time", 0.05),
        ("longest time", 2_000.0),
        ("blocks touched a call", 8.0),
        ("share of execution time", 1.0),
    ]


def test_names_a_single_row_as_such() -> None:
    [finding] = run(table=replace(SHOPS, rows=1)).findings

    assert finding.summary.startswith("An update of the only row of public.shops takes 30 ms, ")


@pytest.mark.parametrize(("rows", "count"), [(10_000, 1), (10_001, 0)])
def test_cannot_tell_of_a_larger_table(rows: int, count: int) -> None:
    table = replace(SHOPS, rows=rows, size_bytes=0)

    assert len(run(table=table, updated=rows * 90_001).findings) == count


@pytest.mark.parametrize(("updated", "count"), [(9_000_000, 1), (8_999_999, 0)])
def test_asks_for_a_thousand_updates_a_row_and_day(updated: int, count: int) -> None:
    assert len(run(updated=updated).findings) == count


@pytest.mark.parametrize(("mean_time_ms", "count"), [(10.0, 1), (9.99, 0)])
def test_leaves_alone_what_is_fast(mean_time_ms: float, count: int) -> None:
    assert len(run(replace(COUNT, mean_time_ms=mean_time_ms)).findings) == count


@pytest.mark.parametrize(("read_ms", "count"), [(20.0, 1), (20.01, 0)])
def test_leaves_alone_what_waits_for_storage(read_ms: float, count: int) -> None:
    statement = replace(COUNT, block_read_time_ms=read_ms * COUNT.calls)

    assert len(run(statement).findings) == count


@pytest.mark.parametrize(("blocks", "count"), [(200, 1), (201, 0)])
def test_leaves_alone_what_works(blocks: int, count: int) -> None:
    statement = replace(COUNT, shared_blocks_hit=blocks * COUNT.calls)

    assert len(run(statement).findings) == count


@pytest.mark.parametrize(("min_time_ms", "count"), [(1.5, 1), (1.51, 0)])
def test_leaves_alone_what_is_always_slow(min_time_ms: float, count: int) -> None:
    assert len(run(replace(COUNT, min_time_ms=min_time_ms)).findings) == count


@pytest.mark.parametrize(("factor", "count"), [(98, 1), (100, 0)])
def test_leaves_alone_statements_of_no_weight(factor: int, count: int) -> None:
    heavy = a_statement("select 1", calls=COUNT.calls * factor, mean_time_ms=30)

    assert len(run(COUNT, heavy).findings) == count


def test_leaves_alone_other_statements() -> None:
    def with_text(text: str) -> Statement:
        return replace(COUNT, text=text)

    assert run(with_text("update shops set order_count = 0 where name = $1")).is_clear
    assert run(with_text("delete from shops where id = $1")).is_clear
    assert run(with_text("select * from shops where id = $1")).is_clear
    assert run(replace(COUNT, calls=0)).is_clear


def test_says_why_it_cannot_judge() -> None:
    whole = (SHOPS, *KEY, COUNT, table_activity(SHOPS, rows_updated=9_000_000))

    assert diagnose(RULE, a_snapshot(*whole, is_in_recovery=True)).reasons == (
        "this is a standby: its primary counts what is written",
    )
    assert diagnose(RULE, a_snapshot(SHOPS, *KEY, COUNT)).reasons == (
        "the counters of tables are not in the snapshot",
    )
    [reason] = diagnose(RULE, a_snapshot(*whole, statistics_age_days=6)).reasons
    assert reason.startswith("statistics cover 6 days, 7 days are needed")
