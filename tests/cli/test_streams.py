"""Standard output and standard error of all kinds."""

from __future__ import annotations

import errno
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgadvisor.cli import grants
from tests.cli.conftest import Command, environment

COLOUR = re.compile(r"\x1b\[(?:\d+;)*[349]\d")
MODULE = [sys.executable, "-m", "pgadvisor"]


@pytest.mark.parametrize("arguments", ["rules", "--help", "rules show unused-index"])
def test_ascii_is_enough(pgadvisor_process: Command, arguments: str) -> None:
    ended = pgadvisor_process(*arguments.split(), PYTHONIOENCODING="ascii", LC_ALL="C")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.isascii()


def test_an_error_with_other_letters_can_be_shown_in_ascii(pgadvisor_process: Command) -> None:
    ended = pgadvisor_process("rules", "show", "régle", PYTHONIOENCODING="ascii")

    assert ended.code == 2
    assert ended.message.startswith("looking up a rule: there is no rule called r?gle\n")


def test_the_reader_may_stop_early() -> None:
    shell = f"{sys.executable} -m pgadvisor rules --format json | head -n 1"

    ended = subprocess.run(  # noqa: S603
        ["bash", "-o", "pipefail", "-c", shell],  # noqa: S607
        capture_output=True,
        check=False,
        env=environment({}),
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"{\n", b"")


def test_nobody_reads_at_all() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(  # noqa: S603
            [*MODULE, "rules"],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            env=environment({}),
        )
    finally:
        os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_standard_output_is_closed() -> None:
    ended = subprocess.run(  # noqa: S603
        ["bash", "-c", f"{sys.executable} -m pgadvisor rules >&-"],  # noqa: S607
        capture_output=True,
        check=False,
        env=environment({}),
    )

    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_the_disk_is_full() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(  # noqa: S603
            [*MODULE, "rules"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env=environment({}),
        )

    assert ended.returncode == 2
    assert ended.stderr == b"pgadvisor: writing to standard output: No space left on device\n"


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """Run a command with a terminal as its standard output and error."""
    parent, child = pty.openpty()
    process = subprocess.Popen(  # noqa: S603
        [*MODULE, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
        env=environment({"TERM": "xterm", **variables}),
    )
    os.close(child)
    printed = b"".join(_read(parent)).decode()
    os.close(parent)
    process.wait()
    return printed.replace("\r\n", "\n")


def _read(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(descriptor, 65_536)
        except OSError as error:
            if error.errno != errno.EIO:  # how Linux tells that the other end is closed
                raise
            return
        if not data:
            return
        yield data


def test_a_narrow_terminal_gets_short_lines() -> None:
    printed = on_a_terminal("rules", COLUMNS="40")

    assert "\nduplicate-index (warning)\n  An index is the same as another one\n" in printed


def test_a_terminal_gets_colours() -> None:
    assert COLOUR.search(on_a_terminal("analyze", "no.pgsnap"))


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_none(variables: dict[str, str]) -> None:
    for arguments in (("analyze", "no.pgsnap"), ("rules",), ("rules", "show", "unused-index")):
        printed = on_a_terminal(*arguments, **variables)

        assert not COLOUR.search(printed)
        assert "unused-index" in printed or "reading no.pgsnap" in printed


def test_an_internal_error_shows_no_data_unless_asked(
    pgadvisor_run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("row 17 is 'canary'")

    monkeypatch.setattr(grants, "grants_sql", broken)

    quiet = pgadvisor_run("grants")
    monkeypatch.setenv("PGADVISOR_DEBUG", "1")
    asked = pgadvisor_run("grants")

    assert (quiet.code, asked.code) == (5, 5)
    assert quiet.message.startswith("internal error: RuntimeError at grants.py:")
    assert "canary" not in quiet.err
    assert "RuntimeError: row 17 is 'canary'" in asked.err
