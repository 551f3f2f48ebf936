"""Executed plans that took longer to make than to run."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    format_count,
    format_ms,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    at_plan,
    executed_roots,
    is_maintenance,
    of_plan,
    unmeasured,
)

_MANY_NODES = 50
_FIRST_BLOCKS = 100
"""Of the catalog, read by a session that plans with these tables for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When planning takes too much."""

    min_planning_time_ms: float = 5.0
    """Of this one plan."""

    min_planning_ratio: float = 0.5
    """The same as a share of planning and execution together."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def planning_dominates(case: Case, limits: Limits) -> Outcome:
    """Making the plan took longer than running it.

    ## Why it matters
    A statement that is sent as text is planned in each call.  With many partitions, joins or
    indexes that takes longer than the work itself, and no index makes it shorter.

    ## What it leaves alone
    Plans that were made in a few milliseconds, or in less time than they ran; plans without a
    planning time, as auto_explain has them; and statements that build or refresh something.  What
    can be saved is at most the planning.

    ## Before you act
    The first statement of a session reads the catalog, and its planning takes ten times as long
    as that of the next: run EXPLAIN twice, and believe the second.  EXPLAIN plans even where the
    application has prepared the statement.

    ## Example
        EXPLAIN (ANALYZE) SELECT * FROM log WHERE id = 7;
        -- Planning Time: 41.120 ms  Execution Time: 0.310 ms
        PREPARE by_id (bigint) AS SELECT * FROM log WHERE id = $1;
        EXPLAIN (ANALYZE) EXECUTE by_id (7);
    """
    yield from unmeasured(case)
    found = (
        _finding(root, planning_ms, execution_ms)
        for root in executed_roots(case)
        if (planning_ms := root.execution.plan.planning_time_ms or 0.0)
        >= limits.min_planning_time_ms
        and (execution_ms := max(root.execution.plan.execution_time_ms or 0.0, root.total_ms)) > 0
        and planning_ms >= limits.min_planning_ratio * (planning_ms + execution_ms)
        and not is_maintenance(root.execution)
    )
    yield from worst_of_each(found)


def _is_first(root: PlacedNode) -> bool:
    """The session had the catalog to read first."""
    blocks = root.execution.plan.planning_buffers
    return blocks.shared_read_blocks > 0 or blocks.touched_blocks >= _FIRST_BLOCKS


def _finding(root: PlacedNode, planning_ms: float, execution_ms: float) -> Finding:
    is_first = _is_first(root)
    finding = Finding(
        subject="planning",
        summary=f"The statement is planned for {format_ms(planning_ms)} and runs for "
        f"{format_ms(execution_ms)}",
        detail="Planning read the catalog, as it does in a session's first statement on these "
        "tables: the second one takes less."
        if is_first
        else "",
        evidence=tuple(_evidence(root, planning_ms, execution_ms)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.LOW if is_first else Confidence.MEDIUM,
        guards=("planning is the larger part, and not short",),
        remedies=(ManualSteps(title="Plan less often", steps=tuple(_steps(root))),),
    )
    return at_plan(finding, root, "planning", saved_ms=planning_ms)


def _evidence(root: PlacedNode, planning_ms: float, execution_ms: float) -> Iterator[Evidence]:
    yield of_plan(root, "planning", planning_ms, "ms")
    yield of_plan(root, "execution", execution_ms, "ms")
    blocks = root.execution.plan.planning_buffers.touched_blocks
    if blocks:
        yield of_plan(root, "blocks of the catalog touched", blocks, "blocks")
    yield of_plan(root, "nodes of the plan", len(root.uses.nodes))


def _steps(root: PlacedNode) -> Iterator[str]:
    if _is_first(root):
        yield "Run EXPLAIN (ANALYZE) a second time in the same session, and believe that."
    if len(root.uses.nodes) >= _MANY_NODES:
        yield (
            f"The plan has {format_count(len(root.uses.nodes))} nodes: let a condition on the "
            "partition key leave partitions out when it is planned, or join fewer tables."
        )
    yield (
        "Prepare it: let the driver use server-side prepared statements, and see that a pooler "
        "keeps them (`max_prepared_statements` in PgBouncer 1.21 and later)."
    )
    yield (
        "If it is still planned for its values in each call, `SET LOCAL plan_cache_mode = "
        "force_generic_plan`, and compare the plans."
    )
