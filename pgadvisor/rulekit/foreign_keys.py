"""Which index serves a foreign key."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pgadvisor.model.schema import Constraint, ConstraintKind, Index, Table
from pgadvisor.rulekit.case import Case

_NOT_NULL = re.compile(r'^\(*\s*"?(?P<column>[^"()]+?)"?\s+IS NOT NULL\s*\)*$', re.IGNORECASE)


def foreign_keys_of(case: Case, table: Table) -> tuple[Constraint, ...]:
    """The table's own foreign keys, without those that came with a partitioned parent."""
    return tuple(
        constraint
        for constraint in case.catalog.constraints_by_table[table.oid]
        if constraint.kind is ConstraintKind.FOREIGN_KEY and not constraint.is_inherited
    )


def serving_indexes(indexes: Iterable[Index], columns: tuple[str, ...]) -> tuple[Index, ...]:
    """The indexes that find the rows of one key value, in whatever order their columns are."""
    return tuple(index for index in indexes if serves_key(index, columns))


def serves_key(index: Index, columns: tuple[str, ...]) -> bool:
    """Whether the index's first columns are, as a set, the key's, and it covers all its rows."""
    if not index.is_valid or not index.is_ready:
        return False
    if index.access_method == "hash":
        leading_match = index.key_columns == columns
    else:
        leading = index.key_columns[: len(columns)]
        leading_match = index.access_method == "btree" and set(leading) == set(columns)
    return leading_match and _covers_all_keys(index, columns)


def _covers_all_keys(index: Index, columns: tuple[str, ...]) -> bool:
    """A NULL refers to nothing, so leaving NULLs out loses nothing."""
    if index.predicate is None:
        return True
    match = _NOT_NULL.match(index.predicate)
    return match is not None and match["column"] in columns
