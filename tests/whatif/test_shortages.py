"""Where a machine lacks something, the twin says what, and what to do; or it does without."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.owner import can_run, server_owner, short_bases
from pgadvisor.errors import TwinError
from pgadvisor.model.schema import Function
from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_snapshot, a_table, an_index
from pgadvisor.testing.snapshot import SnapshotPart
from pgadvisor.whatif.twin import Twin
from pgadvisor.whatif.twin.storage.files import RelationFile, set_lengths
from tests.cli.conftest import environment
from tests.fixtures.nobody import AS_ROOT, directory_of_nobody, python_as_nobody
from tests.fixtures.processes import becomes_true, commands_naming
from tests.fixtures.programs import Ended

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("twin_shortages")]

TABLES = 400
QUERY = "select * from t7 where b = 'x'"
MORE_SPACE = "Free some space, or set TMPDIR to a directory on a larger disk."
PLANNED = "Bitmap Index Scan on t7_b_idx"


@pytest.fixture(scope="module")
def snapshot_file(temporary_directory: Path) -> Path:
    """A snapshot of 400 tables of a hundred megabytes each."""
    parts: list[SnapshotPart] = []
    for number in range(TABLES):
        table = a_table(f"t{number}", "a bigint not null", "b text")
        parts += [table, an_index(table, "a"), an_index(table, "b")]
    path = temporary_directory / "tables.pgsnap"
    save(a_snapshot(*parts), path, level="none")
    return path


@pytest.fixture
def directory(temporary_directory: Path) -> Iterator[Path]:
    """A directory for temporary files that the server's user can enter; it is left empty."""
    with tempfile.TemporaryDirectory(dir=temporary_directory) as name:
        directory = Path(name)
        directory.chmod(0o1777)
        yield directory
        assert list(directory.iterdir()) == []
        assert not commands_naming(directory)


@pytest.fixture
def elsewhere(snapshot_file: Path) -> Iterator[tuple[Path, Path]]:
    """The snapshot, and a directory for temporary files, neither of them in /dev/shm."""
    with tempfile.TemporaryDirectory(dir=short_bases()[0]) as name:
        copy = Path(shutil.copy(snapshot_file, name))
        directory = Path(name, "temporary")
        directory.mkdir()
        for path, mode in ((Path(name), 0o711), (directory, 0o1777)):
            path.chmod(mode)
        yield copy, directory
        assert list(directory.iterdir()) == []


def run_in_shell(directory: Path, snapshot: Path, before: str = "", *wrapper: str) -> Ended:
    """Plan a statement in a shell that has set limits, or mounted something, before."""
    words = [sys.executable, "-m", "pgadvisor", "twin", str(snapshot), "--explain", "-"]
    ended = subprocess.run(  # noqa: S603  (our own argument list)
        [*wrapper, "bash", "-c", f"{before or 'true'} && exec {shlex.join(words)}"],
        input=QUERY,
        capture_output=True,
        text=True,
        check=False,
        env=environment({"TMPDIR": str(directory)}),
    )
    return Ended(code=ended.returncode, out=ended.stdout, err=ended.stderr)


@contextmanager
def mounted(directory: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory on a directory."""
    command = ["mount", "-t", "tmpfs", "-o", f"mode=1777,{options}", "tmpfs", str(directory)]
    if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("this machine mounts nothing")
    try:
        yield
    finally:
        subprocess.run(["umount", str(directory)], check=True)  # noqa: S603, S607


@AS_ROOT
@pytest.mark.parametrize("size", ["20m", "28m", "32m"])
def test_a_disk_that_is_full(snapshot_file: Path, directory: Path, size: str) -> None:
    with mounted(directory, f"size={size}"):
        ended = run_in_shell(directory, snapshot_file)
        left = list(directory.iterdir())

    assert left == []
    assert (ended.code, ended.out) == (5, "")
    assert re.search("No space left on device|could not extend file", ended.err)
    assert ended.err.splitlines()[-1] == MORE_SPACE


@pytest.mark.parametrize("count", [64, 128])
def test_few_file_descriptors_are_enough(snapshot_file: Path, directory: Path, count: int) -> None:
    ended = run_in_shell(directory, snapshot_file, f"ulimit -n {count}")

    assert (ended.code, ended.err) == (0, "")
    assert PLANNED in ended.out


def test_too_few_file_descriptors(snapshot_file: Path, directory: Path) -> None:
    ended = run_in_shell(directory, snapshot_file, "ulimit -n 32")

    assert ended.code == 5
    assert "insufficient file descriptors available" in ended.err
    assert ended.err.splitlines()[-1] == "Allow more open files, 256 at least: ulimit -n 256."


@pytest.mark.parametrize("kilobytes", [500, 50_000])
def test_files_that_may_not_be_long(snapshot_file: Path, directory: Path, kilobytes: int) -> None:
    ended = run_in_shell(directory, snapshot_file, f"ulimit -f {kilobytes}")

    assert ended.code == 5
    assert "File too large" in ended.err
    assert ended.err.splitlines()[-1] == (
        "Lift the limit on the length of files: ulimit -f unlimited."
    )


@AS_ROOT
def test_a_directory_that_runs_no_programs_is_good_enough(
    snapshot_file: Path, directory: Path
) -> None:
    binaries, owner = embedded_binaries(), server_owner()
    places = (binaries.directory, binaries.program("initdb"), *binaries.library_directories)
    if owner is not None and not can_run(owner, places):
        pytest.skip("its user cannot reach the binaries, which are copied and run there")
    with mounted(directory, "noexec"):
        ended = run_in_shell(directory, snapshot_file)

    assert (ended.code, ended.err) == (0, "")
    assert PLANNED in ended.out


@AS_ROOT
@pytest.mark.parametrize(
    ("mount", "message"),
    [
        ("-o size=64k tmpfs /dev/shm", "Give /dev/shm more room; of a container, with"),
        ("-o ro tmpfs /dev/shm", ""),
    ],
)
def test_shared_memory_that_is_small_or_absent(
    elsewhere: tuple[Path, Path], mount: str, message: str
) -> None:
    copy, directory = elsewhere
    ended = run_in_shell(directory, copy, f"mount -t tmpfs {mount}", "unshare", "--mount")

    assert ended.code == (5 if message else 0), ended.err
    assert message in ended.err
    assert (PLANNED in ended.out) == (not message)


def test_a_file_system_without_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "16384"
    path.touch()
    file = RelationFile(path=path, length_bytes=1 << 40)

    def dense(path: Path, length: int) -> None:
        """What a file system does that has no holes."""
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, length)

    monkeypatch.setattr(os, "truncate", dense)
    with pytest.raises(TwinError, match="has no sparse files") as raised:
        set_lengths([file], None)

    assert "on a file system with sparse files" in raised.value.next_step
    assert path.stat().st_size == 1 << 20
    assert list(tmp_path.iterdir()) == [path]


def test_a_short_file_is_no_reason_to_ask_for_holes(tmp_path: Path) -> None:
    path = tmp_path / "16384"
    path.write_bytes(bytes(1 << 20))

    set_lengths([RelationFile(path=path, length_bytes=1 << 20)], None)

    assert path.stat().st_size == 1 << 20


SLEEPING = Function(
    oid=1,
    schema="public",
    name="sleeping",
    arguments="",
    language="sql",
    volatility="i",
    definition="create function public.sleeping() returns int language sql immutable as "
    "$$ select 1 from pg_sleep(60) $$",
)


@pytest.mark.parametrize("victim", ["postmaster", "backend"])
def test_a_server_that_is_killed_while_it_plans(victim: str) -> None:
    with Twin(a_snapshot(a_table("t"), SLEEPING)) as twin:
        server = twin._run("looking").server
        directory = server.cluster.directory
        postmaster = int((server.cluster.data_directory / "postmaster.pid").read_text().split()[0])
        pid = postmaster if victim == "postmaster" else server.role.info.backend_pid
        threading.Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()

        with pytest.raises(TwinError, match="planning on the twin: the server has ended: ") as one:
            twin.plan("select * from t where id = sleeping()")
        with pytest.raises(TwinError) as two:
            twin.plan("select 1")

    assert one.value.exit_code == 5
    assert one.value.next_step.startswith("Unless somebody has ended it, it was short of memory")
    assert two.value.next_step
    assert not directory.exists()
    assert becomes_true(lambda: not commands_naming(directory))


@AS_ROOT
@pytest.mark.parametrize("command", ["twin", "analyze"])
def test_an_ordinary_user_without_a_home(
    snapshot_file: Path, temporary_directory: Path, command: str
) -> None:
    own = directory_of_nobody(temporary_directory, f"nobody-{command}")
    (own / "tables.pgsnap").write_bytes(snapshot_file.read_bytes())
    (own / "tables.pgsnap").chmod(0o644)
    (own / "query.sql").write_text(QUERY)
    options = ["--explain", own / "query.sql"] if command == "twin" else []

    ended = python_as_nobody("-m", "pgadvisor", command, own / "tables.pgsnap", *options, home=own)

    assert (ended.code, ended.err) == (0, "")
    assert {"twin": PLANNED, "analyze": "400 tables, 800 indexes"}[command] in ended.out
    assert sorted(path.name for path in own.iterdir()) == ["query.sql", "tables.pgsnap"]
