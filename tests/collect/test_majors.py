"""The whole collection on each major version."""

from __future__ import annotations

import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.catalog import Catalog
from tests.collect.rich import fill, rich_database, run
from tests.collect.roles import reading_role
from tests.fixtures.databases import fresh_database

pytestmark = [pytest.mark.live, pytest.mark.matrix]

RESET = "pg_stat_statements_reset"


def test_fills_every_section(major_cluster: Cluster) -> None:
    with rich_database(major_cluster) as dsn:
        snapshot = collect(dsn)

    server = snapshot.server
    major = server.major
    catalog = Catalog(snapshot)
    assert not snapshot.is_partial
    assert [item.what for item in snapshot.unavailable] == ["the protection of a reading role"]
    for section in (
        *(snapshot.tables, snapshot.indexes, snapshot.constraints, snapshot.views),
        *(snapshot.sequences, snapshot.types, snapshot.functions, snapshot.extended_statistics),
        *(snapshot.table_activity, snapshot.index_activity, snapshot.column_statistics),
        *(snapshot.statements, snapshot.plans, server.settings, server.extensions),
    ):
        assert section
    assert server.started_at is not None
    assert server.activity.backends == 1
    assert server.statements_info is not None
    assert server.statements_info.entries > 0
    assert (server.statements_info.reset_at is not None) == (major >= 14)
    assert [s.since is not None for s in snapshot.statements] == [major >= 17] * len(
        snapshot.statements
    )
    orders = catalog.tables_by_name["app", "orders"]
    columns = {column.name: column for column in orders.columns}
    assert columns["status"].statistics_target == 250
    assert columns["id"].statistics_target is None
    valid = catalog.column_statistics[orders.oid, "valid"]
    assert valid.range_bounds_histogram is not None
    assert valid.range_length_histogram is not None
    assert valid.range_empty_ratio == 0
    [extended] = snapshot.extended_statistics
    assert extended.has_values
    assert extended.expressions == ()
    assert {(plan.reason, plan.sqlstate) for plan in snapshot.plans} <= {
        (None, None),
        (
            f"not planned on the server: it calls {RESET}, which acts when it is planned or run",
            None,
        ),
    }


def test_a_table_never_analysed_has_no_row_count(major_cluster: Cluster) -> None:
    with fresh_database(major_cluster) as dsn:
        run(dsn, "create table fresh (id integer)")

        [table] = collect(dsn).tables

    assert table.rows == -1


def test_reads_what_is_new_in_a_version(major_cluster: Cluster) -> None:
    with fresh_database(major_cluster) as dsn:
        fill(dsn, workload=False)
        major = collect(dsn).server.major
        if major >= 14:
            run(
                dsn,
                "create statistics app.by_expression on (id % 10), tenant_id from app.orders",
                "analyze app.orders",
            )
        if major >= 15:
            run(dsn, "create unique index once on app.notes (body, id) nulls not distinct")

        snapshot = collect(dsn)

    if major >= 14:
        [found] = [s for s in snapshot.extended_statistics if s.name == "by_expression"]
        assert found.expressions == ("(id % (10)::bigint)",)
    assert [i.name for i in snapshot.indexes if i.nulls_not_distinct] == ["once"] * (major >= 15)


def test_the_recommended_role_gets_nothing_worse_than_what_owners_see(
    major_cluster: Cluster,
) -> None:
    with (
        rich_database(major_cluster) as dsn,
        reading_role(dsn, "app", "ext", "public", 'We"ird Näme') as reader,
    ):
        snapshot = collect(reader)

    assert not snapshot.is_partial
    hidden = ["statistics of the expressions in 1 index: app.orders_slug_idx"]
    if snapshot.server.major < 17:  # where only pg_statistic has them
        hidden.insert(0, "histograms of 1 range column: app.orders.valid")
    if snapshot.server.major >= 14:  # 13 shows these to those who may read the table
        hidden.append("values of 1 extended statistics object: app.orders_tenant_status")
    assert [item.what for item in snapshot.unavailable] == hidden
