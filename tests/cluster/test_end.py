"""However the process ends that started a server, nothing of it is left within five seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.processes import becomes_true, commands_naming, is_running

pytestmark = pytest.mark.live

_PARENT = """
import json, os, sys, time
from pgadvisor.cluster.launch import Cluster

def show(cluster):
    print(json.dumps([str(cluster.directory), cluster._guardian.pid]), flush=True)
"""
_WAITING = f"""{_PARENT}
import signal
# Whoever runs the tests in the background may have left it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with Cluster() as cluster:
    show(cluster)
    time.sleep(60)
"""
_ENDINGS = {
    "the end of the block": f"{_PARENT}\nwith Cluster() as cluster: show(cluster)",
    "an exception": f"{_PARENT}\nwith Cluster() as cluster: show(cluster); 1 / 0",
    "the end of the program": f"{_PARENT}\ncluster = Cluster(); show(cluster)",
    "the last reference": f"{_PARENT}\ncluster = Cluster(); show(cluster); cluster = None",
    "os._exit": f"{_PARENT}\ncluster = Cluster(); show(cluster); os._exit(0)",
}


def _start(script: str) -> tuple[subprocess.Popen[str], Path, int]:
    """Run a script until it has shown its server's directory and its guardian's pid."""
    process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    directory, guardian = json.loads(process.stdout.readline())
    return process, Path(directory), guardian


def _is_gone(directory: Path, guardian: int) -> bool:
    return not directory.exists() and not is_running(guardian) and not commands_naming(directory)


@pytest.mark.parametrize("script", _ENDINGS.values(), ids=_ENDINGS)
def test_nothing_is_left_after(script: str) -> None:
    process, directory, guardian = _start(script)

    process.communicate(timeout=30)

    assert becomes_true(lambda: _is_gone(directory, guardian))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_after_the_signal(number: signal.Signals) -> None:
    process, directory, guardian = _start(_WAITING)
    assert commands_naming(directory)

    process.send_signal(number)
    process.communicate(timeout=30)

    assert becomes_true(lambda: _is_gone(directory, guardian))


def test_nothing_is_left_though_a_backend_is_busy() -> None:
    process, directory, guardian = _start(_WAITING)
    with closing(psycopg.connect(f"host={directory}/socket user=postgres")) as connection:
        connection.pgconn.send_query(b"create table t as select generate_series(1, 100000000)")

        process.kill()
        process.communicate(timeout=30)

        assert becomes_true(lambda: _is_gone(directory, guardian))


def test_nothing_is_left_though_a_fork_of_the_parent_lives_on() -> None:
    script = f"""{_PARENT}
with Cluster() as cluster:
    child = os.fork()
    if child == 0:
        os.close(1)  # or nobody would see the parent's end of output
        time.sleep(20)
        os._exit(0)
    show(cluster)
    print(child, flush=True)
    time.sleep(60)
"""
    process, directory, guardian = _start(script)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        process.kill()
        process.communicate(timeout=30)

        assert becomes_true(lambda: _is_gone(directory, guardian))
    finally:
        os.kill(child, signal.SIGKILL)


def test_nothing_is_left_of_a_start_that_was_killed(temporary_directory: Path) -> None:
    script = f"{_PARENT}\nCluster(prefix='pgadvisor-killed-')"
    process = subprocess.Popen([sys.executable, "-c", script])  # noqa: S603 - our own argument list
    assert becomes_true(lambda: any(temporary_directory.glob("pgadvisor-killed-*/data")), 30)
    directory = next(temporary_directory.glob("pgadvisor-killed-*"))

    process.kill()
    process.wait(30)

    assert becomes_true(lambda: not directory.exists() and not commands_naming(directory))


def test_a_fork_that_ends_leaves_the_server_alone() -> None:
    script = f"""{_PARENT}
cluster = Cluster()
if os.fork() == 0:
    sys.exit()
os.wait()
show(cluster)
print((cluster.data_directory / "postmaster.pid").exists(), flush=True)
"""
    process, directory, guardian = _start(script)

    assert process.stdout is not None
    still_there = process.stdout.readline()
    process.communicate(timeout=30)

    assert still_there.strip() == "True"
    assert becomes_true(lambda: _is_gone(directory, guardian))
