"""How well the twin plans like the original."""

from __future__ import annotations

from dataclasses import dataclass

SAME_COST_RATIO = 0.0001
"""Costs nearer to each other than this count as equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFidelity:
    """One statement planned by the original and by the twin."""

    statement_id: str
    is_same_shape: bool
    original_cost: float
    twin_cost: float
    reason: str = ""
    """Why they differ, where that can be known."""

    @property
    def is_alike(self) -> bool:
        """The same plan shape, and the same cost but for rounding."""
        return self.is_same_shape and self.cost_error_ratio <= SAME_COST_RATIO

    @property
    def cost_error_ratio(self) -> float:
        """|twin - original| / original."""
        if self.original_cost == 0:
            return 0.0 if self.twin_cost == 0 else 1.0
        return abs(self.twin_cost - self.original_cost) / self.original_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuiltSize:
    """What an existing index would take right after a REINDEX."""

    index_oid: int
    size_bytes: int
    """By the size model, from the statistics."""
    rows: float
    """Entries that it has by now, as far as statistics tell."""
    notes: tuple[str, ...] = ()
    """What is not known of that size, as clauses."""


TWIN = "planner twin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """The twin's report on itself."""

    statements: tuple[StatementFidelity, ...] = ()
    not_compared: int = 0
    """Statements without a plan of the original (no privilege, or not explained)."""
    not_planned: tuple[tuple[str, str], ...] = ()
    """Statements that the original planned and the twin refuses: id and reason."""
    notes: tuple[str, ...] = ()
    """What the twin could not rebuild, and which server version it plans with."""
    twin_version: str = ""
    original_version: str = ""
    binaries: str = ""
    """What it plans with and why: ``PostgreSQL 15.18 from the system, the original's own major``;
    empty where there was no choice."""
    planner: str = TWIN
    """What planned: the twin, or ``HypoPG 1.4.1`` on a server of the user's."""

    @property
    def is_by_twin(self) -> bool:
        """The twin planned, and not the server itself."""
        return self.planner == TWIN

    @property
    def same_shape_ratio(self) -> float | None:
        """Share of what the original planned that gets the same plan shape; None: it planned none.

        A statement that the twin refuses counts as one that it plans otherwise.
        """
        count = len(self.statements) + len(self.not_planned)
        if not count:
            return None
        return sum(s.is_same_shape for s in self.statements) / count

    @property
    def differing(self) -> tuple[StatementFidelity, ...]:
        """Statements with another plan shape, then those whose costs differ, the worst first."""
        rows = [s for s in self.statements if not s.is_alike]
        return tuple(sorted(rows, key=lambda s: (s.is_same_shape, -s.cost_error_ratio)))

    @property
    def median_cost_error_ratio(self) -> float | None:
        """Median of the cost errors; None when nothing was compared."""
        errors = sorted(s.cost_error_ratio for s in self.statements)
        if not errors:
            return None
        middle = len(errors) // 2
        if len(errors) % 2:
            return errors[middle]
        return (errors[middle - 1] + errors[middle]) / 2
