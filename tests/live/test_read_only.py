"""The collector changes nothing, and sends nothing but what the safety charter lists."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.queries import query
from pgadvisor.parse.statement import StatementError, parse_statement
from tests.collect.rich import fill, rich_database, run
from tests.collect.roles import reading_role
from tests.fixtures.databases import SETTINGS, fresh_database
from tests.fixtures.processes import becomes_true

pytestmark = pytest.mark.live

READS = Path(__file__).parents[2] / "pgadvisor" / "collect" / "sql"
STEPS = {
    "begin read only",
    "rollback",
    "savepoint pgadvisor_s",
    "rollback to savepoint pgadvisor_s",
    "deallocate pgadvisor_q",
}
SETTABLE = {
    *("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"),
    *("transaction_timeout", "client_connection_check_interval", "stats_fetch_consistency"),
    *("search_path", "jit", "max_parallel_workers_per_gather", "work_mem", "plan_cache_mode"),
    *("client_min_messages", "timezone", "datestyle", "intervalstyle", "extra_float_digits"),
    *("bytea_output", "quote_all_identifiers", "pg_stat_statements.track"),
}
SET = re.compile(
    r"""^set local ([a-z_.]+) = (?:'[^'\\]*'|[a-z0-9_]+|("(?:[^"]|"")+"|[a-z_]+)"""
    r"""(, ("(?:[^"]|"")+"|[a-z_]+))*)$"""
)
EXPLAIN_PREPARED = re.compile(
    r"^explain \(format json, verbose, settings\) execute pgadvisor_q(\(null(, null)*\))?$"
)
PREPARE = "prepare pgadvisor_q as "
EXPLAIN = "explain (format json, verbose, settings, generic_plan) "


def allowed_reads(major: int) -> set[str]:
    """Texts of all reads, in every variant that a server of that major may get."""
    names = {re.sub(r"(_\d+)+$", "", file.stem) for file in READS.glob("*.sql")}
    versions = [(major,), *((1, minor) for minor in range(4, 13))]
    return {
        query(name, version, extension_schema="public") for name in names for version in versions
    }


def is_allowed(text: str, reads: set[str]) -> bool:
    """The whole grammar of what may ever be sent."""
    if text in STEPS or text in reads or EXPLAIN_PREPARED.match(text):
        return True
    if found := SET.match(text):
        return found[1] in SETTABLE
    for start in (PREPARE, EXPLAIN):
        if text.startswith(start):
            try:
                return parse_statement(text.removeprefix(start)).is_explainable
            except StatementError:
                return False
    return False


@pytest.mark.parametrize(
    "text",
    [
        "set local role = postgres",
        "set local work_mem = '4MB'; drop table x",
        "prepare pgadvisor_q as select 1; drop table x",
        "prepare pgadvisor_q as create table x ()",
        "explain (format json, verbose, settings, generic_plan) select 1 into x",
        "explain (analyze) select 1",
        "begin",
        "commit",
        "select 1",
        "analyze",
        "deallocate all",
    ],
)
def test_the_grammar_refuses(text: str) -> None:
    assert not is_allowed(text, allowed_reads(18))


def test_sends_nothing_else(cluster: Cluster) -> None:
    sent: list[str] = []
    with rich_database(cluster) as dsn:
        run(dsn, *["select 'x' is null and format('%s', 1) = '1'"] * 200)

        collect(dsn, record=sent.append)
        with reading_role(dsn, "app") as reader:
            collect(reader, record=sent.append)

    reads = allowed_reads(18)
    assert [text for text in sent if not is_allowed(text, reads)] == []
    assert len([text for text in sent if text in reads]) > 50
    assert len([text for text in sent if text.startswith(PREPARE)]) > 5
    assert len([text for text in sent if text.startswith(EXPLAIN)]) == 2


@pytest.fixture(scope="module")
def logging_cluster() -> Iterator[Cluster]:
    """A server that writes down every statement."""
    settings = {"log_statement": "all", "log_line_prefix": "<%a>"}
    with Cluster(binaries=embedded_binaries(), settings=SETTINGS | settings) as cluster:
        yield cluster


def test_records_all_that_the_server_gets(logging_cluster: Cluster) -> None:
    sent: list[str] = []
    with fresh_database(logging_cluster) as dsn:
        fill(dsn)

        collect(dsn, record=sent.append)

    log = (logging_cluster.directory / "server.log").read_text()
    logged = re.findall(
        r"^<pgadvisor/\S+>LOG:  (?:execute <unnamed>|statement): (.*)$", log, re.MULTILINE
    )
    first_lines = {text.strip().splitlines()[0] for text in sent}
    assert len(logged) > 500
    assert {line for line in logged if line not in first_lines} == set()


def test_leaves_the_database_as_it_was(cluster: Cluster) -> None:
    with rich_database(cluster) as dsn, reading_role(dsn, "app") as reader:
        before = _dump(cluster, dsn), _written(dsn)

        for name in (dsn, reader):
            collect(name)

        assert (_dump(cluster, dsn), _written(dsn)) == before


def test_leaves_no_session_behind(cluster: Cluster, database: str) -> None:
    left = "select count(*) from pg_stat_activity where application_name like 'pgadvisor/%'"

    collect(database)

    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        # A backend takes a moment to end after its client has gone.
        assert becomes_true(lambda: connection.execute(left).fetchone() == (0,))


def _dump(cluster: Cluster, dsn: str) -> str:
    """The whole database as SQL, without the token that pg_dump makes anew each time."""
    directory = cluster.binaries.directory / "bin"
    libraries = os.pathsep.join(str(path) for path in cluster.binaries.library_directories)
    dumped = subprocess.run(  # noqa: S603  (our own argument list, no shell)
        [directory / "pg_dump", dsn],
        capture_output=True,
        check=True,
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
    ).stdout.decode()
    return re.sub(r"^\\(un)?restrict .*$", "", dumped, flags=re.MULTILINE)


def _written(dsn: str) -> tuple[int, ...]:
    """Rows written, and transaction ids used, since the database was made."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_stat_force_next_flush()")
        row = connection.execute(
            "select tup_inserted, tup_updated, tup_deleted from pg_stat_database"
            " where datname = current_database()"
        ).fetchone()
    assert row is not None
    return row
