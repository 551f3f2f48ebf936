"""Keys of findings after a dump and a restore, where every OID is another one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from tests.fixtures.databases import FORGET, fresh_database
from tests.fixtures.programs import pgadvisor_command
from tests.fixtures.shop import QUERIES, shop

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whole-run")]


def restore(cluster: Cluster, source: str, target: str, directory: Path) -> None:
    """Copy a database by pg_dump and pg_restore, as a user would."""
    binaries = cluster.binaries
    dump = directory / "shop.dump"
    for command in (
        [binaries.program("pg_dump"), "-Fc", "-f", dump, source],
        [binaries.program("pg_restore"), "--clean", "--if-exists", "-d", target, dump],
    ):
        subprocess.run(  # noqa: S603  (our own argument lists, no shell)
            list(map(str, command)),
            check=True,
            capture_output=True,
            env={**os.environ, **binaries.environment()},
        )


def oids(dsn: str) -> set[int]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select oid::bigint from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'i') and oid not in"
            " (select objid from pg_depend where deptype = 'e')"
        ).fetchall()
    return {oid for (oid,) in rows}


def test_nothing_is_new_after_a_restore(cluster: Cluster, tmp_path: Path) -> None:
    with shop(cluster) as original, fresh_database(cluster) as copy:
        restore(cluster, original, copy, tmp_path)
        with psycopg.connect(copy, autocommit=True) as connection:
            connection.execute("vacuum analyze")
            connection.execute("select pg_stat_reset()")
            connection.execute(FORGET)
            for number in range(1, 61):  # not as often as in the original
                for query in QUERIES:
                    connection.execute(query.encode(), (number,))
        # Which index is the best may change with the times that were measured; nothing else does.
        first = pgadvisor_command(
            *("analyze", original, "--max-indexes", "0", "--write-baseline", "known.toml"),
            cwd=tmp_path,
        )
        second = pgadvisor_command(
            *("analyze", copy, "--max-indexes", "0", "--baseline", "known.toml", "--only-new"),
            *("--format", "json"),
            cwd=tmp_path,
        )
        assert not oids(original) & oids(copy)

    assert first.code == 0, first.err
    comparison = json.loads(second.out)["baseline"]
    assert {
        "duplicate-index:public.orders_created_at=orders_created_at_again",
        "no-primary-key:public.log",
        "unindexed-foreign-key:public.orders.orders_customer_id_fkey",
    } <= {entry["key"] for entry in comparison["known"]}
    # What was run on the copy is other work, so what is said of the work alone may differ.
    gone = {entry["key"] for entry in comparison["gone"]}
    assert [key for key in (*comparison["new_keys"], *gone) if "public" in key] == []
