"""Default partitions that hold a good part of the rows."""

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
    Provenance,
    RelationKind,
    Severity,
    Table,
    format_count,
    format_ratio,
    qualified,
    rule,
)

_DEFAULT = "DEFAULT"
_RANGE = "RANGE ("


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a default partition may hold."""

    min_default_ratio: float = 0.05
    """Share of the table's rows."""

    min_default_rows: int = 10_000
    """Fewer are moved in a moment."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def heavy_default_partition(case: Case, limits: Limits) -> Outcome:
    """The default partition of a table holds a good part of its rows.

    ## Why it matters
    Rows are there because no partition was made for them, mostly since the job that makes them
    has stopped.  Their partition cannot be made any more: CREATE TABLE ... PARTITION OF scans the
    default partition under ACCESS EXCLUSIVE, and fails at the first row that belongs into the
    new one.  No old rows go by DROP, and queries for any range look into it.

    ## What it leaves alone
    Default partitions with few rows, which are a safety net; and those of tables that are
    partitioned by LIST, where all the rest is a sound choice.

    ## Before you act
    While the default partition is detached, rows for which there is no partition are refused.
    Make the partitions of the days to come first, if their ranges hold no row yet.

    ## Example
        CREATE TABLE log_default PARTITION OF log DEFAULT;
        SELECT min(created_at), max(created_at) FROM log_default;  -- months of rows
    """
    for root in case.user_tables:
        for table in _partitioned(case, root):
            # Where it is partitioned by LIST, all that is left may well be meant to be there.
            if not (table.partition_key or "").startswith(_RANGE):
                continue
            for partition in case.catalog.partitions[table.oid]:
                if partition.partition_bound != _DEFAULT:
                    continue
                rows, total = case.rows_of(partition), case.rows_of(table)
                is_heavy = rows >= limits.min_default_ratio * total
                if rows >= limits.min_default_rows and is_heavy:
                    yield _finding(table, partition, rows, total)


def _partitioned(case: Case, table: Table) -> Iterator[Table]:
    """The table, where it is partitioned, and all partitions that are so themselves."""
    if table.kind is RelationKind.PARTITIONED_TABLE:
        yield table
        for child in case.catalog.partitions[table.oid]:
            yield from _partitioned(case, child)


def _finding(table: Table, partition: Table, rows: float, total: float) -> Finding:
    name = partition.qualified_name
    ratio = rows / total
    return Finding(
        subject=name,
        summary=f"{name}, the default partition, holds {format_ratio(ratio)} of the rows of "
        f"{table.qualified_name} ({format_count(rows)})",
        evidence=(
            Evidence(
                name="rows of the default partition",
                value=round(rows),
                unit="rows",
                source="pg_class.reltuples, scaled by the length now",
            ),
            Evidence(
                name="rows of the table",
                value=round(total),
                unit="rows",
                source="pg_class.reltuples of all partitions, scaled by their length now",
            ),
            Evidence(
                name="partition key",
                value=table.partition_key or "",
                source="pg_get_partkeydef",
            ),
        ),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("the table is partitioned by RANGE", "it holds more than a few rows"),
        remedies=(_remedy(table, partition),),
        impact=Impact(
            risk="partitions for the rows that it holds cannot be made, and none of them goes "
            "by DROP"
        ),
    )


def _remedy(table: Table, partition: Table) -> ManualSteps:
    parent = qualified(table.schema, table.name)
    default = qualified(partition.schema, partition.name)
    return ManualSteps(
        title=f"Empty {partition.qualified_name}",
        steps=(
            "Mend what makes the partitions, or it fills again.",
            (
                "Make the partitions of ranges of which no row is there yet, at a quiet time: each "
                "scans the default partition, and nobody gets at it meanwhile."
            ),
            (
                f"At a quiet time, with a lock timeout: `ALTER TABLE {parent} DETACH PARTITION "
                f"{default}`. Make the partitions that its rows belong to."
            ),
            (
                "Move the rows over in batches, oldest first, with DELETE ... RETURNING and INSERT "
                "into the partitioned table in one statement, with VACUUM in between."
            ),
            (
                f"`ALTER TABLE {parent} ATTACH PARTITION {default} DEFAULT` when it is empty. That "
                "is the way back at any time before, too, as long as no range overlaps its rows."
            ),
        ),
    )
