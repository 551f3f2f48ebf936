"""Rewrites in words."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.action import RewriteStatement
from pgadvisor.units import format_count


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteView:
    """A rewrite in words."""

    before: str
    after: str
    condition: str
    """On what the equivalence depends, as a clause; empty: on nothing."""
    cost: str
    """What the planner makes of both, as a sentence."""


def view_rewrite(rewrite: RewriteStatement) -> RewriteView:
    """Put a rewrite into words."""
    return RewriteView(
        before=rewrite.before,
        after=rewrite.after,
        condition=rewrite.condition,
        cost=_cost(rewrite),
    )


def _cost(rewrite: RewriteStatement) -> str:
    cost = rewrite.cost
    if cost is None:
        return f"Not costed: {rewrite.cost_note}." if rewrite.cost_note else ""
    words = f"Planner cost for unknown values: {_figure(cost.before)} before, "
    words += f"{_figure(cost.after)} after"
    if cost.after_with_indexes is not None and cost.after_with_indexes != cost.after:
        words += f", {_figure(cost.after_with_indexes)} with the indexes proposed here"
    best = min(cost.after, cost.after_with_indexes or cost.after)
    if best >= cost.before:
        words += "; what it gains, if anything, no cost shows"
    return f"{words}."


def _figure(cost: float) -> str:
    return format_count(cost) if cost >= 10 else f"{cost:.2f}"  # noqa: PLR2004  (two digits do)
