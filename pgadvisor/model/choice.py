"""The chosen set of indexes, with what it rests on and how near it is to the best."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.candidate import Candidate, Rejected, StatementEffect
from pgadvisor.model.estimate import Fidelity, RebuiltSize


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenIndex:
    """An index of the chosen set, in the order in which it was chosen."""

    candidate: Candidate
    name: str
    effects: tuple[StatementEffect, ...]
    """Statements whose plan under the whole set uses it, the greatest gain first."""
    saved_ms_per_day: float | None
    """Its share of what they save; a plan that uses two new indexes counts half for each."""
    written_entries_per_day: float = 0.0
    write_ms_per_day: float | None = None
    """What those entries, and updates that are no longer heap-only, cost; None: no times."""
    marginal_per_day: float = 0.0
    """What the whole set would save less without it, writes paid, in the unit of
    :attr:`Choice.is_measured`."""
    losses: tuple[StatementEffect, ...] = ()
    """Statements that would be dearer without it: ``cost_before`` is with the whole set,
    ``cost_after`` with all of it but this; the greatest loss first."""
    build_ms: float | None = None
    """How long building it takes, roughly."""
    notes: tuple[str, ...] = ()
    """What the planner did not know of it, as clauses."""
    size_notes: tuple[str, ...] = ()
    """What is not known of its size, as clauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupersededIndex:
    """An existing index that the chosen set makes useless: no statement is dearer without it."""

    index_oid: int
    by: tuple[str, ...]
    """Names of the chosen indexes that take its place."""
    size_bytes: int
    freed_entries_per_day: float = 0.0
    """Entries that writes no longer make."""
    saved_per_day: float = 0.0
    """What writes save by that, in the unit of :attr:`Choice.is_measured`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPoint:
    """The best set that was found for a budget of storage."""

    budget_bytes: int
    index_bytes: int
    """What its indexes take."""
    index_count: int
    saved_per_day: float
    """Writes paid, in the unit of :attr:`Choice.is_measured`."""
    bound_per_day: float
    """No set of candidates within that budget saves more."""
    is_chosen: bool = False
    """This is the set that is advised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimality:
    """How near the chosen set is to the best that the candidates allow."""

    saved_per_day: float
    """Of the chosen set, writes paid, in the unit of :attr:`Choice.is_measured`."""
    bound_per_day: float
    """No set within the budget, of which each index is worth having, saves more; proven."""
    total_per_day: float
    """What the costed statements take now."""
    rounds: int = 0
    """How many times the choice was planned again before it was stable."""
    is_cut_short: bool = False
    """The search ended for want of time."""

    @property
    def gap_ratio(self) -> float:
        """What the best set could save more, as a share of what the statements take now."""
        if self.total_per_day <= 0:
            return 0.0
        return max(self.bound_per_day - self.saved_per_day, 0.0) / self.total_per_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The chosen set, and what was left out."""

    chosen: tuple[ChosenIndex, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    superseded: tuple[SupersededIndex, ...] = ()
    effects: tuple[StatementEffect, ...] = ()
    """Of the whole set together, on every statement that was costed."""
    is_measured: bool = False
    """Savings are milliseconds a day, measured times in proportion to costs; False: there are
    no measured times, and they are planner cost x calls."""
    optimality: Optimality | None = None
    """None: nothing was there to choose from."""
    frontier: tuple[FrontierPoint, ...] = ()
    """What other budgets would save, from the smallest on; the chosen set is among them."""
    geometric_mean_ratio: float | None = None
    """Of cost after to cost before over the costed statements, each counted once; None: none."""
    unavailable_reason: str = ""
    """Why nothing could be chosen at all, as a clause; empty: it could."""
    what_if_calls: int = 0
    costed_statements: int = 0
    total_statements: int = 0
    covered_time_ratio: float | None = None
    """Share of the workload's measured time that the costed statements make up."""
    uncosted: tuple[tuple[str, str], ...] = ()
    """Statements that could not be planned on the twin: id and reason."""
    assumed: tuple[tuple[str, str], ...] = ()
    """Statements that were costed for particular values, with those in words: id and
    ``status = 'pending'``."""
    calibrated: tuple[tuple[str, str], ...] = ()
    """Statements with executed plans, and what these were good for in costing: id and clause."""
    rebuilt_sizes: tuple[RebuiltSize, ...] | None = None
    """What large existing btrees would take if they were built now; None: nobody could tell."""
    fidelity: Fidelity | None = None
    """How well the planner that was asked plans like the original; None: not compared."""
