"""What an index costs those who write: entries, and updates that are heap-only no more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.usage import StatementKind, StatementUsage

WRITE_MS_PER_ENTRY = 0.0025
"""Time that one more btree entry adds to a write, in milliseconds.

Measured by ``tests/benchmarks/index_write_cost.py`` as 0.0018 to 0.0023 (PostgreSQL 18, a
million rows in memory, random keys), and rounded up; on a table that does not fit into memory
it is more.
"""


@dataclass(slots=True)
class _Updates:
    """What the workload's UPDATEs do to one table."""

    rows_per_day: float = 0.0
    rows_by_columns: dict[frozenset[str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rates:
    """Rows of a table that are written a day."""

    inserted: float
    updated: float
    hot_ratio: float
    """Share of the updates that are heap-only now."""
    index_count: int


class WriteCost:
    """How many entries an index makes writes add.

    Args:
        catalog: Where the tables' write counters are.
        usages: What the statements set, to tell which UPDATEs an index concerns.
        window_days: Days that the counters cover.
        statements: The workload: how many rows its UPDATEs change.
    """

    def __init__(
        self,
        catalog: Catalog,
        usages: Iterable[StatementUsage],
        window_days: float,
        statements: Iterable[WeightedStatement] = (),
    ) -> None:
        self._catalog = catalog
        self._window_days = window_days
        self._updates: dict[int, _Updates] = {}
        self._writes: dict[str, StatementUsage] = {}
        self._rates: dict[int, _Rates] = {}
        rows = {one.id: one.calls_per_day * one.rows_per_call for one in statements}
        for usage in usages:
            if usage.kind in _WRITES:
                self._writes[usage.statement_id] = usage
                self._note_updates(usage, rows.get(usage.statement_id, 1.0))

    def entries_per_day(self, definition: IndexDefinition) -> float:
        """Entries that inserts and updates add a day because of such an index.

        Every insert adds one.  An update that sets a column of the index adds one, and as it
        can be heap-only no more, one to every other index of its table.  Any other update adds
        one when it is not heap-only.
        """
        table = self._catalog.tables.get(definition.table_oid)
        if table is None:
            return 0.0
        rates = self._rates_of(table)
        touched = rates.updated * self._touched_ratio(table, _columns(definition))
        untouched = rates.updated - touched
        lost = touched * rates.hot_ratio * rates.index_count
        return rates.inserted + touched + lost + untouched * (1 - rates.hot_ratio)

    def freed_entries_per_day(self, index: Index) -> float:
        """Entries that writes do not add any more a day when an index is gone.

        That updates may be heap-only then is left out: other indexes may hold their columns.
        """
        table = self._catalog.tables.get(index.table_oid)
        if table is None:
            return 0.0
        rates = self._rates_of(table)
        return rates.inserted + rates.updated * (1 - rates.hot_ratio)

    def added_ms_per_call(self, statement: WeightedStatement, definition: IndexDefinition) -> float:
        """What such an index adds to one call of a statement; 0 where that does not write there."""
        usage = self._writes.get(statement.id)
        table = self._catalog.tables.get(definition.table_oid)
        if usage is None or table is None or table.oid not in self.targets(statement):
            return 0.0
        rates = self._rates_of(table)
        if usage.kind is StatementKind.DELETE:
            return 0.0  # entries of deleted rows are left to vacuum
        if usage.kind is StatementKind.INSERT and not usage.set_columns:
            entries = 1.0
        elif set(usage.set_columns) & _columns(definition):
            entries = 1 + rates.hot_ratio * rates.index_count
        else:
            entries = 1 - rates.hot_ratio
        return entries * statement.rows_per_call * WRITE_MS_PER_ENTRY

    def targets(self, statement: WeightedStatement) -> set[int]:
        """OIDs of the tables that a statement writes; the whole one, where it is partitioned."""
        usage = self._writes.get(statement.id)
        return set() if usage is None else self._tables_written(usage)

    def _tables_written(self, usage: StatementUsage) -> set[int]:
        return {
            self._root_oid(relation.table_oid)
            for relation in usage.relations
            if relation.is_write_target
        }

    def _note_updates(self, usage: StatementUsage, rows_per_day: float) -> None:
        if not usage.set_columns:
            return
        for table_oid in self._tables_written(usage):
            updates = self._updates.setdefault(table_oid, _Updates())
            columns = frozenset(usage.set_columns)
            updates.rows_per_day += rows_per_day
            known = updates.rows_by_columns.get(columns, 0.0)
            updates.rows_by_columns[columns] = known + rows_per_day

    def _touched_ratio(self, table: Table, columns: set[str]) -> float:
        """Share of the table's updates that set one of the columns, by the workload's UPDATEs.

        Where the workload has none, nothing is known of the updates that the counters tell of:
        they are taken for what they seem to be, heap-only or not.
        """
        updates = self._updates.get(table.oid)
        if updates is None or updates.rows_per_day <= 0:
            return 0.0
        touching = sum(rows for those, rows in updates.rows_by_columns.items() if those & columns)
        return touching / updates.rows_per_day

    def _rates_of(self, table: Table) -> _Rates:
        known = self._rates.get(table.oid)
        if known is None:
            known = self._rates[table.oid] = self._counted(table)
        return known

    def _counted(self, table: Table) -> _Rates:
        inserted = updated = hot = 0
        for leaf in self._catalog.leaves(table):
            activity = self._catalog.activity_of(leaf)
            inserted += activity.rows_inserted
            updated += activity.rows_updated
            hot += activity.rows_hot_updated
        return _Rates(
            inserted=inserted / self._window_days,
            updated=updated / self._window_days,
            hot_ratio=min(hot / updated, 1.0) if updated else 0.0,
            index_count=len(self._catalog.indexes_by_table[table.oid]),
        )

    def _root_oid(self, table_oid: int) -> int:
        table = self._catalog.tables.get(table_oid)
        return table_oid if table is None else self._catalog.root_of(table).oid


_WRITES = frozenset(
    {StatementKind.INSERT, StatementKind.UPDATE, StatementKind.MERGE, StatementKind.DELETE}
)
_WORD = re.compile(r"\w+")


def _columns(definition: IndexDefinition) -> set[str]:
    """Columns whose change changes an entry; of expressions and predicates by their words."""
    named = {name for name in (*definition.key_columns, *definition.include) if name}
    texts = [key.expression for key in definition.keys if key.expression]
    if definition.predicate:
        texts.append(definition.predicate)
    return named.union(*(_WORD.findall(text) for text in texts))
