"""What goes wrong on a live server: the one thing is said to be missing, the rest is there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import conninfo

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.queries import query
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.errors import ConnectError
from pgadvisor.model.snapshot import Snapshot, Unavailable
from tests.collect.rich import SCHEMA, rich_database, run
from tests.fixtures.databases import FORGET, SETTINGS, fresh_database
from tests.fixtures.processes import becomes_true

pytestmark = pytest.mark.live

SQL_ASCII = "encoding 'SQL_ASCII' template template0 locale 'C'"
BACKENDS = "select pid from pg_stat_activity where application_name like 'pgadvisor/%'"


def _found(snapshot: Snapshot, what: str) -> Unavailable:
    [item] = [item for item in snapshot.unavailable if item.what.startswith(what)]
    return item


def _at(name: str, act: Callable[[], object], *, times: int = 1) -> Callable[[str], None]:
    """Do something when a certain read is sent, that many times."""
    text = query(name, (18,))
    left = times

    def record(sent: str) -> None:
        nonlocal left
        if sent == text and left:
            left -= 1
            act()

    return record


def _terminator(dsn: str) -> Callable[[], None]:
    def act() -> None:
        run(dsn, f"select pg_terminate_backend(pid) from ({BACKENDS}) as backends")

    return act


def test_an_empty_database(database: str) -> None:
    snapshot = collect(database)

    assert [item.what for item in snapshot.unavailable] == ["the protection of a reading role"]
    assert snapshot.tables == ()
    assert snapshot.server.statements_info is not None


def test_a_locked_table_is_listed_and_the_rest_is_there(cluster: Cluster) -> None:
    with rich_database(cluster) as dsn, psycopg.connect(dsn) as blocker:
        blocker.execute("lock table app.orders in access exclusive mode")

        snapshot = collect(dsn)

        blocker.rollback()
    assert not snapshot.is_partial
    # The text of a view cannot be had while what it reads is locked.
    item = _found(snapshot, "2 tables: app.orders, app.totals")
    assert item.remedy == "Run again when the lock is gone."
    assert _found(snapshot, "1 view: app.open_orders")
    assert {table.name for table in snapshot.tables} >= {"tenants", "events", "notes"}
    assert "orders" not in {table.name for table in snapshot.tables}
    assert not [index for index in snapshot.indexes if index.name.startswith("orders_")]
    locked = [plan for plan in snapshot.plans if plan.sqlstate == "55P03"]
    assert locked
    assert {plan.reason for plan in locked} == {
        "another session holds a lock that it would have waited for"
    }


def test_a_table_that_somebody_waits_to_alter_is_left_alone(cluster: Cluster) -> None:
    with (
        rich_database(cluster) as dsn,
        psycopg.connect(dsn) as reader,
        psycopg.connect(dsn, autocommit=True) as writer,
    ):
        reader.execute("select from app.tenants limit 1")
        writer.pgconn.send_query(b"alter table app.tenants add column late integer")
        waiting = "select count(*) from pg_locks where not granted"
        with psycopg.connect(dsn, autocommit=True) as observer:
            assert becomes_true(lambda: observer.execute(waiting).fetchone() == (1,))

        snapshot = collect(dsn)

        reader.rollback()
        while writer.pgconn.get_result() is not None:
            continue
    assert not snapshot.is_partial
    assert _found(snapshot, "1 table: app.tenants")
    assert "orders" in {table.name for table in snapshot.tables}


def test_a_terminated_backend_is_replaced_once(cluster: Cluster) -> None:
    with rich_database(cluster) as dsn:
        snapshot = collect(dsn, record=_at("constraints", _terminator(dsn)))

    assert not snapshot.is_partial
    assert snapshot.constraints
    assert _found(snapshot, "an unbroken connection")


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server that may be brought down."""
    with Cluster(binaries=embedded_binaries(), settings=SETTINGS) as cluster:
        yield cluster


def test_a_killed_backend_is_survived(own_cluster: Cluster) -> None:
    with rich_database(own_cluster) as dsn:

        def kill() -> None:
            with psycopg.connect(dsn, autocommit=True) as connection:
                row = connection.execute(BACKENDS).fetchone()
            assert row is not None
            os.kill(row[0], signal.SIGKILL)

        snapshot = collect(dsn, record=_at("constraints", kill))

        assert becomes_true(lambda: _is_up(dsn))

    # The whole server recovers; whether it is back within the one retry is its affair.
    assert snapshot.tables
    assert snapshot.constraints or snapshot.is_partial
    assert _found(snapshot, "an unbroken connection" if snapshot.constraints else "constraints")


def test_a_restart_during_the_collection_is_noticed(own_cluster: Cluster) -> None:
    with rich_database(own_cluster) as dsn:
        snapshot = collect(dsn, record=_at("planned_functions", own_cluster.restart))

    item = _found(snapshot, "a consistent snapshot")
    assert item.is_failure
    assert snapshot.tables
    assert snapshot.plans


def test_a_server_that_is_gone_leaves_a_partial_snapshot(own_cluster: Cluster) -> None:
    with rich_database(own_cluster) as dsn, ExitStack() as stack:
        down = _at("constraints", lambda: stack.enter_context(own_cluster.offline()))

        snapshot = collect(dsn, record=down)

    assert snapshot.is_partial
    assert snapshot.tables
    assert len(snapshot.statements) == 0
    reasons = {item.reason for item in snapshot.unavailable if item.is_failure}
    assert reasons == {"the connection was lost"}


def test_a_connection_that_breaks_at_once_is_no_snapshot(rich: str) -> None:
    with pytest.raises(ConnectError, match="the connection was lost"):
        collect(rich, record=_at("server", _terminator(rich), times=2))


def test_a_backend_that_is_terminated_again_and_again_leaves_a_partial_snapshot(
    cluster: Cluster,
) -> None:
    with rich_database(cluster) as dsn:
        snapshot = collect(dsn, record=_at("constraints", _terminator(dsn), times=2))

    assert snapshot.is_partial
    assert _found(snapshot, "constraints").reason == "the connection was lost"
    assert snapshot.tables
    assert snapshot.constraints == ()


@pytest.mark.parametrize(
    ("options", "sqlstate", "reason"),
    [
        (
            CollectOptions(statement_timeout_ms=300, lock_timeout_ms=60_000),
            "57014",
            "it took longer than it may",
        ),
        (
            CollectOptions(lock_timeout_ms=20),
            "55P03",
            "another session holds a lock that it would have waited for",
        ),
    ],
)
def test_a_read_that_would_wait_is_left_out(
    cluster: Cluster, options: CollectOptions, sqlstate: str, reason: str
) -> None:
    with rich_database(cluster) as dsn, psycopg.connect(dsn) as blocker:
        blocker.execute("lock table pg_catalog.pg_sequence in access exclusive mode")

        snapshot = collect(dsn, options=options)

        blocker.rollback()
    assert snapshot.is_partial
    assert [item for item in snapshot.unavailable if item.is_failure] == [
        _found(snapshot, "sequences")
    ]
    assert _found(snapshot, "sequences").sqlstate == sqlstate
    assert _found(snapshot, "sequences").reason == reason
    assert snapshot.sequences == ()
    assert snapshot.types
    assert snapshot.plans


def test_without_the_extension(cluster: Cluster) -> None:
    with fresh_database(cluster) as dsn:
        run(dsn, "drop extension pg_stat_statements", SCHEMA)

        snapshot = collect(dsn)

    item = _found(snapshot, "pg_stat_statements")
    assert item.reason == "the extension is not installed in this database"
    assert "CREATE EXTENSION" in item.remedy
    assert not snapshot.is_partial
    assert snapshot.server.statements_info is None
    assert snapshot.tables


def test_with_the_extension_in_another_schema(cluster: Cluster) -> None:
    with fresh_database(cluster) as dsn:
        run(
            dsn,
            "drop extension pg_stat_statements",
            'create schema "We""ird"',
            'create extension pg_stat_statements schema "We""ird"',
            "select 41 + 1",
        )

        snapshot = collect(dsn)

    assert snapshot.server.statements_info is not None
    assert snapshot.server.statements_info.schema == 'We"ird'
    assert "select $1 + $2" in {statement.text for statement in snapshot.statements}


def test_with_an_extension_older_than_the_server(cluster: Cluster) -> None:
    for version in ("1.7", "1.8", "1.9", "1.10", "1.11"):
        with fresh_database(cluster) as dsn:
            run(
                dsn,
                "drop extension pg_stat_statements",
                f"create extension pg_stat_statements version '{version}'",
                "select 41 + 1",
            )

            snapshot = collect(dsn)

        assert not snapshot.is_partial
        assert _found(snapshot, "newer counters").remedy.endswith("UPDATE;")
        [statement] = [s for s in snapshot.statements if s.text == "select $1 + $2"]
        assert statement.total_time_ms > 0


@pytest.fixture(scope="module")
def without_library() -> Iterator[Cluster]:
    """A server that does not preload pg_stat_statements."""
    settings = SETTINGS | {"shared_preload_libraries": ""}
    with Cluster(binaries=embedded_binaries(), settings=settings) as cluster:
        yield cluster


def test_with_the_extension_but_not_its_library(without_library: Cluster) -> None:
    with fresh_database(without_library) as dsn:
        snapshot = collect(dsn)

    item = _found(snapshot, "pg_stat_statements")
    assert item.sqlstate == "55000"
    assert "restart the server" in item.remedy
    assert not snapshot.is_partial


def test_with_counting_switched_off(cluster: Cluster) -> None:
    with fresh_database(cluster) as dsn:
        name = conninfo.conninfo_to_dict(dsn)["dbname"]
        run(dsn, f"alter database {name} set pg_stat_statements.track = 'none'")

        snapshot = collect(dsn)

    assert _found(snapshot, "new statements").reason == "pg_stat_statements.track is none"


def test_a_text_that_is_badly_encoded_hides_texts_but_not_numbers(cluster: Cluster) -> None:
    with fresh_database(cluster) as dsn:
        run(dsn, "select 41 + 1")
        latin = conninfo.make_conninfo(dsn, client_encoding="SQL_ASCII", dbname="postgres")
        with psycopg.connect(latin, autocommit=True) as connection:
            connection.execute(
                "create database bad encoding 'SQL_ASCII' template template0 locale 'C'"
            )
        bad = conninfo.make_conninfo(dsn, client_encoding="SQL_ASCII", dbname="bad")
        with psycopg.connect(bad, autocommit=True) as connection:
            connection.execute("create extension pg_stat_statements")
            connection.execute(b"select 1 as caf\xe9")
        try:
            snapshot = collect(dsn)
        finally:
            run(bad, FORGET)
            run(dsn, "drop database bad with (force)")

    item = _found(snapshot, "texts of pg_stat_statements")
    assert item.sqlstate == "22021"
    assert item.is_failure
    assert {statement.text for statement in snapshot.statements} == {"<text unavailable>"}
    assert sum(statement.calls for statement in snapshot.statements) > 0


def test_an_sql_ascii_database_with_a_bad_byte(cluster: Cluster) -> None:
    with fresh_database(cluster) as dsn:
        run(dsn, f"create database ascii {SQL_ASCII}")
        ascii_dsn = conninfo.make_conninfo(dsn, dbname="ascii")
        raw = conninfo.make_conninfo(ascii_dsn, client_encoding="SQL_ASCII")
        with psycopg.connect(raw, autocommit=True) as connection:
            connection.execute("create extension pg_stat_statements")
            connection.execute(b'create table "caf\xe9" (id integer primary key, "\xfc" text)')
            connection.execute(
                b"insert into \"caf\xe9\" select i, 'na\xefve' from generate_series(1, 9) i"
            )
            connection.execute("analyze")
        try:
            snapshot = collect(ascii_dsn)
        finally:
            # The texts of this test would hide those of all others.
            run(raw, FORGET)
            run(dsn, "drop database ascii with (force)")

    assert snapshot.server.encoding == "SQL_ASCII"
    assert not snapshot.is_partial
    [table] = snapshot.tables
    assert table.name == "caf\ufffd"
    assert [column.name for column in table.columns] == ["id", "\ufffd"]
    [text] = [row for row in snapshot.column_statistics if row.column == "\ufffd"]
    assert text.most_common_values == ("na\ufffdve",)


def test_a_function_of_the_users_cannot_stand_in_for_one_of_the_servers(
    cluster: Cluster,
) -> None:
    with fresh_database(cluster) as dsn:
        run(
            dsn,
            "create schema fake",
            "create function fake.version() returns text language sql as $$ select 'Other' $$",
            f"alter role postgres in database {conninfo.conninfo_to_dict(dsn)['dbname']}"
            " set search_path = fake, pg_catalog",
        )

        snapshot = collect(dsn)

    assert snapshot.server.search_path == ("fake", "pg_catalog")
    assert snapshot.server.version.startswith("18")


def _is_up(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True
