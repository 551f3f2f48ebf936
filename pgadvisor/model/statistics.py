"""What the server counted (activity) and what ANALYZE sampled (column statistics)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TableActivity:
    """Counters of one table from ``pg_stat_all_tables``, since the statistics were reset."""

    table_oid: int
    sequential_scans: int = 0
    sequential_rows_read: int = 0
    index_scans: int = 0
    index_rows_fetched: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_deleted: int = 0
    rows_hot_updated: int = 0
    live_rows: int = 0
    """An estimate kept by the statistics system."""
    dead_rows: int = 0
    rows_modified_since_analyze: int = 0
    rows_inserted_since_vacuum: int | None = None
    last_vacuum: datetime | None = None
    last_autovacuum: datetime | None = None
    last_analyze: datetime | None = None
    last_autoanalyze: datetime | None = None
    vacuum_count: int = 0
    autovacuum_count: int = 0
    analyze_count: int = 0
    autoanalyze_count: int = 0
    heap_blocks_read: int = 0
    heap_blocks_hit: int = 0

    @property
    def rows_written(self) -> int:
        """Rows inserted, updated and deleted."""
        return self.rows_inserted + self.rows_updated + self.rows_deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexActivity:
    """Counters of one index from ``pg_stat_all_indexes``, since the statistics were reset."""

    index_oid: int
    scans: int = 0
    entries_read: int = 0
    rows_fetched: int = 0
    last_scan: datetime | None = None
    """PostgreSQL 16 and later; None before, and when there was none."""
    blocks_read: int = 0
    blocks_hit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStatistics:
    """One row of ``pg_stats``.  Values are in the text form of the column's type.

    Most-common values and histogram bounds are *table data*: a snapshot that is saved
    holds them only as the redaction level allows.
    """

    relation_oid: int
    """A table, or an index with expressions (then ``column`` is the index column's name)."""
    column: str
    is_inherited: bool = False
    """True: covers the table's descendants too."""
    null_ratio: float = 0.0
    average_width_bytes: int = 0
    n_distinct: float = 0.0
    """Positive: that many; negative: minus the share of the rows; 0: unknown."""
    most_common_values: tuple[str, ...] | None = None
    most_common_ratios: tuple[float, ...] | None = None
    histogram_bounds: tuple[str, ...] | None = None
    correlation: float | None = None
    most_common_elements: tuple[str, ...] | None = None
    most_common_element_ratios: tuple[float, ...] | None = None
    element_count_histogram: tuple[float, ...] | None = None
    range_length_histogram: tuple[str, ...] | None = None
    range_empty_ratio: float | None = None
    range_bounds_histogram: tuple[str, ...] | None = None

    def distinct_count(self, rows: float) -> float:
        """The number of distinct values among that many rows, at least one."""
        count = self.n_distinct if self.n_distinct >= 0 else -self.n_distinct * max(rows, 0.0)
        return max(count, 1.0)

    def ratio_of(self, value: str) -> float | None:
        """The share of the rows that hold that most-common value; None when it is not one."""
        for candidate, ratio in zip(
            self.most_common_values or (), self.most_common_ratios or (), strict=False
        ):
            if candidate == value:
                return ratio
        return None
