"""How many workers a twin is worth having."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pgadvisor.model.reference import Reference
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.twin.twin import Twin

STATEMENTS_PER_WORKER = 100
"""Another worker takes a copy of the database, and as long to make as some hundred plans."""
MAX_WORKERS = 4


def worth_having(statements: int, processors: int) -> int:
    """How many workers plan so many statements soonest, at least one."""
    return max(1, min(processors, MAX_WORKERS, statements // STATEMENTS_PER_WORKER))


def twin_of(snapshot: Snapshot, references: Sequence[Reference] = ()) -> Twin:
    """The twin for an analysis of a snapshot, with as many workers as are worth having.

    Args:
        snapshot: The database.
        references: Undeclared foreign keys.
    """
    workers = worth_having(len(snapshot.statements), _processors())
    return Twin(snapshot, workers=workers, references=references)


def _processors() -> int:
    """Those that we may use, where the system tells."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1
