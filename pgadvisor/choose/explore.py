"""The first questions about each statement, before anything is chosen."""

from __future__ import annotations

from collections.abc import Iterable

from pgadvisor.choose.inquiry import Inquirer
from pgadvisor.choose.knowledge import SAME_COST_RATIO, StatementKnowledge

PEELINGS = 3
"""How often what a plan used is taken away, and the statement planned with the rest."""


def explore(
    knowledge: Iterable[StatementKnowledge],
    inquirer: Inquirer,
    among: Iterable[int] | None = None,
) -> None:
    """Learn the cheapest plan of each statement, and some runners-up.

    With everything present, one EXPLAIN tells the lowest cost and the indexes that it takes.
    What those were is taken away, and asked again.

    Args:
        knowledge: The statements.
        inquirer: Who asks.
        among: Candidates that may be present; None: all.
    """
    offered = None if among is None else frozenset(among)
    left = {
        one: one.everything if offered is None else one.bits(offered.intersection(one.usable))
        for one in knowledge
    }
    for _ in range(PEELINGS):
        left = _peeled(left, inquirer)


def _peeled(
    left: dict[StatementKnowledge, int], inquirer: Inquirer
) -> dict[StatementKnowledge, int]:
    """Ask what is not known, and take away what the plans use; those without gain are left out."""
    unknown = [(one, shown) for one, shown in left.items() if one.exact(shown) is None]
    while unknown:
        inquirer.ask(unknown)
        unknown = [
            (one, less)
            for one, shown in unknown
            if (less := shown & one.everything) != shown and one.exact(less) is None
        ]  # something of it was only hoped for
    rest: dict[StatementKnowledge, int] = {}
    for one, shown in left.items():
        answer = one.exact(shown & one.everything)
        if (
            answer is not None
            and answer.uses
            and answer.floor < one.base_cost * (1 - SAME_COST_RATIO)
        ):
            rest[one] = shown & one.everything & ~answer.uses
    return rest
