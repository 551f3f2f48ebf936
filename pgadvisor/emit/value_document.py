"""The JSON report's part on plans that depend on a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from pgadvisor.model.advice import AdviceData
from pgadvisor.model.sensitivity import ClassCost, PlansByValue, PlanVariant, ValueClass


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueClassPart:
    """What the values that are asked of a column, or of several together, have in common."""

    table: Annotated[str, Meta(description="schema.name, not quoted.")]
    columns: tuple[str, ...]
    kind: Annotated[str, Meta(description="value, list, range, exclusion, null or unknown.")]
    low_ratio: Annotated[
        float, Meta(description="The least share of the rows that one of them holds, 0 to 1.")
    ]
    high_ratio: Annotated[
        float, Meta(description="The greatest one; of a range, the share that it covers.")
    ]
    value_count: Annotated[float, Meta(description="How many values the class has, about.")]
    list_length: Annotated[int, Meta(description="How many values are asked for at once.")]
    words: Annotated[str, Meta(description="The class for people.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralPart:
    """The value that a parameter was given."""

    parameter: Annotated[int, Meta(description="The n of $n.")]
    sql: Annotated[str, Meta(description="Of a redacted snapshot, a pseudonym.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSamplePart:
    """One combination of values that the statement was planned for."""

    classes: tuple[ValueClassPart, ...]
    share_ratio: Annotated[float, Meta(description="Of the calls, 0 to 1, as is assumed.")]
    cost: Annotated[float, Meta(description="In planner units, per call.")]
    literals: Annotated[tuple[LiteralPart, ...], Meta(description="Empty without --show-literals.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePlanPart:
    """A plan that comes out for some values."""

    nodes: Annotated[tuple[str, ...], Meta(description="What is done as in no other of the plans.")]
    share_ratio: Annotated[float, Meta(description="Of the calls, 0 to 1, as is assumed.")]
    mean_cost: Annotated[float, Meta(description="In planner units, per call.")]
    is_generic: Annotated[bool, Meta(description="It is the plan for unknown values too.")]
    samples: Annotated[tuple[ValueSamplePart, ...], Meta(description="The most frequent first.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePlansPart:
    """A statement whose plan depends on the value that it is asked for."""

    statement_id: str
    plans: Annotated[tuple[ValuePlanPart, ...], Meta(description="The most frequent first.")]
    mean_cost: Annotated[
        float, Meta(description="In planner units, per call, each value with its own plan.")
    ]
    generic_cost: Annotated[
        float | None, Meta(description="Of the plan for unknown values; null: there is none.")
    ]
    generic_nodes: Annotated[
        tuple[str, ...], Meta(description="What that plan does, where it is none of the others.")
    ]
    keeps_generic: Annotated[
        bool | None,
        Meta(
            description="A prepared statement goes on with that plan after five executions; "
            "null: not known."
        ),
    ]
    assumptions: Annotated[tuple[str, ...], Meta(description="What it rests on, as clauses.")]
    not_planned: Annotated[
        tuple[str, ...], Meta(description="Why some of the values could not be planned.")
    ]


def value_plans_parts(advice: AdviceData) -> Iterator[ValuePlansPart]:
    """Put the statements whose plan depends on the value into parts of the document."""
    for found in advice.plans_by_value:
        yield _statement(found)


def _statement(found: PlansByValue) -> ValuePlansPart:
    return ValuePlansPart(
        statement_id=found.statement_id,
        plans=tuple(map(_plan, found.variants)),
        mean_cost=found.mean_cost,
        generic_cost=found.generic_cost,
        generic_nodes=found.generic_nodes,
        keeps_generic=found.keeps_generic,
        assumptions=found.assumptions,
        not_planned=found.not_planned,
    )


def _plan(variant: PlanVariant) -> ValuePlanPart:
    return ValuePlanPart(
        nodes=variant.nodes,
        share_ratio=variant.weight,
        mean_cost=variant.mean_cost,
        is_generic=variant.is_generic,
        samples=tuple(map(_sample, variant.members)),
    )


def _sample(member: ClassCost) -> ValueSamplePart:
    return ValueSamplePart(
        classes=tuple(map(_class, member.classes)),
        share_ratio=member.weight,
        cost=member.cost,
        literals=tuple(LiteralPart(parameter=n, sql=literal) for n, literal in member.values),
    )


def _class(one: ValueClass) -> ValueClassPart:
    return ValueClassPart(
        table=one.asked.table,
        columns=one.asked.columns,
        kind=one.kind.value,
        low_ratio=one.low_ratio,
        high_ratio=one.high_ratio,
        value_count=one.value_count,
        list_length=one.list_length,
        words=one.words,
    )
