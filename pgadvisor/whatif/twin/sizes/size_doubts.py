"""What is not known of the size of a hypothetical index, and how much it matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pgadvisor.units import format_size
from pgadvisor.whatif.twin.sizes.index_facts import IndexFacts
from pgadvisor.whatif.twin.sizes.index_size import IndexShape, btree_size
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

_MATTERS_RATIO = 1.1
"""Up to here the least and the greatest size are about the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedIndex:
    """An index that has storage."""

    facts: IndexFacts
    shape: IndexShape
    pages: int


def size_doubts(parts: Sequence[SizedIndex]) -> tuple[str, ...]:
    """Say what is not known of a predicted size, as clauses.

    Args:
        parts: The index, or those on the partitions of its table.
    """
    if not parts:
        return ()
    return (*_of_combinations(parts), *_of_values(parts))


def _of_combinations(parts: Sequence[SizedIndex]) -> Sequence[str]:
    """Columns that may depend on each other share entries more than chance would have them."""
    most = sum(part.pages for part in parts)
    least = sum(_least_pages(part) for part in parts)
    if most <= least * _MATTERS_RATIO:
        return ()
    facts = parts[0].facts
    names = [column.table_column or column.expression for column in facts.columns]
    columns = " and ".join([", ".join(names[: facts.key_count - 1]), names[facts.key_count - 1]])
    low, high = format_size(least * BLOCK_BYTES), format_size(most * BLOCK_BYTES)
    text = f"its size is from {low} to {high}: how often the values of {columns} go together"
    return (f"{text} would be known by extended statistics (ndistinct)",)


def _least_pages(part: SizedIndex) -> int:
    shape = part.shape
    is_open = (
        shape.access_method == "btree"
        and shape.least_shares is not None
        and shape.may_deduplicate
        and not shape.include
    )
    if not is_open:
        return part.pages
    return min(btree_size(replace(shape, shares=shape.least_shares or ())).pages, part.pages)


def _of_values(parts: Sequence[SizedIndex]) -> Sequence[str]:
    """Of an expression without statistics no width and no repetition is known."""
    unknown = {
        column.table_column or column.expression: None
        for part in parts
        for column, key in zip(part.facts.columns, part.shape.keys, strict=False)
        if not key.is_known and (key.is_variable or part.shape.may_deduplicate)
    }
    return [f"its size is a guess: there are no statistics of {name}" for name in unknown]
