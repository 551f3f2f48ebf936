"""The command line, run in this process or in one of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import pgadvisor.rules
from pgadvisor.cli.app import run

SECRET = "s3cr3t-Pa55"  # noqa: S105  (planted, to be looked for)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The one message of a command that failed, without what announces it."""
        lines = self.err.splitlines()
        assert self.out == ""
        assert "Traceback" not in self.err
        assert [line for line in lines if line.startswith("pgadvisor: ")] == lines[:1]
        assert len(lines) <= 3, self.err
        return self.err.removeprefix("pgadvisor: ").strip()


Command = Callable[..., Ended]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing of the machine's own settings be seen, and forget loaded rules afterwards."""
    for name in os.environ:
        if re.match(r"PG(?!ADVISOR_CACHE)|DATABASE_URL|COLUMNS|NO_COLOR|TERM", name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "nopass"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pgadvisor.rules, "__path__", list(pgadvisor.rules.__path__))


@pytest.fixture
def pgadvisor_run(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process; the planted secret must not be in what it prints."""

    def command(*arguments: object) -> Ended:
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert SECRET not in printed.out + printed.err
        return Ended(code=code, out=printed.out, err=printed.err)

    return command


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Variables for a process of its own, which finds this very checkout."""
    checkout = str(Path(pgadvisor.__path__[0]).parent)
    return {**os.environ, "PYTHONPATH": checkout, **changes}


@pytest.fixture
def pgadvisor_process() -> Command:
    """Run a command in a process of its own: ``pgadvisor_process("rules", NO_COLOR="1")``."""

    def command(*arguments: object, **variables: str) -> Ended:
        ended = subprocess.run(  # noqa: S603  (our own argument list, no shell)
            [sys.executable, "-m", "pgadvisor", *(str(argument) for argument in arguments)],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment(variables),
        )
        return Ended(code=ended.returncode, out=ended.stdout.decode(), err=ended.stderr.decode())

    return command
