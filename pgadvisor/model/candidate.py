"""Indexes that might be worth creating, and what speaks for them."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.action import IndexDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An index definition with the statements that asked for it."""

    definition: IndexDefinition
    statement_ids: tuple[str, ...]
    reason: str
    """How it came about, as a clause: ``equality on status, order by created_at``."""
    size_bytes: int = 0
    """Predicted; 0 until the twin has sized it."""
    note: str = ""
    """What a generic plan does not make of it, as a sentence; empty: nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedStatement:
    """A statement as the optimiser sees it."""

    id: str
    text: str
    """What the planner is given."""
    calls_per_day: float
    mean_time_ms: float | None
    """Measured; None: the workload came from files, and cost stands in for time."""
    rows_per_call: float = 1.0
    """Rows that a call returns or changes, on average."""
    blocks_per_call: float | None = None
    """Blocks that a call touches, on average; None: not counted."""
    settings: tuple[tuple[str, str], ...] = ()
    """Planner settings of the role that runs it, where they differ from the snapshot's."""
    columns: frozenset[tuple[int, str]] = frozenset()
    """Columns and expressions that its conditions, joins and orders name, with the OID of the
    table that an index would be on: only candidates that begin with one of them are tried."""

    @property
    def time_ms_per_day(self) -> float | None:
        """Measured time that all calls of a day take."""
        return None if self.mean_time_ms is None else self.calls_per_day * self.mean_time_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEffect:
    """What a change does to one statement; costs are planner units."""

    statement_id: str
    calls_per_day: float
    cost_before: float
    cost_after: float
    mean_time_ms: float | None = None

    @property
    def ratio(self) -> float:
        """Cost after over cost before; 1: no change."""
        return self.cost_after / self.cost_before if self.cost_before > 0 else 1.0

    @property
    def saved_ms_per_day(self) -> float | None:
        """Calls x measured mean time x (1 - ratio); None without a measured time."""
        if self.mean_time_ms is None:
            return None
        return self.calls_per_day * self.mean_time_ms * (1.0 - self.ratio)

    @property
    def saved_cost_per_day(self) -> float:
        """Calls x planner cost saved per call."""
        return self.calls_per_day * (self.cost_before - self.cost_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A candidate that was not chosen, and why."""

    candidate: Candidate
    code: str
    """``not-built``, ``not-used``, ``too-little``, ``over-budget``, ``too-many``, ``covered``,
    ``regression``, ``write-cost``, ``build-time``, ``forbidden``."""
    reason: str
    """One sentence with the figure."""
