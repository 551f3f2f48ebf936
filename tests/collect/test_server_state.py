"""What the whole server is busy with, on each major version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import conninfo, pq

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.replication import WalSender
from pgadvisor.model.schema import Trigger
from pgadvisor.model.server import Server
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.transaction_age import TableAge
from pgadvisor.units import KiB
from tests.collect.rich import run
from tests.collect.roles import reading_role
from tests.fixtures.databases import SETTINGS, fresh_database

pytestmark = pytest.mark.live
each_major = pytest.mark.matrix
QUICK = CollectOptions(explain=False)
XIDS = 25


@contextmanager
def open_transaction(dsn: str, *statements: str) -> Iterator[None]:
    """Leave a transaction idle after some statements."""
    with psycopg.connect(conninfo.make_conninfo(dsn, application_name="till 7")) as session:
        for statement in statements:
            session.execute(statement.encode())
        yield
        session.rollback()


@contextmanager
def slot(dsn: str, name: str) -> Iterator[None]:
    """Make a physical slot that reserves WAL from now on."""
    run(dsn, f"select pg_create_physical_replication_slot('{name}', true)")
    try:
        yield
    finally:
        run(dsn, f"select pg_drop_replication_slot('{name}')")


def server_of(dsn: str) -> Server:
    return collect(dsn, options=QUICK).server


def age_of(snapshot: Snapshot, schema: str, name: str) -> TableAge:
    [found] = [a for a in snapshot.table_ages if (a.schema, a.name) == (schema, name)]
    return found


@each_major
def test_reads_every_state(major_database: str) -> None:
    snapshot = collect(major_database, options=QUICK)
    server = snapshot.server

    assert not snapshot.is_partial
    assert server.streaming_replica_count == 0
    assert (server.wal_senders, server.replication_slots) == ((), ())
    assert (server.open_transactions, server.prepared_transactions) == ((), ())
    assert server.blocking_sessions == ()
    assert server.running_vacuums == ()
    assert server.connections is not None
    assert server.write_activity is not None
    assert server.write_activity.reset_at is not None
    assert (server.wal_activity is not None) == (server.major >= 14)
    assert server.lookup_activity is not None
    assert server.lookup_activity.reset_at is not None
    assert (server.activity.parallel_workers_planned is not None) == (server.major >= 18)
    assert server.collation_versions is not None


@each_major
def test_reads_ages_of_databases_and_tables(major_database: str) -> None:
    run(major_database, "create table note (body text)", "create table number (id integer)")
    run(major_database, "vacuum freeze note", "vacuum freeze number")
    before = collect(major_database, options=QUICK)
    run(major_database, *["select txid_current()"] * XIDS)

    snapshot = collect(major_database, options=QUICK)

    own = snapshot.server.database_age
    assert own is not None
    assert own.name == snapshot.server.database
    assert own.transaction_age >= XIDS
    assert any(not one.allows_connections for one in snapshot.server.databases or ())
    note, number = (age_of(snapshot, "public", name) for name in ("note", "number"))
    assert note.transaction_age - age_of(before, "public", "note").transaction_age == XIDS
    assert note.toast_transaction_age is not None
    assert note.toast_transaction_age >= XIDS
    assert number.toast_transaction_age is None
    assert age_of(snapshot, "pg_catalog", "pg_class").transaction_age == own.transaction_age


@each_major
def test_reads_how_long_values_are_kept(major_database: str) -> None:
    run(
        major_database,
        "create table note (id integer, body text, raw bytea)",
        "alter table note alter raw set storage external",
        "insert into note select i, null, (select string_agg(sha512((i || ' ' || j)::bytea), '')"
        " from generate_series(1, 60) j) from generate_series(1, 20) i",
        "delete from note where id <= 5",
        "select pg_sleep(0.6)",
    )
    if server_of(major_database).major >= 14:
        run(major_database, "alter table note alter body set compression pglz")

    before = collect(major_database, options=QUICK)
    run(major_database, "vacuum note", "select pg_sleep(0.6)")
    after = collect(major_database, options=QUICK)

    [table] = before.tables
    assert [column.storage for column in table.columns] == ["p", "x", "e"]
    pglz = "p" if before.server.major >= 14 else ""
    assert [column.compression for column in table.columns] == ["", pglz, ""]
    [counted], [cleaned] = before.table_activity, after.table_activity
    assert (counted.toast_live_rows, counted.toast_dead_rows) == (30, 10)
    assert counted.toast_last_vacuum is None
    assert cleaned.toast_dead_rows == 0
    assert cleaned.toast_last_vacuum is not None


@each_major
def test_reads_triggers_and_what_is_disabled_of_constraints(major_database: str) -> None:
    run(
        major_database,
        "create table box (id integer primary key)",
        "create table note (id integer, box_id integer constraint in_box references box)",
        "create trigger same before update on note for each row"
        " execute function suppress_redundant_updates_trigger()",
    )
    before = collect(major_database, options=QUICK)
    run(major_database, "alter table note disable trigger all")
    after = collect(major_database, options=QUICK)

    fired = {table.name: table.triggers for table in before.tables}
    assert fired == {"box": (), "note": (Trigger(name="same", fires_on_update=True),)}
    disabled = {table.name: table.triggers or () for table in after.tables}
    assert disabled["box"] == ()
    assert {trigger.firing for trigger in disabled["note"]} == {"D"}
    assert sorted(trigger.constraint_name or "" for trigger in disabled["note"]) == [
        "",
        "in_box",
        "in_box",
    ]


@each_major
def test_reads_transactions_that_are_left_open(major_database: str) -> None:
    run(major_database, "create table note (body text)")
    with open_transaction(major_database, "insert into note values ('secret')"):
        run(major_database, *["select txid_current()"] * XIDS)

        server = server_of(major_database)

    [found] = list(server.open_transactions or ())
    assert found.role == "postgres"
    assert "till 7" not in repr(server)
    assert "secret" not in repr(server)
    assert found.state == "idle in transaction"
    assert found.is_idle
    assert found.is_in_this_database
    assert found.age_ms is not None
    assert found.state_age_ms is not None
    assert found.age_ms >= found.state_age_ms > 0
    assert found.transaction_id_age is not None
    assert found.transaction_id_age > XIDS
    assert found.snapshot_age is None
    assert found.horizon_age == found.transaction_id_age
    assert found.command is None
    [idle] = [one for one in server.connections or () if one.state == "idle in transaction"]
    assert (idle.role, idle.is_in_this_database, idle.count) == ("postgres", True, 1)
    assert server.activity.idle_in_transaction_time_ms is None or server.major >= 14


@each_major
def test_names_the_command_and_not_the_statement(major_database: str) -> None:
    run(major_database, "create table note (body text)")
    statements = ("begin", "set transaction isolation level repeatable read")
    with open_transaction(major_database, *statements, " ANALYZE note"):
        [found] = list(server_of(major_database).open_transactions or ())

    assert found.command == "analyze"
    assert found.snapshot_age is not None


@each_major
def test_reads_the_slots(major_database: str) -> None:
    with slot(major_database, "left_behind"):
        run(major_database, "create table filler as select generate_series(1, 20000)")

        server = server_of(major_database)

    [found] = list(server.replication_slots or ())
    assert (found.name, found.kind, found.database) == ("left_behind", "physical", None)
    assert not found.is_active
    assert not found.is_temporary
    assert found.wal_status == "reserved"
    assert found.retained_bytes is not None
    assert found.retained_bytes > 500_000
    assert found.safe_bytes is None
    assert found.transaction_age is None
    assert (found.inactive_time_ms is not None) == (server.major >= 17)
    assert found.spilled_bytes is None


def test_reads_what_decoding_wrote_to_files() -> None:
    settings = SETTINGS | {"wal_level": "logical", "logical_decoding_work_mem": "64kB"}
    read = (
        "select count(*) from pg_logical_slot_get_binary_changes('capture', null, null,"
        " 'proto_version', '1', 'publication_names', 'changes')"
    )
    with (
        Cluster(binaries=embedded_binaries(), settings=settings) as cluster,
        fresh_database(cluster) as dsn,
    ):
        run(
            dsn,
            "create table number (id integer primary key)",
            "create publication changes for table number",
            "select pg_create_logical_replication_slot('capture', 'pgoutput')",
            "insert into number values (0)",
            "insert into number select generate_series(1, 5000)",
            read,
        )
        server = server_of(dsn)
        run(dsn, "select pg_drop_replication_slot('capture')")

    [found] = list(server.replication_slots or ())
    assert (found.kind, found.spilled_transactions) == ("logical", 1)
    assert found.spilled_bytes is not None
    assert found.spilled_bytes > 64 * KiB
    assert found.decoded_bytes is not None
    assert found.decoded_bytes > 0


@each_major
def test_reads_who_streams(major_database: str) -> None:
    with streaming(major_database, "far"):
        server = server_of(major_database)

    [found] = list(server.wal_senders or ())
    assert isinstance(found, WalSender)
    assert (found.application_name, found.sync_state) == ("far", "async")
    assert found.state in {"streaming", "catchup"}
    assert server.streaming_replica_count == 1
    assert server.open_transactions == ()


@contextmanager
def streaming(dsn: str, name: str) -> Iterator[None]:
    """Stream WAL as a standby does, without reading any of it."""
    target = conninfo.make_conninfo(dsn, replication="true", application_name=name)
    connection = pq.PGconn.connect(target.encode())
    try:
        assert connection.status == pq.ConnStatus.OK, connection.error_message
        position = _position(connection)
        started = connection.exec_(b"START_REPLICATION PHYSICAL " + position)
        assert started.status == pq.ExecStatus.COPY_BOTH, started.error_message
        yield
    finally:
        connection.finish()


def _position(connection: pq.abc.PGconn) -> bytes:
    found = connection.exec_(b"IDENTIFY_SYSTEM").get_value(0, 2)
    assert found is not None
    return found


@each_major
def test_counts_checkpoints_and_wal(major_database: str) -> None:
    before = server_of(major_database)
    run(
        major_database,
        "create table filler as select generate_series(1, 20000)",
        "checkpoint",
        "insert into filler values (1)",
        "select pg_sleep(0.6)",  # counters are sent twice a second at most
    )

    after = server_of(major_database)

    assert before.write_activity is not None
    assert after.write_activity is not None
    requested = after.write_activity.requested_checkpoints
    assert requested > before.write_activity.requested_checkpoints
    assert after.write_activity.checkpoint_pages > before.write_activity.checkpoint_pages
    if after.major >= 14:
        assert before.wal_activity is not None
        assert after.wal_activity is not None
        assert after.wal_activity.wal_bytes > before.wal_activity.wal_bytes
        assert after.wal_activity.records > before.wal_activity.records


@each_major
def test_counts_sessions_from_14_on(major_database: str) -> None:
    run(major_database, "select pg_sleep(0.6)", "select 1")

    activity = server_of(major_database).activity

    counts = (activity.sessions, activity.session_time_ms, activity.active_time_ms)
    if server_of(major_database).major < 14:
        assert counts == (None, None, None)
    else:
        assert all(count is not None and count > 0 for count in counts)
        assert activity.sessions_killed == 0


@each_major
def test_tells_an_extension_that_is_older_than_its_files(major_database: str) -> None:
    run(major_database, "create extension pg_trgm version '1.3'")

    extensions = {e.name: e for e in server_of(major_database).extensions}

    assert extensions["pg_trgm"].version == "1.3"
    assert extensions["pg_trgm"].default_version in {"1.5", "1.6"}
    assert extensions["plpgsql"].version == extensions["plpgsql"].default_version


@each_major
def test_a_role_without_pg_monitor_is_told_that_sessions_are_hidden(major_database: str) -> None:
    with (
        reading_role(major_database, monitor=False) as blind,
        reading_role(major_database, "public") as reader,
        open_transaction(major_database, "select txid_current()"),
    ):
        hidden, seen = server_of(blind), server_of(reader)

    assert hidden.hides_sessions
    assert hidden.open_transactions == ()
    assert not seen.hides_sessions
    assert len(seen.open_transactions or ()) == 1
    assert seen.replication_slots == hidden.replication_slots == ()


def test_a_read_that_is_refused_is_left_out_and_does_not_make_the_run_partial(
    cluster: Cluster,
) -> None:
    with fresh_database(cluster) as dsn, reading_role(dsn, "public") as reader:
        run(dsn, "revoke select on pg_catalog.pg_replication_slots from public")
        role = reader.split("user=")[1].split()[0]
        run(dsn, f'revoke select on pg_catalog.pg_replication_slots from "{role}"')

        snapshot = collect(reader, options=QUICK)

    [item] = [one for one in snapshot.unavailable if one.what == "replication slots"]
    assert snapshot.server.replication_slots is None
    assert item.reason == "the role has no privilege for it"
    assert item.remedy == "pgadvisor grants prints what the role needs."
    assert not snapshot.is_partial


def test_reads_prepared_transactions() -> None:
    settings = {**SETTINGS, "max_prepared_transactions": "2"}
    with Cluster(binaries=embedded_binaries(), settings=settings) as cluster:
        dsn = cluster.dsn()
        run(dsn, "create table note (body text)")
        with psycopg.connect(dsn, autocommit=True) as session:
            session.execute("begin")
            session.execute("insert into note values ('x')")
            session.execute("prepare transaction 'customer 4711'")
        run(dsn, *["select txid_current()"] * XIDS)

        snapshot = collect(dsn, options=QUICK)

    [found] = list(snapshot.server.prepared_transactions or ())
    assert (found.role, found.is_in_this_database) == ("postgres", True)
    assert found.age_ms > 0
    assert found.transaction_id_age > XIDS
    assert "4711" not in repr(snapshot.server)
