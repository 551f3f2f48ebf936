"""What the size of an index depends on: its definition put together with the statistics."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.reference import Reference
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.server import Server
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.parse.expression import columns_in
from pgadvisor.sqltext.quote import quote_identifier
from pgadvisor.whatif.twin.sizes.combinations import Combinations
from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.index_facts import IndexColumn, IndexFacts
from pgadvisor.whatif.twin.sizes.index_size import FILL_RATIO, IndexShape
from pgadvisor.whatif.twin.sizes.key_shares import UNIQUE_KEYS, Share, with_nulls
from pgadvisor.whatif.twin.sizes.sampling import ROWS_PER_TARGET, Sample, spread_values
from pgadvisor.whatif.twin.sizes.value_widths import sampled_widths

_UNKNOWN_WIDTH_BYTES = 16.0
_USUAL_TARGET = 100
_PARALLEL_GIN_VERSION = 180_000
_PARALLEL_MEMORY_KB = 65_536
"""A build is given another process from 32 MB for each of them on."""
_TARGET_SETTING = "default_statistics_target"
_REMEMBERED = 1_000
_TOGETHER = 0.99
"""From this correlation on, rows of the same value are taken to lie next to each other."""
_NEGLIGIBLE_RATIO = 1e-4
"""Rounding leaves such a rest where the most common values are all there are."""


class Shapes:
    """Puts facts and statistics together.

    Args:
        catalog: The snapshot.
        references: Undeclared foreign keys.
    """

    def __init__(self, catalog: Catalog, references: Iterable[Reference] = ()) -> None:
        self._catalog = catalog
        self._own = {
            (row.relation_oid, row.column): row
            for row in catalog.snapshot.column_statistics
            if not row.is_inherited
        }
        self.expressions: dict[tuple[int, str], ColumnStatistics] = {}
        """Statistics of expressions, by the OID of the table, in the snapshot, and the text."""
        self._spreads: dict[tuple[int, str], tuple[Share, ...]] = {}
        self._samples: dict[int, Sample] = {}
        self._keys: dict[tuple[object, ...], KeyStatistics] = {}
        server = catalog.snapshot.server
        self._usual_target = _number(server, _TARGET_SETTING, _USUAL_TARGET)
        self._memory_kb = _number(server, "maintenance_work_mem", 65_536)
        self._parallel_pages = _pages_for_parallel_gin(server, self._memory_kb)
        self._combinations = Combinations(catalog, self._sample_of, references)

    def learn(self, index: Index, facts: IndexFacts) -> None:
        """Keep the statistics that an existing index has of its expressions."""
        for column in facts.columns:
            known = self._own.get((index.oid, column.name))
            if column.expression and known is not None:
                self.expressions[index.table_oid, column.expression] = known

    def shape(self, table: Table, facts: IndexFacts, rows: float, table_pages: int) -> IndexShape:
        """What the size of an index on that table depends on.

        Args:
            table: The table, in the snapshot.
            facts: The index.
            rows: Rows that get an entry.
            table_pages: The table's length now.
        """
        keys = tuple(self._key(table, column) for column in facts.columns)
        if facts.predicate:
            part = rows / max(self._catalog.rows_now(table), 1.0)
            keys = tuple(
                _restricted(key, column.table_column, facts.predicate, part)
                for key, column in zip(keys, facts.columns, strict=True)
            )
        number = facts.key_count
        names = [column.table_column for column in facts.columns[:number]]
        spread = self._combinations.spread(table, names, keys[:number])
        fill = facts.options.get("fillfactor", "")
        return IndexShape(
            access_method=facts.access_method,
            rows=rows,
            keys=keys[:number],
            include=keys[number:],
            may_deduplicate=facts.may_deduplicate,
            fill_ratio=int(fill) / 100 if fill.isdecimal() else FILL_RATIO,
            table_pages=table_pages,
            table_rows=self._catalog.rows_now(table),
            major=self._catalog.snapshot.server.version_num // 10_000,
            options=facts.options,
            build_memory_bytes=self._build_memory_bytes(table_pages),
            shares=spread.shares,
            least_shares=spread.least,
        )

    def _key(self, table: Table, column: IndexColumn) -> KeyStatistics:
        """What is known of a column, which is the very same for all indexes that have it."""
        known, is_exact = self._statistics(table, column)
        what = (
            *(table.oid, column.table_column, column.expression, column.operator_class),
            *(column.type_name, column.length_bytes, column.alignment_bytes),
            *column.options.items(),
        )
        found = self._keys.get(what)
        if found is None or found.values is not known:
            found = self._keys[what] = self._new_key(table, column, known, is_exact=is_exact)
        return found

    def _new_key(
        self, table: Table, column: IndexColumn, known: ColumnStatistics | None, *, is_exact: bool
    ) -> KeyStatistics:
        is_variable = column.length_bytes < 0
        key = KeyStatistics(
            width_bytes=_UNKNOWN_WIDTH_BYTES if is_variable else float(column.length_bytes),
            alignment_bytes=column.alignment_bytes,
            is_variable=is_variable,
            shares=(Share(keys=UNIQUE_KEYS, mass=1.0),),
            type_name=column.type_name,
            operator_class=column.operator_class,
            options=column.options,
            is_known=known is not None and is_exact,
        )
        if known is None:
            return key
        width = float(known.average_width_bytes) if is_variable else key.width_bytes
        if not is_exact:  # an expression of the column
            width = min(width, _UNKNOWN_WIDTH_BYTES) if column.type_name else width
        return replace(
            key,
            width_bytes=width,
            null_ratio=known.null_ratio,
            shares=self._spread(table, column, known),
            widths=sampled_widths(known, column.type_name) if is_variable and is_exact else (),
            values=known,
        )

    def _spread(
        self, table: Table, column: IndexColumn, known: ColumnStatistics
    ) -> tuple[Share, ...]:
        """How rows are spread over the values of a column, or of an expression."""
        key = (table.oid, column.table_column or column.expression)
        if key not in self._spreads:
            sample = self._sample_of(table)
            if abs(known.correlation or 0.0) >= _TOGETHER:
                sample = replace(sample, pages=float(table.pages))
            ratios = known.most_common_ratios or ()
            rest = 1 - known.null_ratio - sum(ratios)
            is_unknown = known.n_distinct == 0  # of a type without equality
            shares = spread_values(
                sample.rows if is_unknown else known.distinct_count(sample.rows),
                sample,
                ratios,
                rest if rest > _NEGLIGIBLE_RATIO else 0.0,
                is_cut=len(ratios) >= self._target(table, known.column),
            )
            if known.n_distinct < 0:  # there are more values now, where there are more rows
                shares = _grown(shares, self._catalog.rows_now(table) / sample.rows)
            self._spreads[key] = with_nulls(shares, known.null_ratio)
        return self._spreads[key]

    def _sample_of(self, table: Table) -> Sample:
        """The rows that the last ANALYZE of a table looked at."""
        if table.oid not in self._samples:
            rows = max(table.rows if table.rows > 0 else self._catalog.rows_now(table), 1.0)
            target = max((self._target(table, column.name) for column in table.columns), default=1)
            sampled = min(rows, ROWS_PER_TARGET * target)
            self._samples[table.oid] = Sample(rows=rows, sampled=sampled)
        return self._samples[table.oid]

    def _target(self, table: Table, name: str) -> int:
        column = table.column(name)
        if column is not None and (column.statistics_target or -1) > 0:
            return column.statistics_target or 0
        return self._usual_target

    def _build_memory_bytes(self, table_pages: int) -> float:
        """What a build of a GIN index collects elements in; infinite where it sorts all of them."""
        return math.inf if table_pages >= self._parallel_pages else self._memory_kb * 1024.0

    def _statistics(
        self, table: Table, column: IndexColumn
    ) -> tuple[ColumnStatistics | None, bool]:
        """A column's own; an expression's from another index that has it.

        Failing that, those of the only column that an expression is over stand in, and are not
        exact.
        """
        if column.table_column:
            return self._own.get((table.oid, column.table_column)), True
        if known := self.expressions.get((table.oid, column.expression)):
            return known, True
        columns = columns_in(column.expression)
        if len(columns) != 1:
            return None, False
        return self._own.get((table.oid, next(iter(columns)))), False


def _number(server: Server, setting: str, usual: int) -> int:
    """A setting's value in its base unit."""
    found = server.setting(setting)
    return int(found.value) if found is not None else usual


def _pages_for_parallel_gin(server: Server, memory_kb: int) -> float:
    """From how many pages of a table on a GIN index is built by several processes.

    From PostgreSQL 18 on they are, and then all elements are sorted before they are inserted.
    """
    is_parallel = (
        server.version_num >= _PARALLEL_GIN_VERSION
        and _number(server, "max_parallel_maintenance_workers", 2) > 0
        and memory_kb >= _PARALLEL_MEMORY_KB
    )
    return _number(server, "min_parallel_table_scan_size", 1024) if is_parallel else math.inf


def _grown(shares: Iterable[Share], growth: float) -> tuple[Share, ...]:
    """So many times as many values, but for the most common ones; of a table without rows one."""
    return tuple(
        replace(share, keys=min(max(share.keys * growth, 1.0), UNIQUE_KEYS))
        if share.keys > 1
        else share
        for share in shares
    )


@lru_cache(maxsize=_REMEMBERED)
def _restricted(key: KeyStatistics, name: str, predicate: str, part: float) -> KeyStatistics:
    """What is left of a column in a partial index whose predicate is about that column.

    Args:
        key: The column in the whole table.
        name: The column's; empty for an expression.
        predicate: Of the index.
        part: The part of all rows that is in the index.
    """
    if not name or name not in columns_in(predicate):
        return key
    quoted = quote_identifier(name)
    if f"{quoted} IS NULL" in predicate:
        return replace(key, null_ratio=1.0, shares=(Share(keys=1.0, mass=1.0, nulls=1),))
    values = [share for share in key.shares if not share.nulls]
    present = sum(share.mass for share in values)
    if present <= 0:
        return key
    if name not in columns_in(predicate.replace(f"{quoted} IS NOT NULL", "true")):
        shares = tuple(replace(share, mass=share.mass / present) for share in values)
        return replace(key, null_ratio=0.0, shares=shares)
    # A comparison keeps values, rather than rows of each value.
    keys = max(sum(share.keys for share in values) * min(part / present, 1.0), 1.0)
    return replace(key, null_ratio=0.0, shares=(Share(keys=keys, mass=1.0),))
