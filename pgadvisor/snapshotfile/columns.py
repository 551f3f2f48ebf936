"""The columns that statistics are about: their types, their rows, and which of them are named."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.errors import UsageError
from pgadvisor.model.schema import Column, Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.snapshotfile.guess import guess_type
from pgadvisor.snapshotfile.types import Category, Shape, TypeCatalog, hidden_whole

_PARTITION_KEY = re.compile(r'\w+ \(("[^"]+"|\w+)(?: \w+)?\)$')


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is known of the column that a row of statistics is about."""

    shape: Shape
    rows: float
    """Of its relation, as ANALYZE counted them; zero where nobody knows."""
    is_named: bool = False
    """The user asked for all of its values to be hidden."""


class Columns:
    """Look-ups of columns by the relation and the name that statistics give.

    Args:
        snapshot: Where the columns are.
        named: What the user calls the columns of which nothing is kept.

    Raises:
        UsageError: There is no such column.
    """

    def __init__(self, snapshot: Snapshot, named: Sequence[str]) -> None:
        self.types = TypeCatalog(snapshot.types)
        self._tables = {table.oid: table for table in snapshot.tables}
        self._indexes = {index.oid: index for index in snapshot.indexes}
        self._children: dict[int, list[Table]] = defaultdict(list)
        for table in snapshot.tables:
            for parent in table.parent_oids:
                self._children[parent].append(table)
        self._named = _with_descendants(_find(snapshot.tables, named), self._children)
        self._by_name = {
            (table.oid, column.name): column
            for table in snapshot.tables
            for column in table.columns
        }

    def describe(self, statistics: ColumnStatistics) -> Described:
        """What is known of the column of a row of statistics."""
        index = self._indexes.get(statistics.relation_oid)
        if index is not None:
            found = self.describe_expression(replace(statistics, relation_oid=index.table_oid))
            # A partial index has fewer rows than its table.
            rows = found.rows if index.rows < 0 else min(found.rows, index.rows)
            return replace(found, rows=rows)
        oid = statistics.relation_oid
        column = self._by_name.get((oid, statistics.column))
        is_named = (oid, statistics.column) in self._named
        shape = _guessed(self.types, statistics) if column is None else self._shape(column)
        return Described(
            shape=hidden_whole(shape) if is_named else shape,
            rows=self.rows(oid, is_inherited=statistics.is_inherited),
            is_named=is_named,
        )

    def describe_expression(self, statistics: ColumnStatistics) -> Described:
        """What is known of an expression over columns of a table."""
        oid = statistics.relation_oid
        # It may be made of any column of its table, so one named column hides it.
        is_named = any(table_oid == oid for table_oid, _ in self._named)
        shape = _guessed(self.types, statistics)
        return Described(
            shape=hidden_whole(shape) if is_named else shape,
            rows=self.rows(oid, is_inherited=statistics.is_inherited),
            is_named=is_named,
        )

    def partition_key(self, partition: Table) -> Shape | None:
        """The shape of the one column that a partition's parent is divided by, if it is one."""
        for parent in (self._tables.get(oid) for oid in partition.parent_oids):
            match = _PARTITION_KEY.match(parent.partition_key or "") if parent else None
            column = parent.column(match[1].strip('"')) if parent and match else None
            if column is not None:
                return self._shape(column)
        return None

    def _shape(self, column: Column) -> Shape:
        shape = self.types.shape(column.type_name)
        if shape.category is Category.UNKNOWN and column.base_type_name:
            return self.types.shape(column.base_type_name)
        return shape

    def rows(self, table_oid: int, *, is_inherited: bool) -> float:
        """The rows of a table, or of all below it too, as ANALYZE counted them; 0: unknown."""
        table = self._tables.get(table_oid)
        if table is None:
            return 0.0
        own = max(table.rows, 0.0)
        if not is_inherited:
            return own
        below = sum(self.rows(child.oid, is_inherited=True) for child in self._children[table_oid])
        return max(own, below)


def _find(tables: Sequence[Table], named: Sequence[str]) -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for name in named:
        matching = {
            (table.oid, column.name)
            for table in tables
            for column in table.columns
            if name
            in {
                column.name,
                f"{table.name}.{column.name}",
                f"{table.schema}.{table.name}.{column.name}",
            }
        }
        if not matching:
            raise UsageError(
                "redacting the snapshot",
                f"there is no column called {name}",
                "Write schema.table.column, table.column or column.",
            )
        found |= matching
    return found


def _with_descendants(
    found: set[tuple[int, str]], children: Mapping[int, Sequence[Table]]
) -> frozenset[tuple[int, str]]:
    """A partition's column holds what its parent's does."""
    pending = list(found)
    while pending:
        oid, name = pending.pop()
        new = {(child.oid, name) for child in children.get(oid, ())} - found
        found |= new
        pending += new
    return frozenset(found)


def _guessed(types: TypeCatalog, statistics: ColumnStatistics) -> Shape:
    """The shape of an expression's values, whose type the catalog does not tell."""
    if statistics.most_common_elements is not None:
        element = guess_type(statistics.most_common_elements)
        return types.shape(f"{element}[]")
    values = (*(statistics.most_common_values or ()), *(statistics.histogram_bounds or ()))
    return types.shape(guess_type(values))
