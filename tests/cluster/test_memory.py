"""Where a server may lie in memory, and when it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.owner import MEMORY, can_run, memory_base, server_owner
from pgadvisor.units import MiB
from tests.cli.conftest import environment

ROOMY = MEMORY.is_mount() and os.statvfs(MEMORY).f_bavail * os.statvfs(MEMORY).f_frsize > 2**31
IN_MEMORY = pytest.mark.skipif(not ROOMY, reason="this machine has no roomy file system in memory")

PROGRAM = """
from pgadvisor.testing import a_snapshot, a_table
from pgadvisor.whatif.twin import Twin
with Twin(a_snapshot(a_table("t", "a bigint not null"))) as twin:
    print(twin._lanes[0].server.cluster.directory)
"""


@pytest.fixture
def no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user has not said where temporary files go."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)


@IN_MEMORY
@pytest.mark.usefixtures("no_wish")
def test_a_server_that_takes_little_may_lie_in_memory() -> None:
    assert memory_base(server_owner(), 10 * MiB) == MEMORY


@IN_MEMORY
@pytest.mark.usefixtures("no_wish")
def test_a_server_that_would_take_more_than_a_quarter_of_it_goes_onto_disk() -> None:
    status = os.statvfs(MEMORY)
    free_bytes = status.f_bavail * status.f_frsize

    assert memory_base(server_owner(), free_bytes // 4 + MiB) is None


@pytest.mark.parametrize("name", ["TMPDIR", "TEMP", "TMP"])
@pytest.mark.usefixtures("no_wish")
def test_a_directory_that_the_user_names_is_used_instead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv(name, str(tmp_path))

    assert memory_base(server_owner(), MiB) is None


@IN_MEMORY
@pytest.mark.live
def test_a_twin_lies_in_memory_and_leaves_nothing_there() -> None:
    owner, binaries = server_owner(), embedded_binaries()
    if owner is not None and not can_run(owner, (binaries.program("postgres"),)):
        pytest.skip("the server's programs have to be copied, and in memory none may run")
    variables = {k: v for k, v in environment({}).items() if k not in {"TMPDIR", "TEMP", "TMP"}}
    told = subprocess.run(  # noqa: S603  (our own argument list)
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=variables
    )
    directory = Path(told.stdout.strip())

    assert directory.parent == MEMORY
    assert directory.name.startswith("pgadvisor-twin-")
    assert not directory.exists()
