"""Nodes of which far more or far fewer rows came than were expected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    AnalyzeTable,
    Case,
    Confidence,
    CreateStatistics,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    Table,
    at_nodes,
    format_count,
    qualified,
    quote_identifier,
    rule,
    staleness_of,
    statistics_name,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    Cause,
    Consequence,
    ExplainedEstimate,
    changed_nodes,
    consequences_of,
    explained,
    measured,
    misestimates,
    relation_of,
    severity_of,
    shown_condition,
    sql_name,
    unmeasured,
)

_TOLD_ELSEWHERE = frozenset({Cause.CORRELATED, Cause.GROUPS, Cause.GENERIC})
"""Each of these is a rule of its own."""
_STATISTICS_ON_EXPRESSIONS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How wrong an estimate has to be, and in which plans."""

    min_factor_ratio: float = 10.0
    """Of the larger number of rows over the smaller one."""

    min_rows: float = 1_000.0
    """By which they differ, over all times that the node was run."""

    min_time_ms: float = 10.0
    """Of the whole execution."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def misestimated_rows(case: Case, limits: Limits) -> Outcome:
    """Far more or far fewer rows came than the planner expected.

    ## Why it matters
    The planner chooses joins, their order and their memory by numbers of rows that it estimates
    from statistics.  Where ten rows are expected and a million come, a nested loop that is right
    for ten is run a million times, and a sort or a hash table that was to fit into memory goes to
    disk.  One wrong estimate is passed on to all nodes above; it is mended where it begins.

    ## What it leaves alone
    Nodes that only pass on what is wrong below them; those that a LIMIT, EXISTS, a semi-join or a
    merge join may have stopped early, unless more came all the same; rows that a merge join reads
    again, bitmaps, ModifyTable, recursion, semi- and anti-joins, and what never ran; averages over
    loops that rounding explains; differences of few rows; and of partitions all but the worst.
    Correlated columns and plans for unknown values are rules of their own.  It is a remark, unless
    it led to a nested loop, a spill or a join that takes time.

    ## Before you act
    The bound is the time that the node took by itself and the nodes that suffered from it: better
    estimates may gain less, and where they change no plan, nothing.  Try ANALYZE first, which
    costs a sample of the table, and look at the plan again.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders WHERE lower(note) = 'late';
        CREATE STATISTICS ON (lower(note)) FROM orders;
        ANALYZE orders;
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    found = misestimates(case, min_factor=limits.min_factor_ratio, min_rows=limits.min_rows)
    for one in found:
        if one.node.total_ms < limits.min_time_ms:
            continue
        why = explained(case, one)
        if why.cause not in _TOLD_ELSEWHERE:
            yield _finding(case, why)


def _finding(case: Case, why: ExplainedEstimate) -> Finding:
    found = why.found
    consequences = consequences_of(found)
    least = "at least " if found.is_least else ""
    finding = Finding(
        subject=relation_of(case, found.node),
        summary=f"{found.node.name} returned {least}{format_count(found.actual_rows)} rows where "
        f"{found.expectation}",
        detail=_detail(case, why, consequences),
        evidence=tuple(_evidence(why)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if why.cause is Cause.STALE else Confidence.MEDIUM,
        guards=(
            "what it reads was expected about right",
            "nothing above stopped it before the expected rows came",
            "rounding of averages does not explain it",
        ),
        remedies=tuple(_remedies(case, why)),
        impact=Impact(risk="the nodes above are planned for another number of rows"),
        severity=severity_of(found, consequences),
    )
    return at_nodes(finding, changed_nodes(found, consequences))


def _detail(case: Case, why: ExplainedEstimate, consequences: Sequence[Consequence]) -> str:
    return " ".join((_reason(case, why), *(each.words for each in consequences)))


def _staleness(case: Case, table: Table) -> str:
    known = staleness_of(case, table)
    if known.is_never_analysed:
        return f"{table.qualified_name} was never analysed."
    return (
        f"{format_count(known.modified_rows)} rows of {table.qualified_name} have changed since "
        "it was analysed."
    )


def _reason(case: Case, why: ExplainedEstimate) -> str:
    match why.cause:
        case Cause.STALE if why.table is not None:
            return _staleness(case, why.table)
        case Cause.EXPRESSION:
            return "There are no statistics of the expression: the planner takes a fixed share."
        case Cause.FUNCTION:
            return "The planner takes the number of rows that the function declares."
        case Cause.JOIN:
            return "How many rows have a partner follows from distinct counts of both sides."
        case _ if why.found.node.node.group_keys:
            return "How many groups there are follows from the distinct counts of the columns."
        case _:
            return "The statistics of the column do not tell how often such a value is there."


def _evidence(why: ExplainedEstimate) -> Iterator[Evidence]:
    node, of_node = why.found.node, why.found.node.node
    yield measured(node, "rows expected each time", why.found.expected_rows, "rows", "rows")
    yield measured(node, "rows returned each time", why.found.actual_rows, "rows", "actual rows")
    yield measured(node, "times that it was run", node.use.loops, "runs", "loops")
    for name, text in (
        ("condition of the index", of_node.index_condition),
        ("filter", of_node.filter),
        ("condition of the join", of_node.hash_condition or of_node.merge_condition),
        ("filter of the join", of_node.join_filter),
    ):
        if text:
            yield measured(node, name, shown_condition(text))


def _remedies(case: Case, why: ExplainedEstimate) -> Iterator[Action]:
    table = why.table
    if why.cause is Cause.STALE and table is not None:
        yield AnalyzeTable(schema=table.schema, table=table.name)
    elif why.cause is Cause.EXPRESSION:
        yield from _of_expressions(case, why)
    elif why.cause is Cause.FUNCTION:
        yield _declare_rows(why)
    elif why.cause is Cause.JOIN:
        yield _mend_join(why)
    elif why.found.node.node.group_keys:
        yield _count_groups(why)
    else:
        yield _more_detail(why)


def _of_expressions(case: Case, why: ExplainedEstimate) -> Iterator[Action]:
    """Statistics of the first expression that holds no constant which may be data."""
    table, major = why.table, case.snapshot.server.major
    shown = [c.expression for c in why.conditions if c.expression and not c.has_literals]
    if table is not None and shown and major >= _STATISTICS_ON_EXPRESSIONS and _may_have(table):
        name = statistics_name(table.schema, table.name, (), shown[:1])
        yield CreateStatistics(
            schema=table.schema, table=table.name, name=name, expressions=(shown[0],)
        )
        yield AnalyzeTable(schema=table.schema, table=table.name)
        return
    target = sql_name(why.found.node.node) if table is None else _name(table)
    yield ManualSteps(
        title="Let ANALYZE gather statistics of the expression",
        steps=(
            (
                f"`CREATE STATISTICS ON ({shown[0] if shown else '...'}) FROM {target}`, since "
                "PostgreSQL 14; before, an index on the expression has the same statistics."
            ),
            f"`ANALYZE {target}`",
            "Look at the plan again: no statistics help where the value is computed, too.",
        ),
    )


def _may_have(table: Table) -> bool:
    """Statistics of a partition would be its own alone."""
    return not table.is_partition


def _name(table: Table) -> str:
    return qualified(table.schema, table.name)


def _declare_rows(why: ExplainedEstimate) -> ManualSteps:
    name = why.found.node.node.function_name or "..."
    rows = format_count(why.found.actual_rows).replace(",", "")
    return ManualSteps(
        title=f"Declare how many rows {name} returns",
        steps=(
            f"`ALTER FUNCTION {name}(...) ROWS {rows}`, if it is your own and that is usual.",
            (
                "Of a built-in function (`unnest`, `generate_series`), put the rows into a "
                "temporary table and analyse it, where there are many."
            ),
        ),
    )


def _mend_join(why: ExplainedEstimate) -> ManualSteps:
    pairs = sum(c.other_column is not None for c in why.conditions)
    key = (
        "Declare a foreign key over all the columns of the join: the planner then knows that they "
        "belong together, and does not take each for a filter of its own."
        if pairs > 1
        else "See whether `n_distinct` of the joined columns in pg_stats is about right; where it "
        "is not, `ALTER TABLE ... ALTER COLUMN ... SET (n_distinct = ...)`."
    )
    return ManualSteps(
        title="Let the planner know how many rows of the join belong together",
        steps=("`ANALYZE` both tables, and look at the plan again.", key),
    )


def _count_groups(why: ExplainedEstimate) -> ManualSteps:
    target = "..." if why.table is None else _name(why.table)
    return ManualSteps(
        title="Let the planner know how many groups there are",
        steps=(
            f"`ANALYZE {target}`, and look at the plan again.",
            (
                "Compare `n_distinct` of the columns in pg_stats with `count(DISTINCT ...)`: a "
                "sample finds too few where most values are rare."
            ),
            (
                f"Where it is wrong: `ALTER TABLE {target} ALTER COLUMN ... SET (n_distinct = "
                "...)`, and ANALYZE once more."
            ),
        ),
    )


def _more_detail(why: ExplainedEstimate) -> ManualSteps:
    node = why.found.node.node
    target = sql_name(node) if why.table is None else _name(why.table)
    columns = why.columns or ("...",)
    alters = [
        f"`ALTER TABLE {target} ALTER COLUMN "
        f"{'...' if column == '...' else quote_identifier(column)} SET STATISTICS 1000`"
        for column in columns
    ]
    return ManualSteps(
        title="Refine the statistics of " + ", ".join(columns),
        steps=(
            f"`ANALYZE {target}`, and look at the plan again.",
            (
                f"If that changes nothing: {', '.join(alters)}, and ANALYZE once more; it keeps "
                "more of the common values and a finer histogram."
            ),
        ),
    )
