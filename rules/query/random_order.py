"""A few rows at random, out of a sort of all."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    Statement,
    StatementOnTable,
    Table,
    blocks_per_call,
    format_count,
    format_ratio,
    qualified,
    rows_per_call,
    rule,
    share_of_time,
    table_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which random choices cost something."""

    min_share_ratio: float = 0.001
    """Share of the workload's execution time; below half a percent it is worth a remark only."""

    min_blocks_per_call_count: float = 100.0
    """Blocks touched in a call, on average; a choice among a few rows touches fewer."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def random_order(case: Case, limits: Limits) -> Outcome:
    """A statement sorts a large table by random() to get a few of its rows.

    ## Why it matters
    ``ORDER BY random() LIMIT 1`` gives every row a number and keeps the smallest.  To return one
    row it reads all of them, and no index can help, since the numbers are new each time.

    ## What it leaves alone
    Small tables; statements without a LIMIT, which want all rows anyway; those that touch few
    blocks, because a condition leaves them little to choose from; and those with little time.

    ## Before you act
    What is faster is less even.  TABLESAMPLE SYSTEM takes whole blocks, so rows that were
    written together come together; a probe by id prefers rows that follow a gap.  For a draw
    that has to be fair, let the application pick the numbers.

    ## Example
        SELECT * FROM products ORDER BY random() LIMIT 3;
        SELECT * FROM products TABLESAMPLE BERNOULLI (0.1) LIMIT 3;
    """
    groups: dict[tuple[Table, str], list[Statement]] = defaultdict(list)
    for table, use in case.uses():
        if _is_costly(case, table, use, limits):
            groups[table, case.shape_of(use.statement)].append(use.statement)
    seen: set[str] = set()
    for (table, _), statements in groups.items():
        if statements[0].id not in seen:  # a join is sorted once, whatever tables are in it
            seen |= {statement.id for statement in statements}
            yield _finding(case, table, statements)


def _is_costly(case: Case, table: Table, use: StatementOnTable, limits: Limits) -> bool:
    statement = use.statement
    return (
        use.relation.is_shuffled
        and use.relation.has_limit
        and case.is_large_enough(table)
        and statement.calls > 0
        and case.share_of_all((statement,)) >= limits.min_share_ratio
        and statement.blocks_per_call >= limits.min_blocks_per_call_count
    )


def _finding(case: Case, table: Table, statements: list[Statement]) -> Finding:
    statement = statements[0]
    share = case.share_of_all(statements)
    rows = statement.rows / statement.calls
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{case.shape_of(statement)}",
        summary=f"A statement sorts {table.qualified_name} by random() and touches "
        f"{format_count(statement.blocks_per_call)} blocks to return {_rows(rows)} "
        f"({format_ratio(share)} of all time)",
        evidence=tuple(_evidence(case, table, statement, share)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=("the table is not small", "it has a LIMIT", "it touches many blocks a call"),
        remedies=(_remedy(case, table, rows),),
        impact=Impact(risk="each call reads all that it chooses from"),
        statement_ids=tuple(each.id for each in statements),
        severity=None if share >= MIN_SHARE_OF_TIME else Severity.INFO,
    )


def _rows(count: float) -> str:
    return "1 row" if round(count) == 1 else f"{format_count(count)} rows"


def _evidence(case: Case, table: Table, statement: Statement, share: float) -> Iterator[Evidence]:
    yield blocks_per_call(statement)
    yield rows_per_call(statement)
    yield table_rows(case, table, "rows of the table")
    yield share_of_time(share)


def _remedy(case: Case, table: Table, rows: float) -> ManualSteps:
    name = qualified(table.schema, table.name)
    percent = _percent(rows, case.rows_of(table))
    return ManualSteps(
        title=f"Choose among the rows of {table.qualified_name} without sorting them",
        steps=(
            (
                f"Where any rows will do: `FROM {name} TABLESAMPLE SYSTEM ({percent:g})`, and sort "
                "the sample alone.  It reads that share of the blocks; ask again if too few rows "
                "are left after the other conditions."
            ),
            (
                "Where each row should have the same chance and ids have few gaps: let the "
                "application draw ids between the smallest and the largest, a few more than it "
                "needs, and ask for `id = ANY ($1)`."
            ),
            (
                "Where there are conditions or gaps: keep a random number in a column with an "
                "index, and take the rows that follow a new one: `WHERE shuffle >= (SELECT "
                "random()) ORDER BY shuffle LIMIT $1`.  Without the inner SELECT a number is "
                "drawn for each row, and the index cannot serve."
            ),
        ),
    )


def _percent(wanted: float, rows: float) -> float:
    """A sample of ten times the rows that are wanted, but no less than PostgreSQL can take."""
    return min(max(round(1_000 * max(wanted, 1) / max(rows, 1), 4), 0.001), 100.0)
