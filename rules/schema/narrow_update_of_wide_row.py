"""Updates of a few bytes that copy wide rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Column,
    Confidence,
    Evidence,
    Finding,
    GiB,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    Severity,
    SkipRule,
    Statement,
    Table,
    format_count,
    format_size,
    qualified,
    rule,
)

_BULKY_BYTES = 200
"""From this width on, a value of variable length is worth moving out of the row."""
_TUPLE_TARGET = 256
"""What is proposed for ``toast_tuple_target``; 128 is the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is wide, what is narrow, and how much copying is much."""

    min_row_bytes: int = 1_000
    """Of a row on average, as it lies in the table: of values in the TOAST table, the pointer."""

    max_set_ratio: float = 0.1
    """Width of the columns that a statement sets, as a share of the row."""

    min_copied_per_day_bytes: int = GiB
    """Rows that such statements update a day, times the width of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copied:
    """What updates of narrow columns copy."""

    table: Table
    row_bytes: int
    rows_per_day: float
    columns: tuple[str, ...]
    """Those that are set."""
    bulky: tuple[Column, ...]
    """Wide ones of variable length that no such statement sets."""
    statements: tuple[Statement, ...]

    @property
    def bytes_per_day(self) -> float:
        return self.rows_per_day * self.row_bytes


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def narrow_update_of_wide_row(case: Case, limits: Limits) -> Outcome:
    """Updates of a few narrow columns copy wide rows, all day.

    ## Why it matters
    PostgreSQL changes no row in place: an UPDATE of one counter writes the whole row again, and
    vacuum takes the old one out.  With rows of a kilobyte that is a hundred times what changed,
    a page holds but a few versions, and few updates find room to be heap-only.  Values in the
    TOAST table are not copied as long as they stay the same.

    ## What it leaves alone
    Narrow rows; statements that set much of the row, as an ORM does that saves whole objects;
    and tables where the copies are little in all.

    ## Before you act
    A second table costs a join wherever both are read, and a value in the TOAST table another
    look-up.  Do it where the narrow columns change far more often than the wide ones are read.

    ## Example
        UPDATE articles SET view_count = view_count + 1 WHERE id = 7;  -- copies the text, too
        CREATE TABLE article_views (article_id bigint PRIMARY KEY, view_count bigint);
    """
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary counts what is written")
    days = case.statement_window.days
    if not days:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    for table in case.user_tables:
        if table.kind not in {RelationKind.TABLE, RelationKind.PARTITIONED_TABLE}:
            continue
        statements = _narrow_updates(case, table)
        if not statements:
            continue
        widths = _widths(case, table)
        if widths is None:
            yield case.skip_table(table, "how wide its rows are is not known: no statistics")
            continue
        found = _judge(table, widths, statements, days, limits)
        if found is not None and found.bytes_per_day >= limits.min_copied_per_day_bytes:
            yield _finding(found)


def _narrow_updates(case: Case, table: Table) -> tuple[tuple[Statement, tuple[str, ...]], ...]:
    """Statements that update the table, with the columns that they set."""
    found = {
        use.statement.id: (use.statement, use.usage.set_columns)
        for use in case.uses_of(table)
        if use.relation.is_write_target and use.usage.set_columns and use.statement.rows
    }
    return tuple(found.values())


def _widths(case: Case, table: Table) -> dict[str, float] | None:
    """Average width of each stored column, NULLs counted as nothing."""
    widths = {}
    for column in table.columns:
        known = case.statistics_of(table, column.name)
        if column.generated == "v":
            continue
        if known is None:
            return None
        widths[column.name] = known.average_width_bytes * (1 - known.null_ratio)
    return widths


def _judge(
    table: Table,
    widths: dict[str, float],
    statements: tuple[tuple[Statement, tuple[str, ...]], ...],
    days: float,
    limits: Limits,
) -> _Copied | None:
    row_bytes = sum(widths.values())
    narrow = [
        (statement, columns)
        for statement, columns in statements
        if sum(widths.get(name, 0.0) for name in columns) <= limits.max_set_ratio * row_bytes
    ]
    if row_bytes < limits.min_row_bytes or not narrow:
        return None
    columns = {name: None for _, names in narrow for name in names}
    return _Copied(
        table=table,
        row_bytes=round(row_bytes),
        rows_per_day=sum(statement.rows for statement, _ in narrow) / days,
        columns=tuple(columns),
        bulky=tuple(
            column
            for column in table.columns
            if column.type_length_bytes < 0
            and column.name not in columns
            and widths.get(column.name, 0.0) >= _BULKY_BYTES
        ),
        statements=tuple(statement for statement, _ in narrow),
    )


def _finding(found: _Copied) -> Finding:
    table, columns = found.table, " and ".join(found.columns)
    return Finding(
        subject=table.qualified_name,
        summary=f"{format_count(found.rows_per_day)} updates of {columns} a day copy rows of "
        f"{table.qualified_name} that are {format_count(found.row_bytes)} bytes wide: "
        f"{format_size(int(found.bytes_per_day))}",
        evidence=tuple(_evidence(found)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "values in the TOAST table are not counted",
            "the statements set a small part of the row",
        ),
        remedies=(_remedy(found),),
        impact=Impact(risk="vacuum, WAL and cache carry whole rows for a few bytes"),
        statement_ids=tuple(statement.id for statement in found.statements),
    )


def _evidence(found: _Copied) -> Iterator[Evidence]:
    yield Evidence(
        name="width of a row",
        value=found.row_bytes,
        unit="bytes",
        source="pg_stats.avg_width, null_frac",
    )
    yield Evidence(
        name="rows updated a day",
        value=round(found.rows_per_day),
        unit="rows",
        source="pg_stat_statements.rows",
    )
    yield Evidence(
        name="copied a day",
        value=int(found.bytes_per_day),
        unit="bytes",
        source="rows updated a day x width of a row",
    )


def _remedy(found: _Copied) -> ManualSteps:
    table = found.table
    target = qualified(table.schema, table.name)
    names = ", ".join(column.name for column in found.bulky)
    is_partitioned = table.kind is RelationKind.PARTITIONED_TABLE
    each = " on each partition" if is_partitioned else ""
    outside = (
        f"Or move {names} out of the row: `ALTER TABLE {target} SET (toast_tuple_target = "
        f"{_TUPLE_TARGET})`{each}. It holds for rows that are written from then on; the way back "
        f"is `ALTER TABLE {target} RESET (toast_tuple_target)`."
    )
    return ManualSteps(
        title=f"Keep what changes apart from what is wide in {table.qualified_name}",
        steps=(
            (
                f"Put {', '.join(found.columns)} into a table of their own with the same key, and "
                "join it where they are read."
            ),
            *((outside,) if found.bulky else ()),
            "Where it is a counter, collect changes and write them together.",
        ),
    )
