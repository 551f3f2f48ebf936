"""Lists of values: IN and = ANY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.sensitivity import ValueClass, ValueKind
from pgadvisor.whatif.parameters.common import Pick


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPick:
    """A list of values that some calls ask for."""

    value_class: ValueClass
    weight: float
    values: tuple[str, ...]


def list_picks(picks: Sequence[Pick], length: int) -> tuple[ListPick, ...]:
    """Choose lists with and without one of the most common values.

    Args:
        picks: The column's values by how common they are; each member of a list is taken to be
            one of a row, independently of the others.
        length: Of the lists.
    """
    usable = [pick for pick in picks if tuple(_members((pick,)))]
    if not usable:
        return ()
    total = sum(pick.weight for pick in usable)
    top, others = usable[0], sorted(usable[1:], key=lambda pick: -pick.weight)
    without = (1.0 - top.weight / total) ** length if others and total > 0 else 0.0
    first, *more = _members((top,))
    values = (first, *_members(others), *more)
    found = [_list(top, values, length, 1.0 - without)]
    if others:
        found.append(_list(others[0], tuple(_members(others)), length, without))
    return tuple(found)


def _members(picks: Sequence[Pick]) -> Iterator[str]:
    return (value for pick in picks for (value,) in pick.members if value is not None)


def _list(first: Pick, values: Sequence[str], length: int, weight: float) -> ListPick:
    """A list of the first of those values; the last one again where there are not enough."""
    known = tuple(dict.fromkeys(values))[:length]
    found = replace(
        first.value_class,
        kind=ValueKind.LIST,
        list_length=length,
        value_count=1.0,
        low_ratio=first.value_class.high_ratio,
    )
    padding = (known[-1],) * (length - len(known))
    return ListPick(value_class=found, weight=weight, values=known + padding)
