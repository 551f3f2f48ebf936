"""The prompt of ``pgadvisor twin`` at a real terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgadvisor.snapshotfile import save
from tests.cli.conftest import environment
from tests.cli.shop import a_shop
from tests.fixtures.processes import becomes_true, commands_naming

pytestmark = pytest.mark.live

PROMPT = "twin=> "
CONTROL_C, CONTROL_D = "\x03", "\x04"
WAIT_SECONDS = 60.0


class Terminal:
    """A terminal in which a program runs."""

    def __init__(self, arguments: list[str], variables: dict[str, str]) -> None:
        self.text = ""
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:  # pragma: no cover  (another process)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.execve(sys.executable, arguments, environment(variables))  # noqa: S606

    def await_text(self, text: str) -> str:
        """Wait until a text is seen; returns what came up to it since the last one."""
        deadline = time.monotonic() + WAIT_SECONDS
        while text not in self.text:
            assert time.monotonic() < deadline, self.text
            assert self._read(), self.text
        before, _, self.text = self.text.partition(text)
        return before

    def type(self, text: str) -> None:
        """Press keys, as soon as somebody waits for them."""
        self.await_rest()
        os.write(self._descriptor, text.encode())

    def await_rest(self) -> None:
        """Wait until the program waits.

        A signal that comes in the very moment before that is seen with the next key only.
        """
        status = Path(f"/proc/{self.pid}/stat")
        if status.exists():
            assert becomes_true(lambda: status.read_text().rpartition(")")[2].split()[0] == "S")

    def ask(self, line: str) -> str:
        """Type a line; returns what is shown until the next prompt."""
        self.type(f"{line}\n")
        return self.await_text(PROMPT)

    def end(self) -> int:
        """Wait for the program's end; returns its exit code."""
        while self._read():
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self._descriptor)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        readable, _, _ = select.select([self._descriptor], [], [], WAIT_SECONDS)
        try:
            new = os.read(self._descriptor, 65536) if readable else b""
        except OSError:  # the other end is closed
            return False
        self.text += new.decode().replace("\r", "")
        return bool(new)


@pytest.fixture
def directory(temporary_directory: Path) -> Path:
    """A directory for temporary files that the server's user can enter."""
    directory = temporary_directory / "prompt"
    directory.mkdir(exist_ok=True)
    directory.chmod(0o711)
    return directory


@pytest.fixture
def terminal(directory: Path, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal at the first prompt of a shop's twin."""
    save(a_shop(), tmp_path / "shop.pgsnap", level="none")
    home = tmp_path / "home"
    home.mkdir()
    variables = {"TERM": "xterm", "COLUMNS": "130", "TMPDIR": str(directory), "HOME": str(home)}
    words = [sys.executable, "-m", "pgadvisor", "twin", str(tmp_path / "shop.pgsnap")]
    terminal = Terminal(words, variables)
    terminal.await_text(PROMPT)
    yield terminal
    assert becomes_true(lambda: not commands_naming(directory))
    assert becomes_true(lambda: not list(directory.iterdir()))
    assert list(home.iterdir()) == []  # no history is written


def test_a_conversation(terminal: Terminal) -> None:
    before = terminal.ask("select * from orders where customer_id = 5;")
    terminal.ask(r"\create create index by_customer on orders (customer_id)")
    after = terminal.ask("select * from orders where customer_id = 5;")
    terminal.ask("selec;")
    again = terminal.ask("\x1b[A\x1b[A")  # twice up in the history
    terminal.type(CONTROL_D)

    assert terminal.end() == 0
    assert "Seq Scan on orders" in before
    assert re.search(r"\x1b\[31m- .*Seq Scan on orders", after)
    assert "\x1b[32m+ Bitmap Heap Scan on orders" in after
    assert ", uses by_customer (estimated" in after
    assert after.splitlines()[-8:] == again.splitlines()[-8:]


def test_control_c_forgets_the_line_and_no_more(terminal: Terminal) -> None:
    terminal.type("select 'half\n")
    terminal.await_text("twin-> ")
    terminal.type(CONTROL_C)
    terminal.await_text(PROMPT)

    answer = terminal.ask("select 1;")
    terminal.type("\\q\n")

    assert terminal.end() == 0
    assert "cost 0.01" in answer


def test_control_c_stops_what_is_planned_and_no_more(terminal: Terminal) -> None:
    terminal.ask(r"\create create index by_customer on orders (customer_id)")
    terminal.type("select * from orders where customer_id = sleeping();\n")
    terminal.await_text("sleeping();\n")
    terminal.type(CONTROL_C)
    stopped = terminal.await_text(PROMPT)
    answer = terminal.ask("select * from orders where customer_id = 5;")
    terminal.type(CONTROL_D)

    assert terminal.end() == 0
    assert "stopped; the twin is started anew" in stopped
    assert ", uses by_customer (estimated" in answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it(terminal: Terminal, number: signal.Signals) -> None:
    terminal.await_rest()

    os.kill(terminal.pid, number)

    assert terminal.end() == 130


def test_a_server_that_is_killed_is_started_anew(terminal: Terminal, directory: Path) -> None:
    terminal.ask(r"\create create index by_customer on orders (customer_id)")
    [data] = directory.glob("pgadvisor-twin-*/data")
    postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)
    assert becomes_true(lambda: not commands_naming(data))

    answer = terminal.ask("select * from orders where customer_id = 5;")
    again = terminal.ask("select * from orders where customer_id = 5;")
    terminal.type(CONTROL_D)

    assert terminal.end() == 0
    assert "The twin is started anew." in answer
    assert ", uses by_customer (estimated" in again
