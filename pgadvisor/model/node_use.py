"""What each node of an executed plan took by itself."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.plan_use import Buffers


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUse:
    """One node, with what it took over all of its loops.

    Times are time on the clock: where a node ran in several processes side by side, what it took
    in one of them on average.
    """

    node: ExecutedNode
    depth: int
    """0: the root."""
    parent: int | None
    """The position of the node above, among the uses of the plan."""
    inclusive_time_ms: float | None
    """With all below it; None: the plan has no times."""
    exclusive_time_ms: float | None
    """Without what is below it, and without CTEs and init plans that ran while it did."""
    excess_time_ms: float
    """By how much more was measured below than in the node itself: rounding, as a rule."""
    exclusive_buffers: Buffers
    processes: float
    """How many processes ran it side by side; 1: not in parallel."""

    @property
    def loops(self) -> float:
        """How often it was run, in all processes; 0 also where nothing was measured."""
        return self.node.actual.loops if self.node.actual else 0.0

    @property
    def rows(self) -> float:
        """The rows that it returned, over all loops."""
        return self.node.actual.rows * self.node.actual.loops if self.node.actual else 0.0

    @property
    def removed_rows(self) -> float:
        """The rows that its conditions discarded, over all loops; rechecks of bitmaps too."""
        node = self.node
        return self.loops * (
            node.rows_removed_by_filter
            + node.rows_removed_by_join_filter
            + node.rows_removed_by_index_recheck
            + node.rows_removed_by_conflict_filter
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanUse:
    """All nodes of a plan, from the top, left to right."""

    nodes: tuple[NodeUse, ...]
    total_time_ms: float | None
    """What the exclusive times add up to: the root's time, and that of data-modifying CTEs that
    run after it; None: the plan has no times."""
