"""Making many objects that stay.

The more of them there are, the more often Python looks through all, those of a large snapshot
included, for cycles that nobody can reach any more: a third of the time in which fifteen thousand
indexes are built goes by that, and it finds nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Let no unreachable cycles be looked for meanwhile; all else is freed as ever."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
