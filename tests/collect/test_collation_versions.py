"""Which versions of a collation a database was made with, and has now."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.server_counters import CollationVersion
from tests.collect.rich import run

pytestmark = pytest.mark.live


def test_tells_versions_of_collations_then_and_now(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as session:
        session.execute(
            "create database sorted template template0 locale_provider builtin"
            " builtin_locale 'C.UTF-8'"
        )
        session.execute("update pg_database set datcollversion = '0' where datname = 'sorted'")
    run(
        cluster.dsn("sorted"),
        "create table note (body text)",
        "create index on note (body collate pg_c_utf8)",
    )

    found = collect(
        cluster.dsn("sorted"), options=CollectOptions(explain=False)
    ).server.collation_versions

    assert found == (
        CollationVersion(name="pg_catalog.pg_c_utf8", recorded="1", actual="1"),
        CollationVersion(name=None, recorded="0", actual="1"),
    )
    with psycopg.connect(cluster.dsn(), autocommit=True) as session:
        session.execute("drop database sorted")
