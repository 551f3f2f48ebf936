"""Undeclared foreign keys of several columns, told from how statements join tables.

Whether the values of two columns go together, no statistics of single columns tell.  A join over
both does: who writes ``l.part = s.part and l.supplier = s.supplier`` expects to find the pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.reference import Reference
from pgadvisor.model.schema import Table
from pgadvisor.model.usage import RelationUsage, StatementUsage

_TOLERANCE = 1.25
"""So much more values than the other table the referring column may have, since ANALYZE guesses
how many there are."""


def implied_references(usages: Iterable[StatementUsage], catalog: Catalog) -> tuple[Reference, ...]:
    """Tables that statements join over several columns to a smaller one with the same values.

    Args:
        usages: What statements do.
        catalog: The snapshot.
    """
    found = {
        reference: None
        for usage in usages
        for relation in usage.relations
        for reference in _of_relation(relation, usage, catalog)
    }
    return tuple(found)


def _of_relation(
    relation: RelationUsage, usage: StatementUsage, catalog: Catalog
) -> Iterator[Reference]:
    joined: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for join in relation.joins:
        if join.other_relation >= 0 and join.other_column is not None and join.operator == "=":
            joined[join.other_relation].add((join.column, join.other_column))
    table = catalog.tables.get(relation.table_oid)
    for position, pairs in joined.items():
        other = catalog.tables.get(usage.relations[position].table_oid)
        columns = frozenset(column for column, _ in pairs)
        if table is None or other is None or not 1 < len(columns) == len(pairs):
            continue
        if catalog.total_rows(other) < catalog.total_rows(table) and all(
            _has_values_of(catalog, other, there, table, here) for here, there in pairs
        ):
            yield Reference(table_oid=table.oid, columns=columns, referenced_table_oid=other.oid)


def _has_values_of(catalog: Catalog, other: Table, there: str, table: Table, here: str) -> bool:
    """The other table's column has about as many values, so that it may well have them all."""
    theirs = catalog.column_statistics.get((other.oid, there))
    ours = catalog.column_statistics.get((table.oid, here))
    if theirs is None or ours is None:
        return False
    count = ours.distinct_count(catalog.total_rows(table))
    return count <= _TOLERANCE * theirs.distinct_count(catalog.total_rows(other))
