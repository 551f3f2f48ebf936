"""Sequential scans that read many rows and discard nearly all of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    format_count,
    format_ms,
    format_ratio,
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    PlanCondition,
    WantedKeys,
    filter_conditions,
    index_for,
    is_foreign_to_us,
    is_served,
    measured,
    measured_nodes,
    own_time,
    part_of,
    relation_of,
    share_of_plan,
    shown_condition,
    sql_name,
    unmeasured,
    wanted_keys,
)

_BESIDE = (
    "The filter has other conditions as well, and it may be these that discard most of the rows: "
    "see how many the index would leave."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which scans read far more than they return."""

    min_removed_rows: float = 10_000.0
    """That the filter discarded, over all times that it was run."""

    min_removed_ratio: float = 0.9
    """Share of them in all rows that were read."""

    min_rows_per_scan_count: float = 1_000.0
    """That are read each time: a smaller table is best read as a whole."""

    min_time_ratio: float = 0.3
    """Share of the scan by itself in the time of the plan."""

    min_time_ms: float = 5.0
    """Of the scan by itself."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def discarding_scan(case: Case, limits: Limits) -> Outcome:
    """A sequential scan reads a table and discards nearly all of its rows.

    ## Why it matters
    ``Rows Removed by Filter`` counts rows that were read for nothing.  An index on the columns of
    the filter leads to the few that are wanted, and touches a few blocks in the place of all.  A
    text whose beginning is known, as in ``LIKE 'abc%'``, is found by an index that compares byte
    by byte: under another collation than C that takes an operator class such as
    ``text_pattern_ops``, and an index without one is of no use.

    ## What it leaves alone
    Scans that return a tenth of what they read, that are a small part of the time, or that read a
    small table; filters that no index serves, such as ``<>`` and ``LIKE '%abc'``; columns that a
    valid index begins with already, where the planner decided against it: see what it was told of
    them; catalogs and temporary tables.

    ## Before you act
    The bound is the part of the scan's time that went into discarded rows.  An index costs space
    and makes each write of the table dearer; where the database was looked at as a whole,
    `missing-index` weighs that against what all statements gain.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders WHERE customer_id = 42;
        CREATE INDEX CONCURRENTLY ON orders (customer_id);
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    for node in measured_nodes(case):
        if node.node.node_type != "Seq Scan" or not _discards(node, limits):
            continue
        if is_foreign_to_us(case, node.node):
            continue
        conditions = filter_conditions(node.node)
        wanted = wanted_keys(case, node.node, conditions)
        table = table_of(case, node.node)
        if wanted.keys and table is not None and is_served(case, table, wanted):
            continue
        expressions = [c for c in conditions if c.expression and c.is_equality]
        alternatives = [c for c in conditions if c.arms and all(a.column for a in c.arms)]
        if wanted.keys or expressions or alternatives:
            yield _finding(case, node, wanted, (*expressions, *alternatives))


def _discards(node: PlacedNode, limits: Limits) -> bool:
    removed, use = _removed(node), node.use
    read = removed + use.rows
    runs = use.loops / use.processes
    return (
        removed >= limits.min_removed_rows
        and removed >= limits.min_removed_ratio * read
        and read >= limits.min_rows_per_scan_count * runs
        and node.exclusive_ms >= limits.min_time_ms
        and share_of_plan(node, node.exclusive_ms) >= limits.min_time_ratio
    )


def _removed(node: PlacedNode) -> float:
    return node.node.rows_removed_by_filter * node.use.loops


def _finding(
    case: Case, node: PlacedNode, wanted: WantedKeys, others: tuple[PlanCondition, ...]
) -> Finding:
    removed = _removed(node)
    read = removed + node.use.rows
    is_whole = _serves_all(node, wanted)
    finding = Finding(
        subject=relation_of(case, node),
        summary=f"{node.name} read {format_count(read)} rows and discarded "
        f"{format_ratio(part_of(removed, read))} of them, in {format_ms(node.exclusive_ms)} of "
        f"{format_ms(node.total_ms)}",
        detail=_BESIDE if wanted.keys and not is_whole else "",
        evidence=tuple(_evidence(node, removed)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if wanted.equal and is_whole else Confidence.MEDIUM,
        guards=tuple(_guards(case, node)),
        remedies=(_remedy(case, node, wanted, others),),
        impact=Impact(risk="it takes longer as the table grows"),
    )
    return at_nodes(finding, (node,), saved_ms=node.exclusive_ms * part_of(removed, read))


def _serves_all(node: PlacedNode, wanted: WantedKeys) -> bool:
    """Whether the columns are all that the filter asks for."""
    keys = {key.column for key in wanted.keys}
    return all(condition.column in keys for condition in filter_conditions(node.node))


def _guards(case: Case, node: PlacedNode) -> Iterator[str]:
    yield "few of the rows are returned"
    yield "the table is not small"
    if table_of(case, node.node) is not None:
        yield "no valid index begins with the columns"


def _evidence(node: PlacedNode, removed: float) -> Iterator[Evidence]:
    yield measured(node, "rows discarded", removed, "rows", "Rows Removed by Filter")
    yield measured(node, "rows returned", node.use.rows, "rows", "actual rows")
    yield measured(node, "filter", shown_condition(node.node.filter))
    yield own_time(node)
    blocks = node.use.exclusive_buffers.touched_blocks
    if blocks:
        yield measured(node, "blocks touched", blocks, "blocks", "Buffers")


def _remedy(
    case: Case, node: PlacedNode, wanted: WantedKeys, others: tuple[PlanCondition, ...]
) -> Action:
    if wanted.keys:
        return index_for(case, node, wanted)
    target, first = sql_name(node.node), others[0]
    if first.arms:
        columns = ", ".join(dict.fromkeys(arm.column for arm in first.arms if arm.column))
        return ManualSteps(
            title=f"Give each arm of the OR an index: {columns}",
            steps=(
                f"Create an index on {target} for each of {columns}: a bitmap unites them.",
                "Or write one query for each arm, and unite them with UNION ALL.",
            ),
        )
    shown = "..." if first.has_literals else first.expression
    return ManualSteps(
        title="Create an index on the expression of the filter",
        steps=(
            (
                f"`CREATE INDEX CONCURRENTLY ON {target} (({shown}))`, where its functions are "
                "IMMUTABLE."
            ),
            f"`ANALYZE {target}`, which gives the expression its statistics.",
            "Or compare the column itself: a range of days in the place of `date_trunc`.",
        ),
    )
