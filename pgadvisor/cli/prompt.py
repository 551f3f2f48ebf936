"""Where the lines of a conversation come from: a person at a terminal, or a pipe."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pgadvisor.cli.console import complain, say
from pgadvisor.cli.door import Door
from pgadvisor.errors import TwinError, UsageError


class _Stopped(KeyboardInterrupt):
    """Ctrl-C at the prompt; SIGTERM, which ends us, is a plain KeyboardInterrupt."""


def is_conversation() -> bool:
    """Whether a person types, and sees what is answered."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def converse(door: Door, restart: Callable[[], None]) -> None:
    r"""Ask a person for lines, until \q or Ctrl-D.

    Args:
        door: Takes the lines.
        restart: Starts the twin anew, which may be in the midst of something, or gone.

    Raises:
        TwinError: It cannot be started again.
    """
    with _editing():
        while door.is_open:
            try:
                line = input(door.prompt)
            except EOFError:
                say("")
                return
            except _Stopped:
                door.clear()
                say("")
                continue
            try:
                door.take(line)
            except _Stopped:
                say("stopped; the twin is started anew")
                door.clear()
                restart()
            except TwinError as error:
                complain(f"{error}\nThe twin is started anew.")
                restart()


def read_commands(door: Door) -> None:
    """Take all lines of standard input.

    Raises:
        TwinError: The twin's server is gone.
        UsageError: They are no text.
    """
    for line in lines_of(read_stdin()):
        door.take(line)
        if not door.is_open:
            return
    door.end()


def read_stdin() -> str:
    """The whole of standard input.

    Raises:
        UsageError: It is no text.
    """
    if sys.stdin is None:  # closed by the shell: <&-
        return ""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("reading standard input", "it is not UTF-8 text") from error


def lines_of(text: str) -> Iterator[str]:
    """Lines as a person would have typed them; only line feeds end one."""
    yield from (line.removesuffix("\r") for line in text.split("\n"))


@contextmanager
def _editing() -> Iterator[None]:
    """Edit lines with a history that nobody writes to a file, and let Ctrl-C stop a line only."""
    # Its import alone changes how input() behaves, so it is imported where a person types.
    try:
        import readline  # noqa: PLC0415
    except ImportError:  # a Python without it: lines can be typed, but not edited
        pass
    else:
        readline.set_auto_history(True)
    before = signal.signal(signal.SIGINT, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped
