"""Very large tables whose old rows are deleted one by one, and not dropped by the partition."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Column,
    Confidence,
    ConstraintKind,
    Evidence,
    Finding,
    GiB,
    Impact,
    ManualSteps,
    Outcome,
    PredicateKind,
    Provenance,
    RelationKind,
    RelationUsage,
    Severity,
    StatementKind,
    StatementOnTable,
    Table,
    format_count,
    format_ratio,
    format_size,
    qualified,
    quote_identifier,
    rule,
)

_TIMES = {"date", "timestamp without time zone", "timestamp with time zone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When partitions are worth their trouble."""

    min_size_bytes: int = 100 * GiB
    """Of the table with its TOAST, without indexes."""

    min_table_rows: int = 1_000_000_000
    """As many rows are enough, too, however small they are."""

    min_deleted_ratio: float = 0.01
    """Share of the table's rows that such statements have deleted since they are counted."""

    min_filtered_ratio: float = 0.5
    """Share of the time of the table's other statements that filter by the column; with less,
    most of them would have to look into every partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Retention:
    """A table, the column by which old rows are told, and what is known of both."""

    table: Table
    column: Column
    deletes: tuple[StatementOnTable, ...]
    filtered_ratio: float
    size_bytes: int
    rows: float

    @property
    def rows_deleted(self) -> int:
        return sum({use.statement.id: use.statement.rows for use in self.deletes}.values())


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def retention_by_delete(case: Case, limits: Limits) -> Outcome:
    """A very large table gets rid of its old rows by DELETE.

    ## Why it matters
    Each row that is deleted is found, marked, logged, left to VACUUM, and removed from every
    index; and the table does not get smaller by it.  Where the rows of a month have a partition
    of their own, DROP TABLE does all that in a moment, and queries for recent rows look at recent
    partitions only.

    ## What it leaves alone
    Tables of less than 100 GiB and a billion rows; partitioned tables, and those with
    inheritance children (TimescaleDB has them); tables from which no statement deletes by age, or
    hardly a row; and those most of whose statements do not filter by that column, for they would
    have to look into every partition.

    ## Before you act
    This is a project.  Every unique key has to hold the column, a primary key too; so has every
    foreign key that refers to the table.  Statements without the column get slower with each
    partition.

    ## Example
        DELETE FROM events WHERE created_at < now() - interval '90 days';
        ALTER TABLE events DETACH PARTITION events_2025_10 CONCURRENTLY;
        DROP TABLE events_2025_10;
    """
    for table in case.user_tables:
        if table.kind is not RelationKind.TABLE or table.parent_oids:
            continue
        if case.catalog.partitions[table.oid]:
            continue
        size_bytes = table.size_bytes + table.toast_size_bytes
        rows = case.rows_of(table)
        if size_bytes < limits.min_size_bytes and rows < limits.min_table_rows:
            continue
        found = _retention(case, table, size_bytes, rows)
        if (
            found is not None
            and found.rows_deleted >= limits.min_deleted_ratio * rows
            and found.filtered_ratio >= limits.min_filtered_ratio
        ):
            yield _finding(case, found)


def _retention(case: Case, table: Table, size_bytes: int, rows: float) -> _Retention | None:
    for column in table.columns:
        if (column.base_type_name or column.type_name) not in _TIMES:
            continue
        deletes = tuple(use for use in case.uses_of(table) if _deletes_old(use, table, column))
        if deletes:
            return _Retention(
                table=table,
                column=column,
                deletes=deletes,
                filtered_ratio=_filtered_ratio(case, table, column),
                size_bytes=size_bytes,
                rows=rows,
            )
    return None


def _deletes_old(use: StatementOnTable, table: Table, column: Column) -> bool:
    """A DELETE of the table's rows up to a moment, in the statement itself or in a subquery."""
    return (
        use.usage.kind is StatementKind.DELETE
        and any(r.is_write_target and r.table_oid == table.oid for r in use.usage.relations)
        and any(
            p.column == column.name
            and p.kind is PredicateKind.RANGE
            and p.operator in {"<", "<="}
            and not p.is_optional
            for p in use.relation.predicates
        )
    )


def _filtered_ratio(case: Case, table: Table, column: Column) -> float:
    """Share of the time of the table's other statements that filter by the column."""
    others = [
        use
        for use in case.uses_of(table)
        if not use.relation.is_write_target and use.usage.kind is not StatementKind.DELETE
    ]
    total = sum(use.statement.total_time_ms for use in others)
    filtered = sum(use.statement.total_time_ms for use in others if _filters(use.relation, column))
    return filtered / total if total > 0 else 1.0


def _filters(relation: RelationUsage, column: Column) -> bool:
    kinds = {PredicateKind.RANGE, PredicateKind.EQUALITY, PredicateKind.IN_LIST}
    return any(
        p.column == column.name and p.kind in kinds and not p.is_optional
        for p in relation.predicates
    )


def _finding(case: Case, found: _Retention) -> Finding:
    table, column = found.table, found.column
    name = table.qualified_name
    return Finding(
        subject=name,
        summary=f"{name} has {format_size(found.size_bytes)} and {format_count(found.rows)} "
        f"rows, and old ones are deleted by {column.name}, not dropped by the partition",
        detail=f"{format_ratio(found.filtered_ratio)} of the time of its other statements is "
        f"spent on such as filter by {column.name}: they would look into few partitions.",
        evidence=tuple(_evidence(case, found)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "it is not partitioned, and nothing inherits from it",
            "a statement deletes rows by their age, and not just a few",
            "most of the time is spent on statements that filter by the same column",
        ),
        remedies=(_remedy(case, table, column),),
        impact=Impact(risk="deletes, vacuums and backups take longer as the table grows"),
        statement_ids=tuple(dict.fromkeys(use.statement.id for use in found.deletes)),
    )


def _evidence(case: Case, found: _Retention) -> Iterator[Evidence]:
    yield Evidence(
        name="size with TOAST", value=found.size_bytes, unit="bytes", source="pg_relation_size"
    )
    yield Evidence(
        name="rows",
        value=round(found.rows),
        unit="rows",
        source="pg_class.reltuples, scaled by the length now",
    )
    yield Evidence(
        name="rows deleted by their age",
        value=found.rows_deleted,
        unit="rows",
        source="pg_stat_statements.rows",
    )
    days = case.statement_window.days
    if days:
        yield Evidence(
            name="days in which they were deleted",
            value=round(days, 1),
            unit="days",
            source="pg_stat_statements_info.stats_reset",
        )
    yield Evidence(
        name="time of other statements that filter by the column",
        value=round(found.filtered_ratio, 4),
        unit="ratio",
        source="pg_stat_statements.total_exec_time",
    )


def _remedy(case: Case, table: Table, column: Column) -> ManualSteps:
    alter = f"ALTER TABLE {qualified(table.schema, table.name)}"
    name = quote_identifier(column.name)
    return ManualSteps(
        title=f"Partition {table.qualified_name} by {column.name}",
        steps=(
            *_obstacles(case, table, column),
            (
                f"`{alter} ADD CONSTRAINT old_rows CHECK ({name} IS NOT NULL AND {name} < "
                "'...') NOT VALID`, with the beginning of the month after next; then `"
                f"{alter} VALIDATE CONSTRAINT old_rows`. Attaching needs no scan then."
            ),
            (
                "Beside it, create a table with the same columns PARTITION BY RANGE "
                f"({name}), with partitions for the months that come, and whatever makes more of "
                "them in time."
            ),
            (
                "In one short transaction with a lock timeout: rename the old table, give the new "
                "one its name, and attach the old one as the partition of all that is before."
            ),
            (
                "The way back is to detach the old table and to swap the names again; rows that "
                "came in meanwhile have to be copied."
            ),
            "Drop partitions in place of the DELETE: DETACH PARTITION CONCURRENTLY, then DROP.",
        ),
    )


def _obstacles(case: Case, table: Table, column: Column) -> Iterator[str]:
    """What keeps the table from being partitioned by that column as it is."""
    keys = [
        index.name
        for index in case.indexes_of(table)
        if index.is_unique and column.name not in index.key_columns
    ]
    if keys:
        yield f"Unique keys have to hold {column.name}: {', '.join(keys)}."
    referring = [
        key
        for key in case.catalog.foreign_keys_to[table.oid]
        if key.kind is ConstraintKind.FOREIGN_KEY and not key.is_inherited
    ]
    if referring:
        names = ", ".join(key.name for key in referring)
        yield f"So have the foreign keys that refer to it, or they go: {names}."
