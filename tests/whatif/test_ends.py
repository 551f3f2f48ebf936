"""Whatever way a process ends that uses a twin, and whenever: nothing of the twin is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.owner import can_run, memory_base, server_owner
from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_primary_key, a_snapshot, a_table, an_index
from pgadvisor.testing.snapshot import SnapshotPart
from pgadvisor.whatif.twin import Twin, patience
from tests.cli.conftest import environment
from tests.cli.shop import SLEEPING
from tests.fixtures.processes import becomes_true, commands_naming

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("twin_ends")]

TABLES = 1_000
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
SNAPSHOT = """
import pgadvisor
from pgadvisor.model.schema import Function
from pgadvisor.testing import a_snapshot, a_table
sleeping = Function(
    oid=1, schema="public", name="sleeping", arguments="", language="sql", volatility="i",
    definition="create function public.sleeping() returns int language sql immutable as "
    "$$ select 1 from pg_sleep(60) $$",
)
snapshot = a_snapshot(a_table("t"), sleeping)
"""
PLANNING = f"""{SNAPSHOT}
with pgadvisor.Twin(snapshot) as twin:
    print("planning", flush=True)
    twin.explain("select * from t where id = public.sleeping()")
"""
ENDINGS = {
    "an end": "print('here', flush=True)",
    "an exception": "raise ZeroDivisionError",
    "an exit": "import os; os._exit(0)",
    "no with": "",
}


@pytest.fixture(scope="module")
def large(temporary_directory: Path) -> Path:
    """A snapshot file of a thousand tables with three thousand indexes."""
    parts: list[SnapshotPart] = []
    for number in range(TABLES):
        table = a_table(f"t{number}", "id bigint not null", "a text", "b date")
        key, constraint = a_primary_key(table, "id")
        parts += [table, key, constraint, an_index(table, "a"), an_index(table, "b", "a")]
    path = temporary_directory / "large.pgsnap"
    save(a_snapshot(*parts), path, level="none")
    return path


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory for temporary files that the server's user can enter."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name).resolve()
        directory.chmod(0o711)
        yield directory


def start(directory: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, *(str(argument) for argument in arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment({"TMPDIR": str(directory)}),
    )


def is_gone(directory: Path) -> bool:
    return not commands_naming(directory) and not list(directory.iterdir())


def files_of(directory: Path) -> int:
    """How many relations the server in that directory has."""
    try:
        return sum(1 for _ in directory.glob("pgadvisor-twin-*/data/base/*/*"))
    except FileNotFoundError:  # the twin has just dropped a database that it does not need
        return 0


@pytest.fixture(autouse=True)
def can_be_interrupted() -> Iterator[None]:
    """Pass SIGINT on as it usually is: a shell ignores it in what runs in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "starting": lambda directory: any(directory.glob("pgadvisor-twin-*/data")),
    "building": lambda directory: files_of(directory) > TABLES,
}


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_that_comes_early(
    large: Path, directory: Path, moment: str, number: signal.Signals
) -> None:
    process = start(directory, "-m", "pgadvisor", "twin", large)
    assert becomes_true(lambda: MOMENTS[moment](directory), 60)

    process.send_signal(number)
    process.communicate(timeout=30)

    assert process.returncode == (-number if number is signal.SIGKILL else 130)
    assert becomes_true(lambda: is_gone(directory))


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_comes_while_a_function_runs(directory: Path, number: signal.Signals) -> None:
    process = start(directory, "-c", PLANNING)
    assert process.stdout is not None
    assert process.stdout.readline() == "planning\n"

    process.send_signal(number)
    process.communicate(timeout=30)

    assert process.returncode == -number
    assert becomes_true(lambda: is_gone(directory))


@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_ctrl_c_in_the_midst_of_our_own_waiting(
    moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def interrupted() -> float:
        nonlocal calls
        calls += 1
        if calls == moment:
            raise KeyboardInterrupt
        return time.monotonic()

    with Twin(a_snapshot(a_table("t"), SLEEPING)) as twin:
        monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=interrupted))
        with pytest.raises(KeyboardInterrupt):
            twin.plan("select * from t where id = sleeping()")

    assert calls >= moment


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_an_end_of_its_own(directory: Path, ending: str) -> None:
    entered = "twin = pgadvisor.Twin(snapshot); twin.__enter__()"
    body = f"with pgadvisor.Twin(snapshot):\n    {ending}" if ending else entered

    process = start(directory, "-c", f"{SNAPSHOT}\n{body}")
    process.communicate(timeout=60)

    assert process.returncode == (1 if "raise" in ending else 0)
    assert becomes_true(lambda: is_gone(directory))


def test_what_is_left_when_the_guardian_is_killed_too_is_removed_at_the_next_start(
    large: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start(directory, "-m", "pgadvisor", "twin", large)
    assert becomes_true(lambda: MOMENTS["building"](directory), 60)
    [guardian] = guardians_of(process.pid)
    os.kill(guardian, signal.SIGKILL)
    process.kill()
    process.communicate(timeout=30)
    [left] = directory.glob("pgadvisor-twin-*")
    assert left.stat().st_mode & 0o777 == 0o700
    assert commands_naming(left)

    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    with Twin(a_snapshot(a_table("t"))):
        found = (left.exists(), commands_naming(left))

    assert found == (False, [])
    assert is_gone(directory)


def test_what_is_left_in_memory_is_removed_at_the_next_start(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    memory = memory_base(server_owner(), 1 << 30)
    if memory is None:
        pytest.skip("there is no file system in memory that a twin would use")
    binaries, owner = embedded_binaries(), server_owner()
    places = (binaries.directory, binaries.program("initdb"), *binaries.library_directories)
    if owner is not None and not can_run(owner, places):
        pytest.skip("its user cannot reach the binaries, which are copied and run elsewhere")
    before = {*memory.glob("pgadvisor-twin-*")}

    def begun() -> list[Path]:
        """Twins that were not there before, as far as a schema is in them."""
        later = (one for one in memory.glob("pgadvisor-twin-*") if one not in before)
        return [one for one in later if sum(1 for _ in one.glob("data/base/*/*")) > TABLES]

    process = subprocess.Popen(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, "-m", "pgadvisor", "twin", str(large)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={k: v for k, v in environment({}).items() if k not in {"TMPDIR", "TEMP", "TMP"}},
    )
    try:
        assert becomes_true(lambda: bool(begun() and guardians_of(process.pid)), 60)
        [guardian] = guardians_of(process.pid)
        os.kill(guardian, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate(timeout=30)
    left = begun()
    assert [commands_naming(one) != [] for one in left] == [True]

    with Twin(a_snapshot(a_table("t"))):
        found = [(one.exists(), commands_naming(one)) for one in left]

    assert found == [(False, [])]


def guardians_of(pid: int) -> list[int]:
    """The processes that a process has started, as ``/proc`` or ``ps`` tell."""
    answer = subprocess.run(
        ["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.split() for line in answer.splitlines())
    return [int(child) for child, parent in rows if int(parent) == pid]
