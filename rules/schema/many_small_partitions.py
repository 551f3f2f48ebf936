"""Tables that are cut into very many partitions, each of them small."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    RelationKind,
    Severity,
    StatementKind,
    StatementOnTable,
    Table,
    format_count,
    format_size,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many partitions are too many for what they hold."""

    min_partitions_count: int = 1_000
    """Of the lowest level, which hold the rows."""

    max_mean_size_bytes: int = 64 * MiB
    """Larger ones on average are worth a partition each."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def many_small_partitions(case: Case, limits: Limits) -> Outcome:
    """A table has a thousand partitions or more, and they are small.

    ## Why it matters
    A statement that does not narrow the partitions down is planned for all of them, locks all of
    them and their indexes, and each session keeps what it knows of each in memory.  Locks
    beyond the few that a session keeps for itself go to a table that all sessions fight for.
    With partitions of a few megabytes there is nothing to be gained for it.

    ## What it leaves alone
    Tables with fewer partitions, and partitions that are large on average.

    ## Before you act
    Old partitions may go by themselves as time passes, and then it suffices to make the new ones
    wider.  Where a partition is all that separates one customer from the next, it may be meant so.

    ## Example
        SELECT count(*) FROM pg_partition_tree('log') WHERE isleaf;  -- 3,650 days
        -- a partition a month: 120
    """
    for table in case.user_tables:
        if table.kind is not RelationKind.PARTITIONED_TABLE:
            continue
        leaves = case.catalog.leaves(table)
        if len(leaves) < limits.min_partitions_count:
            continue
        mean_size_bytes = case.size_of(table) / len(leaves)
        if mean_size_bytes <= limits.max_mean_size_bytes:
            yield _finding(case, table, len(leaves), mean_size_bytes)


def _finding(case: Case, table: Table, count: int, mean_size_bytes: float) -> Finding:
    wide = _unpruned(case, table)
    return Finding(
        subject=table.qualified_name,
        summary=f"{table.qualified_name} has {format_count(count)} partitions of "
        f"{format_size(mean_size_bytes)} on average",
        detail=_detail(len(wide)),
        evidence=_evidence(count, mean_size_bytes, len(wide)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=("the partitions are small on average",),
        remedies=(
            ManualSteps(
                title=f"Cut {table.qualified_name} into wider partitions",
                steps=(
                    (
                        "Make the partitions to come wider: a month in place of a day. That alone "
                        "is enough where old ones are dropped in time."
                    ),
                    (
                        "To join old ones: copy their rows into a table of the wider range, and in "
                        "one transaction with a lock timeout detach the old ones and attach it. "
                        "Detached tables are the way back until they are dropped."
                    ),
                    "See that statements name the partition key in WHERE.",
                ),
            ),
        ),
        impact=Impact(risk="planning takes time, memory and locks for each of the partitions"),
        statement_ids=wide,
    )


def _evidence(count: int, mean_size_bytes: float, wide: int) -> tuple[Evidence, ...]:
    return (
        Evidence(
            name="partitions that hold rows",
            value=count,
            unit="partitions",
            source="pg_inherits",
        ),
        Evidence(
            name="average size",
            value=round(mean_size_bytes),
            unit="bytes",
            source="pg_relation_size",
        ),
        Evidence(
            name="statements that do not filter by the partition key",
            value=wide,
            unit="statements",
            source="pg_stat_statements.query",
        ),
    )


def _detail(wide: int) -> str:
    if not wide:
        return ""
    if wide == 1:
        return "1 statement does not filter by the partition key, and looks into all of them."
    return f"{wide} statements do not filter by the partition key, and look into all of them."


def _unpruned(case: Case, table: Table) -> tuple[str, ...]:
    """Statements that read the whole table and have no condition on its partition key."""
    key = _key_columns(table)
    return tuple(
        dict.fromkeys(
            use.statement.id
            for use in case.uses_of(table)
            if key and use.relation.table_oid == table.oid and not _narrows(use, key)
        )
    )


def _narrows(use: StatementOnTable, key: frozenset[str]) -> bool:
    """It filters or joins by a column of the key, or only inserts."""
    relation = use.relation
    if relation.is_write_target and use.usage.kind is StatementKind.INSERT:
        return True
    columns = {p.column for p in relation.predicates if not p.is_optional}
    columns |= {join.column for join in relation.joins}
    columns |= {wrapped.column for wrapped in relation.wrapped}
    return bool(key & columns)


def _key_columns(table: Table) -> frozenset[str]:
    """The columns that the partition key names: of ``RANGE (created_at)`` that one.

    A key may hold operator classes, so that it is no expression; words do to find columns.
    """
    key = table.partition_key or ""
    words = "".join(c if c.isalnum() or c == "_" else " " for c in key).split()
    return frozenset(column.name for column in table.columns if column.name in words)
