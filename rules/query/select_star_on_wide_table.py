"""Whole rows of a wide table, many at a time."""

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
    MiB,
    Outcome,
    Provenance,
    Severity,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    format_count,
    format_ratio,
    format_size,
    rows_per_call,
    rule,
)

_BULKY_TYPES = frozenset({"text", "json", "jsonb", "bytea", "xml", "tsvector", "hstore"})
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which whole rows are too much."""

    min_row_bytes: int = 2_048
    """Of a row on average, TOAST included; from there on PostgreSQL moves values out of line."""

    min_rows_per_call_count: float = 100.0
    """With fewer rows, a page shows one thing in full."""

    min_result_bytes: int = 1 * MiB
    """Of the result of a call, estimated."""

    min_share_ratio: float = 0.001
    """Share of the workload's execution time."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def select_star_on_wide_table(case: Case, limits: Limits) -> Outcome:
    """A statement reads whole rows of a wide table, many at a time.

    ## Why it matters
    Long texts and documents lie in the TOAST table.  ``SELECT *`` fetches them for each row,
    piece by piece, decompresses them and sends them, also where a list shows the title alone.
    Nor can an index answer such a statement by itself.

    ## What it leaves alone
    Narrow tables; statements that return few rows, or little in all; that name their columns;
    that lock or write rows; and those with little time.

    ## Before you act
    An ORM that loads whole objects may need them whole.  Most can leave columns out until they
    are asked for: ``defer`` in Django and SQLAlchemy, ``select`` in Rails.

    ## Example
        SELECT * FROM articles ORDER BY created_at DESC LIMIT 200;
        SELECT id, title, created_at FROM articles ORDER BY created_at DESC LIMIT 200;
    """
    groups: dict[Table, list[Statement]] = defaultdict(list)
    for table, use in case.uses():
        if _reads_many_whole_rows(case, use, limits):
            groups[table].append(use.statement)
    for table, found in groups.items():
        width = _row_bytes(case, table)
        if width is None:
            yield case.skip_table(table, "nobody knows how wide its rows are: run ANALYZE")
            continue
        large = [s for s in found if width * s.rows >= limits.min_result_bytes * s.calls]
        if width >= limits.min_row_bytes and large:
            yield _finding(case, table, list({s.id: s for s in large}.values()), width)


def _reads_many_whole_rows(case: Case, use: StatementOnTable, limits: Limits) -> bool:
    statement, relation = use.statement, use.relation
    return (
        use.usage.kind is StatementKind.SELECT
        and relation.reads_whole_row
        # Who locks or writes a row reads all of it without a star.
        and relation.lock_strength is None
        and not relation.is_write_target
        and statement.calls > 0
        and statement.rows >= limits.min_rows_per_call_count * statement.calls
        and case.share_of_all((statement,)) >= limits.min_share_ratio
    )


def _row_bytes(case: Case, table: Table) -> float | None:
    """The columns as they lie in the row, and its part of the TOAST table."""
    widths = [case.statistics_of(table, column.name) for column in table.columns]
    known = [each.average_width_bytes for each in widths if each is not None]
    rows = case.rows_of(table)
    if not known or rows <= 0:
        return None
    return sum(known) + _toast_bytes(case, table) / rows


def _toast_bytes(case: Case, table: Table) -> int:
    return sum(leaf.toast_size_bytes for leaf in case.catalog.leaves(table))


def _finding(case: Case, table: Table, statements: list[Statement], width: float) -> Finding:
    statement = statements[0]
    rows = statement.rows / statement.calls
    share = case.share_of_all(statements)
    bulky = _bulky_columns(case, table)
    return Finding(
        subject=table.qualified_name,
        summary=f"Whole rows of {table.qualified_name}, {format_size(width)} each, are read "
        f"{format_count(rows)} at a time ({format_ratio(share)} of all time)",
        detail=f"The widest are likely {', '.join(bulky)}." if bulky else "",
        evidence=tuple(_evidence(case, table, statement, width)),
        provenance=Provenance.ESTIMATED,
        # Whether the application needs the columns is not to be seen from here.
        confidence=Confidence.LOW,
        guards=("it returns many rows", "it neither locks nor writes them"),
        remedies=(
            ManualSteps(
                title=f"Read only the columns of {table.qualified_name} that are needed",
                steps=(
                    "Name the columns that the list shows, and leave out the long ones"
                    + (f": {', '.join(bulky)}." if bulky else "."),
                    "Fetch the long ones when one row is opened.",
                    (
                        "Where most statements do without them, keep them in a table of their own "
                        "with the same key."
                    ),
                ),
            ),
        ),
        impact=Impact(risk="long values are fetched and sent for rows that show none of them"),
        statement_ids=tuple(each.id for each in statements),
    )


def _bulky_columns(case: Case, table: Table) -> list[str]:
    """Columns of types that grow long, the widest in the row first."""
    widths = {
        column.name: found.average_width_bytes if found is not None else 0
        for column in table.columns
        if column.base_type_name in _BULKY_TYPES
        for found in (case.statistics_of(table, column.name),)
    }
    return sorted(widths, key=lambda name: -widths[name])[:_MOST_NAMED]


def _evidence(case: Case, table: Table, statement: Statement, width: float) -> Iterator[Evidence]:
    yield Evidence(
        name="width of a row",
        value=round(width),
        unit="bytes",
        source="pg_stats.avg_width, and the size of the TOAST table by pg_class.reltuples",
    )
    yield Evidence(
        name="TOAST table",
        value=_toast_bytes(case, table),
        unit="bytes",
        source="pg_relation_size(reltoastrelid)",
    )
    yield rows_per_call(statement)
    yield Evidence(
        name="result of a call, about",
        value=format_size(width * statement.rows / statement.calls),
        source="the product of both",
    )
