"""Subqueries that an execution ran once for each of many rows."""

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
    format_count,
    format_ms,
    format_ratio,
    join_subquery,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    measured,
    measured_nodes,
    part_of,
    relation_of,
    share_of_plan,
    unmeasured,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When running it again and again is most of the work."""

    min_loops_count: float = 1_000.0
    """How often the subquery was run."""

    min_time_ratio: float = 0.5
    """Share of all its runs in the time of the plan."""

    min_time_ms: float = 5.0
    """Of all its runs."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def repeated_subplan(case: Case, limits: Limits) -> Outcome:
    """A subquery was run anew for each of many rows, and took most of the time.

    ## Why it matters
    PostgreSQL never makes a join of a subquery in the select list: it is a SubPlan, and is run
    once for each row of the query around it.  ``loops`` tells how often.  Joined with the grouped
    table, its rows are read once.

    ## What it leaves alone
    Subqueries that are run once, or whose rows are hashed; those that are run for fewer rows than
    a thousand, or take less than half of the time.

    ## Before you act
    The bound is what all runs but one took.  A grouped join reads all of the inner table, which
    is worse where few outer rows are wanted.  Keep rows without a partner with a LEFT JOIN, and a
    count of none with coalesce.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS)
        SELECT u.name, (SELECT max(l.at) FROM logins l WHERE l.user_id = u.id) FROM users u;
        SELECT u.name, l.at FROM users u
          LEFT JOIN (SELECT user_id, max(at) AS at FROM logins GROUP BY user_id) l
            ON l.user_id = u.id;
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    for node in measured_nodes(case):
        if (
            node.node.parent_relationship == "SubPlan"
            and node.use.loops >= limits.min_loops_count
            and node.inclusive_ms >= limits.min_time_ms
            and share_of_plan(node, node.inclusive_ms) >= limits.min_time_ratio
        ):
            yield _finding(case, node)


def _finding(case: Case, node: PlacedNode) -> Finding:
    nodes, loops = tuple(node.walk()), node.use.loops
    took = sum(each.exclusive_ms for each in nodes)
    names = ", ".join(
        dict.fromkeys(relation_of(case, each) for each in nodes if each.node.relation is not None)
    )
    name = names or node.node.subplan_name or node.name
    finding = Finding(
        subject=name,
        summary=f"A subquery on {name} was run {format_count(loops)} times, and took "
        f"{format_ratio(share_of_plan(node, node.inclusive_ms))} of the time "
        f"({format_ms(node.inclusive_ms)})",
        evidence=tuple(_evidence(node)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=("its rows are not hashed", "it was run for many rows"),
        remedies=(join_subquery(name),),
        impact=Impact(risk="the inner table is searched anew for each row outside"),
    )
    return at_nodes(finding, nodes, saved_ms=took * part_of(loops - 1, loops))


def _evidence(node: PlacedNode) -> Iterator[Evidence]:
    yield measured(node, "runs of the subquery", node.use.loops, "runs", "loops")
    yield measured(node, "time of all of them", node.inclusive_ms, "ms", "actual time, loops")
    yield measured(node, "time of the plan", node.total_ms, "ms", "actual time of the root")
