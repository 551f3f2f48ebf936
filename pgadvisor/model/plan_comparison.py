"""Two executed plans of one statement, node by node, and what is not the same in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """What is not the same."""

    TIME = "time"
    """What a node took by itself, in ms."""
    NODE_TYPE = "node type"
    """How the same is done: ``Seq Scan``, ``Index Scan``."""
    INDEX = "index"
    JOIN_ORDER = "join order"
    """Which tables are joined first; of the whole plan."""
    JOIN_SIDES = "join sides"
    """The same order, with outer and inner side exchanged somewhere; of the whole plan."""
    CONDITION = "condition"
    """What a node looks up or filters by."""
    ROWS = "rows"
    """That a node returned, over all loops."""
    REMOVED_ROWS = "removed rows"
    """That a node read and discarded, over all loops."""
    ESTIMATE = "estimated rows"
    """That the planner expected of a node, for each loop."""
    BUFFERS = "buffers"
    """Blocks that a node touched by itself."""
    SPILL = "spill"
    """Bytes that a node wrote to temporary files."""
    WORKERS = "workers"
    """That ran a Gather; planned ones, where the plan was not executed."""
    EXECUTED = "executed"
    """Whether a node ran at all: loops."""
    GONE = "gone"
    """A node that only the first plan has."""
    NEW = "new"
    """A node that only the second plan has."""
    SETTING = "setting"
    """Of the planner, that is not at its default; of the whole plan."""
    JIT = "JIT"
    """Time of just-in-time compilation, in ms; of the whole plan."""
    PLANNING = "planning"
    """Time to plan, in ms; of the whole plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePair:
    """A node of the first plan and the node of the second that does the same work.

    Both are positions from the top, left to right; at most one of them is None.
    """

    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """One thing that is not the same; figures are numbers, all else is text."""

    kind: ChangeKind
    before: int | None = None
    """The node of the first plan; None: it is of the whole plan, or the node is new."""
    after: int | None = None
    subject: str = ""
    """Of a setting: its name."""
    was: float | str | None = None
    """None: there was no such thing."""
    now: float | str | None = None

    @property
    def difference(self) -> float:
        """How much more it is now; 0 where it is no figure."""
        if isinstance(self.was, str) or isinstance(self.now, str):
            return 0.0
        return (self.now or 0.0) - (self.was or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanComparison:
    """Which nodes of two plans belong together, and what changed."""

    pairs: tuple[NodePair, ...]
    """Those of the second plan in its order, and those that are gone where they stood."""
    changes: tuple[PlanChange, ...]
    """What makes the greatest difference in time first."""
    was_ms: float | None
    """The time of the whole execution; None: the plan has no times."""
    now_ms: float | None

    @property
    def time_ratio(self) -> float | None:
        """Time after / time before; None where one of them has none."""
        if not self.was_ms or self.now_ms is None:
            return None
        return self.now_ms / self.was_ms
