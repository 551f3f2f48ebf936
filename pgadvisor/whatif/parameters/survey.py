"""Which statements of a workload depend on the values that they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.sensitivity import PlansByValue
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import StatementUsage
from pgadvisor.whatif.backend import Backend
from pgadvisor.whatif.parameters.by_value import plans_by_value
from pgadvisor.whatif.parameters.samples import draw_samples

MAX_STATEMENTS = 50
"""Statements that are looked at, those that take most time."""
MIN_TIME_RATIO = 0.005
"""Statements that take a smaller share of the time are passed over."""

Progress = Callable[[str, int, int], None]


def survey(
    backend: Backend,
    statements: Iterable[Statement],
    usages: Mapping[str, StatementUsage],
    catalog: Catalog,
    progress: Progress | None = None,
) -> tuple[PlansByValue, ...]:
    """Plan the statements that take most time for several of their values.

    Returns:
        One for each of them whose values statistics tell something of, in the order of their
        time.

    Raises:
        TwinError: The planner is gone.
    """
    chosen = _chosen(statements, usages)
    found: list[PlansByValue] = []
    for position, statement in enumerate(chosen, 1):
        sampling = draw_samples(statement, usages[statement.id], catalog)
        if sampling.samples:
            found.append(plans_by_value(backend, statement, sampling, catalog))
        if progress is not None:
            progress("planning for several values", position, len(chosen))
    return tuple(found)


def _chosen(
    statements: Iterable[Statement], usages: Mapping[str, StatementUsage]
) -> tuple[Statement, ...]:
    """Those with parameters, the most expensive first; without times, those most often run."""
    every = tuple(statements)
    total_ms = sum(statement.total_time_ms for statement in every)
    ranked = sorted(every, key=lambda s: (-s.total_time_ms, -s.calls_or_weight, s.id))
    worth = [
        statement
        for statement in ranked
        if (usage := usages.get(statement.id)) is not None
        and usage.parameter_count
        and (not statement.calls or statement.total_time_ms >= total_ms * MIN_TIME_RATIO)
    ]
    return tuple(worth[:MAX_STATEMENTS])
