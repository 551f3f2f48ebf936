"""Look-ups over a snapshot, each built once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from pgadvisor.model.schema import (
    Constraint,
    ConstraintKind,
    Index,
    RelationKind,
    Table,
    View,
)
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics, IndexActivity, TableActivity

_T = TypeVar("_T")

NO_TABLE_ACTIVITY = TableActivity(table_oid=0)
NO_INDEX_ACTIVITY = IndexActivity(index_oid=0)


_PAGE_HEADER_BYTES = 24
_ROW_OVERHEAD_BYTES = 28
"""The header of a row, and its line pointer."""
_TEXT_BYTES = 32
"""What the planner takes a value of variable length for, as long as it knows nothing of it."""


class Catalog:
    """A snapshot with its objects found by OID, by name and by table.

    Args:
        snapshot: What to look things up in; it is not copied.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def tables(self) -> Mapping[int, Table]:
        """Tables by OID."""
        return {table.oid: table for table in self.snapshot.tables}

    @cached_property
    def tables_by_name(self) -> Mapping[tuple[str, str], Table]:
        """Tables by schema and name."""
        return {(table.schema, table.name): table for table in self.snapshot.tables}

    @cached_property
    def views_by_name(self) -> Mapping[tuple[str, str], View]:
        """Plain views by schema and name."""
        return {(view.schema, view.name): view for view in self.snapshot.views}

    @cached_property
    def indexes(self) -> Mapping[int, Index]:
        """Indexes by OID."""
        return {index.oid: index for index in self.snapshot.indexes}

    @cached_property
    def indexes_by_table(self) -> Mapping[int, tuple[Index, ...]]:
        """Indexes by the OID of their table; empty for tables without."""
        return _grouped(self.snapshot.indexes, lambda index: index.table_oid)

    @cached_property
    def constraints_by_table(self) -> Mapping[int, tuple[Constraint, ...]]:
        """Constraints by the OID of their table."""
        return _grouped(self.snapshot.constraints, lambda constraint: constraint.table_oid)

    @cached_property
    def foreign_keys_to(self) -> Mapping[int, tuple[Constraint, ...]]:
        """Foreign keys by the OID of the table that they refer to."""
        return _grouped(
            (c for c in self.snapshot.constraints if c.kind is ConstraintKind.FOREIGN_KEY),
            lambda constraint: constraint.referenced_table_oid or 0,
        )

    @cached_property
    def partitions(self) -> Mapping[int, tuple[Table, ...]]:
        """Direct partitions and inheritance children by the OID of their parent."""
        children: dict[int, list[Table]] = defaultdict(list)
        for table in self.snapshot.tables:
            for parent in table.parent_oids:
                children[parent].append(table)
        return _Frozen({oid: tuple(found) for oid, found in children.items()})

    @cached_property
    def column_statistics(self) -> Mapping[tuple[int, str], ColumnStatistics]:
        """Column statistics by relation OID and column; inherited ones where there are any."""
        found: dict[tuple[int, str], ColumnStatistics] = {}
        for row in self.snapshot.column_statistics:
            key = (row.relation_oid, row.column)
            if key not in found or row.is_inherited:
                found[key] = row
        return found

    @cached_property
    def _table_activity(self) -> Mapping[int, TableActivity]:
        return {row.table_oid: row for row in self.snapshot.table_activity}

    @cached_property
    def _index_activity(self) -> Mapping[int, IndexActivity]:
        return {row.index_oid: row for row in self.snapshot.index_activity}

    def activity_of(self, table: Table) -> TableActivity:
        """The table's counters; zeros where there are none."""
        return self._table_activity.get(table.oid, NO_TABLE_ACTIVITY)

    def activity_of_index(self, index: Index) -> IndexActivity:
        """The index's counters; zeros where there are none."""
        return self._index_activity.get(index.oid, NO_INDEX_ACTIVITY)

    def find_table(self, schema: str | None, name: str) -> Table | None:
        """The table that a statement means by that name, by the snapshot's search path."""
        if schema is not None:
            return self.tables_by_name.get((schema, name))
        for candidate in self.snapshot.server.search_path:
            if table := self.tables_by_name.get((candidate, name)):
                return table
        return None

    def find_view(self, schema: str | None, name: str) -> View | None:
        """The view that a statement means by that name, by the snapshot's search path."""
        if schema is not None:
            return self.views_by_name.get((schema, name))
        for candidate in self.snapshot.server.search_path:
            if view := self.views_by_name.get((candidate, name)):
                return view
        return None

    def rows_now(self, table: Table) -> float:
        """Rows as the planner would estimate them now: density of the last ANALYZE x length now.

        Of a table that was never analysed, those that are counted, or else as many as fit into
        its length by the widths of its columns.  Zero where it has no length.
        """
        block = self.snapshot.server.block_size_bytes
        if table.rows > 0 and table.pages > 0 and table.size_bytes > 0:
            return table.rows / table.pages * (table.size_bytes / block)
        if table.rows > 0:
            return table.rows
        live_rows = float(self.activity_of(table).live_rows)
        is_never_analysed = table.rows < 0 or table.pages == 0
        return live_rows or (self._rows_by_width(table) if is_never_analysed else 0.0)

    def _rows_by_width(self, table: Table) -> float:
        """As the planner guesses them (``table_block_relation_estimate_size``)."""
        block = self.snapshot.server.block_size_bytes
        widths = (column.type_length_bytes for column in table.columns)
        row_bytes = sum(_TEXT_BYTES if width < 0 else width for width in widths)
        per_page = (block - _PAGE_HEADER_BYTES) / (row_bytes + _ROW_OVERHEAD_BYTES)
        return float(round(per_page * (table.size_bytes / block)))

    def root_of(self, table: Table) -> Table:
        """The partitioned table that a partition belongs to in the end, or the table itself."""
        while table.is_partition:
            parent = next((self.tables[o] for o in table.parent_oids if o in self.tables), None)
            if parent is None:
                break
            table = parent
        return table

    def leaves(self, table: Table) -> tuple[Table, ...]:
        """The tables that hold the rows: a table itself, or a partitioned table's partitions."""
        if table.kind is not RelationKind.PARTITIONED_TABLE:
            return (table,)
        return tuple(leaf for child in self.partitions[table.oid] for leaf in self.leaves(child))

    def total_size_bytes(self, table: Table) -> int:
        """Length of the table's main fork, partitions added up."""
        return sum(leaf.size_bytes for leaf in self.leaves(table))

    def total_rows(self, table: Table) -> float:
        """Rows as the planner would estimate them now, partitions added up."""
        return sum(self.rows_now(leaf) for leaf in self.leaves(table))


class _Frozen(dict[int, tuple[_T, ...]]):
    """A mapping that answers with an empty tuple where it has no entry."""

    def __missing__(self, key: int) -> tuple[_T, ...]:
        return ()


def _grouped(items: Iterable[_T], key: Callable[[_T], int]) -> Mapping[int, tuple[_T, ...]]:
    groups: dict[int, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return _Frozen({oid: tuple(found) for oid, found in groups.items()})
