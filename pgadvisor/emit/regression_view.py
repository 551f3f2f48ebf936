"""Why a statement got slower, in words: how much, where, and the likely cause."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.plan_tree import head_of
from pgadvisor.emit.plan_view import ExplainedPlan
from pgadvisor.model.plan_comparison import NodePair, PlanComparison
from pgadvisor.model.plan_regression import PlanRegression
from pgadvisor.parse.plans.regression import regressions
from pgadvisor.units import format_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseView:
    """One likely cause."""

    regression: PlanRegression
    told: str
    """A sentence or two."""
    places: tuple[str, ...]
    """``#6 Seq Scan on orders o``, nodes of the second plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionView:
    """What got worse, and the likely causes, the most likely first."""

    lost: str
    """How much, and the node that takes most of it."""
    causes: tuple[CauseView, ...]


def view_regression(
    before: ExplainedPlan,
    after: ExplainedPlan,
    comparison: PlanComparison,
    *,
    indexes: Collection[str] | None = None,
) -> RegressionView | None:
    """Put into words why the second plan is slower.

    Args:
        before: The first plan.
        after: The second one.
        comparison: Of the two.
        indexes: Names of all indexes that there are now; None: not known.

    Returns:
        None where it is no regression: not much slower, another plan that returns or reads more
        rows, or the same one that does not tell why.
    """
    found = regressions(before.execution, after.execution, indexes=indexes)
    if not found:
        return None
    return RegressionView(
        lost=_lost(found[0].lost_ms, before, after, comparison),
        causes=tuple(
            CauseView(
                regression=each,
                told=one_line(each.told),
                places=tuple(
                    f"#{position + 1} {head_of(after.use.nodes[position].node)}"
                    for position in each.nodes
                ),
            )
            for each in found
        ),
    )


def _lost(
    lost_ms: float, before: ExplainedPlan, after: ExplainedPlan, comparison: PlanComparison
) -> str:
    """How much, and the node of the second plan at which most of it is."""

    def more_ms(pair: NodePair) -> float:
        return _own_ms(after, pair.after) - _own_ms(before, pair.before)

    there = [pair for pair in comparison.pairs if pair.after is not None]
    most = max(there, key=more_ms)
    place = most.after or 0
    head = head_of(after.use.nodes[place].node)
    return (
        f"{format_ms(lost_ms)} are lost; the node that takes most of it is #{place + 1} {head}, "
        f"{format_ms(more_ms(most))} more by itself."
    )


def _own_ms(explained: ExplainedPlan, position: int | None) -> float:
    if position is None:
        return 0.0
    return explained.use.nodes[position].exclusive_time_ms or 0.0
