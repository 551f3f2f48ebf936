"""Narrower indexes in the place of wider ones, where the planner does as well with them."""

from __future__ import annotations

from collections.abc import Mapping

from pgadvisor.choose.optimiser import Problem, Refusal, Solution
from pgadvisor.choose.plans import leading_column
from pgadvisor.model.action import IndexDefinition
from pgadvisor.whatif.backend import Backend, Configuration, NotPlanned

MAX_LOSS_RATIO = 0.01
"""Share of the workload's present cost that a narrower index may give away."""


def narrow(problem: Problem, solution: Solution, backend: Backend) -> Solution:
    """Replace each chosen index by the shortest prefix of it that does as well.

    Peeling sees the planner's first choice, and among plans of nearly the same cost that is as
    often as not an index with a column too many.
    """
    chosen = list(solution.chosen)
    refused = dict(solution.refused)
    for place, definition in enumerate(solution.chosen):
        for prefix in _prefixes(definition, problem.prices):
            if prefix in chosen:
                continue
            others = frozenset(chosen) - {definition}
            loss = _value(problem, others | {prefix}, definition, backend) - _value(
                problem, others | {definition}, definition, backend
            )
            if loss <= MAX_LOSS_RATIO * problem.valuation.total:
                chosen[place] = prefix
                refused.pop(prefix, None)
                refused[definition] = Refusal(
                    code="covered", reason="its first columns alone do as well"
                )
                break
    return Solution(chosen=tuple(chosen), refused=refused)


def _prefixes(
    definition: IndexDefinition, known: Mapping[IndexDefinition, object]
) -> list[IndexDefinition]:
    """Candidates with the same beginning and fewer keys, the shortest first."""
    return sorted(
        (
            other
            for other in known
            if other.table_oid == definition.table_oid
            and other.predicate == definition.predicate
            and other.access_method == definition.access_method
            and len(other.keys) < len(definition.keys)
            and definition.keys[: len(other.keys)] == other.keys
        ),
        key=lambda other: len(other.keys),
    )


def _value(
    problem: Problem,
    chosen: frozenset[IndexDefinition],
    changed: IndexDefinition,
    backend: Backend,
) -> float:
    """What the statements that the changed index could serve take a day."""
    total = 0.0
    for row in problem.table.rows:
        columns = row.statement.columns
        if leading_column(changed) not in columns:
            continue
        relevant = frozenset(d for d in chosen if leading_column(d) in columns)
        configuration = Configuration(create=relevant, settings=row.statement.settings)
        plan = backend.plan(row.statement.text, configuration)
        cost = row.base_cost if isinstance(plan, NotPlanned) else plan.total_cost
        total += problem.valuation.per_day(row, cost)
    return total
