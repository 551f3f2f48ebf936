"""stale-statistics."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import AnalyzeTable
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.model.statistics import TableActivity
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    column_statistics,
    diagnose,
    table_activity,
)

RULE = "stale-statistics"
ORDERS = a_table("orders", rows=100_000)
KNOWN = column_statistics(ORDERS, "status")


def run(*objects: SnapshotPart, table: Table = ORDERS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *objects))


def modified(rows: int, table: Table = ORDERS) -> TableActivity:
    return table_activity(table, rows_modified_since_analyze=rows, last_autoanalyze=COLLECTED_AT)


def test_reports_a_table_that_changed_since() -> None:
    [finding] = run(KNOWN, modified(60_000)).findings

    assert finding.key == "stale-statistics:public.orders"
    assert finding.summary == ("60,000 rows of public.orders (60 %) changed since it was analysed")
    assert finding.remedies == (AnalyzeTable(schema="public", table="orders"),)


def test_reports_a_table_that_was_never_analysed() -> None:
    [finding] = run(table_activity(ORDERS)).findings

    assert finding.summary == "public.orders was never analysed"


def test_reports_a_table_without_counters_that_was_never_analysed_by_its_length() -> None:
    # As pg_upgrade leaves them: before PostgreSQL 18 it brings neither statistics nor counters.
    unknown = replace(ORDERS, rows=-1.0, pages=0)

    [finding] = run(table_activity(unknown), table=unknown).findings

    assert finding.summary == "public.orders was never analysed"
    assert run(table_activity(unknown), table=replace(unknown, size_bytes=8_192)).is_clear


@pytest.mark.parametrize(("rows", "count"), [(19_999, 0), (20_000, 1)])
def test_asks_for_a_fifth_of_the_rows(rows: int, count: int) -> None:
    assert len(run(KNOWN, modified(rows)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(9_999, 0), (10_000, 1)])
def test_asks_for_ten_thousand_rows(rows: int, count: int) -> None:
    table = replace(ORDERS, rows=rows, size_bytes=0)

    assert len(run(KNOWN, modified(rows, table), table=table).findings) == count


def test_leaves_a_table_alone_whose_counters_were_lost() -> None:
    assert run(KNOWN, table_activity(ORDERS)).is_clear


def test_leaves_a_table_alone_that_did_not_change() -> None:
    assert run(KNOWN, modified(0)).is_clear


def test_does_not_say_never_where_the_statistics_may_not_be_read() -> None:
    denied = Unavailable(what="pg_stats of 1 table", reason="permission denied")

    assert run(table_activity(ORDERS), denied).is_clear


def test_says_never_where_not_even_a_count_of_rows_is_there() -> None:
    denied = Unavailable(what="pg_stats of 1 table", reason="permission denied")

    [finding] = run(denied, table=replace(ORDERS, rows=-1.0, pages=0)).findings

    assert finding.summary == "public.orders was never analysed"
    counted = replace(table_activity(ORDERS), live_rows=50_000)
    assert len(run(denied, counted, table=replace(ORDERS, rows=-1.0)).findings) == 1


def test_says_where_autovacuum_is_switched_off() -> None:
    table = replace(ORDERS, options=("autovacuum_enabled=off",))
    off = Setting(name="autovacuum", value="off")

    assert run(KNOWN, modified(60_000, table), table=table).findings[0].detail == (
        "Autovacuum is switched off for public.orders."
    )
    assert run(KNOWN, modified(60_000), off).findings[0].detail == (
        "Autovacuum is switched off for the whole server."
    )


def partitioned(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(PARENT, PARTS, *objects))


PARENT = a_table("events", rows=-1.0, kind=RelationKind.PARTITIONED_TABLE, size_bytes=0)
PARTS = tuple(
    a_table(f"events_{n}", rows=100_000, parent_oids=(PARENT.oid,), is_partition=True)
    for n in (1, 2)
)
WHOLE = column_statistics(PARENT, "status", is_inherited=True)
OF_PARTS = tuple(column_statistics(part, "status") for part in PARTS)


def test_analyses_only_the_partitions_that_are_stale() -> None:
    [finding] = partitioned(WHOLE, OF_PARTS, modified(50_000, PARTS[1])).findings

    assert finding.subject == "public.events"
    assert finding.remedies == (AnalyzeTable(schema="public", table="events_2"),)


def test_reports_a_partitioned_table_that_was_never_analysed_as_a_whole() -> None:
    [finding] = partitioned(OF_PARTS).findings

    assert finding.summary == (
        "public.events was never analysed as a whole: there are no statistics across partitions"
    )
    assert finding.remedies == (AnalyzeTable(schema="public", table="events"),)


def test_is_content_with_fresh_partitions() -> None:
    assert partitioned(WHOLE, OF_PARTS).is_clear


def test_reports_a_small_table_that_has_grown() -> None:
    grown = replace(ORDERS, rows=100.0, pages=2)

    assert len(run(KNOWN, modified(900_000, grown), table=grown).findings) == 1


def test_does_not_take_a_counter_that_began_anew_for_the_size_of_the_table() -> None:
    counters = replace(modified(19_999), live_rows=19_999)

    assert run(KNOWN, counters).is_clear


@given(known=st.integers(1, 10**9), rows=st.integers(0, 10**9))
def test_fires_exactly_from_the_limit_on(known: int, rows: int) -> None:
    table = replace(ORDERS, rows=float(known), size_bytes=0)

    found = run(KNOWN, modified(rows, table), table=table).findings

    assert bool(found) == (known >= 10_000 and rows >= 0.2 * known)
