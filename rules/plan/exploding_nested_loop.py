"""Nested loops that ran their inner side far more often than was planned."""

from collections.abc import Iterator, Sequence
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
    format_ratio,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    conditions_of,
    inputs_of,
    measured,
    measured_nodes,
    own_name,
    part_of,
    relation_of,
    share_of_plan,
    times_expected,
    unmeasured,
)

_LOOKUPS = frozenset({"Index Scan", "Index Only Scan"})
_MIN_HITS_RATIO = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a nested loop has got out of hand."""

    min_factor_ratio: float = 10.0
    """Of the rows of the outer side over those that were expected."""

    min_loops_count: float = 1_000.0
    """How often the inner side was run."""

    min_time_ratio: float = 0.3
    """Share of the inner side in the time of the plan."""

    max_lookup_ms: float = 0.01
    """A lookup of one row by an index that takes no longer is cheap, however often it is done."""

    min_time_ms: float = 10.0
    """Of the whole execution."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def exploding_nested_loop(case: Case, limits: Limits) -> Outcome:
    """A nested loop ran its inner side far more often than was planned.

    ## Why it matters
    A nested loop is the best join for a few outer rows and the worst for many: its inner side is
    run once for each.  The planner takes it where it expects few.  When a thousand times as many
    come, what was to take a millisecond takes seconds, and a hash join would have read the inner
    side once.

    ## What it leaves alone
    Loops that were planned to be many; those that a Memoize answers nine times in ten; lookups of
    a single row by an index that are cheap in themselves; inner sides that take little of the
    time, or are run less than a thousand times.

    ## Before you act
    Mend the estimate of the outer side first: the statement may then be planned as a hash join by
    itself.  The bound is the time of the loop by itself and of all runs of the inner side but
    one, since any join has to read it once.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders o JOIN items i ON i.order_id = o.id
         WHERE o.city = 'Bern' AND o.zip = '3011';
        CREATE STATISTICS orders_city_zip (dependencies, mcv) ON city, zip FROM orders;
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    all_times = times_expected(case)
    for node in measured_nodes(case):
        if node.node.node_type != "Nested Loop" or node.total_ms < limits.min_time_ms:
            continue
        times = all_times[node.execution_number]
        if share_of_plan(node, node.inclusive_ms) < limits.min_time_ratio:
            continue
        inputs = inputs_of(node)
        if len(inputs) > 1 and _explodes(inputs[0], inputs[1], times, limits):
            yield _finding(case, node, inputs[0], inputs[1], times)


def _explodes(outer: PlacedNode, inner: PlacedNode, times: Sequence[float], limits: Limits) -> bool:
    return (
        inner.use.loops >= limits.min_loops_count
        and times[outer.position] >= limits.min_factor_ratio
        and share_of_plan(inner, inner.inclusive_ms) >= limits.min_time_ratio
        and not _is_cheap(inner, limits)
    )


def _is_cheap(inner: PlacedNode, limits: Limits) -> bool:
    """Mostly answered from memory, or a short look into an index."""
    memoization = inner.node.memoization
    if memoization is not None:
        asked = memoization.hits + memoization.misses
        return asked > 0 and memoization.hits >= _MIN_HITS_RATIO * asked
    is_lookup = inner.node.node_type in _LOOKUPS and inner.node.filter is None
    returns_one = inner.use.rows <= inner.use.loops
    return (
        is_lookup
        and returns_one
        and inner.inclusive_ms * inner.use.processes <= limits.max_lookup_ms * inner.use.loops
    )


def _finding(
    case: Case, node: PlacedNode, outer: PlacedNode, inner: PlacedNode, times: Sequence[float]
) -> Finding:
    loops, inner_nodes = inner.use.loops, tuple(inner.walk())
    repeated_ms = sum(below.exclusive_ms for below in inner_nodes) * part_of(loops - 1, loops)
    origin = _origin(outer, times)
    finding = Finding(
        subject=_of_what(case, inner_nodes),
        summary=f"A nested loop ran {inner.name} {format_count(loops)} times, "
        f"{format_count(times[outer.position])} times as often as planned "
        f"({format_ratio(share_of_plan(node, inner.inclusive_ms))} of the time)",
        detail=f"The estimate is wrong from {origin.name} on: {format_count(origin.node.rows)} "
        f"rows were expected, and {format_count(origin.use.rows)} came.",
        evidence=tuple(_evidence(node, outer, inner)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=(
            "it was planned for far fewer outer rows",
            "neither a Memoize nor a cheap lookup answers it",
        ),
        remedies=tuple(_remedies(node, origin, inner_nodes)),
        impact=Impact(risk="it gets slower with each outer row"),
    )
    return at_nodes(finding, (node, *inner_nodes), saved_ms=node.exclusive_ms + repeated_ms)


def _of_what(case: Case, inner_nodes: tuple[PlacedNode, ...]) -> str:
    reads = next((each for each in inner_nodes if each.node.relation is not None), inner_nodes[0])
    return relation_of(case, reads)


def _origin(outer: PlacedNode, times: Sequence[float]) -> PlacedNode:
    """The lowest node of the outer side whose rows were expected too few, too."""
    wrong = [below for below in outer.walk() if times[below.position] > 1]
    return max(wrong, key=lambda below: (below.use.depth, below.position), default=outer)


def _evidence(node: PlacedNode, outer: PlacedNode, inner: PlacedNode) -> Iterator[Evidence]:
    yield measured(outer, "outer rows expected", outer.node.rows, "rows", "rows")
    yield measured(outer, "outer rows", outer.use.rows, "rows", "actual rows")
    yield measured(inner, "runs of the inner side", inner.use.loops, "runs", "loops")
    yield measured(inner, "time of all of them", inner.inclusive_ms, "ms", "actual time")
    yield measured(node, "time of the plan", node.total_ms, "ms", "actual time of the root")


def _joined_columns(node: PlacedNode, scan: PlacedNode) -> str:
    """The columns of a scan that the rows of the outer side are compared with."""
    own = own_name(scan.node)
    found = (*conditions_of(node.node.join_filter, own), *conditions_of(scan.node.filter, own))
    columns = (c.column for c in found if c.column is not None and c.other_column is not None)
    return ", ".join(dict.fromkeys(columns)) or "the columns of the join"


def _remedies(
    node: PlacedNode, origin: PlacedNode, inner_nodes: tuple[PlacedNode, ...]
) -> Iterator[Action]:
    scans_all = [each for each in inner_nodes if each.node.node_type == "Seq Scan"]
    steps = [
        (
            f"Mend the estimate of {origin.name}: `ANALYZE` its table, then statistics of the "
            "columns of its conditions together, or of an expression in them."
        )
    ]
    if scans_all:
        columns = _joined_columns(node, scans_all[0])
        steps.append(
            f"Give {scans_all[0].node.relation} an index on {columns}: each run reads all of it."
        )
    steps += [
        (
            "See what another join takes: `SET enable_nestloop = off` in a session, and EXPLAIN "
            "(ANALYZE, BUFFERS) once more."
        ),
        (
            "Where no estimate can be mended, fetch the outer rows first: `WITH ... AS "
            "MATERIALIZED`, or a temporary table that is analysed before the join."
        ),
    ]
    yield ManualSteps(title="Let the join be planned for the rows that come", steps=tuple(steps))
