"""Plans that depend on a value, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.emit.plaintext import shortened
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.sensitivity import (
    AskedColumns,
    ClassCost,
    PlansByValue,
    PlanVariant,
    ValueClass,
    ValueKind,
)
from pgadvisor.units import format_count, format_ratio

_STATEMENT_LENGTH = 160
_MOST_STATEMENTS = 10
"""In JSON are all of them."""
_MOST_ROWS = 4
_MOST_LITERALS = 3
_SMALL_COST = 100
_JOINABLE = frozenset({ValueKind.VALUE, ValueKind.RANGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantView:
    """A plan that comes out for some values."""

    share: str
    """Of the calls."""
    cost: str
    """Of one of those calls, in planner units."""
    nodes: str
    """What is done as in no other of the plans."""
    asked: str
    """For which values: ``tenant_id: a value held by 12 % of the rows``."""
    literals: tuple[str, ...]
    """``$1 = '7', $2 = 'open'``; none unless they are to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePlansView:
    """A statement whose plan depends on the value."""

    statement_id: str
    text: str
    share: str
    """Of the time that statements take; empty where none was measured."""
    variants: tuple[VariantView, ...]
    generic: str
    """What a prepared statement does; may be empty."""
    assumed: str
    """What all of it rests on, as one sentence."""


def more_value_plans(advice: AdviceData) -> int:
    """Statements whose plan depends on the value beyond those that are put into words."""
    return max(len(advice.plans_by_value) - _MOST_STATEMENTS, 0)


def view_value_plans(advice: AdviceData) -> tuple[ValuePlansView, ...]:
    """Put the first statements whose plan depends on the value into words."""
    statements = {statement.id: statement for statement in advice.statements}
    total_ms = sum(statement.total_time_ms for statement in advice.statements)
    found: list[ValuePlansView] = []
    for each in advice.plans_by_value[:_MOST_STATEMENTS]:
        statement = statements.get(each.statement_id)
        time_ms = statement.total_time_ms if statement else 0.0
        found.append(
            ValuePlansView(
                statement_id=each.statement_id,
                text=shortened(statement.text if statement else "", _STATEMENT_LENGTH),
                share=format_ratio(time_ms / total_ms) if time_ms > 0 else "",
                variants=tuple(_variant(v, each) for v in each.variants[:_MOST_ROWS]),
                generic=_generic(each),
                assumed=f"Assumed: {'; '.join(each.assumptions)}." if each.assumptions else "",
            )
        )
    return tuple(found)


def _variant(variant: PlanVariant, whole: PlansByValue) -> VariantView:
    return VariantView(
        share=format_ratio(variant.weight),
        cost=_cost(variant.mean_cost),
        nodes=", ".join(variant.nodes) or "no other scan",
        asked=_asked(variant, whole),
        literals=tuple(
            ", ".join(f"${number} = {literal}" for number, literal in member.values)
            for member in variant.members[:_MOST_LITERALS]
            if member.values
        ),
    )


def _cost(cost: float) -> str:
    return f"{cost:,.2f}" if cost < _SMALL_COST else format_count(cost)


def _asked(variant: PlanVariant, whole: PlansByValue) -> str:
    """The classes of a variant, of those columns alone that make a difference.

    Where the classes of its columns cannot be told one by one, their combinations are listed.
    """
    every = _by_column([member for each in whole.variants for member in each.members])
    names = _names(every)
    own = _by_column(variant.members)
    combinations = 1
    for classes in own.values():
        combinations *= len(classes)
    if combinations == len(variant.members):
        decisive = {asked: classes for asked, classes in own.items() if classes != every[asked]}
        # Of the same classes that other plans come out for, all tell something.
        told = decisive or own
        return "; ".join(f"{names[asked]}: {_any_of(told[asked], every[asked])}" for asked in told)
    written = [
        ", ".join(f"{names[one.asked]}: {one.words}" for one in member.classes)
        for member in variant.members[:_MOST_ROWS]
    ]
    more = len(variant.members) - len(written)
    return " / ".join(written) + (f" / and {more} more combinations" if more else "")


def _by_column(members: Sequence[ClassCost]) -> dict[AskedColumns, list[ValueClass]]:
    """The classes of each column, in one order for all variants."""
    found: dict[AskedColumns, set[ValueClass]] = {}
    for member in members:
        for one in member.classes:
            found.setdefault(one.asked, set()).add(one)
    return {asked: sorted(classes, key=_rank) for asked, classes in found.items()}


def _names(every: Iterable[AskedColumns]) -> dict[AskedColumns, str]:
    """What columns are called: with their tables where two have one name."""
    asked = tuple(every)
    counts = Counter(one.short_name for one in asked)
    return {one: one.short_name if counts[one.short_name] == 1 else one.name for one in asked}


def _rank(one: ValueClass) -> tuple[float, str]:
    return (-one.high_ratio, one.words)


def _any_of(classes: Sequence[ValueClass], every: Sequence[ValueClass]) -> str:
    """Classes in words; neighbours among all that there are become one."""
    found: list[ValueClass] = []
    last = -1
    for one in classes:
        place = every.index(one)
        is_next = place == last + 1 and found and found[-1].kind is one.kind
        if is_next and one.kind in _JOINABLE:
            found[-1] = found[-1].joined(one)
        else:
            found.append(one)
        last = place
    return ", or ".join(one.words for one in found)


def _generic(found: PlansByValue) -> str:
    """What becomes of a prepared statement, which may go on with one plan for every value."""
    if found.keeps_generic is None or found.generic_cost is None:
        return ""
    if not found.keeps_generic:
        return "A prepared statement is planned for each value."
    nodes = ", ".join(next(_generic_nodes(found), ()))
    plan = f" ({nodes})" if nodes else ""
    return (
        "A prepared statement goes on with one plan for every value after five executions"
        f"{plan}, of cost {_cost(found.generic_cost)}."
    )


def _generic_nodes(found: PlansByValue) -> Iterator[tuple[str, ...]]:
    yield from (variant.nodes for variant in found.variants if variant.is_generic)
    yield found.generic_nodes
