"""Where a foreign table comes from, as far as the planner cares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """The wrapper, the server and the cost options of a foreign table; never whom it connects to.

    Options are those of ``postgres_fdw`` that say what a plan costs, as pairs of name and value.
    """

    wrapper: str
    """Name of the foreign-data wrapper: ``postgres_fdw``."""
    handler: str = ""
    """Name of the wrapper's handler function, which makes the plans: ``postgres_fdw_handler``."""
    server: str
    """Name of the foreign server; tables of one server may be joined there."""
    server_options: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    """Of the table itself; they beat the server's."""
