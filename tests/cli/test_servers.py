"""Servers that cannot be used: one message, exit code 3, no secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from tests.cli.conftest import SECRET, Command
from tests.fixtures.databases import SETTINGS

pytestmark = pytest.mark.live

RIGHT = "of-the-superuser"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Cluster]:
    """A server that asks for a password."""
    with Cluster(binaries=embedded_binaries(), settings=SETTINGS, password=RIGHT) as cluster:
        yield cluster


@pytest.mark.parametrize("command", ["analyze", "snapshot -o x.pgsnap"])
def test_wrong_password(
    guarded: Cluster,
    pgadvisor_run: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", conninfo.make_conninfo(guarded.dsn(), password=SECRET))

    ended = pgadvisor_run(*command.split())

    assert ended.code == 3
    assert ended.message == (
        "connecting to the server: the user name or the password is wrong, or a password is"
        " missing\nCheck PGUSER and PGPASSWORD, the connection string or ~/.pgpass."
    )
    assert list(tmp_path.iterdir()) == []


def test_wrong_password_of_the_environment(
    guarded: Cluster, pgadvisor_run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = {**conninfo.conninfo_to_dict(guarded.dsn()), "password": SECRET}
    for keyword, value in target.items():
        name = {"dbname": "PGDATABASE"}.get(keyword, f"PG{keyword.upper()}")
        monkeypatch.setenv(name, str(value))

    ended = pgadvisor_run("analyze")

    assert ended.code == 3
    assert ended.message.startswith("connecting to the server: the user name or the password is")


def test_no_such_database(cluster: Cluster, pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("analyze", cluster.dsn("nowhere"))

    assert ended.code == 3
    assert ended.message.startswith("connecting to the server: there is no such database")


def test_no_such_role(cluster: Cluster, pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("analyze", cluster.dsn(user="nobody_here"))

    assert ended.code == 3
    assert ended.message.startswith("connecting to the server: there is no such role")


def test_a_service_names_the_server(
    cluster: Cluster, pgadvisor_run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        host, user = connection.info.host, connection.info.user
    (tmp_path / "services").write_text(
        f"[prod]\nhost={host}\nport={cluster.port}\nuser={user}\ndbname=nowhere\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    monkeypatch.setenv("PGSERVICE", "prod")

    ended = pgadvisor_run("analyze")

    assert ended.code == 3
    assert ended.message.startswith("connecting to the server: there is no such database")
