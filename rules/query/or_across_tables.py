"""OR over columns of two tables, which is known only after the join."""

import re
from collections import defaultdict
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
    PlanNode,
    Provenance,
    RewriteStatement,
    Severity,
    Skipped,
    Statement,
    block_evidence,
    format_count,
    format_ratio,
    plan_of,
    rule,
    tables_of,
    time_evidence,
    union_all,
)

_OUTER = frozenset({"Left", "Right", "Full"})
_LACKS_PARTNER = re.compile(r"(?:^\(| OR )\([^() ]+ IS NULL\)(?: OR |\)$)")
"""An arm that asks for rows without a partner, which no index finds."""
_SUMS_UP = frozenset({"Aggregate", "Group", "Unique", "SetOp", "Limit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which statements join far more than they return."""

    min_share_ratio: float = 0.005
    """Share of the statement in the workload's execution time."""

    min_blocks_per_call_count: float = 1_000.0
    """Blocks touched in a call, on average; a few rows of each arm are in a few dozen."""

    max_rows_per_call_count: float = 1_000.0
    """That are returned, on average, or are expected to match where the statement returns a
    summary or a page of them; with more, an arm is not selective."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _LateFilter:
    """A statement, and the condition that its join checks."""

    statement: Statement
    condition: str


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def or_across_tables(case: Case, limits: Limits) -> Outcome:
    """OR across two tables is checked only after they are joined.

    ## Why it matters
    ``o.code = $1 OR u.email = $2`` cannot narrow down either table: a row of orders may match by
    its user, and a user by an order.  So both are joined in full, and the condition is checked on
    every pair.  Each arm by itself starts from the few rows that it finds by an index.

    ## What it leaves alone
    OR within one table, which a bitmap serves; statements that touch few blocks, or of which many
    rows match, so that no arm is selective; outer joins with an arm that asks for rows without a
    partner, which no index finds; statements with little time.  It needs the original server's
    plan of the statement.

    ## Before you act
    The second arm leaves out what the first one has, so that no row comes twice.  Each arm needs
    an index on its column, and on the columns of the join.

    ## Example
        SELECT o.* FROM orders o JOIN users u ON u.id = o.user_id
         WHERE o.code = $1 OR u.email = $2;
        SELECT o.* FROM orders o JOIN users u ON u.id = o.user_id WHERE o.code = $1
         UNION ALL
        SELECT o.* FROM orders o JOIN users u ON u.id = o.user_id
         WHERE u.email = $2 AND (o.code = $1) IS NOT TRUE;
    """
    groups: dict[str, list[_LateFilter]] = defaultdict(list)
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        if usage is None or len(usage.relations) < 2:  # noqa: PLR2004  (a join has two sides)
            continue
        if " or " not in _spaced(statement) or not _reads_too_much(case, statement, limits):
            continue
        plan = plan_of(case, statement)
        if isinstance(plan, Skipped):
            yield plan
        elif (condition := next(_late_filters(plan.root, limits), None)) is not None:
            late = _LateFilter(statement=statement, condition=condition)
            groups[case.shape_of(statement)].append(late)
    for found in groups.values():
        yield _finding(case, found)


def _spaced(statement: Statement) -> str:
    return " ".join(statement.text.lower().split())


def _reads_too_much(case: Case, statement: Statement, limits: Limits) -> bool:
    return (
        statement.calls > 0
        and case.share_of_all((statement,)) >= limits.min_share_ratio
        and statement.blocks_per_call >= limits.min_blocks_per_call_count
        and statement.rows <= limits.max_rows_per_call_count * statement.calls
    )


def _late_filters(root: PlanNode, limits: Limits, *, is_summed: bool = False) -> Iterator[str]:
    """Conditions that joins check on pairs of rows, and that are an OR over both sides."""
    for condition in (root.join_filter, root.filter):
        if (
            condition is not None
            and _is_across(root, condition)
            and not (root.join_type in _OUTER and _LACKS_PARTNER.search(condition))
            # What is summed up or cut off returns few rows, whatever the arms find.
            and not (is_summed and root.rows > limits.max_rows_per_call_count)
        ):
            yield condition
    for child in root.children:
        yield from _late_filters(child, limits, is_summed=is_summed or root.node_type in _SUMS_UP)


def _is_across(node: PlanNode, condition: str) -> bool:
    if " OR " not in condition or len(node.children) < 2:  # noqa: PLR2004  (a join has two sides)
        return False
    sides = [_names(child) for child in node.children[:2]]
    return all(any(f"{name}." in condition for name in side) for side in sides)


def _names(node: PlanNode) -> set[str]:
    return {name for below in node.walk() if (name := below.alias or below.relation)}


def _finding(case: Case, found: Sequence[_LateFilter]) -> Finding:
    first = found[0].statement
    statements = tuple(each.statement for each in found)
    name = tables_of(case, first)
    share = case.share_of_all(statements)
    rows = first.rows / first.calls
    return Finding(
        subject=name,
        identity=case.shape_of(first),
        summary=f"An OR across {name} is checked after the join: {format_count(rows)} "
        f"row{'' if round(rows) == 1 else 's'} and {format_count(first.blocks_per_call)} blocks a "
        f"call ({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name="condition of the join",
                value=found[0].condition,
                source="EXPLAIN on the original server",
            ),
            block_evidence(first),
            *time_evidence(case, statements),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "the condition needs both tables",
            "it touches far more blocks than it returns rows",
        ),
        remedies=tuple(_remedies(case, first)),
        impact=Impact(risk="both tables are joined in full in each call"),
        statement_ids=tuple(each.id for each in statements),
    )


def _remedies(case: Case, statement: Statement) -> Iterator[Action]:
    rewritten = union_all(statement.text, case.catalog)
    how = ", as in the rewrite" if rewritten is not None else ""
    yield ManualSteps(
        title=f"Ask {tables_of(case, statement)} for each arm by itself",
        steps=(
            (
                f"Write one query for each arm and unite them with UNION ALL{how}; the second one "
                "leaves out what the first one has: `AND (first arm) IS NOT TRUE`."
            ),
            "See that each arm's column has an index, and the columns of the join too.",
            "Compare both with EXPLAIN (ANALYZE, BUFFERS) for values with few and many rows.",
        ),
    )
    if rewritten is not None:
        yield RewriteStatement(
            before=statement.text, after=rewritten.text, condition=rewritten.condition
        )
