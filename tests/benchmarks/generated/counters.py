"""The counters of tables, indexes and statements that go with so many calls."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.statement import Statement
from pgadvisor.model.statistics import IndexActivity, TableActivity
from pgadvisor.model.usage import StatementKind
from pgadvisor.parse.expression import columns_in
from pgadvisor.parse.statement import fingerprint
from pgadvisor.testing import COLLECTED_AT, table_activity
from tests.benchmarks.generated.access import Access
from tests.benchmarks.generated.calls import Load, Timed

_CHANGE_MS = 0.015
_ENTRY_MS = 0.004
"""Of a row that is written, for each index."""
_CHECK_MS = 0.004
"""Of a foreign key that is checked by an index."""
_PAGE_MS = 0.004
_HIT_RATIO = 0.985
_ROW_WAL_BYTES = 160
_ENTRY_WAL_BYTES = 70
_CHANGES = frozenset({StatementKind.INSERT, StatementKind.UPDATE, StatementKind.DELETE})


@dataclass(slots=True)
class Counters:
    """Adds up what statements do.

    Args:
        catalog: The database.
        rng: What is left to chance.
    """

    catalog: Catalog
    rng: Random
    _tables: dict[int, dict[str, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float)), init=False
    )
    _indexes: dict[int, dict[str, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float)), init=False
    )

    def run(self, one: Timed, load: Load) -> Statement:
        """Count all calls of a statement, and say what pg_stat_statements has of it."""
        estimate = one.estimate
        rows = load.rows_per_call
        accesses = list(estimate.accesses)
        time_ms = estimate.time_ms
        is_write = one.usage.kind in _CHANGES
        target = next((r.table_oid for r in one.usage.relations if r.is_write_target), 0)
        indexes = len(self.catalog.indexes_by_table[target]) if is_write else 0
        if is_write:
            if one.usage.kind is StatementKind.INSERT:
                accesses, time_ms = [], 0.02
            checks = tuple(self._checks(self.catalog.tables[target], one.usage.kind, rows))
            accesses += checks
            time_ms += sum(check.time_ms for check in checks)
            time_ms += rows * (_CHANGE_MS + indexes * _ENTRY_MS)
            self._change(target, one, rows * load.calls)
        for access in accesses:
            self._scan(access, load.calls)
        blocks = sum(a.blocks for a in accesses) + rows * (1 + indexes if is_write else 0)
        statement = self._statement(one, load, time_ms * self.rng.lognormvariate(0.0, 0.3))
        hit = round(blocks * load.calls * _HIT_RATIO)
        return replace(
            statement,
            shared_blocks_hit=hit,
            shared_blocks_read=round(blocks * load.calls) - hit,
            shared_blocks_dirtied=round(rows * load.calls * 0.3) if is_write else 0,
            wal_bytes=round(rows * load.calls * (_ROW_WAL_BYTES + indexes * _ENTRY_WAL_BYTES))
            if is_write
            else 0,
        )

    def _statement(self, one: Timed, load: Load, mean_ms: float) -> Statement:
        return Statement(
            id=one.id,
            text=one.draft.text,
            fingerprint=fingerprint(one.draft.text),
            roles=("app",),
            calls=load.calls,
            mean_time_ms=round(mean_ms, 6),
            total_time_ms=round(mean_ms * load.calls, 6),
            min_time_ms=round(mean_ms * self.rng.uniform(0.1, 0.6), 6),
            max_time_ms=round(mean_ms * self.rng.uniform(3, 60), 6),
            stddev_time_ms=round(mean_ms * self.rng.uniform(0.3, 1.5), 6),
            rows=round(load.rows_per_call * load.calls),
        )

    def _checks(self, table: Table, kind: StatementKind, rows: float) -> Iterator[Access]:
        """Yield the look-ups that foreign keys make behind the scenes."""
        if kind is StatementKind.INSERT:
            for key in self.catalog.constraints_by_table[table.oid]:
                referenced = self.catalog.tables.get(key.referenced_table_oid or 0)
                if referenced is not None:
                    yield self._check(referenced, key.referenced_columns[0], rows)
        elif kind is StatementKind.DELETE:
            for key in self.catalog.foreign_keys_to[table.oid]:
                yield self._check(self.catalog.tables[key.table_oid], key.columns[0], rows)

    def _check(self, table: Table, column: str, rows: float) -> Access:
        """By an index where there is one, else by reading all of the table each time."""
        index = next(
            (
                index
                for index in self.catalog.indexes_by_table[table.oid]
                if index.key_columns[0] == column and index.predicate is None
            ),
            None,
        )
        return Access(
            table_oid=table.oid,
            index_oid=index.oid if index else None,
            scans=rows,
            rows=rows if index else rows * table.rows,
            time_ms=rows * (_CHECK_MS if index else table.pages * _PAGE_MS),
            blocks=rows * (4 if index else table.pages),
        )

    def _scan(self, access: Access, calls: int) -> None:
        scans, rows = access.scans * calls, access.rows * calls
        counted = self._tables[access.table_oid]
        counted["blocks"] += access.blocks * calls
        if access.index_oid is None:
            counted["sequential_scans"] += scans
            counted["sequential_rows_read"] += rows
            return
        counted["index_scans"] += scans
        counted["index_rows_fetched"] += rows
        of_index = self._indexes[access.index_oid]
        of_index["scans"] += scans
        of_index["entries_read"] += rows
        of_index["blocks"] += scans * 3

    def _change(self, table_oid: int, one: Timed, rows: float) -> None:
        counted = self._tables[table_oid]
        if one.usage.kind is StatementKind.INSERT:
            counted["rows_inserted"] += rows
        elif one.usage.kind is StatementKind.DELETE:
            counted["rows_deleted"] += rows
        else:
            counted["rows_updated"] += rows
            indexed = self._indexed_columns(table_oid)
            if not indexed & set(one.usage.set_columns):
                counted["rows_hot_updated"] += rows * self.rng.uniform(0.6, 0.97)

    def _indexed_columns(self, table_oid: int) -> set[str]:
        indexes = self.catalog.indexes_by_table[table_oid]
        names = {name for index in indexes for name in index.key_columns if name}
        for index in indexes:
            expressions = [key.expression for key in index.keys if key.expression]
            for text in (*expressions, *([index.predicate] if index.predicate else [])):
                names |= columns_in(text)
        return names

    def tables(self) -> tuple[TableActivity, ...]:
        """The counters of all tables."""
        return tuple(self._table(table) for table in self.catalog.snapshot.tables)

    def indexes(self) -> tuple[IndexActivity, ...]:
        """The counters of all indexes."""
        return tuple(self._index(index) for index in self.catalog.snapshot.indexes)

    def _table(self, table: Table) -> TableActivity:
        counted = {name: math.ceil(n) for name, n in self._tables[table.oid].items()}
        blocks = counted.pop("blocks", 0)
        hit = round(blocks * _HIT_RATIO)
        written = sum(
            counted.get(name, 0) for name in ("rows_inserted", "rows_updated", "rows_deleted")
        )
        dying = written - counted.get("rows_inserted", 0)
        vacuumed = COLLECTED_AT - timedelta(hours=self.rng.uniform(0.2, 90))
        analyzed = vacuumed + timedelta(minutes=self.rng.uniform(0.1, 5))
        return table_activity(
            table,
            **counted,
            heap_blocks_hit=hit,
            heap_blocks_read=blocks - hit,
            dead_rows=round(min(dying, table.rows * self.rng.uniform(0.0, 0.15))),
            rows_modified_since_analyze=round(
                min(written, table.rows * self.rng.uniform(0.0, 0.09))
            ),
            rows_inserted_since_vacuum=round(counted.get("rows_inserted", 0) * 0.2),
            last_autovacuum=vacuumed,
            last_autoanalyze=analyzed,
            autovacuum_count=1 + round(5 * dying / max(table.rows, 1)),
            autoanalyze_count=1 + round(10 * written / max(table.rows, 1)),
        )

    def _index(self, index: Index) -> IndexActivity:
        counted = self._indexes[index.oid]
        scans = math.ceil(counted["scans"])
        hit = round(counted["blocks"] * _HIT_RATIO)
        last = COLLECTED_AT - timedelta(minutes=self.rng.uniform(0, 600)) if scans else None
        return IndexActivity(
            index_oid=index.oid,
            scans=scans,
            entries_read=math.ceil(counted["entries_read"]),
            rows_fetched=math.ceil(counted["entries_read"]),
            last_scan=last,
            blocks_hit=hit,
            blocks_read=round(counted["blocks"]) - hit,
        )
