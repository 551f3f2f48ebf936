"""Ctrl-C and SIGTERM: exit code 130, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_snapshot, a_table
from tests.cli.conftest import environment
from tests.fixtures.processes import becomes_true, commands_naming

pytestmark = pytest.mark.live

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
SLOW = """
alter view pg_stat_statements_info rename to hidden;
create view pg_stat_statements_info as
    select h.* from pg_sleep(4) cross join hidden h;
"""
"""Something that the collector reads takes long, so that there is time to interrupt it."""


def start(*arguments: object, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, "-m", "pgadvisor", *(str(argument) for argument in arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(variables),
    )


def end(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture(autouse=True)
def can_be_interrupted() -> Iterator[None]:
    """Pass SIGINT on as it usually is: a shell ignores it in what runs in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def own_directory() -> Iterator[Path]:
    """A directory for temporary files that the server's user can enter."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name).resolve()
        directory.chmod(0o711)
        yield directory


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", ["analyze", "snapshot"])
def test_during_the_collection(
    database: str, tmp_path: Path, number: signal.Signals, command: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SLOW.encode())
        sleeping = (
            "select count(*) from pg_stat_activity"
            " where application_name like 'pgadvisor/%' and wait_event = 'PgSleep'"
        )
        option = {"analyze": "--out", "snapshot": "-o"}[command]
        process = start(command, database, option, tmp_path / "made")
        assert becomes_true(lambda: connection.execute(sleeping).fetchone() == (1,), 60)

        process.send_signal(number)

        assert end(process) == (130, b"", b"")
        assert becomes_true(lambda: connection.execute(sleeping).fetchone() == (0,))
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS)
def test_during_the_analysis(own_directory: Path, tmp_path: Path, number: signal.Signals) -> None:
    save(a_snapshot(a_table("orders", "id bigint not null")), tmp_path / "shop.pgsnap")
    process = start(
        "analyze", tmp_path / "shop.pgsnap", "--out", tmp_path / "made", TMPDIR=str(own_directory)
    )
    assert becomes_true(lambda: bool(commands_naming(own_directory)), 60)

    process.send_signal(number)

    assert end(process) == (130, b"", b"")
    assert becomes_true(lambda: not commands_naming(own_directory))
    assert becomes_true(lambda: not os.listdir(own_directory))  # noqa: PTH208
    assert [path.name for path in tmp_path.iterdir()] == ["shop.pgsnap"]


def test_a_signal_that_is_ignored_stays_ignored(own_directory: Path, tmp_path: Path) -> None:
    save(a_snapshot(a_table("orders", "id bigint not null")), tmp_path / "shop.pgsnap")
    process = subprocess.Popen(  # noqa: S603
        ["nohup", sys.executable, "-m", "pgadvisor", "analyze", tmp_path / "shop.pgsnap"],  # noqa: S607
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment({"TMPDIR": str(own_directory)}),
    )
    assert becomes_true(lambda: bool(commands_naming(own_directory)), 60)

    process.send_signal(signal.SIGHUP)

    code, out, _ = end(process)
    assert code == 0
    assert out.startswith(b"pgadvisor: shop on PostgreSQL 18.4")
