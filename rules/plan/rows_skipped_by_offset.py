"""Rows that were made only for OFFSET to throw them away."""

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
    RewriteStatement,
    Severity,
    at_nodes,
    format_count,
    format_ms,
    keyset_template,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
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
    """When a page is deep."""

    min_skipped_rows: float = 1_000.0
    """Each time."""

    min_skipped_ratio: float = 0.9
    """Share of them in all rows that were made."""

    min_time_ratio: float = 0.3
    """Share of the LIMIT with all below it in the time of the plan."""

    min_time_ms: float = 5.0
    """Of the LIMIT with all below it."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def rows_skipped_by_offset(case: Case, limits: Limits) -> Outcome:
    """OFFSET threw nearly all rows away that were made for it.

    ## Why it matters
    ``OFFSET 100000 LIMIT 20`` makes a hundred thousand and twenty rows, reads, joins and sorts
    what that takes, and returns twenty; the next page does it again.  In the plan, what is below
    Limit returns far more rows than Limit itself.

    ## What it leaves alone
    LIMIT without OFFSET, which takes no more rows than it returns; pages near the start; what
    takes little of the time.

    ## Before you act
    The bound is the skipped rows' part of what the LIMIT took with all below it.  A keyset page
    remembers the last row of the page before, and needs an index on an order that ends in a
    unique column.  It goes forwards and backwards, but cannot jump to page 500.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders ORDER BY id OFFSET 100000 LIMIT 20;
        SELECT * FROM orders WHERE id > 123456 ORDER BY id LIMIT 20;
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    for node in measured_nodes(case):
        inputs = inputs_of(node) if node.node.node_type == "Limit" else ()
        if inputs and _is_deep(node, inputs[0], limits):
            yield _finding(case, node, inputs[0])


def _is_deep(node: PlacedNode, below: PlacedNode, limits: Limits) -> bool:
    skipped = below.use.rows - node.use.rows
    return (
        skipped >= limits.min_skipped_rows * node.use.loops
        and skipped >= limits.min_skipped_ratio * below.use.rows
        and node.inclusive_ms >= limits.min_time_ms
        and share_of_plan(node, node.inclusive_ms) >= limits.min_time_ratio
    )


def _finding(case: Case, node: PlacedNode, below: PlacedNode) -> Finding:
    skipped = below.use.rows - node.use.rows
    nodes = (node, *below.walk())
    took = sum(each.exclusive_ms for each in nodes)
    names = ", ".join(
        dict.fromkeys(relation_of(case, each) for each in nodes if each.node.relation is not None)
    )
    finding = Finding(
        subject=names or node.name,
        summary=f"OFFSET skipped {format_count(skipped)} rows to return "
        f"{format_count(node.use.rows)}, in {format_ms(node.inclusive_ms)} of "
        f"{format_ms(node.total_ms)}",
        evidence=tuple(_evidence(node, below)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=("LIMIT by itself takes no more rows than it returns", "it takes most of the time"),
        remedies=tuple(_remedies(case, node, names or "the rows", _sort_keys(below))),
        impact=Impact(risk="each page costs more than the one before"),
    )
    return at_nodes(finding, nodes, saved_ms=took * part_of(skipped, below.use.rows))


def _sort_keys(below: PlacedNode) -> tuple[str, ...]:
    return next((each.node.sort_keys for each in below.walk() if each.node.sort_keys), ())


def _evidence(node: PlacedNode, below: PlacedNode) -> Iterator[Evidence]:
    yield measured(below, "rows that were made", below.use.rows, "rows", "actual rows")
    yield measured(node, "rows that were returned", node.use.rows, "rows", "actual rows")
    yield measured(node, "time with all below it", node.inclusive_ms, "ms", "actual time")


def _remedies(
    case: Case, node: PlacedNode, names: str, sort_keys: tuple[str, ...]
) -> Iterator[Action]:
    statement_id = node.execution.statement_id
    statement = next((s for s in case.snapshot.statements if s.id == statement_id), None)
    after = keyset_template(statement.text, case.catalog) if statement is not None else None
    if statement is not None and after is not None:
        yield RewriteStatement(before=statement.text, after=after.text, condition=after.condition)
        return
    keys = ", ".join(map(shown_condition, sort_keys))
    order = f"the order by {keys}" if sort_keys else "the order"
    yield ManualSteps(
        title=f"Page through {names} by key",
        steps=(
            f"End {order} in a unique column, and let an index have these columns.",
            (
                "Let the application keep these columns of the last row of a page, and ask for "
                "rows that come after them with a row comparison instead of an OFFSET: "
                "`WHERE (a, id) > (..., ...) ORDER BY a, id LIMIT ...`."
            ),
        ),
    )
