"""Updates that leave their page because it is full, not because of what they change."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    Outcome,
    Provenance,
    RelationKind,
    SetTableOptions,
    Severity,
    Skipped,
    SkipRule,
    Statement,
    Table,
    columns_in,
    format_count,
    format_ratio,
    rule,
)

_BRIN_KEEPS_HOT = 16
"""The major version from which an update of a BRIN index's columns may be heap-only."""
_FILLFACTORS = (90, 80)
"""What is proposed: the first that leaves room for two rows."""
_ROOM_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which updates matter."""

    min_moved_per_day_count: float = 10_000.0
    """Updates a day that are not heap-only."""

    max_hot_ratio: float = 0.5
    """Share of heap-only updates below which something is wrong."""

    max_indexed_ratio: float = 0.1
    """Rows that known statements update in an indexed column, as a share of all they update."""

    min_known_ratio: float = 0.5
    """Rows that known statements update, as a share of those that the table's counters have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Updates:
    """How a table is updated."""

    leaves: tuple[Table, ...]
    """The table or those of its partitions that are updated and have no fillfactor yet."""
    updated_rows: int
    hot_rows: int
    days: float
    row_bytes: float
    index_count: int

    @property
    def moved_per_day(self) -> float:
        return (self.updated_rows - self.hot_rows) / self.days

    @property
    def hot_ratio(self) -> float:
        return self.hot_rows / self.updated_rows


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window", "statements"))
def no_room_for_hot_updates(case: Case, limits: Limits) -> Outcome:
    """Updates could be heap-only, but their pages have no room.

    ## Why it matters
    An UPDATE that changes no indexed column can put the new row into the same page and leave all
    indexes as they are, if there is room.  Pages are filled to the brim by default, so the new
    row goes elsewhere, and every index gets a new entry, whichever column was changed.  A tenth
    of each page left free is often enough.

    ## What it leaves alone
    Tables whose known statements change indexed columns, since no room helps them; those whose
    updates are not known well enough to tell, which it says; tables without indexes; small or
    seldom updated ones; rows too wide for a few to fit into the room; and tables that have a
    fillfactor of their own.

    ## Before you act
    Pages that are full stay so until their rows are updated away or the table is rewritten, and
    the table grows by the room that is left.  A trigger that sets an indexed column, and an old
    transaction that keeps dead rows in the page, look the same: rule them out first.

    ## Example
        SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'accounts';
        ALTER TABLE accounts SET (fillfactor = 90);
    """
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary counts what is written")
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    for table in case.user_tables:
        updates = _updates(case, table)
        if updates is None or not _is_costly(case, table, updates, limits):
            continue
        fillfactor = _fillfactor(case, updates.row_bytes)
        if fillfactor is None:
            continue
        outcome = _judge(case, table, updates, fillfactor, limits)
        if outcome is not None:
            yield outcome


def _updates(case: Case, table: Table) -> _Updates | None:
    days = case.counter_window.days
    leaves = tuple(
        leaf
        for leaf in case.catalog.leaves(table)
        if leaf.kind is RelationKind.TABLE
        and case.catalog.activity_of(leaf).rows_updated > 0
        and not any(option.startswith("fillfactor=") for option in leaf.options)
    )
    counters = [case.catalog.activity_of(leaf) for leaf in leaves]
    rows = sum(case.catalog.rows_now(leaf) for leaf in leaves)
    if not days or not rows:
        return None
    return _Updates(
        leaves=leaves,
        updated_rows=sum(c.rows_updated for c in counters),
        hot_rows=sum(c.rows_hot_updated for c in counters),
        days=days,
        row_bytes=sum(leaf.size_bytes for leaf in leaves) / rows,
        index_count=max(len(case.indexes_of(leaf)) for leaf in leaves),
    )


def _is_costly(case: Case, table: Table, updates: _Updates, limits: Limits) -> bool:
    return (
        case.is_large_enough(table)
        and updates.index_count > 0
        and updates.moved_per_day >= limits.min_moved_per_day_count
        and updates.hot_ratio < limits.max_hot_ratio
    )


def _fillfactor(case: Case, row_bytes: float) -> int | None:
    """The highest one that leaves room; None: the rows are too wide for any."""
    page = case.snapshot.server.block_size_bytes
    for fillfactor in _FILLFACTORS:
        if row_bytes * _ROOM_ROWS <= page * (100 - fillfactor) / 100:
            return fillfactor
    return None


def _judge(
    case: Case, table: Table, updates: _Updates, fillfactor: int, limits: Limits
) -> Finding | Skipped | None:
    indexed = _indexed_columns(case, table)
    known, touching, statements = 0.0, 0.0, dict[str, Statement]()
    for use in case.uses_of(table):
        if not use.relation.is_write_target or not use.usage.set_columns:
            continue
        known += use.statement.rows
        if indexed.intersection(use.usage.set_columns):
            touching += use.statement.rows
        else:
            statements[use.statement.id] = use.statement
    # One of them may have been reset later than the other, so a day is what they share.
    known_per_day = known / (case.statement_window.days or updates.days)
    if touching > limits.max_indexed_ratio * known:
        return None
    if known_per_day < limits.min_known_ratio * updates.updated_rows / updates.days:
        return case.skip_table(
            table,
            "few of its updates are heap-only, but most of them are made by statements that are "
            "not known, so that nobody can tell whether they change indexed columns",
        )
    return _finding(table, updates, fillfactor, tuple(statements))


def _indexed_columns(case: Case, table: Table) -> frozenset[str]:
    """Columns whose change ends a heap-only update, whichever partition has the index."""
    names: set[str] = set()
    for part in {table.oid: table, **{t.oid: t for t in case.catalog.leaves(table)}}.values():
        for index in case.indexes_of(part):
            if index.access_method != "brin" or case.snapshot.server.major < _BRIN_KEEPS_HOT:
                names.update(_columns_of(index))
    return frozenset(names)


def _columns_of(index: Index) -> Iterator[str]:
    yield from (name for name in index.key_columns if name is not None)
    yield from index.include
    for expression in (*(key.expression for key in index.keys), index.predicate):
        if expression is not None:
            yield from columns_in(expression)


def _finding(
    table: Table, updates: _Updates, fillfactor: int, statement_ids: tuple[str, ...]
) -> Finding:
    moved = updates.moved_per_day
    size_bytes = sum(leaf.size_bytes for leaf in updates.leaves)
    indexes = "its index" if updates.index_count == 1 else f"each of {updates.index_count} indexes"
    return Finding(
        subject=table.qualified_name,
        summary=f"Only {format_ratio(updates.hot_ratio)} of the updates of {table.qualified_name} "
        "are heap-only, though they change no indexed column",
        detail=f"{format_count(moved)} updates a day make a new entry in {indexes}. Pages that are "
        "filled from now on leave room; those that are full get it little by little.",
        evidence=tuple(_evidence(updates)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "no known update of weight changes a column that an index reads",
            "it has no fillfactor of its own",
            f"at least {_ROOM_ROWS} rows fit into the room",
        ),
        remedies=tuple(
            SetTableOptions(
                schema=leaf.schema,
                table=leaf.name,
                options=(("fillfactor", str(fillfactor)),),
                previous=(("fillfactor", None),),
            )
            for leaf in updates.leaves
        ),
        impact=Impact(added_bytes=round(size_bytes * (100 / fillfactor - 1))),
        statement_ids=statement_ids,
    )


def _evidence(updates: _Updates) -> Iterator[Evidence]:
    yield Evidence(
        name="heap-only updates",
        value=round(updates.hot_ratio, 4),
        unit="ratio",
        source="pg_stat_user_tables.n_tup_hot_upd, n_tup_upd",
    )
    yield Evidence(
        name="other updates a day",
        value=round(updates.moved_per_day),
        unit="rows",
        source="pg_stat_user_tables.n_tup_upd, n_tup_hot_upd",
    )
    yield Evidence(
        name="bytes of a row",
        value=round(updates.row_bytes),
        unit="bytes",
        source="pg_relation_size, pg_class.reltuples",
    )
    yield Evidence(name="fillfactor", value=100, source="pg_class.reloptions")
