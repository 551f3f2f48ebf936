"""Which planner answers what-if questions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pgadvisor.cli.options import WhatIf
from pgadvisor.cli.source import is_file, warn_of_password
from pgadvisor.errors import UsageError
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import Backend
from pgadvisor.whatif.hypopg import HypoPG

_READING = "reading --what-if"


def planner_of(
    what_if: WhatIf, source: str | None, hypopg_dsn: str | None
) -> Callable[[Snapshot], Backend] | None:
    """What makes the planner out of a snapshot, if not the twin; nothing is started by it.

    Args:
        what_if: What was asked for.
        source: What is analysed.
        hypopg_dsn: The server to ask in its place.

    Raises:
        UsageError: HypoPG has no server, or the twin has one.
    """
    if what_if is WhatIf.TWIN:
        if hypopg_dsn is not None:
            raise UsageError(
                _READING, "--hypopg-dsn goes with --what-if hypopg", "The twin asks no server."
            )
        return None
    if hypopg_dsn is not None:
        warn_of_password(hypopg_dsn)
        return partial(HypoPG, hypopg_dsn)
    if source is not None and is_file(source):
        raise UsageError(
            _READING,
            "HypoPG plans on a server, and a snapshot file is none",
            "Name the server with --hypopg-dsn, or leave the planning to the twin.",
        )
    return partial(HypoPG, source)
