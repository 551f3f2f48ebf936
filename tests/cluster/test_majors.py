"""Each supported major starts from its own binaries."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster


@pytest.mark.live
def test_a_fresh_database_has_pg_stat_statements_and_no_table(database: str) -> None:
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "select count(*) from pg_tables where schemaname = 'public'"
        ).fetchone()
        statements = connection.execute("select count(*) > 0 from pg_stat_statements").fetchone()

    assert tables == (0,)
    assert statements == (True,)


@pytest.mark.live
@pytest.mark.matrix
def test_each_major_starts_and_restarts(major_cluster: Cluster, major_database: str) -> None:
    with psycopg.connect(major_database) as connection:
        before = connection.info.server_version // 10_000
        connection.execute("create table kept ()")

    major_cluster.restart()

    with psycopg.connect(major_database) as connection:
        kept = connection.execute("select to_regclass('kept') is not null").fetchone()
        checksums = connection.execute("show data_checksums").fetchone()
    assert before == major_cluster.binaries.major
    assert kept == (True,)
    assert checksums == ("off",)
