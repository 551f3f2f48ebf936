"""The whole analysis as the role that ``pgadvisor grants`` makes: it reads all, and writes none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from pgadvisor.cluster.launch import Cluster
from tests.fixtures.programs import dump_of, pgadvisor_command
from tests.fixtures.shop import shop

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whole-run")]

ROLE = 'Reader of "shops"'
WRITTEN = """
select tup_inserted, tup_updated, tup_deleted, temp_files, deadlocks,
  (select sum(n_tup_ins + n_tup_upd + n_tup_del + vacuum_count + analyze_count)
     from pg_stat_all_tables),
  (select sum(last_value) from pg_sequences),
  (select count(*) from pg_class),
  (select count(*) from pg_locks where database = d.datid and mode <> 'AccessShareLock')
from pg_stat_database d where datname = current_database()
"""
"""Counters that would show a trace."""
SLOW_WRITES = (
    "update orders set total = total + 1 where customer_id = 17 and note = 'no such note'",
    "delete from orders where note = 'no such note'",
)


@pytest.fixture
def owner(cluster: Cluster) -> Iterator[str]:
    """The DSN of a shop's owner, whose statements write as well as read."""
    with shop(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in SLOW_WRITES * 20:
                connection.execute(statement.encode())
        yield dsn


@pytest.fixture
def reader(owner: str, tmp_path: Path) -> Iterator[str]:
    """The DSN of a role made by the printed SQL, for which nothing else was granted."""
    database = str(conninfo.conninfo_to_dict(owner)["dbname"])
    printed = pgadvisor_command(
        "grants", "--role", ROLE, "--database", database, "--schema", "public", cwd=tmp_path
    )
    role = sql.Identifier(ROLE)
    with psycopg.connect(owner, autocommit=True) as connection:
        # The schema public lets everybody in; a careful owner has closed it.
        connection.execute("revoke all on schema public from public")
        connection.execute(sql.SQL("create role {} login").format(role))
        connection.execute(printed.out.encode())
        # Else what the grants wrote is counted some seconds later, as if the run had written it.
        connection.execute("select pg_stat_force_next_flush()")
        yield conninfo.make_conninfo(owner, user=ROLE)
        connection.execute(sql.SQL("drop owned by {}").format(role))
        connection.execute(sql.SQL("drop role {}").format(role))


def traces(dsn: str) -> tuple[object, ...]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_stat_force_next_flush()")
        row = connection.execute(WRITTEN.encode()).fetchone()
    assert row is not None
    return row


def test_the_role_suffices_and_leaves_no_trace(owner: str, reader: str, tmp_path: Path) -> None:
    before = dump_of(owner), traces(owner)

    ended = pgadvisor_command("analyze", reader, "--out", "advice", cwd=tmp_path)

    after = dump_of(owner), traces(owner)
    report = json.loads((tmp_path / "advice" / "report.json").read_text())
    assert ended.code == 0, ended.err
    assert after == before
    assert "missing-index:public.orders (customer_id)" in {f["key"] for f in report["findings"]}
    assert report["is_partial"] is False
    assert not any("superuser" in each["reason"] for each in report["unavailable"])
    assert not any("pg_monitor" in each["reason"] for each in report["unavailable"])


def test_what_it_may_not_explain_is_planned_on_the_twin_alone(
    owner: str, reader: str, tmp_path: Path
) -> None:
    as_owner, as_reader = (
        json.loads(pgadvisor_command("analyze", dsn, "--format", "json", cwd=tmp_path).out)
        for dsn in (owner, reader)
    )
    printed = " ".join(pgadvisor_command("analyze", reader, cwd=tmp_path).out.split())

    # The two writes need privileges that a reading role must not have; on a busy machine another
    # statement may not be explained in the time that it is given.
    unverified = [one["fidelity"]["not_compared_statements"] for one in (as_owner, as_reader)]
    assert unverified[0] <= 1
    assert 2 <= unverified[1] <= 3
    assert as_reader["fidelity"]["same_plan_ratio"] == 1.0
    assert re.search(r"\b[23] unverified, without a plan of the original", printed)
    assert re.search(r"times cheaper, unverified\): update orders set total", printed)
    assert re.search(r"times cheaper\): select id, total from orders", printed)


def test_a_role_without_grants_is_told_what_is_missing(
    owner: str, reader: str, tmp_path: Path
) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        role = sql.Identifier(ROLE)
        connection.execute(sql.SQL("revoke pg_monitor from {}").format(role))
        connection.execute(sql.SQL("revoke all on schema public from {}").format(role))
        connection.execute(
            sql.SQL("revoke all on all tables in schema public from {}").format(role)
        )

    ended = pgadvisor_command("analyze", reader, "--format", "json", cwd=tmp_path)

    report = json.loads(ended.out)
    remedies = "\n".join(each["remedy"] for each in report["unavailable"])
    assert ended.code == 0, ended.err
    assert 'GRANT pg_monitor TO "Reader of ""shops""";' in remedies
    assert 'GRANT USAGE ON SCHEMA "public" TO "Reader of ""shops""";' in remedies
    assert "GRANT SELECT ON" in remedies
    assert all(each["consequence"] for each in report["unavailable"])
