"""Proof that dropping indexes slows no statement down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.plan import Plan
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
    checked: Mapping[int, int]
    """By OID, how many statements were planned with and without it: all that name its first
    key, and no others could use it."""


def check_drops(
    drops: Sequence[Index],
    statements: Iterable[WeightedStatement],
    backend: Backend,
    chosen: frozenset[IndexDefinition] = frozenset(),
    proven: frozenset[int] = frozenset(),
) -> DropCheck:
    """Plan each statement with and without the indexes, the chosen new ones in place.

    Only statements that could use one of the indexes are planned: those that name its leading
    key.  An index that a dearer statement's plan reads is kept, and the rest is tried again; so
    is one without which a statement is dearer although no plan reads it, as the planner also
    draws from a unique index that rows are unique.  Where a statement cannot be planned, nothing
    is shown.

    Args:
        drops: Indexes to drop together.
        statements: The workload.
        backend: The planner.
        chosen: New indexes that are created in the same migration.
        proven: OIDs of indexes that have an equal that stays: a statement that cannot be planned
            says nothing against them.

    Raises:
        TwinError: The planner is gone.
    """
    refused: dict[int, str] = {}
    left = {index.oid: index for index in drops}
    checked = dict.fromkeys(left, 0)
    for statement in statements:
        concerned = _concerned(left.values(), statement)
        for index in concerned:
            checked[index.oid] += 1
        while concerned:
            culprits = [
                (index, reason)
                for index, reason, is_shown in _culprits(concerned, statement, backend, chosen)
                if is_shown or index.oid not in proven
            ]
            for index, reason in culprits:
                refused[index.oid] = reason
                del left[index.oid]
            if not culprits:
                break
            concerned = _concerned(left.values(), statement)
    return DropCheck(harmless=frozenset(left), refused=refused, checked=checked)


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
) -> list[tuple[Index, str, bool]]:
    """The indexes that are to stay, why, and whether a plan shows it; none: all may go."""
    kept = Configuration(create=chosen, settings=statement.settings)
    before = backend.plan(statement.text, kept)
    after = _planned_without(drops, statement, backend, kept)
    if isinstance(before, NotPlanned):
        return _unshown(drops, statement, before)
    if isinstance(after, NotPlanned):
        return _unshown(drops, statement, after)
    if not _is_dearer(before, after):
        return []
    ratio = format_ratio(after.total_cost / max(before.total_cost, 1e-9))
    reason = f"without it statement {statement.id} would cost {ratio} of what it does"
    read = [index for index in drops if index.name in before.index_names]
    if not read:
        alone = {i.oid: _planned_without([i], statement, backend, kept) for i in drops}
        read = [
            index
            for index in drops
            if isinstance(plan := alone[index.oid], NotPlanned) or _is_dearer(before, plan)
        ]
    return [(index, reason, True) for index in read or drops]


def _unshown(
    drops: Sequence[Index], statement: WeightedStatement, failed: NotPlanned
) -> list[tuple[Index, str, bool]]:
    reason = f"not checked on statement {statement.id}: {failed.reason}"
    return [(index, reason, False) for index in drops]


def _planned_without(
    drops: Sequence[Index],
    statement: WeightedStatement,
    backend: Backend,
    kept: Configuration,
) -> Plan | NotPlanned:
    gone = frozenset(index.oid for index in drops)
    return backend.plan(statement.text, replace(kept, drop=gone))


def _is_dearer(before: Plan, after: Plan) -> bool:
    return after.total_cost > before.total_cost * MAX_COST_RATIO
