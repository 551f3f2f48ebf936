"""OR over both sides of a join, by which most of the joined rows were discarded."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    ask_for_each_arm,
    at_nodes,
    format_count,
    format_ms,
    or_conditions,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    JOINS,
    inputs_of,
    measured,
    measured_nodes,
    part_of,
    relation_of,
    share_of_plan,
    shown_condition,
    unmeasured,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When joining first and filtering then is most of the work."""

    min_removed_rows: float = 10_000.0
    """Pairs of rows that the condition discarded, over all times that the join was run."""

    min_removed_ratio: float = 0.9
    """Share of them in all pairs."""

    min_time_ratio: float = 0.3
    """Share of the join with all below it in the time of the plan."""

    min_time_ms: float = 5.0
    """Of the join with all below it."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def late_or_filter(case: Case, limits: Limits) -> Outcome:
    """OR across two tables discarded most rows after they were joined.

    ## Why it matters
    ``o.code = 5 OR u.email = 'x'`` cannot narrow down either table: a row of orders may match by
    its user, and a user by an order.  So both are read and joined in full, and the condition is
    checked on every pair.  Each arm by itself starts from the few rows that an index finds.

    ## What it leaves alone
    OR within one table; conditions that keep a tenth of the pairs, or more; outer joins with an
    arm that asks for rows without a partner, which no index finds; joins that take little of the
    time.

    ## Before you act
    The bound is the discarded pairs' part of what the join took with all below it.  The second
    arm leaves out what the first one has, so that no row comes twice.  Each arm needs an index on
    its column, and on the columns of the join.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT o.* FROM orders o JOIN users u ON u.id = o.user_id
         WHERE o.code = 5 OR u.email = 'x';
        SELECT o.* FROM orders o JOIN users u ON u.id = o.user_id WHERE o.code = 5
         UNION ALL
        SELECT o.* FROM orders o JOIN users u ON u.id = o.user_id
         WHERE u.email = 'x' AND (o.code = 5) IS NOT TRUE;
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    for node in measured_nodes(case):
        if node.node.node_type not in JOINS or not _discards(node, limits):
            continue
        condition = next(or_conditions(node.node), None)
        if condition is not None:
            yield _finding(case, node, condition)


def _discards(node: PlacedNode, limits: Limits) -> bool:
    removed = node.use.removed_rows
    return (
        removed >= limits.min_removed_rows
        and removed >= limits.min_removed_ratio * (removed + node.use.rows)
        and node.inclusive_ms >= limits.min_time_ms
        and share_of_plan(node, node.inclusive_ms) >= limits.min_time_ratio
    )


def _finding(case: Case, node: PlacedNode, condition: str) -> Finding:
    removed = node.use.removed_rows
    pairs = removed + node.use.rows
    nodes = (node, *(below for each in inputs_of(node) for below in each.walk()))
    names = ", ".join(
        dict.fromkeys(relation_of(case, each) for each in nodes if each.node.relation is not None)
    )
    took = sum(each.exclusive_ms for each in nodes)
    finding = Finding(
        subject=names,
        summary=f"An OR across {names} was checked after the join, and discarded "
        f"{format_count(removed)} of {format_count(pairs)} pairs of rows, in "
        f"{format_ms(node.inclusive_ms)} of {format_ms(node.total_ms)}",
        evidence=tuple(_evidence(node, condition)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.MEDIUM,
        guards=("the condition needs both tables", "few of the pairs are returned"),
        remedies=(ask_for_each_arm(names),),
        impact=Impact(risk="both tables are joined in full each time"),
    )
    return at_nodes(finding, nodes, saved_ms=took * part_of(removed, pairs))


def _evidence(node: PlacedNode, condition: str) -> Iterator[Evidence]:
    removed = "Rows Removed by Join Filter, Rows Removed by Filter"
    yield measured(node, "pairs discarded", node.use.removed_rows, "rows", removed)
    yield measured(node, "rows returned", node.use.rows, "rows", "actual rows")
    yield measured(node, "condition of the join", shown_condition(condition))
    yield measured(node, "time with all below it", node.inclusive_ms, "ms", "actual time")
