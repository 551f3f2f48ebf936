"""What an index costs those who write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.choose.write_cost import WRITE_MS_PER_ENTRY, WriteCost
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import IndexKey, RelationKind
from pgadvisor.model.statement import Statement
from pgadvisor.model.statistics import TableActivity
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import (
    SnapshotObject,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    table_activity,
)
from tests.choose.stated import a_weighted

JOBS = a_table("jobs", "id bigint", "stage text", "status text", "note text", "at timestamptz")
OTHER = a_table("other", "id bigint")
INSERT = a_statement("insert into jobs (stage, status) values ($1, $2)")
TOUCH = a_statement("update jobs set status = $1 where id = $2")
EDIT = a_statement("update jobs set note = $1 where id = $2")
DELETE = a_statement("delete from jobs where id = $1")
UPSERT = a_statement(
    "insert into jobs (id, status) values ($1, $2) on conflict (id) do update set status = $2"
)
READ = a_statement("select id from jobs where stage = $1")


def definition(
    *keys: str | IndexKey, include: tuple[str, ...] = (), predicate: str | None = None
) -> IndexDefinition:
    return IndexDefinition(
        table_oid=JOBS.oid,
        schema="public",
        table="jobs",
        keys=tuple(IndexKey(column=key) if isinstance(key, str) else key for key in keys),
        include=include,
        predicate=predicate,
    )


STATUS = definition("status")
STAGE = definition("stage")


def write_cost(
    counters: TableActivity,
    *statements: Statement,
    objects: tuple[SnapshotObject, ...] = (),
    days: float = 1.0,
) -> WriteCost:
    catalog = Catalog(a_snapshot(JOBS, OTHER, counters, *objects, *statements))
    usages = [usage_of(one.id, one.text, catalog) for one in statements]
    weighted = [a_weighted(one.id, calls=one.calls) for one in statements]
    return WriteCost(catalog, usages, days, weighted)


def written(inserted: int = 0, updated: int = 0, hot: int = 0) -> TableActivity:
    return table_activity(JOBS, rows_inserted=inserted, rows_updated=updated, rows_hot_updated=hot)


def call(statement: Statement, rows: float = 1.0) -> WeightedStatement:
    return a_weighted(statement.id, calls=statement.calls, rows=rows)


def test_every_insert_makes_an_entry() -> None:
    assert write_cost(written(inserted=1_000)).entries_per_day(STATUS) == 1_000.0


def test_counters_are_spread_over_the_days_that_they_cover() -> None:
    assert write_cost(written(inserted=1_000), days=4.0).entries_per_day(STATUS) == 250.0


def test_an_update_of_its_column_makes_an_entry() -> None:
    assert write_cost(written(updated=500), TOUCH).entries_per_day(STATUS) == 500.0


def test_an_update_of_another_column_makes_an_entry_unless_it_is_heap_only() -> None:
    one = write_cost(written(updated=500, hot=400), TOUCH)

    assert one.entries_per_day(STAGE) == pytest.approx(100.0)


def test_an_update_that_is_heap_only_no_more_makes_one_in_every_other_index_too() -> None:
    indexes = (*a_primary_key(JOBS, "id")[:1], an_index(JOBS, "stage"))

    one = write_cost(written(updated=500, hot=400), TOUCH, objects=indexes)

    assert one.entries_per_day(STATUS) == 500.0 + 400.0 * 2


def test_updates_are_told_apart_by_the_workload() -> None:
    touch, edit = replace(TOUCH, calls=300), replace(EDIT, calls=100)

    one = write_cost(written(updated=800, hot=400), touch, edit)

    assert one.entries_per_day(STATUS) == 600.0 + 200.0 * 0.5
    assert one.entries_per_day(definition("note")) == 200.0 + 600.0 * 0.5


def test_updates_of_which_the_workload_knows_nothing_are_what_they_seem() -> None:
    assert write_cost(written(updated=500, hot=400)).entries_per_day(STATUS) == pytest.approx(100.0)


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(definition("stage", predicate="status = 'pending'"), id="predicate"),
        pytest.param(definition("stage", include=("status",)), id="include"),
        pytest.param(
            definition(IndexKey(column=None, expression="lower(status)")), id="expression"
        ),
        pytest.param(definition("stage", "status"), id="second-key"),
    ],
)
def test_an_index_may_hold_a_column_in_many_ways(index: IndexDefinition) -> None:
    one = write_cost(written(updated=500, hot=500), TOUCH)

    assert one.entries_per_day(index) == 500.0
    assert one.entries_per_day(STAGE) == 0.0


def test_deletes_make_no_entry() -> None:
    counters = replace(written(), rows_deleted=1_000)

    assert write_cost(counters, DELETE).entries_per_day(STATUS) == 0.0


def test_an_index_on_a_table_that_is_not_there_costs_nothing() -> None:
    elsewhere = replace(STATUS, table_oid=1)

    assert write_cost(written(inserted=5)).entries_per_day(elsewhere) == 0.0


def test_an_index_that_goes_frees_entries_of_inserts_and_of_updates_that_are_not_heap_only() -> (
    None
):
    stage = an_index(JOBS, "stage")

    one = write_cost(written(inserted=1_000, updated=500, hot=400), objects=(stage,))

    assert one.freed_entries_per_day(stage) == 1_100.0


@pytest.mark.parametrize(
    ("statement", "entries"),
    [
        pytest.param(INSERT, 1.0, id="insert"),
        pytest.param(TOUCH, 1.0 + 0.8 * 2, id="update-of-its-column"),
        pytest.param(EDIT, 0.2, id="update-of-another-column"),
        pytest.param(UPSERT, 1.0 + 0.8 * 2, id="insert-or-update"),
        pytest.param(DELETE, 0.0, id="delete"),
        pytest.param(READ, 0.0, id="select"),
    ],
)
def test_what_one_call_pays(statement: Statement, entries: float) -> None:
    indexes = (an_index(JOBS, "id"), an_index(JOBS, "stage"))
    one = write_cost(written(updated=500, hot=400), statement, objects=indexes)

    added_ms = one.added_ms_per_call(call(statement, rows=10.0), STATUS)

    assert added_ms == pytest.approx(10.0 * entries * WRITE_MS_PER_ENTRY)


def test_a_call_that_writes_another_table_pays_nothing() -> None:
    other = a_statement("insert into other (id) select id from jobs where stage = $1")
    one = write_cost(written(), other)

    assert one.targets(call(other)) == {OTHER.oid}
    assert one.added_ms_per_call(call(other), STATUS) == 0.0


def test_tells_what_statements_write() -> None:
    one = write_cost(written(), INSERT, DELETE, READ)

    targets = [one.targets(call(each)) for each in (INSERT, DELETE, READ)]

    assert targets == [{JOBS.oid}, {JOBS.oid}, set()]


def test_writes_to_partitions_are_writes_to_the_whole() -> None:
    whole = replace(JOBS, kind=RelationKind.PARTITIONED_TABLE)
    parts = [
        replace(a_table(f"jobs_{n}", "id bigint"), parent_oids=(JOBS.oid,), is_partition=True)
        for n in (1, 2)
    ]
    counters = [table_activity(part, rows_inserted=100 * n) for n, part in enumerate(parts, 1)]

    one = WriteCost(Catalog(a_snapshot(whole, *parts, *counters)), (), 1.0)

    assert one.entries_per_day(STATUS) == 300.0
