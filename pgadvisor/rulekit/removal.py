"""What an index does besides being scanned, and what its removal would take away."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pgadvisor.model.action import DropIndex
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import RelationUsage
from pgadvisor.parse.expression import may_be_expression, same_expression
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.foreign_keys import foreign_keys_of, serves_key
from pgadvisor.sqltext.quote import qualified

_STATISTICS_ON_EXPRESSIONS = 14
"""The first version of PostgreSQL that has them."""


def has_other_duty(index: Index) -> bool:
    """It enforces something, is a replica identity or the order of CLUSTER, or is not valid.

    How often it is scanned says nothing of its worth then.
    """
    return (
        index.enforces_constraint
        or index.is_replica_identity
        or index.is_clustered
        or not index.is_valid
    )


def leaves_key_unserved(case: Case, table: Table, index: Index, gone: Collection[int] = ()) -> bool:
    """Some foreign key of the table would be left without an index.

    Args:
        case: Where to look.
        table: The index's.
        index: What might go.
        gone: OIDs of indexes that go in any case.
    """
    others = [i for i in case.indexes_of(table) if i.oid != index.oid and i.oid not in gone]
    return any(
        serves_key(index, key.columns) and not any(serves_key(i, key.columns) for i in others)
        for key in foreign_keys_of(case, table)
    )


def readers_by_plan(case: Case, index: Index) -> tuple[str, ...]:
    """Ids of the statements whose plan, as the original made it, reads the index or a part."""
    names = {part.name for part in case.parts_of(index)}
    return tuple(
        made.statement_id
        for made in case.snapshot.plans
        if made.plan is not None and not names.isdisjoint(made.plan.index_names)
    )


def trial_step(case: Case, index: Index) -> str:
    """How to find out what a removal would cost those who scan the index."""
    readers = readers_by_plan(case, index)
    known = f"; by their plans, {', '.join(readers)} do" if readers else ""
    return (
        f"Find the statements that use it{known}, and their time without it: `BEGIN; DROP INDEX "
        f"{qualified(index.schema, index.name)}; EXPLAIN ...; ROLLBACK` on a copy."
    )


def removal_step(index: Index) -> str:
    """The statement that drops it, with the way back."""
    concurrently = "" if index.is_partitioned else " CONCURRENTLY"
    target = qualified(index.schema, index.name)
    return f"`DROP INDEX{concurrently} {target}`. The way back is `{index.definition}`."


@dataclass(frozen=True, slots=True, kw_only=True)
class LostStatistics:
    """What the planner knows of an expression only because an index holds it."""

    expression: str
    statement: Statement
    """One that compares or groups by it."""
    create_sql: str | None
    """What keeps the statistics without the index; None: PostgreSQL 13 has no such thing."""


def lost_statistics(
    case: Case, table: Table, index: Index, gone: Collection[int] = ()
) -> LostStatistics | None:
    """Statistics of an expression that go with an index, and that a statement relies on.

    Args:
        case: Where to look.
        table: The index's.
        index: What might go.
        gone: OIDs of indexes that go in any case.
    """
    if all(key.expression is None for key in index.keys):
        return None
    others = [i for i in case.indexes_of(table) if i.oid != index.oid and i.oid not in gone]
    kept = [key.expression for other in others for key in other.keys if key.expression]
    for statistics in case.snapshot.extended_statistics:
        if statistics.table_oid == table.oid:
            kept += statistics.expressions
    for key in index.keys:
        if key.expression is None or any(same_expression(key.expression, k) for k in kept):
            continue
        for use in case.uses_of(table):
            if any(may_be_expression(e, key.expression) for e in _expressions_of(use.relation)):
                return LostStatistics(
                    expression=key.expression,
                    statement=use.statement,
                    create_sql=_create_statistics(case, table, key.expression),
                )
    return None


def _expressions_of(relation: RelationUsage) -> Iterator[str]:
    yield from (wrapped.expression for wrapped in relation.wrapped)
    yield from (key.expression for key in relation.group_expressions if key.expression)


def _create_statistics(case: Case, table: Table, expression: str) -> str | None:
    if case.snapshot.server.major < _STATISTICS_ON_EXPRESSIONS:
        return None
    return f"CREATE STATISTICS ON ({expression}) FROM {qualified(table.schema, table.name)}"


def removal_of(case: Case, index: Index) -> DropIndex:
    """The action that drops an index, and creates it again on the way back."""
    return DropIndex(
        schema=index.schema,
        name=index.name,
        recreate_sql=index.definition,
        table=case.catalog.tables[index.table_oid].qualified_name,
        is_partitioned=index.is_partitioned,
        size_bytes=case.size_of_index(index),
    )
