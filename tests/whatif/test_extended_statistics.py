"""Extended statistics reach the twin value for value, and it plans by them like the original."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, cast

import psycopg
import pytest

from pgadvisor.cluster.binaries import Binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.snapshotfile import redact
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database
from tests.whatif.correlated import KINDS, OBJECTS, STATEMENTS, fill
from tests.whatif.original import cost_error, original_plan

pytestmark = pytest.mark.live

SAME = 0.0001
VALUES = "select * from pg_stats_ext order by statistics_schemaname, statistics_name, {inherited}"
EXPRESSIONS = (
    "select * from pg_stats_ext_exprs"
    " order by statistics_schemaname, statistics_name, expr, {inherited}"
)
GROUP = re.compile(r'"([^"]+)": ([0-9.]+)')

Row = dict[str, object]


def rows_of(connection: psycopg.Connection[Any], view: str) -> list[Row]:
    """The rows of a view.

    Columns are told by their names, since their numbers and their order may differ: those of
    dropped columns are missing in the twin, and a partition's columns have their parent's order.
    """
    major = connection.info.server_version // 10_000
    cursor = connection.execute(view.format(inherited="inherited" if major >= 15 else "1").encode())
    columns = [column.name for column in cursor.description or ()]
    found = []
    for values in cursor.fetchall():
        row: Row = dict(zip(columns, values, strict=True))
        del row["statistics_owner"]
        found.append(by_name(connection, row) if "attnames" in row else row)
    return found


def by_name(connection: psycopg.Connection[Any], row: Row) -> Row:
    numbers = dict(
        connection.execute(
            "select attnum::text, attname from pg_attribute where attnum > 0"
            " and attrelid = format('%%I.%%I', %s::text, %s::text)::regclass",
            (row["schemaname"], row["tablename"]),
        ).fetchall()
    )

    def named(text: object) -> object:
        groups = {}
        for members, value in GROUP.findall(str(text)):
            *others, last = re.split(", | => ", members)
            names = [numbers.get(number, number) for number in (*others, last)]
            is_directed = "=>" in members
            groups[frozenset(names), names[-1] if is_directed else ""] = float(value)
        return groups or text

    attributes: Any = row["attnames"] or ()
    parts = (*attributes, *(cast("Any", row.get("exprs")) or ()))
    lists = {
        name: [dict(zip(parts, values, strict=True)) for values in cast("Any", row[name]) or ()]
        for name in ("most_common_vals", "most_common_val_nulls")
    }
    return {
        **row,
        **lists,
        "attnames": set(attributes),
        "n_distinct": named(row["n_distinct"]),
        "dependencies": named(row["dependencies"]),
    }


def original_plans(dsn: str) -> list[Plan]:
    with psycopg.connect(dsn) as connection:
        connection.execute("set search_path = corr")
        return [original_plan(connection, statement) for statement in STATEMENTS]


def compared(dsn: str, binaries: Binaries | None) -> None:
    """Rebuild a database of correlated columns, and compare all that there is to be compared."""
    plans = original_plans(dsn)
    with psycopg.connect(dsn) as connection:
        values = rows_of(connection, VALUES)
        has_expressions = connection.info.server_version >= 14_00_00
        expressions = rows_of(connection, EXPRESSIONS) if has_expressions else []
    snapshot = collect(dsn)
    snapshot = replace(snapshot, server=replace(snapshot.server, search_path=("corr",)))

    with Twin(snapshot, binaries=binaries) as twin:
        twins = [twin.explain(statement) for statement in STATEMENTS]
        notes = twin.notes
        admin = twin._run("asking").server.admin
        found = rows_of(admin, VALUES)
        found_expressions = rows_of(admin, EXPRESSIONS) if has_expressions else []
        left = twin._run("asking").server.query(
            "select relname from pg_class where relpersistence = 't' union all"
            " select castsource::regtype::text from pg_cast"
            " where casttarget::regtype::text in ('pg_ndistinct', 'pg_mcv_list')"
        )

    assert notes == ()
    assert len(values) >= len(OBJECTS)
    assert found == values
    assert found_expressions == expressions
    assert left == []
    errors = {
        statement: (a.total_cost, b.total_cost)
        for statement, a, b in zip(STATEMENTS, plans, twins, strict=True)
        if a.shape != b.shape or cost_error(a, b) > SAME
    }
    assert errors == {}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_plans_like_the_original(cluster: Cluster, kind: str) -> None:
    with fresh_database(cluster) as dsn:
        fill(dsn, kind)

        compared(dsn, None)


@pytest.mark.matrix
def test_all_kinds_plan_like_the_original_on_every_major(major_cluster: Cluster) -> None:
    with fresh_database(major_cluster) as dsn:
        fill(dsn)

        compared(dsn, major_cluster.binaries)


def test_the_statements_do_ask_for_them(cluster: Cluster) -> None:
    with fresh_database(cluster) as dsn:
        fill(dsn)
        plans = original_plans(dsn)
        snapshot = collect(dsn)
    server = replace(snapshot.server, search_path=("corr",))

    with Twin(replace(snapshot, server=server, extended_statistics=())) as twin:
        rows = [twin.explain(statement).root.rows for statement in STATEMENTS]

    different = [
        statement
        for statement, plan, count in zip(STATEMENTS, plans, rows, strict=True)
        if plan.root.rows != count
    ]
    assert len(different) >= len(STATEMENTS) - 4, set(STATEMENTS) - set(different)


PAIR = """
create table pair (gone integer, a integer, b integer);
alter table pair drop column gone;
insert into pair select i % 10, i % 10 from generate_series(1, 1000) as i;
create statistics pair_stats on a, b from pair;
"""
BOTH = "select * from pair where a = 1 and b = 1"


@pytest.fixture
def pair(database: str) -> Snapshot:
    """Two columns that are equal, analysed; a row in ten is selected by both."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(PAIR)
        connection.execute("analyze")
    return collect(database)


def test_a_redacted_snapshot_estimates_combinations_all_the_same(pair: Snapshot) -> None:
    with Twin(redact(pair, "default")) as twin:
        assert twin.notes == ()
        assert twin.explain(BOTH).root.rows == 100


def test_a_file_of_an_earlier_version_brings_what_it_has(pair: Snapshot) -> None:
    [one] = pair.extended_statistics
    older = replace(pair, extended_statistics=(replace(one, values=()),))

    with Twin(older) as twin:
        assert twin.notes == ()
        assert twin.explain(BOTH).root.rows == 100  # by the dependency
        assert twin.explain("select 1 from pair group by a, b").root.rows == 10


def test_values_that_are_not_in_the_snapshot_are_noted(pair: Snapshot) -> None:
    [one] = pair.extended_statistics
    bare = replace(one, values=(), has_values=False, n_distinct=None, dependencies=None)

    with Twin(replace(pair, extended_statistics=(bare,))) as twin:
        assert twin.notes == (
            "statistics public.pair_stats on public.pair have no values in the snapshot",
        )
        assert twin.explain(BOTH).root.rows == 10


def test_a_value_that_does_not_fit_costs_no_other_kind(pair: Snapshot) -> None:
    [one] = pair.extended_statistics
    [values] = one.values
    [first, *rest] = list(values.most_common or ())
    wrong = replace(first, values=("one", "1"))
    values = replace(values, most_common=(wrong, *rest))

    with Twin(replace(pair, extended_statistics=(replace(one, values=(values,)),))) as twin:
        assert twin.notes == (
            (
                "values of statistics public.pair_stats on public.pair are not all in the twin: "
                'invalid input syntax for type integer: "one"'
            ),
        )
        assert twin.explain(BOTH).root.rows == 100


def test_ten_thousand_combinations_are_all_there(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table wide (a integer, b text)")
        connection.execute(
            "insert into wide select i % 9999, 'v' || i % 9999 from generate_series(1, 20000) as i"
        )
        connection.execute("create statistics wide_stats (mcv) on a, b from wide")
        connection.execute("alter statistics wide_stats set statistics 10000")
        connection.execute("analyze wide")
    snapshot = collect(database)
    [one] = snapshot.extended_statistics

    with Twin(snapshot) as twin:
        found = twin._run("asking").server.query("select most_common_vals from pg_stats_ext")
        notes = twin.notes

    assert notes == ()
    assert [tuple(values) for values in found[0][0]] == [
        combination.values for combination in one.values[0].most_common or ()
    ]
    assert len(found[0][0]) == 9999
