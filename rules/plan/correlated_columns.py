"""Columns that depend on each other, whose selectivities the planner multiplies."""

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
    at_nodes,
    format_count,
    quote_identifier,
    rule,
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
    severity_of,
    shown_condition,
    sql_name,
    unmeasured,
)

_MOST_COMMON_SINCE = 12
_MAX_COLUMNS = 8
_USUAL_TARGET = 100
"""Of ``default_statistics_target``: so many combinations are kept."""
_CROWDED_OUT = (
    "Where the estimate stays as it was, there are more combinations than the list of common ones "
    "holds, and the planner looks at no dependencies beside it: create it with `dependencies` "
    "alone."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How wrong an estimate has to be, and in which plans."""

    min_factor_ratio: float = 10.0
    """Of the larger number of rows, or of groups, over the smaller one."""

    min_rows: float = 1_000.0
    """By which they differ, over all times that the node was run."""

    min_time_ms: float = 10.0
    """Of the whole execution."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def correlated_columns(case: Case, limits: Limits) -> Outcome:
    """Conditions on columns that depend on each other are taken for independent.

    ## Why it matters
    For ``city = 'Bern' AND zip = '3011'`` the planner multiplies the shares of both, though all
    of 3011 is in Bern: it expects a hundredth of the rows that come.  ``GROUP BY city, zip`` is
    expected to make far more groups than there are.  Joins, sorts and hash tables above are
    planned for the wrong number.

    ## What it leaves alone
    Columns whose statistics are stale or missing, which is told as a misestimate; columns that
    have extended statistics; conditions under OR or on different tables; nodes that may have been
    stopped early, and differences of few rows.  Of partitions the worst is told.

    ## Before you act
    Extended statistics cost time in each ANALYZE and nothing in between, and help conditions on
    one table, not joins.  They are kept for each partition by itself, and for partitioned tables
    as a whole since PostgreSQL 15.  A list of common combinations (``mcv``) keeps the planner from
    using ``dependencies``, so that it does harm where there are more combinations than it holds:
    then it is left out, where the snapshot tells.  The bound is the time of the node by itself and
    of the nodes that suffered from it.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM addresses WHERE city = 'Bern' AND zip = '3011';
        CREATE STATISTICS addresses_city_zip (dependencies, mcv) ON city, zip FROM addresses;
        ANALYZE addresses;
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    found = misestimates(case, min_factor=limits.min_factor_ratio, min_rows=limits.min_rows)
    for one in found:
        if one.node.total_ms < limits.min_time_ms:
            continue
        why = explained(case, one)
        if why.cause in {Cause.CORRELATED, Cause.GROUPS}:
            yield _finding(case, why)


def _finding(case: Case, why: ExplainedEstimate) -> Finding:
    found = why.found
    consequences = consequences_of(found)
    columns = ", ".join(why.columns)
    what = "groups" if why.cause is Cause.GROUPS else "rows"
    least = "at least " if found.is_least else ""
    finding = Finding(
        subject=f"{_relation(why)} ({columns})",
        summary=f"{found.node.name} returned {least}{format_count(found.actual_rows)} {what} "
        f"where {found.expectation}: {columns} are taken for "
        "independent",
        detail=" ".join(each.words for each in consequences),
        evidence=tuple(_evidence(why, consequences)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.MEDIUM if why.table is not None else Confidence.LOW,
        guards=(
            "the columns are of one table, and no OR is between them",
            "nothing above stopped it before the expected rows came",
            *_known_guards(why),
        ),
        remedies=tuple(_remedies(case, why)),
        impact=Impact(risk="the nodes above are planned for another number of rows"),
        severity=severity_of(found, consequences),
    )
    return at_nodes(finding, changed_nodes(found, consequences))


def _known_guards(why: ExplainedEstimate) -> tuple[str, ...]:
    if why.table is None:
        return ()
    return ("the table was analysed since it changed", "no extended statistics cover the columns")


def _relation(why: ExplainedEstimate) -> str:
    if why.table is not None:
        return why.table.qualified_name
    return why.alias or why.found.node.node.relation or why.found.node.node.node_type


def _evidence(why: ExplainedEstimate, consequences: Sequence[Consequence]) -> Iterator[Evidence]:
    node = why.found.node
    yield measured(node, "rows expected each time", why.found.expected_rows, "rows", "rows")
    yield measured(node, "rows returned each time", why.found.actual_rows, "rows", "actual rows")
    for text in (node.node.index_condition, node.node.recheck_condition, node.node.filter):
        if text:
            yield measured(node, "condition", shown_condition(text))
    if node.node.group_keys:
        yield measured(node, "grouped by", ", ".join(map(shown_condition, node.node.group_keys)))
    for each in consequences:
        yield measured(each.nodes[0], "time of what was planned by it", _time(each), "ms")


def _time(consequence: Consequence) -> float:
    return sum(node.exclusive_ms for node in consequence.nodes)


def _kinds(case: Case, why: ExplainedEstimate) -> tuple[str, ...]:
    if why.cause is Cause.GROUPS:
        return ("ndistinct",)
    major = case.snapshot.server.major or _MOST_COMMON_SINCE
    if major < _MOST_COMMON_SINCE or _is_crowded_out(case, why):
        return ("dependencies",)
    return ("dependencies", "mcv")


def _is_crowded_out(case: Case, why: ExplainedEstimate) -> bool:
    """There are more combinations than a list of common ones keeps, and this one is rare.

    The planner takes such a list for all conditions on its columns, and looks at no dependencies
    where it has one: a combination that is not in the list is expected as rarely as before.
    """
    table = why.table
    if table is None:
        return False
    setting = case.snapshot.server.setting("default_statistics_target")
    usual = int(setting.value) if setting is not None else _USUAL_TARGET
    columns = (table.column(name) for name in why.columns)
    kept = max((c.statistics_target or usual for c in columns if c is not None), default=usual)
    rows = case.catalog.rows_now(table)
    counts = (case.statistics_of(table, name) for name in why.columns)
    most = max((c.distinct_count(rows) for c in counts if c is not None), default=0.0)
    return most > kept and why.found.actual_rows * kept < rows


def _remedies(case: Case, why: ExplainedEstimate) -> Iterator[Action]:
    table, columns = why.table, why.columns[:_MAX_COLUMNS]
    kinds = _kinds(case, why)
    if table is None or table.is_partition:
        yield _template(why, columns, kinds)
        return
    yield CreateStatistics(
        schema=table.schema,
        table=table.name,
        name=statistics_name(table.schema, table.name, columns),
        columns=columns,
        kinds=kinds,
    )
    yield AnalyzeTable(schema=table.schema, table=table.name)


def _template(why: ExplainedEstimate, columns: Sequence[str], kinds: Sequence[str]) -> ManualSteps:
    node = why.found.node.node
    target = sql_name(node) if node.relation else quote_identifier(why.alias or "...")
    name = "_".join((why.alias or node.relation or "table", *columns))
    written = ", ".join(map(quote_identifier, columns))
    steps = [f"`ANALYZE {target}`, and look at the plan again: old statistics do the same."]
    if why.table is not None and why.table.is_partition:
        steps = ["Do the next for each partition: statistics are kept for each by itself."]
    return ManualSteps(
        title=f"Let ANALYZE look at {', '.join(columns)} together",
        steps=(
            *steps,
            (
                f"`CREATE STATISTICS {quote_identifier(name)} ({', '.join(kinds)}) ON {written} "
                f"FROM {target}`"
            ),
            f"`ANALYZE {target}`",
            *([_CROWDED_OUT] if "mcv" in kinds else []),
        ),
    )
