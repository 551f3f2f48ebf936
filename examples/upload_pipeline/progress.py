"""Progress on the terminal: a step, what it is at, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def step(console: Console, title: str) -> Iterator[Callable[[str], None]]:
    """Show a step while it runs, and its duration when it is done.

    Yields:
        What the step tells its details to. Where the output is no terminal, they are lines.
    """
    started_at_s = time.monotonic()
    with console.status(title) as status:

        def tell(detail: str) -> None:
            status.update(f"{title}: {detail}")
            if not console.is_terminal:
                console.print(f"  {title}: {detail}", highlight=False)

        if not console.is_terminal:
            console.print(title, highlight=False)
        yield tell
    took_s = time.monotonic() - started_at_s
    console.print(f"[green]done[/green]  {title}  [dim]{took_s:.1f} s[/dim]", highlight=False)
