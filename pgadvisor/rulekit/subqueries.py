"""Subqueries that are run for each row, and WITH queries that are run in full: what to do."""

from __future__ import annotations

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.plan import PlanNode

_KEEPS_CONDITIONS_OUT = frozenset(
    {"Aggregate", "Group", "Limit", "LockRows", "ModifyTable", "Recursive Union", "SetOp"}
    | {"Unique", "WindowAgg", "ProjectSet"}
)
"""Nodes through which a condition does not pass, or not always, so that folding gains little."""


def lets_conditions_in(with_query: PlanNode) -> bool:
    """A condition that stands outside a WITH query could as well stand inside."""
    return not any(node.node_type in _KEEPS_CONDITIONS_OUT for node in with_query.walk())


def join_subquery(name: str) -> ManualSteps:
    """What to do about a subquery that is run for each row.

    Args:
        name: What is joined, for people.
    """
    return ManualSteps(
        title=f"Join {name} once in place of a subquery for each row",
        steps=(
            (
                "Group the inner table by the columns that it is compared by, and LEFT JOIN the "
                "result; a count of no rows is then NULL, so write `coalesce(..., 0)`."
            ),
            (
                "Where only some rows outside are wanted, narrow them down first (a LIMIT in a "
                "subquery of its own), and keep the inner one as `LEFT JOIN LATERAL (...) ON true`."
            ),
            "Whichever it is, the inner columns need an index.",
        ),
    )


def fold_with_query(name: str) -> ManualSteps:
    """What to do about a WITH query that makes rows which nobody asks for."""
    return ManualSteps(
        title=f"Let the planner fold {name} into the query",
        steps=(
            f"Take MATERIALIZED away from {name}, or move the condition inside.",
            "Compare both with EXPLAIN (ANALYZE, BUFFERS) for several values.",
        ),
    )
