"""How a statement's plan depends on the values that it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pgadvisor.units import format_count, format_ratio

_TINY_RATIO = 0.0001
"""Shares below it are not told apart: 0.01 %."""
_ONE_ROW = 1.5


class ValueKind(StrEnum):
    """What is asked of a column."""

    VALUE = "value"
    """Rows that hold one value."""
    LIST = "list"
    """Rows that hold one of several values."""
    RANGE = "range"
    """Rows between two values, or on one side of one."""
    EXCLUSION = "exclusion"
    """Rows that do not hold a value."""
    NULL = "null"
    UNKNOWN = "unknown"
    """No statistics hold such a value; the parameter stays unknown, as in a generic plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedColumns:
    """A column that values are asked of, or several whose values go together."""

    table: str
    """``schema.table``, for people."""
    columns: tuple[str, ...]

    @property
    def short_name(self) -> str:
        """Without the table: ``tenant_id``, ``(city, zip)``."""
        return self.columns[0] if len(self.columns) == 1 else f"({', '.join(self.columns)})"

    @property
    def name(self) -> str:
        """``schema.table.tenant_id``, ``schema.table.(city, zip)``."""
        return f"{self.table}.{self.short_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueClass:
    """What some values of a column have in common; it holds none of them."""

    asked: AskedColumns
    kind: ValueKind
    low_ratio: float
    """The least share of the rows that one of the values holds; of a range, the share that it
    covers."""
    high_ratio: float
    """The greatest such share."""
    value_count: float = 1.0
    """How many values the class has, as far as is known."""
    list_length: int = 1
    """Of a list: how many values are asked for at once."""
    rows: float = 0.0
    """Rows that a value of it, or the range, stands for; 0: not known."""

    @property
    def words(self) -> str:
        """The class for people: ``a value held by 12 % of the rows``."""
        match self.kind:
            case ValueKind.NULL:
                return f"NULL, as {_share(self.high_ratio)} of the rows"
            case ValueKind.UNKNOWN:
                return "one of the other values"
            case ValueKind.RANGE:
                return f"a range that covers {self._shares()} of the rows"
            case ValueKind.EXCLUSION:
                return f"all but {self._value()}"
            case ValueKind.LIST:
                return f"{self.list_length} values, the most common one {self._held()}"
            case ValueKind.VALUE:
                return self._value()

    def _value(self) -> str:
        noun = "combination" if len(self.asked.columns) > 1 else "value"
        if self.value_count < _ONE_ROW:
            return f"a {noun} {self._held()}"
        return f"one of {format_count(self.value_count)} {noun}s {self._held()} each"

    def _held(self) -> str:
        if self.rows and self.rows < _ONE_ROW and self.high_ratio <= self.low_ratio:
            return "held by a single row"
        return f"held by {self._shares()} of the rows"

    def _shares(self) -> str:
        low, high = _share(self.low_ratio), _share(self.high_ratio)
        if low == high:
            return high
        return f"up to {high}" if self.low_ratio < _TINY_RATIO else f"{low[:-2]} to {high}"

    def joined(self, other: ValueClass) -> ValueClass:
        """One class in the place of two of the same kind and columns."""
        return replace(
            self,
            low_ratio=min(self.low_ratio, other.low_ratio),
            high_ratio=max(self.high_ratio, other.high_ratio),
            value_count=self.value_count + other.value_count,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCost:
    """What the planner makes of one sample of values."""

    classes: tuple[ValueClass, ...]
    """One for each column, or columns that go together."""
    weight: float
    """Its share of the calls, 0 to 1, if each row's values are equally likely to be asked for."""
    cost: float
    """Planner cost of one call."""
    values: tuple[tuple[int, str], ...] = ()
    """Number and SQL literal of each parameter; empty unless literals are to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVariant:
    """A plan that comes out for some values."""

    nodes: tuple[str, ...]
    """What it has and another variant has not: ``Seq Scan on orders``; partitions stand under
    the name of the table that they are of."""
    members: tuple[ClassCost, ...]
    """For which values, the most frequent first."""
    is_generic: bool = False
    """The plan for unknown values is of this form."""

    @property
    def weight(self) -> float:
        """The share of the calls that get it, 0 to 1."""
        return sum(member.weight for member in self.members)

    @property
    def mean_cost(self) -> float:
        """Planner cost of one of those calls."""
        weight = self.weight
        if weight <= 0:
            return sum(member.cost for member in self.members) / len(self.members)
        return sum(member.cost * member.weight for member in self.members) / weight


@dataclass(frozen=True, slots=True, kw_only=True)
class PlansByValue:
    """The plans of one statement, by the values that it is asked for; costs are planner units."""

    statement_id: str
    variants: tuple[PlanVariant, ...]
    """The most frequent first; several of them: the plan depends on the value."""
    generic_cost: float | None
    """Of the plan for unknown values; None: it could not be planned."""
    generic_nodes: tuple[str, ...] = ()
    """What the generic plan has and another one has not, where it is none of the variants."""
    planning_cost: float = 0.0
    """What PostgreSQL adds to the cost of a custom plan for making it, about."""
    keeps_generic: bool | None = None
    """A prepared statement would go on with the generic plan after five executions; None: not
    known."""
    is_notable: bool = False
    """Other indexes, tables or joins are used for other values, and that matters: costs differ
    by a factor of two at least."""
    assumptions: tuple[str, ...] = ()
    """What the samples rest on, as clauses."""
    not_planned: tuple[str, ...] = ()
    """Why samples could not be planned, each reason once; their weight is left out."""

    @property
    def mean_cost(self) -> float:
        """Planner cost of a call: the mean over its values, each with its own plan.

        It is nearer to what a workload costs than the generic plan's where values are skewed.
        """
        weight = sum(variant.weight for variant in self.variants)
        total = sum(variant.mean_cost * variant.weight for variant in self.variants)
        return total / weight if weight > 0 else 0.0

    def without_literals(self) -> PlansByValue:
        """The same without any value of a row."""
        return replace(
            self,
            variants=tuple(
                replace(v, members=tuple(replace(m, values=()) for m in v.members))
                for v in self.variants
            ),
        )


def _share(ratio: float) -> str:
    return "fewer than 0.01 %" if 0 < ratio < _TINY_RATIO else format_ratio(ratio)
