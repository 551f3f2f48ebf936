"""WITH queries that made many rows, of which a condition outside left few over."""

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
    at_nodes,
    fold_with_query,
    format_count,
    format_ms,
    lets_conditions_in,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    measured,
    measured_nodes,
    part_of,
    share_of_plan,
    shown_condition,
    unmeasured,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the fence cost something."""

    min_removed_rows: float = 10_000.0
    """That the WITH query made and the condition outside discarded."""

    min_removed_ratio: float = 0.9
    """Share of them in all that it made."""

    min_time_ratio: float = 0.3
    """Share of the WITH query, and of the scan of its rows, in the time of the plan."""

    min_time_ms: float = 5.0
    """Of both."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def filtered_cte_scan(case: Case, limits: Limits) -> Outcome:
    """A WITH query made many rows, and a condition outside threw most of them away.

    ## Why it matters
    A WITH query that is MATERIALIZED, or that PostgreSQL before 12 runs, is run in full and its
    rows are kept.  A condition that stands outside comes too late: it cannot use an index inside.
    Folded into the query around it, only the rows that are wanted are read.

    ## What it leaves alone
    WITH queries that are read more than once, whose rows are mostly used, or whose conditions
    could not pass inside anyway: with LIMIT, groups, window functions, locks or recursion, and
    those that change data; what takes little of the time.

    ## Before you act
    The bound is the discarded rows' part of what the WITH query and the scan of its rows took.
    Somebody may have written MATERIALIZED because the planner chose badly without it: compare
    both for several values.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS)
        WITH recent AS MATERIALIZED (SELECT * FROM orders WHERE created_at > '2026-01-01')
        SELECT * FROM recent WHERE customer_id = 42;
        WITH recent AS (SELECT * FROM orders WHERE created_at > '2026-01-01')
        SELECT * FROM recent WHERE customer_id = 42;
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    for scan in measured_nodes(case):
        if scan.node.node_type != "CTE Scan" or not _discards(scan, limits):
            continue
        with_query = _with_query(scan)
        if with_query is None or not lets_conditions_in(with_query.node):
            continue
        nodes = (scan, *with_query.walk())
        took = sum(each.exclusive_ms for each in nodes)
        if took >= limits.min_time_ms and share_of_plan(scan, took) >= limits.min_time_ratio:
            yield _finding(scan, nodes, took)


def _discards(scan: PlacedNode, limits: Limits) -> bool:
    removed = scan.use.removed_rows
    return (
        removed >= limits.min_removed_rows
        and removed >= limits.min_removed_ratio * (removed + scan.use.rows)
        and scan.use.loops == 1
    )


def _with_query(scan: PlacedNode) -> PlacedNode | None:
    """The plan of what it reads; None: something else reads that, too."""
    name, nodes = scan.node.cte_name, tuple(_root(scan).walk())
    readers = [each for each in nodes if each.node.cte_name == name]
    found = [each for each in nodes if each.node.subplan_name == f"CTE {name}"]
    return found[0] if len(found) == 1 and len(readers) == 1 else None


def _root(node: PlacedNode) -> PlacedNode:
    above = tuple(node.ancestors())
    return above[-1] if above else node


def _finding(scan: PlacedNode, nodes: tuple[PlacedNode, ...], took: float) -> Finding:
    removed = scan.use.removed_rows
    made = removed + scan.use.rows
    name = scan.node.cte_name or "the WITH query"
    finding = Finding(
        subject=f"WITH {name}",
        summary=f"WITH {name} made {format_count(made)} rows, of which a condition outside left "
        f"{format_count(scan.use.rows)} over, in {format_ms(took)} of {format_ms(scan.total_ms)}",
        evidence=tuple(_evidence(scan, made, took)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=("it is read once", "a condition can pass inside"),
        remedies=(fold_with_query(name),),
        impact=Impact(risk="all its rows are computed and kept each time"),
    )
    return at_nodes(finding, nodes, saved_ms=took * part_of(removed, made))


def _evidence(scan: PlacedNode, made: float, took: float) -> Iterator[Evidence]:
    yield measured(scan, "rows that the WITH query made", made, "rows", "actual rows")
    yield measured(scan, "rows that are left", scan.use.rows, "rows", "actual rows")
    yield measured(scan, "condition outside", shown_condition(scan.node.filter))
    yield measured(scan, "time of both", took, "ms", "actual time")
