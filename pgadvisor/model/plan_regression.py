"""A statement that got slower with another plan, and why, as far as its two plans tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RegressionCause(StrEnum):
    """What made the planner choose otherwise, or the execution take longer."""

    COLD_CACHE = "cold cache"
    """Blocks were read that had been in memory: it may be no worse plan at all."""
    SAME_PLAN_COLDER = "same plan, colder cache"
    """The same plan had to read blocks that had been in memory."""
    SAME_PLAN_MORE_ROWS = "same plan, more rows"
    """The same plan had more to do: a table has grown, or the values are others."""
    SETTINGS_CHANGED = "settings changed"
    INDEX_GONE = "index gone"
    """An index is no longer used, and nothing else explains it but that it is not there."""
    ESTIMATE_CHANGED = "estimate changed"
    """The planner expects other numbers of rows: statistics, or values, are others."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRegression:
    """One cause of a slower plan; what was lost is the same for all causes of one regression."""

    cause: RegressionCause
    told: str
    """A sentence with names and figures; never a literal."""
    lost_ms: float
    """By how much longer the second execution took."""
    time_ratio: float
    """Time after / time before."""
    block_ratio: float | None
    """Blocks touched after / before; None: one of the plans does not count them."""
    nodes: tuple[int, ...] = ()
    """Of the second plan, from the top, left to right; empty: it is about the whole plan."""
