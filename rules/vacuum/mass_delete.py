"""DELETE statements that remove very many rows at once, again and again."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    PredicateKind,
    Provenance,
    RelationKind,
    Severity,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    format_count,
    format_ms,
    format_size,
    qualified,
    quote_identifier,
    rule,
)

_TIMES = ("timestamp", "date")
_BATCH_ROWS = 10_000
_DETACHES_CONCURRENTLY = 14
"""The first major version that detaches a partition without shutting out readers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a DELETE is a mass delete."""

    min_deleted_rows: float = 100_000.0
    """Rows that one call deletes, on average."""

    min_calls_count: int = 3
    """Calls; one or two are somebody who tidied up."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def mass_delete(case: Case, limits: Limits) -> Outcome:
    """A job deletes very many rows in one statement, again and again.

    ## Why it matters
    A DELETE marks each row, writes WAL for each, and leaves its row and its index entries behind
    for vacuum.  While it runs nobody's dead rows can be removed, its locks are kept to the end,
    and standbys lag.  To drop a partition, or to truncate a table that is emptied anyway, takes
    a moment, however many rows there are.

    ## What it leaves alone
    Statements that delete fewer rows a call, which is what a job in batches looks like, those that
    take a LIMIT of rows, and those that were run once or twice.

    ## Before you act
    TRUNCATE and DROP TABLE take a lock that shuts out readers, if only for a moment; triggers
    for each row are not run, and TRUNCATE refuses a table that a foreign key refers to.  A
    partitioned table wants its partition key in every unique key.  Rows that have to go for the
    sake of one person do not fit any partition: delete those in batches.

    ## Example
        DELETE FROM events WHERE created_at < now() - interval '90 days';  -- 4,000,000 rows a call
        DROP TABLE events_2026_01;
    """
    for table in case.user_tables:
        groups: dict[str, list[StatementOnTable]] = defaultdict(list)
        for use in case.uses_of(table):
            if _is_mass_delete(use, limits):
                groups[case.shape_of(use.statement)].append(use)
        for shape, found in groups.items():
            yield _finding(case, table, shape, found)


def _is_mass_delete(use: StatementOnTable, limits: Limits) -> bool:
    statement = use.statement
    return (
        use.usage.kind is StatementKind.DELETE
        and use.relation.is_write_target
        and not any(relation.has_limit for relation in use.usage.relations)
        and statement.calls >= limits.min_calls_count
        and statement.rows >= limits.min_deleted_rows * statement.calls
    )


def _finding(case: Case, table: Table, shape: str, found: list[StatementOnTable]) -> Finding:
    statements = [use.statement for use in found]
    calls = sum(s.calls for s in statements)
    per_call = sum(s.rows for s in statements) / calls
    wal_bytes = sum(s.wal_bytes for s in statements) / calls
    wal = f" and writes {format_size(wal_bytes)} of WAL" if wal_bytes else ""
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{shape}",
        summary=f"One DELETE takes {format_count(per_call)} rows a call out of "
        f"{table.qualified_name}",
        detail=f"Each call takes {format_ms(sum(s.total_time_ms for s in statements) / calls)}"
        f"{wal}; the dead rows stay until vacuum has been through the table and its indexes.",
        evidence=tuple(_evidence(case, statements, per_call)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=("it was run more than once or twice", "it takes no LIMIT of rows"),
        remedies=(_remedy(case, table, found[0]),),
        impact=Impact(risk="standbys lag and dead rows pile up while it runs"),
        statement_ids=tuple(s.id for s in statements),
    )


def _evidence(case: Case, statements: list[Statement], per_call: float) -> Iterator[Evidence]:
    yield Evidence(
        name="rows a call", value=round(per_call), unit="rows", source="pg_stat_statements.rows"
    )
    yield Evidence(
        name="calls", value=sum(s.calls for s in statements), source="pg_stat_statements.calls"
    )
    per_day = [case.calls_per_day(s) for s in statements]
    known = [calls for calls in per_day if calls is not None]
    if len(known) == len(per_day):
        yield Evidence(
            name="calls a day",
            value=round(sum(known), 2),
            source="pg_stat_statements.calls over the window",
        )


def _remedy(case: Case, table: Table, use: StatementOnTable) -> ManualSteps:
    column = _time_column(table, use)
    if _deletes_all(use):
        return _truncate(table)
    if column is None:
        return ManualSteps(
            title=f"Delete rows of {table.qualified_name} in batches",
            steps=(
                _batch(table),
                (
                    "Commit after each, and let vacuum come in between: `VACUUM` every few "
                    "batches, or a lower `autovacuum_vacuum_scale_factor`."
                ),
            ),
        )
    if table.partition_key is not None and column in table.partition_key:
        return _drop_partitions(case, table, column)
    return _partition(table, column)


def _truncate(table: Table) -> ManualSteps:
    return ManualSteps(
        title=f"Empty {table.qualified_name} by TRUNCATE",
        steps=(
            (
                f"`TRUNCATE {qualified(table.schema, table.name)}` in the place of the DELETE, "
                "with a lock timeout."
            ),
            "Where readers must not wait, fill a new table and swap the names.",
        ),
    )


def _drop_partitions(case: Case, table: Table, column: str) -> ManualSteps:
    target = qualified(table.schema, table.name)
    word = " CONCURRENTLY" if case.snapshot.server.major >= _DETACHES_CONCURRENTLY else ""
    return ManualSteps(
        title=f"Drop partitions of {table.qualified_name} instead of their rows",
        steps=(
            (
                f"It is partitioned by {quote_identifier(column)} already: "
                f"`ALTER TABLE {target} DETACH PARTITION ...{word}`, then `DROP TABLE`, for each "
                "partition that is wholly too old."
            ),
            "Where a partition covers more time than is deleted at once, make them shorter.",
        ),
    )


def _partition(table: Table, column: str) -> ManualSteps:
    return ManualSteps(
        title=f"Partition {table.qualified_name} by {column}, and drop old partitions",
        steps=(
            (
                f"Make a table with `PARTITION BY RANGE ({quote_identifier(column)})`, one "
                "partition for each step by which rows grow too old. Each unique key has to "
                "hold the column."
            ),
            (
                "Attach the present table as the partition of all the past, after a CHECK "
                "constraint on its bounds that is first NOT VALID, then validated."
            ),
            "Detach and drop partitions in the place of the DELETE.",
            f"Until then: {_batch(table)}",
        ),
    )


def _batch(table: Table) -> str:
    """A row's place is unique within its own table alone, not across partitions."""
    is_partitioned = table.kind is RelationKind.PARTITIONED_TABLE
    target = "(one partition)" if is_partitioned else qualified(table.schema, table.name)
    rows = f"FROM {target} WHERE"
    return (
        f"`DELETE {rows} ctid = ANY (ARRAY(SELECT ctid {rows} (its condition) LIMIT "
        f"{_BATCH_ROWS}))`, until it finds none."
    )


def _deletes_all(use: StatementOnTable) -> bool:
    return len(use.usage.relations) == 1 and "where" not in use.statement.text.lower()


def _time_column(table: Table, use: StatementOnTable) -> str | None:
    """The column of a point in time by which old rows are told from new ones."""
    relation = use.relation
    names = [p.column for p in relation.predicates if p.kind is PredicateKind.RANGE]
    names += [wrapped.column for wrapped in relation.wrapped]
    for name in names:
        column = table.column(name)
        if column is not None and column.type_name.startswith(_TIMES):
            return name
    return None
