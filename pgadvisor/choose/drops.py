"""Proof that dropping indexes slows no statement down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.schema import Index
from pgadvisor.units import format_ratio
from pgadvisor.whatif.backend import Backend, Configuration, NotPlanned

MAX_COST_RATIO = 1.01
"""Dearer than this without the indexes, and the statement counts as slowed down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropCheck:
    """What the planner says of dropping a set of indexes."""

    harmless: frozenset[int]
    """OIDs that may go, all of them together."""
    refused: Mapping[int, str]
    """OIDs that some statement needs, and which."""
    checked_statements: int


def check_drops(
    drops: Sequence[Index],
    statements: Iterable[WeightedStatement],
    backend: Backend,
    chosen: frozenset[IndexDefinition] = frozenset(),
) -> DropCheck:
    """Plan each statement with and without the indexes, the chosen new ones in place.

    Only statements that could use one of the indexes are planned: those that name its leading
    key.  An index that a dearer statement's plan reads is kept, and the rest is tried again.

    Args:
        drops: Indexes to drop together.
        statements: The workload.
        backend: The planner.
        chosen: New indexes that are created in the same migration.

    Raises:
        TwinError: The planner is gone.
    """
    refused: dict[int, str] = {}
    left = {index.oid: index for index in drops}
    checked = 0
    for statement in statements:
        concerned = _concerned(left.values(), statement)
        while concerned:
            checked += 1
            culprits = _culprits(concerned, statement, backend, chosen)
            for index, reason in culprits:
                refused[index.oid] = reason
                del left[index.oid]
            if not culprits:
                break
            concerned = _concerned(left.values(), statement)
    return DropCheck(harmless=frozenset(left), refused=refused, checked_statements=checked)


def _concerned(indexes: Iterable[Index], statement: WeightedStatement) -> list[Index]:
    return [
        index
        for index in indexes
        if (index.table_oid, index.keys[0].column or index.keys[0].expression or "")
        in statement.columns
    ]


def _culprits(
    drops: Sequence[Index],
    statement: WeightedStatement,
    backend: Backend,
    chosen: frozenset[IndexDefinition],
) -> list[tuple[Index, str]]:
    """The indexes whose loss makes the statement dearer; none: all of them may go."""
    kept = Configuration(create=chosen, settings=statement.settings)
    before = backend.plan(statement.text, kept)
    gone = frozenset(index.oid for index in drops)
    after = backend.plan(statement.text, replace(kept, drop=gone))
    if isinstance(before, NotPlanned):
        return []
    if isinstance(after, NotPlanned):
        reason = f"not checked on statement {statement.id}: {after.reason}"
        return [(index, reason) for index in drops]
    if after.total_cost <= before.total_cost * MAX_COST_RATIO:
        return []
    ratio = format_ratio(after.total_cost / max(before.total_cost, 1e-9))
    reason = f"without it statement {statement.id} would cost {ratio} of what it does"
    return [(index, reason) for index in drops if index.name in before.index_names]
