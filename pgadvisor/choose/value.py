"""What a saved unit of planner cost is worth, and what an index costs those who write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pgadvisor.choose.plans import StatementPlans
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.usage import StatementKind, StatementUsage

WRITE_MS_PER_ENTRY = 0.0025
"""Time that one more btree entry adds to a write, in milliseconds.

Measured by ``tests/benchmarks/index_write_cost.py`` as 0.0018 to 0.0023 (PostgreSQL 18, a
million rows in memory, random keys), and rounded up; on a table that does not fit into memory
it is more.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """How planner cost turns into the unit that is to be saved."""

    is_time: bool
    """True: milliseconds a day, measured; False: planner cost x calls, for want of times."""
    ms_per_cost: float
    """Median over the measured statements; what a statement without a time is valued at."""
    total: float
    """Of the whole workload a day, in that unit."""

    def per_day(self, row: StatementPlans, cost: float) -> float:
        """What a statement takes a day when one call costs that much."""
        statement = row.statement
        if self.is_time and statement.mean_time_ms is not None:
            share = cost / row.base_cost if row.base_cost > 0 else 1.0
            return statement.calls_per_day * statement.mean_time_ms * share
        return statement.calls_per_day * cost * self.ms_per_cost


def valuation(statements: Iterable[WeightedStatement], rows: Iterable[StatementPlans]) -> Valuation:
    """Value by measured time where there is any, else by planner cost.

    Args:
        statements: The whole workload, costed or not.
        rows: Those that were costed.
    """
    costed = tuple(rows)
    rates = sorted(
        row.statement.mean_time_ms / row.base_cost
        for row in costed
        if row.statement.mean_time_ms is not None and row.base_cost > 0
    )
    if not rates:
        total = sum(row.statement.calls_per_day * row.base_cost for row in costed)
        return Valuation(is_time=False, ms_per_cost=1.0, total=total)
    ms_per_cost = rates[len(rates) // 2]
    unmeasured = sum(
        row.statement.calls_per_day * row.base_cost * ms_per_cost
        for row in costed
        if row.statement.mean_time_ms is None
    )
    measured = sum(statement.time_ms_per_day or 0.0 for statement in statements)
    return Valuation(is_time=True, ms_per_cost=ms_per_cost, total=measured + unmeasured)


class WriteCost:
    """How many entries a new index makes writes add.

    Args:
        catalog: Where the tables' write counters are.
        usages: What the statements set, to tell which UPDATEs a new index concerns.
        window_days: Days that the counters cover.
    """

    def __init__(
        self, catalog: Catalog, usages: Iterable[StatementUsage], window_days: float
    ) -> None:
        self._catalog = catalog
        self._window_days = window_days
        self._set_columns: dict[int, set[str]] = {}
        for usage in usages:
            if usage.kind not in {StatementKind.UPDATE, StatementKind.MERGE, StatementKind.INSERT}:
                continue
            for relation in usage.relations:
                if relation.is_write_target:
                    columns = self._set_columns.setdefault(relation.table_oid, set())
                    columns.update(usage.set_columns)

    def entries_per_day(self, definition: IndexDefinition) -> float:
        """Entries that inserts and updates add to such an index a day.

        Every insert adds one.  An update adds one when it is not heap-only, and every update
        does when the workload sets a key or INCLUDE column: then it cannot be heap-only any
        more.
        """
        table = self._catalog.tables.get(definition.table_oid)
        if table is None:
            return 0.0
        inserted = updated = hot = 0
        for leaf in self._catalog.leaves(table):
            activity = self._catalog.activity_of(leaf)
            inserted += activity.rows_inserted
            updated += activity.rows_updated
            hot += activity.rows_hot_updated
        columns = {*definition.key_columns, *definition.include}
        is_touched = bool(columns & self._set_columns.get(definition.table_oid, set()))
        entries = inserted + (updated if is_touched else updated - hot)
        return entries / self._window_days
