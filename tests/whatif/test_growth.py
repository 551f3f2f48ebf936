"""Indexes that have grown since they were built, and indexes that are as good as each other."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database
from tests.whatif.original import cost_error, original_plan

pytestmark = pytest.mark.live

ONE_ROW = "select * from numbers where id = 77"


@pytest.mark.parametrize("rows_added", [0, 20_000, 80_000])
def test_an_index_gets_a_further_level_when_its_root_is_full(
    rows_added: int, cluster: Cluster
) -> None:
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create table numbers (id bigint, note text)")
            connection.execute("insert into numbers select i, 'x' from generate_series(1, 90000) i")
            connection.execute("create unique index numbers_id on numbers (id)")
            connection.execute("vacuum analyze numbers")
            connection.execute(
                "insert into numbers select i, 'x' from generate_series(90001, 90000 + %s) i",
                (rows_added,),
            )
            original = original_plan(connection, ONE_ROW)

        with Twin(collect(dsn)) as twin:
            plan = twin.explain(ONE_ROW)

    assert plan.total_cost == original.total_cost


def test_a_table_that_was_emptied_and_vacuumed_keeps_its_statistics(cluster: Cluster) -> None:
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create table numbers (id bigint primary key)")
            connection.execute("insert into numbers select generate_series(1, 1000)")
            connection.execute("analyze numbers")
            connection.execute("delete from numbers")
            connection.execute("vacuum analyze numbers")
            original = original_plan(connection, ONE_ROW)

        with Twin(collect(dsn)) as twin:
            plan = twin.explain(ONE_ROW)

    assert plan.total_cost == original.total_cost


@pytest.mark.parametrize("fastupdate", ["on", "off"])
def test_rows_that_a_gin_index_has_not_sorted_in_make_its_scans_dearer(
    fastupdate: str, cluster: Cluster
) -> None:
    statement = "select * from products where tags @> array['tag7']"
    insert = (
        "insert into products select array['tag' || i %% 500, 'kind' || i %% 7]"
        " from generate_series(1, %s) i"
    )
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create table products (tags text[])")
            connection.execute(insert.encode(), (20_000,))
            connection.execute(
                "create index products_tags on products using gin (tags)"
                f" with (fastupdate = {fastupdate})".encode()
            )
            connection.execute("vacuum analyze products")
            connection.execute(insert.encode(), (3_000,))
            original = original_plan(connection, statement)

        with Twin(collect(dsn)) as twin:
            plan = twin.explain(statement)

    assert cost_error(original, plan) <= 0.0001


def test_of_two_equal_indexes_it_takes_the_one_that_the_original_takes(cluster: Cluster) -> None:
    statement = "select * from numbers where kind = 7"
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "create table numbers as select i as id, i % 500 as kind"
                " from generate_series(1, 50000) i"
            )
            for name in ("c_made_first", "b_made_later", "a_made_last"):
                connection.execute(f"create index {name} on numbers (kind)".encode())
            connection.execute("vacuum analyze numbers")
            original = original_plan(connection, statement)

        with Twin(collect(dsn)) as twin:
            plan = twin.explain(statement)

    assert plan.index_names == original.index_names
