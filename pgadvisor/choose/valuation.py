"""What a unit of planner cost is worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pgadvisor.model.candidate import WeightedStatement


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """How planner cost turns into the unit that is to be saved."""

    is_measured: bool
    """True: milliseconds a day, measured; False: planner cost x calls, for want of times."""
    ms_per_cost: float
    """Median over the measured statements; what a statement without a time is valued at."""
    total_per_day: float
    """Of the whole workload, in that unit."""

    def value_per_cost(self, statement: WeightedStatement, base_cost: float) -> float:
        """What a unit of a statement's cost is worth a day.

        Args:
            statement: The statement.
            base_cost: What one call costs now.
        """
        if self.is_measured and statement.mean_time_ms is not None and base_cost > 0:
            return statement.calls_per_day * statement.mean_time_ms / base_cost
        return statement.calls_per_day * self.ms_per_cost


def value_workload(
    statements: Iterable[WeightedStatement], costed: Iterable[tuple[WeightedStatement, float]]
) -> Valuation:
    """Value by measured time where there is any, else by planner cost.

    Args:
        statements: The whole workload, costed or not.
        costed: Those that were costed, with what a call costs now.
    """
    known = tuple(costed)
    rates = sorted(
        statement.mean_time_ms / base_cost
        for statement, base_cost in known
        if statement.mean_time_ms is not None and base_cost > 0
    )
    if not rates:
        total = sum(statement.calls_per_day * base_cost for statement, base_cost in known)
        return Valuation(is_measured=False, ms_per_cost=1.0, total_per_day=total)
    ms_per_cost = rates[len(rates) // 2]
    unmeasured = sum(
        statement.calls_per_day * base_cost * ms_per_cost
        for statement, base_cost in known
        if statement.mean_time_ms is None
    )
    measured = sum(statement.time_ms_per_day or 0.0 for statement in statements)
    return Valuation(is_measured=True, ms_per_cost=ms_per_cost, total_per_day=measured + unmeasured)
