"""Conditions that are an OR over both sides of a join, and what to do about them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.plan import PlanNode

_OUTER = frozenset({"Left", "Right", "Full"})
_LACKS_PARTNER = re.compile(r"(?:^\(| OR )\([^() ]+ IS NULL\)(?: OR |\)$)")
"""An arm that asks for rows without a partner, which no index finds."""
_BESIDE = frozenset({"InitPlan", "SubPlan"})
"""Below a node, but no side of it: what its expressions ask."""
_SIDES = 2


def or_conditions(node: PlanNode) -> Iterator[str]:
    """Yield the conditions that a join checks on pairs of rows, and that need both sides."""
    for condition in (node.join_filter, node.filter):
        if condition is not None and is_or_across(node, condition):
            yield condition


def is_or_across(node: PlanNode, condition: str) -> bool:
    """It is an OR over both sides of a join, and no arm asks for rows without a partner."""
    sides = sides_of(node)
    if " OR " not in condition or len(sides) < _SIDES:
        return False
    if node.join_type in _OUTER and _LACKS_PARTNER.search(condition):
        return False
    return all(any(_mentions(condition, name) for name in _names(side)) for side in sides)


def sides_of(node: PlanNode) -> tuple[PlanNode, ...]:
    """What a node takes its rows from: not the subqueries that its expressions ask."""
    return tuple(c for c in node.children if c.parent_relationship not in _BESIDE)


def ask_for_each_arm(name: str, how: str = "") -> ManualSteps:
    """What to do: one query for each arm.

    Args:
        name: Of the tables, for people.
        how: What follows "UNION ALL": ``, as in the rewrite``.
    """
    return ManualSteps(
        title=f"Ask {name} for each arm by itself",
        steps=(
            (
                f"Write one query for each arm and unite them with UNION ALL{how}; the second one "
                "leaves out what the first one has: `AND (first arm) IS NOT TRUE`."
            ),
            "See that each arm's column has an index, and the columns of the join too.",
            "Compare both with EXPLAIN (ANALYZE, BUFFERS) for values with few and many rows.",
        ),
    )


def _mentions(condition: str, name: str) -> bool:
    """A column of that relation occurs in it; names that need quotes are quoted."""
    return re.search(rf'(?<![\w."])"?{re.escape(name)}"?\.', condition) is not None


def _names(node: PlanNode) -> set[str]:
    own = {name} if (name := node.alias or node.relation) else set()
    return own.union(*map(_names, sides_of(node)))
