"""The first question about each statement, before anything is chosen."""

from __future__ import annotations

from collections.abc import Iterable

from pgadvisor.choose.inquiry import Inquirer
from pgadvisor.choose.knowledge import StatementKnowledge


def explore(
    knowledge: Iterable[StatementKnowledge],
    inquirer: Inquirer,
    among: Iterable[int] | None = None,
) -> None:
    """Learn the cheapest plan of each statement.

    With everything present, one EXPLAIN tells the lowest cost and the indexes that it takes.
    Runners-up are asked for when the choice turns on them.

    Args:
        knowledge: The statements.
        inquirer: Who asks.
        among: Candidates that may be present; None: all.
    """
    offered = None if among is None else frozenset(among)
    unknown = [
        (one, one.everything if offered is None else one.bits(offered.intersection(one.usable)))
        for one in knowledge
    ]
    unknown = [(one, shown) for one, shown in unknown if one.exact(shown) is None]
    while unknown:
        inquirer.ask(unknown)
        unknown = [
            (one, less)
            for one, shown in unknown
            if (less := shown & one.everything) != shown and one.exact(less) is None
        ]  # something of it was only hoped for
