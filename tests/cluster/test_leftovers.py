"""What a killed guardian leaves behind is removed, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.guardian import LOCK_FILE, make_directory
from pgadvisor.cluster.launch import Cluster
from pgadvisor.cluster.leftovers import remove_leftovers
from tests.fixtures.processes import becomes_true, commands_naming

_ABANDON = """
import json, os, signal
from pgadvisor.cluster.launch import Cluster
cluster = Cluster()
print(json.dumps(str(cluster.directory)), flush=True)
os.kill(cluster._guardian.pid, signal.SIGKILL)
cluster._guardian.wait()  # it holds the lock until it has really ended
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.live
def test_the_next_start_removes_a_server_whose_guardian_was_killed(cluster: Cluster) -> None:
    abandoned = subprocess.run(  # noqa: S603 - our own argument list, no shell
        [sys.executable, "-c", _ABANDON], stdout=subprocess.PIPE, check=False
    )
    directory = Path(json.loads(abandoned.stdout))
    assert directory.exists()
    assert commands_naming(directory)

    with Cluster():
        left = (directory.exists(), commands_naming(directory))
        with psycopg.connect(cluster.dsn()) as connection:
            others_live = connection.execute("select true").fetchone()

    assert left == (False, [])
    assert others_live == (True,)


@pytest.mark.live
def test_stop_cleans_up_when_the_guardian_was_killed() -> None:
    cluster = Cluster()
    os.kill(cluster._guardian.pid, signal.SIGKILL)

    cluster.stop()

    assert not cluster.directory.exists()
    assert becomes_true(lambda: not commands_naming(cluster.directory))


def test_a_directory_whose_lock_is_held_stays(tmp_path: Path) -> None:
    directory, lock = make_directory(str(tmp_path), "pgadvisor-", None)

    removed = remove_leftovers(tmp_path, "pgadvisor-", {os.geteuid()})

    os.close(lock)
    assert removed == ()
    assert directory.exists()


def test_a_directory_whose_lock_is_free_goes(tmp_path: Path) -> None:
    directory, lock = make_directory(str(tmp_path), "pgadvisor-", None)
    os.close(lock)

    removed = remove_leftovers(tmp_path, "pgadvisor-", {os.geteuid()})

    assert removed == (directory,)
    assert not directory.exists()


def test_a_directory_of_another_user_stays(tmp_path: Path) -> None:
    directory, lock = make_directory(str(tmp_path), "pgadvisor-", None)
    os.close(lock)

    removed = remove_leftovers(tmp_path, "pgadvisor-", {os.geteuid() + 1})

    assert removed == ()
    assert directory.exists()


def test_a_directory_without_our_lock_file_stays(tmp_path: Path) -> None:
    (tmp_path / "pgadvisor-plans").mkdir()
    (tmp_path / "pgadvisor-link").mkdir()
    (tmp_path / "elsewhere").touch()
    (tmp_path / "pgadvisor-link" / LOCK_FILE).symlink_to(tmp_path / "elsewhere")

    removed = remove_leftovers(tmp_path, "pgadvisor-", {os.geteuid()})

    assert removed == ()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_process_that_is_no_server_of_the_directory_is_not_killed(tmp_path: Path) -> None:
    directory, lock = make_directory(str(tmp_path), "pgadvisor-", None)
    os.close(lock)
    (directory / "data").mkdir()
    with subprocess.Popen(["/bin/sleep", "60"]) as bystander:
        (directory / "data" / "postmaster.pid").write_text(f"{bystander.pid}\n")

        remove_leftovers(tmp_path, "pgadvisor-", {os.geteuid()})

        alive = bystander.poll() is None
        bystander.kill()

    assert alive
    assert not directory.exists()
