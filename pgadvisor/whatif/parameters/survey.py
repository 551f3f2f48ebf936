"""Which statements of a workload depend on the values that they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.sensitivity import PlansByValue
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import StatementUsage
from pgadvisor.parse.usage import usage_of
from pgadvisor.whatif.backend import Backend, Configuration
from pgadvisor.whatif.parameters.by_value import plans_by_value
from pgadvisor.whatif.parameters.logged import LoggedValues, logged_sampling
from pgadvisor.whatif.parameters.samples import draw_samples
from pgadvisor.whatif.role_settings import settings_of

MAX_STATEMENTS = 50
"""Statements that are looked at, those that take most time."""
MIN_TIME_RATIO = 0.005
"""Statements that take a smaller share of the time are passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedValues:
    """Values that a statement is known to ask for."""

    text: str
    """The statement with those in the place of their parameters."""
    words: str
    """As a condition: ``status = 'pending'``."""


Progress = Callable[[str, int, int], None]


def survey(
    backend: Backend,
    statements: Iterable[Statement],
    usages: Mapping[str, StatementUsage],
    catalog: Catalog,
    *,
    pinned: Mapping[str, PinnedValues] = MappingProxyType({}),
    logged: Mapping[str, LoggedValues] = MappingProxyType({}),
    progress: Progress | None = None,
) -> tuple[PlansByValue, ...]:
    """Plan the statements that take most time for several of their values.

    Each is planned under the settings of the role that runs it.

    Args:
        backend: The planner.
        statements: The workload.
        usages: What they do, by statement id.
        catalog: The snapshot.
        pinned: By statement id, what is known of its values already.
        logged: By statement id, the values of calls that a log tells; they beat the others.
        progress: Told after each statement.

    Returns:
        One for each of them whose values statistics tell something of, in the order of their
        time.

    Raises:
        TwinError: The planner is gone.
    """
    chosen = _chosen(statements, usages)
    found: list[PlansByValue] = []
    for position, statement in enumerate(chosen, 1):
        calls = logged.get(statement.id)
        known = None if calls else pinned.get(statement.id)
        usage = usages[statement.id]
        if known is not None:
            statement = replace(statement, text=known.text)  # noqa: PLW2901  (with its values)
            usage = usage_of(statement.id, known.text, catalog)
        if calls is not None:
            sampling = logged_sampling(calls, usage, catalog)
        else:
            sampling = draw_samples(statement, usage, catalog)
        if sampling.samples:
            under = Configuration(settings=settings_of(statement, catalog.snapshot.server))
            made = plans_by_value(backend, statement, sampling, catalog, under)
            notes = (f"it asks for {known.words}", *made.assumptions) if known else None
            found.append(replace(made, assumptions=notes or made.assumptions))
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
