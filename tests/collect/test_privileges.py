"""Roles that may less than everything: nothing breaks, and what is missing is said."""

from __future__ import annotations

import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.snapshot import Snapshot
from tests.collect.rich import rich_database, run
from tests.collect.roles import reading_role

pytestmark = pytest.mark.live

EVERYTHING = ("app", "ext", 'We"ird Näme', "public")


def _missing(snapshot: Snapshot) -> dict[str, str]:
    return {item.what: item.remedy for item in snapshot.unavailable}


def test_the_recommended_role_sees_everything_but_what_owners_see(rich: str) -> None:
    whole = collect(rich)

    with reading_role(rich, *EVERYTHING) as dsn:
        snapshot = collect(dsn)

    assert not snapshot.is_partial
    assert list(_missing(snapshot)) == [
        "statistics of the expressions in 1 index: app.orders_slug_idx",
        "values of 1 extended statistics object: app.orders_tenant_status",
    ]
    assert snapshot.tables == whole.tables
    assert snapshot.indexes == whole.indexes
    of_tables = {table.oid for table in whole.tables}
    assert snapshot.column_statistics == tuple(
        row for row in whole.column_statistics if row.relation_oid in of_tables
    )
    assert snapshot.sequences == whole.sequences
    assert {s.id for s in snapshot.statements} >= {s.id for s in whole.statements}
    assert snapshot.server.streaming_replica_count == 0
    assert not snapshot.server.is_superuser


def test_the_recommended_role_gets_the_same_plans_of_what_it_may_read(cluster: Cluster) -> None:
    with rich_database(cluster) as owner, reading_role(owner, *EVERYTHING) as reader:
        run(owner, *["update app.orders set amount = 0 where id = -1"] * 100)
        whole = {plan.statement_id: plan for plan in collect(owner).plans}

        plans = collect(reader).plans

    refused = {plan.reason for plan in plans if plan.sqlstate == "42501"}
    assert refused == {"the role has no privilege to plan it; it is planned on the twin"}
    read = [plan for plan in plans if plan.plan is not None and plan.statement_id in whole]
    assert read  # how many have taken enough time to be explained is the machine's affair
    assert all(plan == whole[plan.statement_id] for plan in read)


def test_a_role_with_connect_only_gets_the_catalog_and_a_list_of_grants(rich: str) -> None:
    with reading_role(rich, monitor=False) as dsn:
        snapshot = collect(dsn)

    missing = _missing(snapshot)
    assert not snapshot.is_partial
    assert len(snapshot.tables) == 10
    assert len(snapshot.indexes) == 14
    assert snapshot.column_statistics == ()
    assert len(snapshot.statements) == 0
    assert missing["activity of other roles"].startswith("GRANT pg_monitor TO ")
    assert missing["plans of statements on schema app"].startswith('GRANT USAGE ON SCHEMA "app" TO')
    [hidden] = [what for what in missing if what.startswith("pg_stats of 9 tables: app.")]
    assert missing[hidden].startswith('GRANT SELECT ON ALL TABLES IN SCHEMA "app" TO "reader_')
    [sequences] = [what for what in missing if what.startswith("the last value of 3 sequences")]
    assert "GRANT SELECT ON ALL SEQUENCES" in missing[sequences]
    assert any(what.endswith("of other roles in pg_stat_statements") for what in missing)
    assert {sequence.last_value for sequence in snapshot.sequences} == {None}


def test_names_the_one_table_that_is_not_granted(cluster: Cluster) -> None:
    with rich_database(cluster) as dsn, reading_role(dsn, *EVERYTHING) as reader:
        role = reader.split("user=")[1].split()[0]
        run(dsn, f"revoke select on app.tenants from {role}")

        snapshot = collect(reader)

    missing = _missing(snapshot)
    assert missing["pg_stats of 1 table: app.tenants"] == (
        f'GRANT SELECT ON "app"."tenants" TO "{role}";'
    )


def test_tells_hidden_statistics_from_tables_never_analysed(cluster: Cluster) -> None:
    with rich_database(cluster) as dsn, reading_role(dsn) as reader:
        run(dsn, "create table app.fresh (id integer)", "insert into app.fresh values (1)")

        snapshot = collect(reader, options=CollectOptions(schemas=("app",)))

    [item] = [item for item in snapshot.unavailable if item.what.startswith("pg_stats of")]
    assert "app.orders" in item.what
    assert "app.fresh" not in item.what
    [fresh] = [table for table in snapshot.tables if table.name == "fresh"]
    assert fresh.rows == -1


def test_says_that_row_security_hides_statistics(cluster: Cluster) -> None:
    with rich_database(cluster) as dsn, reading_role(dsn, *EVERYTHING) as reader:
        run(
            dsn,
            "alter table app.tenants enable row level security",
            "create policy own on app.tenants using (id = 1)",
        )

        snapshot = collect(reader)

    [item] = [item for item in snapshot.unavailable if item.what.startswith("pg_stats of")]
    assert item.what == "pg_stats of 1 table: app.tenants"
    assert "row security" in item.reason
    assert item.remedy.endswith("BYPASSRLS;")
    [tenants] = [table for table in snapshot.tables if table.name == "tenants"]
    assert tenants.has_row_security
