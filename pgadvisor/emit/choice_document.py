"""The JSON report's part on the choice of indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from pgadvisor.emit.choice_view import candidate_count
from pgadvisor.emit.loss import timed_losses
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import StatementEffect
from pgadvisor.model.choice import Choice, ChosenIndex, FrontierPoint, Optimality, SupersededIndex
from pgadvisor.sqltext.index import definition_sql

Cost = Annotated[float, Meta(description="In planner units, per call.")]


def _about(text: str) -> Meta:
    return Meta(description=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPart:
    """What a recommendation does to one statement."""

    statement_id: str
    calls_per_day: float
    cost_before: Cost
    cost_after: Cost
    mean_time_ms: Annotated[float | None, _about("Measured, before; null: not measured.")]
    saved_ms_per_day: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPart:
    """What a statement would lose without one index of the chosen set."""

    statement_id: str
    calls_per_day: float
    cost_with: Annotated[Cost, _about("With the whole set.")]
    cost_without: Annotated[Cost, _about("With all of it but this index.")]
    lost_ms_per_day: Annotated[float | None, _about("Null: no time was measured.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPart:
    """What the choice was bound by; null: no bound."""

    index_bytes: Annotated[int | None, _about("Of all new indexes together.")]
    max_indexes: int | None
    max_indexes_per_table: int
    max_regression_ratio: Annotated[
        float, _about("By how much a statement that matters may get dearer; 0.1 is 10 %.")
    ]
    min_saving_ratio: Annotated[
        float, _about("Share of the workload's time that an index has to save.")
    ]
    build_ms: Annotated[float | None, _about("Time to build all new indexes.")]
    protected: Annotated[tuple[str, ...], _about("Existing indexes that are never dropped.")]
    forbidden: Annotated[tuple[str, ...], _about("Tables that get no new index.")]
    time_limit_ms: Annotated[float, _about("Of the search for a better set.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenIndexPart:
    """An index of the chosen set."""

    name: str
    table: Annotated[str, _about("schema.name, not quoted.")]
    definition: Annotated[str, _about("What follows the table's name in CREATE INDEX.")]
    reason: Annotated[str, _about("How it came to be a candidate, as a clause.")]
    size_bytes: Annotated[int, _about("Predicted; 0: not known.")]
    saved_ms_per_day: Annotated[
        float | None,
        _about("Its share of what its statements save; two indexes of one plan get half each."),
    ]
    marginal_per_day: Annotated[
        float,
        _about("What the whole set would save less without it, writes paid; in the choice's unit."),
    ]
    written_entries_per_day: float
    write_ms_per_day: Annotated[float | None, _about("What writes pay; null: no times.")]
    build_ms: Annotated[float | None, _about("How long building it takes, roughly.")]
    effects: Annotated[
        tuple[EffectPart, ...],
        _about("Statements whose plan under the whole set uses it, the greatest gain first."),
    ]
    losses: Annotated[
        tuple[LossPart, ...], _about("Statements dearer without it, the greatest loss first.")
    ]
    notes: Annotated[tuple[str, ...], _about("What the planner did not know of it.")]
    size_notes: Annotated[tuple[str, ...], _about("What is not known of its size.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupersededPart:
    """An existing index that is useless beside the chosen ones."""

    index: Annotated[str, _about("schema.name, not quoted.")]
    by: Annotated[tuple[str, ...], _about("Names of chosen indexes that take its place.")]
    size_bytes: int
    freed_entries_per_day: Annotated[float, _about("Entries that writes no longer make.")]
    saved_per_day: Annotated[float, _about("What writes save; in the choice's unit.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPart:
    """The best set that was found for a budget of storage."""

    budget_bytes: int
    index_bytes: Annotated[int, _about("What its indexes take.")]
    index_count: int
    saved_per_day: Annotated[float, _about("Writes paid; in the choice's unit.")]
    bound_per_day: Annotated[
        float | None, _about("No set within that budget saves more; null: not known.")
    ]
    is_chosen: Annotated[bool, _about("This is the set that is advised.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimalityPart:
    """How near the chosen set is to the best that the candidates allow."""

    saved_per_day: Annotated[float, _about("Writes paid; in the choice's unit.")]
    bound_per_day: Annotated[
        float | None, _about("No set within the budget saves more, which is proven; null: unknown.")
    ]
    total_per_day: Annotated[float, _about("What the costed statements take now.")]
    gap_ratio: Annotated[
        float | None,
        _about("What the best set could save more, as a share of the total; null: not known."),
    ]
    rounds: Annotated[int, _about("How often the set was planned as a whole until it was stable.")]
    is_cut_short: Annotated[bool, _about("The search ended for want of time.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicePart:
    """The chosen indexes, and how near they are to the best; rejected ones are in `rejected`."""

    is_measured: Annotated[
        bool,
        _about(
            "The choice's unit is milliseconds a day; false: no times were measured, and it is "
            "planner cost x calls."
        ),
    ]
    candidate_count: Annotated[int, _about("Indexes that were to choose from.")]
    budget: BudgetPart
    optimality: Annotated[OptimalityPart | None, _about("Null: there was nothing to choose from.")]
    geometric_mean_ratio: Annotated[
        float | None, _about("Of cost after to cost before, each costed statement counted once.")
    ]
    chosen: Annotated[
        tuple[ChosenIndexPart, ...], _about("In the order in which they were chosen.")
    ]
    superseded: tuple[SupersededPart, ...]
    frontier: Annotated[
        tuple[FrontierPart, ...], _about("What other budgets would save, from the smallest on.")
    ]


def choice_part(advice: AdviceData) -> ChoicePart:
    """Put the choice into a part of the document."""
    choice = advice.choice
    names = dict(advice.index_names)
    return ChoicePart(
        is_measured=choice.is_measured,
        candidate_count=candidate_count(advice),
        budget=_budget(advice.budget),
        optimality=_optimality(choice.optimality) if choice.optimality else None,
        geometric_mean_ratio=choice.geometric_mean_ratio,
        chosen=tuple(_chosen(index, choice) for index in choice.chosen),
        superseded=tuple(_superseded(index, names) for index in choice.superseded),
        frontier=tuple(map(_frontier, choice.frontier)),
    )


def effect_part(effect: StatementEffect) -> EffectPart:
    """Put what becomes of one statement into a part of the document."""
    return EffectPart(
        statement_id=effect.statement_id,
        calls_per_day=effect.calls_per_day,
        cost_before=effect.cost_before,
        cost_after=effect.cost_after,
        mean_time_ms=effect.mean_time_ms,
        saved_ms_per_day=effect.saved_ms_per_day,
    )


def _budget(budget: Budget) -> BudgetPart:
    return BudgetPart(
        index_bytes=budget.index_bytes,
        max_indexes=budget.max_indexes,
        max_indexes_per_table=budget.max_indexes_per_table,
        max_regression_ratio=budget.max_regression_ratio,
        min_saving_ratio=budget.min_saving_ratio,
        build_ms=budget.build_ms,
        protected=tuple(sorted(budget.protected)),
        forbidden=tuple(sorted(budget.forbidden)),
        time_limit_ms=budget.time_limit_ms,
    )


def _optimality(found: Optimality) -> OptimalityPart:
    return OptimalityPart(
        saved_per_day=found.saved_per_day,
        bound_per_day=found.bound_per_day,
        total_per_day=found.total_per_day,
        gap_ratio=found.gap_ratio,
        rounds=found.rounds,
        is_cut_short=found.is_cut_short,
    )


def _chosen(index: ChosenIndex, choice: Choice) -> ChosenIndexPart:
    candidate = index.candidate
    definition = candidate.definition
    return ChosenIndexPart(
        name=index.name,
        table=f"{definition.schema}.{definition.table}",
        definition=definition_sql(definition),
        reason=candidate.reason,
        size_bytes=candidate.size_bytes,
        saved_ms_per_day=index.saved_ms_per_day,
        marginal_per_day=index.marginal_per_day,
        written_entries_per_day=index.written_entries_per_day,
        write_ms_per_day=index.write_ms_per_day,
        build_ms=index.build_ms,
        effects=tuple(map(effect_part, index.effects)),
        losses=tuple(map(_loss, timed_losses(index, choice))),
        notes=index.notes,
        size_notes=index.size_notes,
    )


def _loss(effect: StatementEffect) -> LossPart:
    saved_ms = effect.saved_ms_per_day
    return LossPart(
        statement_id=effect.statement_id,
        calls_per_day=effect.calls_per_day,
        cost_with=effect.cost_before,
        cost_without=effect.cost_after,
        lost_ms_per_day=None if saved_ms is None else -saved_ms,
    )


def _superseded(index: SupersededIndex, names: dict[int, str]) -> SupersededPart:
    return SupersededPart(
        index=names.get(index.index_oid, f"OID {index.index_oid}"),
        by=index.by,
        size_bytes=index.size_bytes,
        freed_entries_per_day=index.freed_entries_per_day,
        saved_per_day=index.saved_per_day,
    )


def _frontier(point: FrontierPoint) -> FrontierPart:
    return FrontierPart(
        budget_bytes=point.budget_bytes,
        index_bytes=point.index_bytes,
        index_count=point.index_count,
        saved_per_day=point.saved_per_day,
        bound_per_day=point.bound_per_day,
        is_chosen=point.is_chosen,
    )
