"""Columns that determine others, by a constraint or by how they are made.

A unique index's columns determine all others of the table.  A generated column is determined by
those that it is made of.  And where a foreign key of several columns leads to a table in which
some of them determine the rest, they do so in the referring table too: in
``(tenant_id, customer_id) references customers (tenant_id, id)`` the customer decides which
tenant it is, if ``customers.id`` alone is unique.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Column, Constraint, ConstraintKind, RelationKind, Table
from pgadvisor.parse.expression import columns_in
from pgadvisor.parse.statement import StatementError

_NOT_ENFORCED = "NOT ENFORCED"


class UnknownError(ValueError):
    """How columns go together is not known; the text says which ones."""


class Determined:
    """What the constraints of a database say of how the columns of one table go together.

    Args:
        catalog: The snapshot.
        table: The table; it was analysed.
    """

    def __init__(self, catalog: Catalog, table: Table) -> None:
        self._catalog = catalog
        self._table = table
        self._numbers = {column.name: column.number for column in table.columns}
        self._closures: dict[frozenset[str], frozenset[str]] = {}

    def n_distinct(self, columns: Iterable[str]) -> str:
        """The text of an ``ndistinct`` over columns: how many combinations each group has.

        Raises:
            UnknownError: Of one group that is not known.
        """
        items = []
        for group in _groups(sorted(columns, key=self._numbers.__getitem__)):
            numbers = ", ".join(str(self._numbers[name]) for name in group)
            items.append(f'"{numbers}": {round(self._count(group))}')
        return "{" + ", ".join(items) + "}"

    def dependencies(self, columns: Iterable[str]) -> str:
        """The text of ``dependencies`` over columns: which determine which others.

        Other dependencies there may be, but no stronger ones: of any two columns one determines
        the other.

        Raises:
            UnknownError: Of two columns neither is known to determine the other.
        """
        ordered = sorted(columns, key=self._numbers.__getitem__)
        for a, b in combinations(ordered, 2):
            if b not in self._closure({a}) and a not in self._closure({b}):
                raise UnknownError(f"no constraint says how {a} and {b} depend on each other")
        items = []
        for group in _groups(ordered):
            for last in group:
                others = [name for name in group if name != last]
                if last in self._closure(set(others)):
                    numbers = ", ".join(str(self._numbers[name]) for name in others)
                    items.append(f'"{numbers} => {self._numbers[last]}": 1.000000')
        return "{" + ", ".join(items) + "}"

    def _count(self, group: Sequence[str]) -> float:
        """How many different combinations a group of columns has."""
        if self._is_unique(group):
            return self._table.rows
        for size in range(1, len(group) + 1):
            for some in combinations(group, size):
                if self._closure(set(some)).issuperset(group):
                    count = self._known_count(some)
                    if count is not None:
                        return min(count, self._table.rows)
        raise UnknownError(f"no constraint says how many combinations {' and '.join(group)} have")

    def _known_count(self, columns: Sequence[str]) -> float | None:
        if len(columns) > 1:
            return None
        is_inherited = self._table.kind is RelationKind.PARTITIONED_TABLE
        for row in self._catalog.snapshot.column_statistics:
            if (row.relation_oid, row.column, row.is_inherited) == (
                self._table.oid,
                columns[0],
                is_inherited,
            ) and row.n_distinct != 0:
                nulls = 1 if row.null_ratio > 0 else 0
                return row.distinct_count(self._table.rows) + nulls
        return None

    def _is_unique(self, columns: Sequence[str]) -> bool:
        return any(key.issubset(columns) for key in self._keys(self._table))

    def _closure(self, columns: set[str]) -> frozenset[str]:
        """All columns that some determine, themselves included."""
        start = frozenset(columns)
        if start not in self._closures:
            self._closures[start] = self._determined(self._table, start, frozenset())
        return self._closures[start]

    def _determined(
        self, table: Table, start: frozenset[str], visited: frozenset[int]
    ) -> frozenset[str]:
        found = start
        while True:
            more = found.union(*self._steps(table, found, visited | {table.oid}))
            if more == found:
                return found
            found = more

    def _steps(
        self, table: Table, known: frozenset[str], visited: frozenset[int]
    ) -> Iterator[frozenset[str]]:
        """Yield sets of columns that known ones determine."""
        if any(key <= known for key in self._keys(table)):
            yield frozenset(column.name for column in table.columns)
        for column in table.columns:
            if column.generated and _is_made_of(column, known):
                yield frozenset({column.name})
        for constraint in self._catalog.constraints_by_table[table.oid]:
            target = self._catalog.tables.get(constraint.referenced_table_oid or 0)
            if (
                target is not None
                and target.oid not in visited
                and self._is_complete(table, constraint)
            ):
                pairs = list(zip(constraint.columns, constraint.referenced_columns, strict=True))
                there = frozenset(other for own, other in pairs if own in known)
                reached = self._determined(target, there, visited) if there else there
                yield frozenset(own for own, other in pairs if other in reached)

    def _keys(self, table: Table) -> Iterator[frozenset[str]]:
        """The columns of unique indexes, of which no two rows have the same."""
        has_children = table.kind is not RelationKind.PARTITIONED_TABLE
        if has_children and self._catalog.partitions[table.oid]:
            return  # rows of a child may repeat them
        for index in self._catalog.indexes_by_table[table.oid]:
            names = [name for name in index.key_columns if name is not None]
            if (
                index.is_unique
                and index.is_valid
                and index.predicate is None
                and len(names) == len(index.keys)
                and (index.nulls_not_distinct or all(self._is_filled(table, n) for n in names))
            ):
                yield frozenset(names)

    def _is_complete(self, table: Table, constraint: Constraint) -> bool:
        """Whether all rows have what a foreign key says: one with a NULL is not looked at."""
        return (
            constraint.kind is ConstraintKind.FOREIGN_KEY
            and constraint.is_validated
            and not constraint.definition.endswith(_NOT_ENFORCED)
            and len(constraint.columns) == len(constraint.referenced_columns)
            and all(self._is_filled(table, name) for name in constraint.columns)
        )

    def _is_filled(self, table: Table, name: str) -> bool:
        """Whether a column has no NULL, by its constraint or as far as ANALYZE saw."""
        column = table.column(name)
        if column is not None and column.is_not_null:
            return True
        rows = [
            row
            for row in self._catalog.snapshot.column_statistics
            if (row.relation_oid, row.column) == (table.oid, name)
        ]
        return bool(rows) and all(row.null_ratio == 0 for row in rows)


def _groups(columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All groups of two or more columns, the smallest first."""
    for size in range(2, len(columns) + 1):
        yield from combinations(columns, size)


def _is_made_of(column: Column, known: frozenset[str]) -> bool:
    try:
        names = columns_in(column.default_sql or "")
    except StatementError:
        return False
    return bool(names) and names <= known
