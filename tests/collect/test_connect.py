"""Failures to connect: one clear message by cause, without a secret."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import conninfo

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.connect import connect
from pgadvisor.collect.dsn import read_target
from pgadvisor.errors import ConnectError
from tests.fixtures.databases import SETTINGS

CANARY = "s3cr3t-Pa55"
RIGHT = "of-the-superuser"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Cluster]:
    """A server that asks for a password, and has few connections."""
    settings = SETTINGS | {
        "max_connections": "3",
        "superuser_reserved_connections": "0",
        "reserved_connections": "0",
        "max_wal_senders": "0",
    }
    with Cluster(binaries=embedded_binaries(), settings=settings, password=RIGHT) as cluster:
        yield cluster


def _failure(dsn: str) -> ConnectError:
    with pytest.raises(ConnectError) as caught:
        collect(dsn)
    error = caught.value
    assert error.exit_code == 3
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert CANARY not in str(error)
    return error


@pytest.mark.live
def test_wrong_password(guarded: Cluster) -> None:
    error = _failure(conninfo.make_conninfo(guarded.dsn(), password=CANARY))

    assert error.happened == "the user name or the password is wrong, or a password is missing"


@pytest.mark.live
def test_missing_password(guarded: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    parameters = conninfo.conninfo_to_dict(guarded.dsn()) | {"password": ""}

    error = _failure(conninfo.make_conninfo("", **parameters))

    assert error.happened == "the user name or the password is wrong, or a password is missing"


@pytest.mark.live
def test_no_connection_left(guarded: Cluster) -> None:
    held = [psycopg.connect(guarded.dsn()) for _ in range(3)]
    try:
        error = _failure(guarded.dsn())
    finally:
        for connection in held:
            connection.close()

    assert error.happened == "the server has no connection left for us"


@pytest.mark.live
def test_no_such_database(cluster: Cluster) -> None:
    error = _failure(cluster.dsn("nowhere"))

    assert error.happened == "there is no such database on the server, or it takes no connections"


@pytest.mark.live
def test_no_such_role(cluster: Cluster) -> None:
    error = _failure(cluster.dsn(user="nobody_here"))

    assert error.happened == "there is no such role on the server, or it may not log in"


@pytest.mark.live
def test_may_not_connect(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("create role stranger login")
        connection.execute("create database closed")
        connection.execute("revoke connect on database closed from public")
        try:
            error = _failure(cluster.dsn("closed", "stranger"))
        finally:
            connection.execute("drop database closed")
            connection.execute("drop role stranger")

    assert error.happened == "the role may not connect to this database"


def test_no_server_on_a_socket() -> None:
    error = _failure(f"host=/nonexistent user=me password={CANARY}")

    assert error.happened == "no server listens there"


def test_no_server_on_a_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    error = _failure(f"postgresql://me:{CANARY}@127.0.0.1:{port}/shop")

    assert error.happened == "no server listens there"


def test_no_such_host() -> None:
    error = _failure(f"postgresql://me:{CANARY}@no-such-host.invalid/shop")

    assert error.happened == "the host name cannot be resolved"


def test_a_server_that_says_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]

        error = _failure(f"postgresql://me:{CANARY}@127.0.0.1:{port}/shop?connect_timeout=2")

    assert error.happened == "the server did not answer in time"


def test_no_such_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVICEFILE", "/nonexistent")

    error = _failure("service=nowhere")

    assert error.happened == "the service is not defined"


@pytest.mark.live
def test_connects_by_libpq_variables(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PGHOST", str(cluster.socket_directory))
    monkeypatch.setenv("PGPORT", str(cluster.port))
    monkeypatch.setenv("PGUSER", "postgres")
    monkeypatch.setenv("PGDATABASE", "postgres")

    connection = connect(read_target(None))

    assert connection.info.dbname == "postgres"
    assert str(connection.info.parameter_status("application_name")).startswith("pgadvisor/")
    connection.close()
