"""The last word on a chosen set is the planner's own, with all of it in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgadvisor.choose.optimiser import Problem, Refusal, Solution
from pgadvisor.choose.plans import StatementPlans, leading_column, used_candidates
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import StatementEffect
from pgadvisor.units import format_ratio
from pgadvisor.whatif.backend import Backend, Configuration, NotPlanned

REGRESSION_MIN_SHARE = 0.01
"""Statements below this share of the workload may get dearer: too small to matter."""
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The chosen set as the planner sees it."""

    effects: tuple[StatementEffect, ...]
    """On every statement that one of the indexes could serve, the greatest gain first."""
    uses: Mapping[str, frozenset[IndexDefinition]]
    """By statement id: the chosen indexes in its plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Regression:
    statement_id: str
    ratio: float
    uses: frozenset[IndexDefinition]


def confirm(
    problem: Problem, solution: Solution, backend: Backend, names: Mapping[str, IndexDefinition]
) -> tuple[Solution, Confirmed]:
    """Plan the workload with the whole set, and take out what should not be in it.

    An index that makes a statement worse than the budget allows is taken out and the rest is
    planned again.  An index that no plan uses is taken out too; that changes no plan.
    """
    refused = dict(solution.refused)
    chosen = list(solution.chosen)
    while True:
        confirmed, regressions = _plan_all(problem, frozenset(chosen), backend, names)
        if not regressions:
            break
        for regression in regressions:
            for definition in regression.uses & set(chosen):
                chosen.remove(definition)
                refused[definition] = Refusal(
                    code="regression",
                    reason=f"statement {regression.statement_id} would cost "
                    f"{format_ratio(regression.ratio)} of what it does now",
                )
    used = frozenset[IndexDefinition]().union(*confirmed.uses.values())
    for definition in [d for d in chosen if d not in used]:
        chosen.remove(definition)
        refused[definition] = Refusal(
            code="covered", reason="no plan needs it beside the other chosen ones"
        )
    return Solution(chosen=tuple(chosen), refused=refused), confirmed


def _plan_all(
    problem: Problem,
    chosen: frozenset[IndexDefinition],
    backend: Backend,
    names: Mapping[str, IndexDefinition],
) -> tuple[Confirmed, list[_Regression]]:
    effects: list[StatementEffect] = []
    uses: dict[str, frozenset[IndexDefinition]] = {}
    regressions: list[_Regression] = []
    for row in problem.table.rows:
        relevant = frozenset(d for d in chosen if leading_column(d) in row.statement.columns)
        if not relevant:
            continue
        configuration = Configuration(create=relevant, settings=row.statement.settings)
        plan = backend.plan(row.statement.text, configuration)
        if isinstance(plan, NotPlanned):
            continue
        effect = StatementEffect(
            statement_id=row.statement.id,
            calls_per_day=row.statement.calls_per_day,
            cost_before=row.base_cost,
            cost_after=plan.total_cost,
            mean_time_ms=row.statement.mean_time_ms,
        )
        used = used_candidates(plan, names)
        if _is_regression(problem, row, effect) and used:
            regressions.append(
                _Regression(statement_id=effect.statement_id, ratio=effect.ratio, uses=used)
            )
        effects.append(effect)
        uses[effect.statement_id] = used
    effects.sort(key=lambda e: (-_saved(problem, e), e.statement_id))
    return Confirmed(effects=tuple(effects), uses=uses), regressions


def _is_regression(problem: Problem, row: StatementPlans, effect: StatementEffect) -> bool:
    bound = 1 + problem.budget.max_regression_ratio + _ROUNDING
    share = problem.valuation.per_day(row, row.base_cost)
    return effect.ratio > bound and share >= REGRESSION_MIN_SHARE * problem.valuation.total


def _saved(problem: Problem, effect: StatementEffect) -> float:
    saved = effect.saved_ms_per_day
    return effect.saved_cost_per_day * problem.valuation.ms_per_cost if saved is None else saved
