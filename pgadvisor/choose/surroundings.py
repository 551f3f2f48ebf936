"""What is near to a good set, and is planned whatever is known of it.

What is said to be the least with many indexes present may not be it: now and then the planner
takes a dearer plan than it would with fewer.  And among plans of nearly the same cost it as often
as not takes an index with a column too many.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.inquiry import Inquirer, Question
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selection

_MANY_TABLES = 4
"""Of a statement, from which on it is planned without each index of the best set.  A judgement: the
contradiction of the planner that was looked into is in a join of eight."""


def contradictory(pool: Pool, inquirer: Inquirer, chosen: frozenset[int]) -> Iterator[Question]:
    """What statements are to be asked of which the planner contradicts itself.

    Those that join many tables, each without one index of the set; those in which an OR decides,
    with one index at a time.

    Args:
        pool: The statements.
        inquirer: Who asks.
        chosen: The set.
    """
    for one, shown in pool.seen(chosen):
        if _joins_many(one):
            for number in one.candidates(one.best_known(shown).uses):
                yield one, shown & ~one.bits((number,))
        yield from inquirer.alone(one, shown)


def narrower(
    number: int, inquirer: Inquirer, selection: Selection, bounds: Bounds, least: float
) -> Iterator[int]:
    """What an index begins with, where its further columns have to be worth something.

    Args:
        number: The index.
        inquirer: Who knows the others.
        selection: What they cost a day.
        bounds: What may be chosen.
        least: What the columns have to cost a day to be looked at.
    """
    for beginning in inquirer.beginnings(number):
        columns_cost = selection.charge(number) - selection.charge(beginning)
        if columns_cost > least and bounds.allows(beginning):
            yield beginning


def _joins_many(one: StatementKnowledge) -> bool:
    """Whether the order of joins is a matter of many."""
    return len({table_oid for table_oid, _ in one.statement.columns}) >= _MANY_TABLES
