"""Where the command line writes: results to standard output, all else to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from pgadvisor.emit.plaintext import printable
from pgadvisor.errors import OutputError

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: unknown)."""


def stderr() -> Console:
    """A console on standard error; colours only on a terminal, and not with NO_COLOR."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def write(text: str) -> None:
    """Write a result to standard output.

    A reader that has seen enough (``| head``) is no failure.

    Raises:
        OutputError: It could not be written, such as to a full disk.
    """
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_stdout()
    except OSError as error:
        _give_up_stdout()
        raise OutputError(
            "writing to standard output", error.strerror or "it cannot be written to"
        ) from error


def _give_up_stdout() -> None:
    """Send nowhere what is still buffered; at its end Python would complain about it once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(message: str) -> None:
    """Print an error for people: one message, no traceback."""
    console = stderr()
    console.print("[bold red]pgadvisor:[/] ", end="")
    console.print(printable(message), markup=False)


def warn(text: str) -> None:
    """Print a warning to standard error."""
    console = stderr()
    console.print("[yellow]warning:[/] ", end="")
    console.print(printable(text), markup=False)


def say(text: str) -> None:
    """Print a remark to standard error."""
    stderr().print(printable(text), markup=False)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Report]:
    """Show what is going on while it goes on; nothing where nobody looks at a terminal."""
    console = stderr()
    if quiet or not console.is_terminal or os.environ.get("TERM") == "dumb":
        yield lambda _what, _done, _total: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for task in bar.task_ids:
                    bar.remove_task(task)
                tasks.clear()
                tasks[what] = bar.add_task(what, total=total or None)
            bar.update(bar.task_ids[-1], completed=done, total=total or None)

        yield report
