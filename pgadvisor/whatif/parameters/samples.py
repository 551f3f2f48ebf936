"""Samples of a statement: its text with values that its tables hold, class by class."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.sensitivity import ValueClass, ValueKind
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import StatementUsage
from pgadvisor.parse.normalise import SQUASHED
from pgadvisor.parse.parameters import parameter_numbers, repair_parameters, substitute
from pgadvisor.parse.statement import StatementError
from pgadvisor.whatif.parameters.axes import axes_of
from pgadvisor.whatif.parameters.axis import Axis, narrowed

_SQUASHED = re.compile(r"\$(\d+)\s*" + re.escape(SQUASHED))
DEFAULT_LIMIT = 10
"""Rows that a LIMIT is taken to ask for where no call was counted that returned any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A statement with values in the place of its parameters."""

    text: str
    """Parameters that nothing is known of are still there, numbered from 1."""
    values: tuple[tuple[int, str], ...]
    """Number and SQL literal of each parameter that has a value, as the statement numbers them.

    The literals have no type, so that each gets the one that its parameter would get.
    """
    classes: tuple[ValueClass, ...]
    weight: float
    """Its share of the calls, 0 to 1; those of all samples sum to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The samples of one statement."""

    samples: tuple[Sample, ...]
    """Those first that stand for most calls; empty: statistics tell nothing of its values."""
    assumptions: tuple[str, ...]
    """What they rest on, as clauses."""


def draw_samples(statement: Statement, usage: StatementUsage, catalog: Catalog) -> Sampling:
    """Put values of each class in the place of a statement's parameters.

    The same snapshot gives the same samples: there is no chance in them.  A call is taken to ask
    for the value of some row, each row being as likely as any other, and for a range that covers
    little, some or much of the table; NULL is asked for only where it can be found.

    Args:
        statement: Whose counters tell how many rows a LIMIT asks for.
        usage: What it does to which columns.
        catalog: Where their statistics are.
    """
    squashed = {int(number) for number in _SQUASHED.findall(statement.text)}
    axes = narrowed(axes_of(usage, catalog, squashed))
    if not axes:
        return Sampling(samples=(), assumptions=())
    limits, notes = _limits(statement, usage)
    text = repair_parameters(statement.text)
    try:
        numbers = parameter_numbers(text)
        samples = tuple(_samples(text, numbers, axes, limits))
    except StatementError:
        return Sampling(samples=(), assumptions=())
    ranked = sorted(samples, key=lambda sample: -sample.weight)
    notes += _notes(axes, samples, numbers)
    return Sampling(samples=tuple(ranked), assumptions=notes)


def _samples(
    text: str, numbers: Sequence[int], axes: Sequence[Axis], limits: dict[int, str]
) -> Iterator[Sample]:
    for strata in product(*(axis.strata for axis in axes)):
        values = limits | dict(value for stratum in strata for value in stratum.values)
        yield Sample(
            text=_written(text, numbers, values),
            values=tuple(sorted(values.items())),
            classes=tuple(stratum.value_class for stratum in strata),
            weight=math.prod(stratum.weight for stratum in strata),
        )


def _written(text: str, numbers: Sequence[int], values: dict[int, str]) -> str:
    """Put values in, and number what is left from 1, as PREPARE wants it."""
    left = sorted(number for number in numbers if number not in values)
    renumbered = {number: f"${place}" for place, number in enumerate(left, 1)}
    return substitute(text, values | renumbered)


def _limits(statement: Statement, usage: StatementUsage) -> tuple[dict[int, str], tuple[str, ...]]:
    """What LIMIT and OFFSET are taken to be, and how that is said."""
    values: dict[int, str] = {}
    notes: list[str] = []
    mean_rows = statement.rows / statement.calls if statement.calls else 0.0
    if usage.limit_parameters:
        is_counted = mean_rows > 0 and len(usage.limit_parameters) == 1
        limit = max(round(mean_rows), 1) if is_counted else DEFAULT_LIMIT
        values |= dict.fromkeys(usage.limit_parameters, str(limit))
        why = ", the mean number of rows of a call" if is_counted else ""
        notes.append(f"LIMIT is taken to be {limit:,}{why}")
    if usage.offset_parameters:
        values |= dict.fromkeys(usage.offset_parameters, "0")
        notes.append("OFFSET is taken to be 0")
    return values, tuple(notes)


def _notes(
    axes: Sequence[Axis], samples: Sequence[Sample], numbers: Sequence[int]
) -> tuple[str, ...]:
    kinds = {stratum.value_class.kind for axis in axes for stratum in axis.strata}
    notes: list[str] = []
    if kinds - {ValueKind.RANGE}:
        notes.append("the value of each row is as likely to be asked for as any other")
    if ValueKind.RANGE in kinds:
        notes.append("a range that covers little is as likely as one that covers much")
    if len(axes) > 1:
        notes.append("conditions are met independently of one another")
    known = {number for sample in samples for number, _ in sample.values}
    unknown = sum(number not in known for number in numbers)
    if unknown:
        noun = "parameter stays" if unknown == 1 else "parameters stay"
        notes.append(f"{unknown} {noun} unknown, as in a generic plan")
    return tuple(notes)
