"""random-uuid-key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import Index, RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_primary_key,
    a_snapshot,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)
from pgadvisor.units import GiB

RULE = "random-uuid-key"
CACHE = Setting(name="shared_buffers", value="131072", unit="8kB")


def orders(default_sql: str | None = "gen_random_uuid()") -> Table:
    return a_table("orders", a_column("id uuid not null", default_sql=default_sql), "at date")


ORDERS = orders()
PRIMARY, CONSTRAINT = a_primary_key(ORDERS, "id")
LARGE = replace(PRIMARY, size_bytes=4 * GiB)
READ = index_activity(LARGE, blocks_read=20, blocks_hit=80)
FILLED = table_activity(ORDERS, rows_inserted=90 * 10_000)


def run(
    *objects: SnapshotPart,
    table: Table = ORDERS,
    index: Index = LARGE,
    **server_fields: object,
) -> Outcome:
    parts = (table, index, CONSTRAINT, CACHE, *(objects or (READ, FILLED)))
    return diagnose(RULE, a_snapshot(*parts, **server_fields))


def test_reports_random_keys_whose_index_does_not_fit() -> None:
    [finding] = run().findings

    assert finding.key == "random-uuid-key:public.orders.id"
    assert finding.summary == (
        "New keys of public.orders.id are random, and its index orders_pkey (4 GB) does not fit "
        "into shared_buffers (1 GB): 20 % of its pages were read"
    )
    assert finding.severity is Severity.INFO
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[1:] == (
        (
            '`ALTER TABLE "public"."orders" ALTER COLUMN "id" SET DEFAULT uuidv7()`, with a lock '
            "timeout; it takes a moment."
        ),
        (
            'The way back is `ALTER TABLE "public"."orders" ALTER COLUMN "id" SET DEFAULT '
            "gen_random_uuid()`."
        ),
    )


def test_before_postgresql_18_somebody_else_has_to_make_the_keys() -> None:
    [finding] = run(version_num=170005, version="17.5").findings

    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[1].startswith("Let the application make UUIDs of version 7")


@pytest.mark.parametrize("default_sql", ["public.uuid_generate_v4()", "uuidv4()"])
def test_knows_what_makes_random_keys(default_sql: str) -> None:
    assert len(run(table=orders(default_sql)).findings) == 1


@pytest.mark.parametrize("default_sql", [None, "uuidv7()", "uuid_generate_v1mc()", "ulid()"])
def test_leaves_alone_other_keys(default_sql: str | None) -> None:
    assert run(table=orders(default_sql)).is_clear


@pytest.mark.parametrize(("size_bytes", "count"), [(GiB, 0), (GiB + 8192, 1)])
def test_asks_for_an_index_that_is_larger_than_the_cache(size_bytes: int, count: int) -> None:
    assert len(run(index=replace(LARGE, size_bytes=size_bytes)).findings) == count


@pytest.mark.parametrize(("read", "hit", "count"), [(5, 95, 1), (4, 95, 0), (0, 0, 0)])
def test_asks_for_pages_that_are_read(read: int, hit: int, count: int) -> None:
    activity = replace(READ, blocks_read=read, blocks_hit=hit)

    assert len(run(activity, FILLED).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(900_000, 1), (899_999, 0)])
def test_asks_for_new_rows(rows: int, count: int) -> None:
    assert len(run(READ, replace(FILLED, rows_inserted=rows)).findings) == count


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(LARGE, access_method="hash"), id="hash"),
        pytest.param(replace(LARGE, is_valid=False), id="invalid"),
        pytest.param(replace(an_index(ORDERS, "at", "id"), oid=LARGE.oid), id="not-leading"),
    ],
)
def test_leaves_alone_indexes_without_such_keys(index: Index) -> None:
    assert run(index=replace(index, size_bytes=4 * GiB)).is_clear


def test_leaves_alone_partitioned_tables() -> None:
    assert run(table=replace(ORDERS, kind=RelationKind.PARTITIONED_TABLE)).is_clear


def test_looks_at_the_largest_index() -> None:
    wide = replace(an_index(ORDERS, "id", "at"), size_bytes=5 * GiB)

    [finding] = run(wide, replace(READ, index_oid=wide.oid), FILLED).findings

    assert "its index orders_id_at_idx (5 GB)" in finding.summary


def test_cannot_judge_without_the_setting() -> None:
    assert diagnose(RULE, a_snapshot(ORDERS)).reasons == (
        "the setting shared_buffers is not in the snapshot",
    )


def test_cannot_judge_by_young_counters() -> None:
    assert run(statistics_age_days=6.9).reasons == (
        "statistics cover 6.9 days, 7 days are needed (since pg_stat_database.stats_reset)",
    )


@given(size_bytes=st.integers(0, GiB))
def test_an_index_that_fits_is_never_reported(size_bytes: int) -> None:
    assert run(index=replace(LARGE, size_bytes=size_bytes)).is_clear
