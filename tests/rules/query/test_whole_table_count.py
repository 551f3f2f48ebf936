"""whole-table-count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "whole-table-count"
EVENTS = a_table("events", "id bigint not null", "kind text", rows=50_000_000)
USERS = a_table("users", "id bigint not null")
COUNT = a_statement("select count(*) from events", calls=9_000, mean_time_ms=4_000.0)


def run(*objects: SnapshotPart, table: Table = EVENTS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, USERS, *objects))


def test_reports_a_count_of_all_rows() -> None:
    [finding] = run(COUNT).findings

    assert finding.key == "whole-table-count:public.events"
    assert finding.summary == (
        "All 50,000,000 rows of public.events are counted 100 times a day (100 % of all time)"
    )
    assert finding.detail == "A count takes 4 s on average."
    assert finding.severity is Severity.WARNING
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert (
        "`SELECT reltuples::bigint FROM pg_class "
        'WHERE oid = \'"public"."events"\'::regclass`' in action.steps[0]
    )
    assert (
        '`SELECT count(*) FROM (SELECT FROM "public"."events" LIMIT 10001) AS counted`'
        in action.steps[1]
    )


def test_adds_up_the_estimates_of_partitions() -> None:
    parent = a_table("events", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    part = a_table("events_1", rows=50_000_000, parent_oids=(parent.oid,), is_partition=True)

    [finding] = run(part, COUNT, table=parent).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "sum(c.reltuples)" in action.steps[0]
    assert 'pg_partition_tree(\'"public"."events"\'::regclass)' in action.steps[0]


def test_takes_all_counts_of_a_table_together() -> None:
    other = a_statement("select count($1) from events", calls=1, mean_time_ms=5_000.0)

    [finding] = run(COUNT, other).findings

    assert finding.statement_ids == (COUNT.id, other.id)


@pytest.mark.parametrize(
    "text",
    [
        "select count(*) as n from public.events e",
        "select pg_catalog.count(*) from events",
        "select count(*) from (select 1 from events) s",
        "select count(*) from (select * from events) s",
        "select count(*) from (select * from events order by id) s",
    ],
)
def test_sees_through_what_is_written_around_it(text: str) -> None:
    assert len(run(replace(COUNT, text=text)).findings) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select count(*) from events where kind = $1", id="condition"),
        pytest.param("select count(*) from events where lower(kind) = $1", id="expression"),
        pytest.param("select kind, count(*) from events group by kind", id="groups"),
        pytest.param("select count(distinct kind) from events", id="distinct"),
        pytest.param("select count(kind) from events", id="not-null-values"),
        pytest.param("select count(*), max(id) from events", id="more-than-a-count"),
        pytest.param("select count(*) from (select 1 from events limit $1) s", id="bounded"),
        pytest.param("select count(*) from events, users", id="joined"),
        pytest.param("select count(*) from events, elsewhere", id="unknown-table"),
        pytest.param("select max(id) from events", id="no-count"),
        pytest.param("select count(*) from events tablesample system ($1)", id="sample"),
        pytest.param("select count(*) filter (where kind = $1) from events", id="filter"),
        pytest.param("insert into users select count(*) from events", id="writes"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(replace(COUNT, text=text)).is_clear


def test_leaves_a_window_function_alone() -> None:
    window = replace(COUNT, text="select count(*) over () from events", rows=9_001)

    assert run(window).is_clear


def test_leaves_tables_alone_of_which_each_role_sees_other_rows() -> None:
    assert run(COUNT, table=replace(EVENTS, has_row_security=True)).is_clear


@pytest.mark.parametrize(("rows", "count"), [(10_000_000, 1), (9_999_999, 0)])
def test_asks_for_ten_million_rows(rows: int, count: int) -> None:
    table = replace(EVENTS, rows=float(rows), size_bytes=0)

    assert len(run(COUNT, table=table).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(99.0, 1), (99.1, 0)])
def test_asks_for_one_percent_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(replace(COUNT, total_time_ms=1.0), other).findings) == count


@pytest.mark.parametrize(
    ("age", "calls", "said"),
    [
        (90.0, 90, "are counted about once a day"),
        (90.0, 180, "are counted 2 times a day"),
        (None, 90, "are counted again and again"),
    ],
)
def test_says_how_often(age: float | None, calls: int, said: str) -> None:
    snapshot = a_snapshot(EVENTS, replace(COUNT, calls=calls, rows=1), statistics_age_days=age)

    [finding] = diagnose(RULE, snapshot).findings

    assert said in finding.summary


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
