"""A server starts with its settings, and an error says what the server said."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from pgadvisor.cluster.binaries import Binaries, embedded_binaries, read_binaries
from pgadvisor.cluster.launch import Cluster, _failure
from pgadvisor.errors import ClusterError
from tests.fixtures.nobody import AS_ROOT, directory_of_nobody, python_as_nobody
from tests.fixtures.programs import Ended

pytestmark = pytest.mark.live


def _value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_listens_on_no_network(cluster: Cluster) -> None:
    lines = (cluster.data_directory / "postmaster.pid").read_text().splitlines()

    assert lines[5] == ""  # the address that the server listens on
    assert _value(cluster.dsn(), "select inet_server_addr() is null") is True


def test_nobody_else_can_look_into_its_directories(cluster: Cluster) -> None:
    for directory in (cluster.directory, cluster.socket_directory, cluster.data_directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_never_runs_as_root(cluster: Cluster) -> None:
    owner = cluster.data_directory.stat().st_uid

    assert owner != 0
    assert (cluster.owner is None) == (os.geteuid() != 0)


def test_databases_have_the_locale_of_the_c_library_in_utf_8(cluster: Cluster) -> None:
    query = "select concat_ws(' ', datcollate, datlocprovider, pg_encoding_to_char(encoding))"

    assert _value(cluster.dsn(), f"{query} from pg_database limit 1") == f"{cluster.locale} c UTF8"


def test_its_processes_have_the_environment_that_they_are_given() -> None:
    with Cluster(environment={"TZ": "Asia/Tokyo"}) as cluster:
        # initdb writes down what it finds
        assert _value(cluster.dsn(), "show timezone") == "Asia/Tokyo"


def test_a_restart_keeps_data_and_settings() -> None:
    with Cluster(settings={"work_mem": "7MB", "search_path": "a'b, c\\d"}) as cluster:
        with psycopg.connect(cluster.dsn()) as connection:
            connection.execute("create table public.kept ()")

        with cluster.offline() as data:
            running = (data / "postmaster.pid").exists()

        assert not running
        assert _value(cluster.dsn(), "select to_regclass('public.kept') is not null") is True
        assert _value(cluster.dsn(), "show work_mem") == "7MB"
        assert _value(cluster.dsn(), "show search_path") == "a'b, c\\d"


def test_a_password_is_asked_for_and_part_of_the_superusers_dsn() -> None:
    secret = r"it's a \ secret"  # noqa: S105 - of a server that lives for this test
    with Cluster(password=secret) as cluster:
        assert _value(cluster.dsn(), "select current_user") == "postgres"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(cluster.dsn(password="wrong"))  # noqa: S106
        assert "password" not in conninfo_to_dict(cluster.dsn(user="reader"))
        files = [path for path in cluster.directory.iterdir() if path.is_file()]
        assert not [path for path in files if secret.encode() in path.read_bytes()]


def test_a_setting_that_does_not_exist_is_named_by_the_server() -> None:
    with pytest.raises(ClusterError) as raised:
        Cluster(settings={"no_such_setting": "1"})

    assert 'unrecognized configuration parameter "no_such_setting"' in raised.value.happened
    assert "PostgreSQL 18" in raised.value.attempted
    assert raised.value.next_step == "Correct the setting that the server names."


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(ClusterError, match='could not access file "no_such_library"'):
        Cluster(settings={"shared_preload_libraries": "no_such_library"})


def test_initdb_that_fails_says_why() -> None:
    with pytest.raises(ClusterError, match="initdb failed") as raised:
        Cluster(locale="xx_XX")

    assert 'invalid locale name "xx_XX"' in raised.value.happened


def test_a_restart_that_fails_says_why_and_leaves_nothing() -> None:
    with Cluster() as cluster:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("alter system set max_connections = 3")

        with pytest.raises(ClusterError, match="superuser_reserved_connections"):
            cluster.restart()

        cluster.stop()
        assert not cluster.directory.exists()


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ('FATAL:  could not write to file "pg_wal/x": No space left on device', "Free some space"),
        ('initdb: error: could not create directory "/x": Permission denied', "Set TMPDIR"),
        ("Operation not permitted (/x/bin/initdb)", "As root it is run as another user"),
        ("initdb: error: could not create it: Read-only file system", "Set TMPDIR to a directory"),
        ("FATAL:  out of memory", "Free some memory"),
        ("FATAL:  it is Tuesday", "The lines are the server's own"),
    ],
)
def test_what_is_known_to_help_is_said(line: str, advice: str) -> None:
    error = _failure("starting", "initdb", ["creating subdirectories ... ok", line])

    assert error.happened == f"initdb failed:\n{line}"
    assert error.next_step.startswith(advice)


@pytest.mark.parametrize("name", ["listen_addresses", "PORT", "a = 'b'\nc", ""])
def test_settings_that_are_the_launchers_own_are_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="cannot be set"):
        Cluster(settings={name: "x"})


def test_a_stopped_server_stays_stopped() -> None:
    with Cluster() as cluster:
        cluster.stop()
        cluster.stop()

        with pytest.raises(ClusterError, match="stopped for good"):
            cluster.restart()


def test_a_long_path_gets_a_short_socket(
    temporary_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = temporary_directory / ("d" * 90)
    deep.mkdir(mode=0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    with Cluster() as cluster:
        parents = (cluster.directory.parent, cluster.socket_directory.parent)
        one = _value(cluster.dsn(), "select 1")

    assert parents == (deep, Path("/tmp").resolve())  # noqa: S108
    assert one == 1
    assert not cluster.socket_directory.exists()


def test_a_directory_that_cannot_be_written_is_named(
    temporary_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = temporary_directory / "missing"
    monkeypatch.setattr(tempfile, "tempdir", str(missing))
    monkeypatch.setattr("pgadvisor.cluster.launch.temporary_base", lambda _: missing)

    with pytest.raises(ClusterError, match="No such file or directory") as raised:
        Cluster()

    assert str(missing) in raised.value.happened


@AS_ROOT
def test_as_root_binaries_that_the_servers_user_cannot_read_are_copied(
    temporary_directory: Path,
) -> None:
    hidden = _copy(embedded_binaries(), temporary_directory / "hidden")

    with Cluster(binaries=hidden) as cluster:
        copied = (cluster.directory / "binaries").is_dir()
        one = _value(cluster.dsn(), "select 1")

    assert copied
    assert one == 1
    assert stat.S_IMODE((temporary_directory / "hidden").stat().st_mode) == 0o700


@AS_ROOT
def test_an_ordinary_user_starts_a_server_of_its_own(temporary_directory: Path) -> None:
    own = directory_of_nobody(temporary_directory, "nobody")
    script = (
        "import os; from pgadvisor.cluster.launch import Cluster\n"
        "with Cluster() as c: print(c.owner, c.data_directory.stat().st_uid == os.getuid())"
    )

    ended = python_as_nobody("-c", script, home=own)

    assert ended == Ended(code=0, out="None True\n", err="")
    assert list(own.iterdir()) == []


def _copy(binaries: Binaries, directory: Path) -> Binaries:
    """Copy the binaries, with their libraries, to a directory that only we may enter."""
    directory.mkdir(mode=0o700)
    package = binaries.directory.parent
    shutil.copytree(binaries.directory, directory / package.name / binaries.directory.name)
    for libraries in binaries.library_directories:
        shutil.copytree(libraries, directory / libraries.name)
    return read_binaries(
        directory / package.name / binaries.directory.name,
        origin="copy",
        library_directories=tuple(directory / p.name for p in binaries.library_directories),
    )
