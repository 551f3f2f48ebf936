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
    Rewritten,
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
_BESIDE = frozenset({"InitPlan", "SubPlan"})
"""Below a node, but no side of it: what its expressions ask."""
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
class _Condition:
    """An OR that a node of a plan checks."""

    text: str
    asks_subquery: bool = False
    """It stands on one table, and one of its arms asks a subquery."""

    def problem_of(self, tables: str) -> str:
        """What is wrong, for people."""
        if self.asks_subquery:
            return f"An OR with a subquery over {tables} is checked row by row"
        return f"An OR across {tables} is checked after the join"

    @property
    def guard(self) -> str:
        """What was looked at."""
        if self.asks_subquery:
            return "each arm of the OR can be looked up by itself"
        return "the condition needs both tables"

    @property
    def risk(self) -> str:
        """What it costs."""
        if self.asks_subquery:
            return "every row of the table is looked at in each call"
        return "both tables are joined in full in each call"


@dataclass(frozen=True, slots=True, kw_only=True)
class _LateFilter:
    """A statement, and what it checks too late."""

    statement: Statement
    condition: _Condition
    rewritten: Rewritten | None


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def or_across_tables(case: Case, limits: Limits) -> Outcome:
    """OR across two tables is checked only after they are joined.

    ## Why it matters
    ``o.code = $1 OR u.email = $2`` cannot narrow down either table: a row of orders may match by
    its user, and a user by an order.  So both are joined in full, and the condition is checked on
    every pair.  Each arm by itself starts from the few rows that it finds by an index.
    ``code = $1 OR user_id IN (SELECT ...)`` is the same in other words: a subquery below an OR
    cannot become a join, so every row of the one table is looked at.

    ## What it leaves alone
    OR within one table, which a bitmap serves; arms with a subquery that is not looked up, such
    as NOT IN or a comparison with what it returns; statements that touch few blocks, or of which
    many rows match, so that no arm is selective; outer joins with an arm that asks for rows
    without a partner, which no index finds; statements with little time.  It needs the original
    server's plan of the statement.

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
            continue
        conditions = tuple(_late_filters(plan.root, limits))
        rewritten = union_all(statement.text, case.catalog) if conditions else None
        for condition in conditions:
            # Whether an OR with a subquery can be split, the plan does not tell.
            if rewritten is not None or not condition.asks_subquery:
                late = _LateFilter(statement=statement, condition=condition, rewritten=rewritten)
                groups[case.shape_of(statement)].append(late)
                break
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


def _late_filters(
    root: PlanNode, limits: Limits, *, is_summed: bool = False
) -> Iterator[_Condition]:
    """Conditions on pairs of rows that are an OR over both, and ORs with a subquery."""
    for text in (root.join_filter, root.filter):
        # What is summed up or cut off returns few rows, whatever the arms find.
        if text is None or (is_summed and root.rows > limits.max_rows_per_call_count):
            continue
        lacks_partner = root.join_type in _OUTER and _LACKS_PARTNER.search(text)
        if _is_across(root, text) and not lacks_partner:
            yield _Condition(text=text)
        elif _asks_subquery(root, text):
            yield _Condition(text=text, asks_subquery=True)
    for child in root.children:
        yield from _late_filters(child, limits, is_summed=is_summed or root.node_type in _SUMS_UP)


def _sides(node: PlanNode) -> tuple[PlanNode, ...]:
    return tuple(c for c in node.children if c.parent_relationship not in _BESIDE)


def _is_across(node: PlanNode, condition: str) -> bool:
    sides = _sides(node)
    if " OR " not in condition or len(sides) < 2:  # noqa: PLR2004  (a join has two sides)
        return False
    return all(any(_mentions(condition, name) for name in _names(side)) for side in sides)


def _asks_subquery(node: PlanNode, condition: str) -> bool:
    has_subplan = any(child.parent_relationship == "SubPlan" for child in node.children)
    return has_subplan and not _sides(node) and " OR " in condition and "SubPlan " in condition


def _mentions(condition: str, name: str) -> bool:
    """A column of that relation occurs in it; names that need quotes are quoted."""
    return re.search(rf'(?<![\w."])"?{re.escape(name)}"?\.', condition) is not None


def _names(node: PlanNode) -> set[str]:
    own = {name} if (name := node.alias or node.relation) else set()
    return own.union(*map(_names, _sides(node)))


def _finding(case: Case, found: Sequence[_LateFilter]) -> Finding:
    first, condition = found[0].statement, found[0].condition
    statements = tuple(each.statement for each in found)
    name = tables_of(case, first)
    share = case.share_of_all(statements)
    rows = first.rows / first.calls
    return Finding(
        subject=name,
        identity=case.shape_of(first),
        summary=f"{condition.problem_of(name)}: {format_count(rows)} "
        f"row{'' if round(rows) == 1 else 's'} and {format_count(first.blocks_per_call)} blocks a "
        f"call ({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name=f"condition of the {'scan' if condition.asks_subquery else 'join'}",
                value=condition.text,
                source="EXPLAIN on the original server",
            ),
            block_evidence(first),
            *time_evidence(case, statements),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            condition.guard,
            "it touches far more blocks than it returns rows",
        ),
        remedies=tuple(_remedies(case, found[0])),
        impact=Impact(risk=condition.risk),
        statement_ids=tuple(each.id for each in statements),
    )


def _remedies(case: Case, late: _LateFilter) -> Iterator[Action]:
    statement, rewritten = late.statement, late.rewritten
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
