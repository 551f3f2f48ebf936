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
