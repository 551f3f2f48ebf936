"""Whether an index that exists already does what a proposed one would."""

from __future__ import annotations

from collections.abc import Iterable

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import Index, IndexKey


def serves(existing: Iterable[Index], wanted: IndexDefinition, equal_count: int = 0) -> bool:
    """Whether one of the indexes begins with the wanted keys and covers the wanted rows.

    Args:
        existing: Indexes of the table.
        wanted: The index that might be proposed.
        equal_count: How many of its leading keys are compared for equality: their order among
            themselves makes no difference to a scan.
    """
    return any(_serves(index, wanted, equal_count) for index in existing)


def covers(wider: IndexDefinition, narrower: IndexDefinition) -> bool:
    """Whether an index to be created begins with all that another one would hold."""
    return (
        wider.table_oid == narrower.table_oid
        and wider.access_method == narrower.access_method
        and wider.predicate in {None, narrower.predicate}
        and not narrower.is_unique
        and set(narrower.include) <= {*wider.include, *wider.key_columns}
        and _begins_with(wider.keys, narrower.keys)
    )


def _serves(index: Index, wanted: IndexDefinition, equal_count: int) -> bool:
    return (
        index.is_valid
        and index.access_method == wanted.access_method
        and index.predicate in {None, wanted.predicate}
        and set(wanted.include) <= {*index.include, *index.key_columns}
        and _begins_with(index.keys, _in_order_of(index.keys, wanted.keys, equal_count))
    )


def _in_order_of(
    model: tuple[IndexKey, ...], keys: tuple[IndexKey, ...], count: int
) -> tuple[IndexKey, ...]:
    """The keys with the leading ones in the order in which the model has them."""
    places = {(key.column, key.expression): place for place, key in enumerate(model)}
    head = sorted(
        keys[:count], key=lambda key: places.get((key.column, key.expression), len(model))
    )
    return (*head, *keys[count:])


def _begins_with(wider: tuple[IndexKey, ...], narrower: tuple[IndexKey, ...]) -> bool:
    if len(wider) < len(narrower):
        return False
    pairs = tuple(zip(wider, narrower, strict=False))
    forward = all(_order(a) == _order(b) for a, b in pairs)
    backward = all(_order(a) == _reversed(b) for a, b in pairs)
    return (forward or backward) and all(_same_key(a, b) for a, b in pairs)


def _same_key(first: IndexKey, second: IndexKey) -> bool:
    return (
        (first.column, first.expression) == (second.column, second.expression)
        and first.is_default_operator_class == second.is_default_operator_class
        and (first.is_default_operator_class or first.operator_class == second.operator_class)
        and first.collation == second.collation
    )


def _order(key: IndexKey) -> tuple[bool, bool]:
    return (key.is_descending, key.nulls_first)


def _reversed(key: IndexKey) -> tuple[bool, bool]:
    return (not key.is_descending, not key.nulls_first)
