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
    toast_live_rows: int = 0
    """Pieces of values in its TOAST table, an estimate as ``live_rows`` is."""
    toast_dead_rows: int = 0
    toast_last_vacuum: datetime | None = None
    """Of its TOAST table, by whomever."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonCombination:
    """A combination of values that many rows share, out of extended statistics.

    Its values are *table data*, as most-common values of columns are.
    """

    values: tuple[str | None, ...]
    """In the text form of their types; None for NULL."""
    ratio: float
    """The share of the rows that hold it."""
    base_ratio: float
    """The share that would hold it if the columns were independent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedValues:
    """What ANALYZE found for one statistics object: a row of ``pg_stats_ext``."""

    is_inherited: bool = False
    """True: covers the table's descendants too, as it always does on a partitioned table."""
    n_distinct: str | None = None
    """``{"1, 2": 800}``: numbers of columns (negative: of expressions), and combinations."""
    dependencies: str | None = None
    """``{"1 => 2": 0.9}``: the share of the rows in which the first determine the last."""
    most_common: tuple[CommonCombination, ...] | None = None
    """Values stand in the order of the object's columns, then of its expressions."""
    expressions: tuple[ColumnStatistics | None, ...] = ()
    """One for each expression of the object, None where ANALYZE found nothing; ``column`` is
    PostgreSQL's number of the expression: ``-1`` for the first."""
