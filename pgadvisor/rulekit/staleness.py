"""How far the planner's statistics of a table are from the table as it is."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.schema import Table
from pgadvisor.model.statistics import TableActivity
from pgadvisor.rulekit.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """What has happened to a table, or to one partition, since ANALYZE."""

    table: Table
    modified_rows: int
    known_rows: float
    """As of the last ANALYZE, by which autovacuum goes too; the counter starts again from
    zero when statistics are reset."""
    rows_now: float
    is_never_analysed: bool

    def is_stale(self, min_modified_ratio: float) -> bool:
        """Never analysed, or at least that share of the rows has changed since."""
        return self.is_never_analysed or (
            self.modified_rows > 0 and self.modified_rows >= min_modified_ratio * self.known_rows
        )


def staleness_of(case: Case, table: Table) -> Staleness:
    """What has happened to a table that holds rows of its own since ANALYZE."""
    activity = case.catalog.activity_of(table)
    rows_now = max(activity.live_rows, case.catalog.rows_now(table))
    return Staleness(
        table=table,
        modified_rows=activity.rows_modified_since_analyze,
        known_rows=table.rows if table.rows > 0 else rows_now,
        rows_now=rows_now,
        is_never_analysed=_was_never_analysed(case, table, activity),
    )


def _was_never_analysed(case: Case, table: Table, activity: TableActivity) -> bool:
    if activity.last_analyze is not None or activity.last_autoanalyze is not None:
        return False
    if activity.analyze_count or activity.autoanalyze_count:
        return False
    if any("pg_stats" in item.what for item in case.snapshot.unavailable):
        return table.rows < 0  # without pg_stats only the row count can tell
    return not any((table.oid, c.name) in case.catalog.column_statistics for c in table.columns)
