"""unindexed-pattern-search."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Provenance, Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Extension
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    column_statistics,
    diagnose,
)

RULE = "unindexed-pattern-search"
USERS = a_table(
    "users", "id bigint not null", "tenant_id bigint", "name text", "code varchar", rows=100_000
)
FIND = a_statement("select id from users where name like $1", calls=100, rows=500)


def run(*objects: SnapshotPart, table: Table = USERS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *(objects or (FIND,))))


def of(condition: str) -> Outcome:
    return run(replace(FIND, text=f"select id from users where {condition}"))


def steps(outcome: Outcome) -> tuple[str, ...]:
    [finding] = outcome.findings
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    return action.steps


def test_reports_a_pattern_that_is_looked_for_in_every_row() -> None:
    [finding] = run(FIND, column_statistics(USERS, "name", average_width_bytes=30)).findings

    assert finding.key == "unindexed-pattern-search:public.users.name"
    assert finding.summary == (
        "name of 100,000 rows of public.users is searched for a pattern row by row: 50 ms a call, "
        "100 % of all time"
    )
    assert finding.severity is Severity.WARNING
    assert finding.provenance is Provenance.ESTIMATED
    assert finding.confidence is Confidence.MEDIUM
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0].startswith("`CREATE EXTENSION pg_trgm`")
    assert action.steps[1] == (
        '`CREATE INDEX CONCURRENTLY ON "public"."users" USING gin ("name" gin_trgm_ops)`; the text '
        "that it is over takes 2.86 MB."
    )


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ("name ilike $1", '"name"'),
        ("name ~ $1", '"name"'),
        ("name ~* 'son(s|ny)'", '"name"'),
        ("name like '%son%'", '"name"'),
        ("code like '%a12%'", '"code"'),
        ("lower(name) like $1", "(lower(name))"),
        ("upper(name) like upper($1)", "(upper(name))"),
    ],
)
def test_indexes_what_is_searched(condition: str, key: str) -> None:
    assert f"USING gin ({key} gin_trgm_ops)" in steps(of(condition))[1]


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("name like 'son%'", id="a-beginning"),
        pytest.param("name ~ '^son'", id="a-beginning-by-expression"),
        pytest.param("name like '%so%'", id="two-letters"),
        pytest.param("name not like $1", id="not"),
        pytest.param("name like $1 or id = $2", id="below-or"),
        pytest.param("id = $2 and name like $1 and tenant_id = $3", id="not-by-key"),
        pytest.param("name = $1", id="equality"),
        pytest.param("id::text like $1", id="a-number"),
    ],
)
def test_leaves_alone(condition: str) -> None:
    find = replace(FIND, text=f"select id from users where {condition}")

    assert run(find, a_primary_key(USERS, "id")).is_clear


def test_leaves_databases_alone_that_have_trigrams() -> None:
    assert run(FIND, Extension(name="pg_trgm", version="1.6", schema="public")).is_clear


def test_rows_one_too_few_are_read_fast_enough() -> None:
    assert run(table=replace(USERS, rows=99_999, size_bytes=0)).is_clear


def test_leaves_alone_a_search_among_few_rows() -> None:
    find = replace(FIND, text="select id from users where tenant_id = $2 and name like $1")

    assert run(find, column_statistics(USERS, "tenant_id", n_distinct=2)).is_clear
    assert len(run(find, column_statistics(USERS, "tenant_id", n_distinct=1)).findings) == 1


@pytest.mark.parametrize(("n_distinct", "count"), [(1_000, 1), (999, 0), (-1, 1)])
def test_asks_for_many_different_texts(n_distinct: float, count: int) -> None:
    known = column_statistics(USERS, "name", n_distinct=n_distinct)

    assert len(run(FIND, known).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(1_000_000, 1), (1_000_001, 0)])
def test_leaves_alone_what_finds_more_than_a_tenth(rows: int, count: int) -> None:
    assert len(run(replace(FIND, rows=rows)).findings) == count


@pytest.mark.parametrize(("mean_time_ms", "count"), [(20.0, 1), (19.9, 0)])
def test_leaves_alone_what_is_fast(mean_time_ms: float, count: int) -> None:
    assert len(run(replace(FIND, mean_time_ms=mean_time_ms)).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(199.0, 1), (201.0, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(replace(FIND, total_time_ms=1.0), other).findings) == count


def test_takes_statements_on_one_column_together() -> None:
    other = a_statement("select count(*) from users where name ilike $1", calls=9, rows=9)

    [finding] = run(FIND, other).findings

    assert set(finding.statement_ids) == {FIND.id, other.id}


def test_builds_a_partitioned_one_part_by_part() -> None:
    parent = replace(USERS, kind=RelationKind.PARTITIONED_TABLE, rows=0, size_bytes=0)
    part = replace(
        USERS, oid=USERS.oid + 1, name="users_1", parent_oids=(parent.oid,), is_partition=True
    )

    assert "Build it on each partition, and attach it." in steps(run(FIND, part, table=parent))


@given(st.lists(st.sampled_from(["%", "ab%", "a_", "^", "$"]), max_size=5).map("".join))
def test_never_speaks_of_a_pattern_without_three_letters(pattern: str) -> None:
    assert of(f"name like '%{pattern}'").is_clear


def test_cannot_judge_without_statements() -> None:
    assert diagnose(RULE, a_snapshot(USERS)).reasons == (
        "no statement was recorded, and no workload files were given",
    )
