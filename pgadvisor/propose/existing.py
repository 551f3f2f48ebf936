"""Whether an index that exists already does what a proposed one would."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import Index, IndexKey
from pgadvisor.parse.expression import columns_in, same_expression


def serves(existing: Iterable[Index], wanted: IndexDefinition, equal_count: int = 0) -> bool:
    """Whether one of the indexes begins with the wanted keys and covers the wanted rows.

    Args:
        existing: Indexes of the table.
        wanted: The index that might be proposed.
        equal_count: How many of its leading keys are compared for equality: their order among
            themselves makes no difference to a scan.
    """
    return any(_serves(index, wanted, equal_count) for index in existing)


def leads(existing: Iterable[Index], access_method: str, key: IndexKey) -> bool:
    """Whether one of the indexes is of that method, holds all rows, and begins with that key."""
    return any(
        index.is_valid
        and index.access_method == access_method
        and index.predicate is None
        and _same_key(index.keys[0], key)
        for index in existing
    )


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


def makes_needless(wider: IndexDefinition, narrower: IndexDefinition) -> bool:
    """Whether of two indexes to be created one does all that the other one would.

    A partial index finds rows of its own beside a full one with its keys, where its condition is
    about a column that is none of them.
    """
    if not covers(wider, narrower):
        return False
    if narrower.predicate is None or narrower.predicate == wider.predicate:
        return True
    return columns_in(narrower.predicate) <= {*narrower.key_columns}


def _serves(index: Index, wanted: IndexDefinition, equal_count: int) -> bool:
    return (
        index.is_valid
        and index.access_method == wanted.access_method
        and len(index.keys) >= len(wanted.keys)
        and _begins_with(index.keys, _in_order_of(index.keys, wanted.keys, equal_count))
        and set(wanted.include) <= {*index.include, *index.key_columns}
        and _holds(index.predicate, wanted.predicate)
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


def _holds(predicate: str | None, wanted: str | None) -> bool:
    """Whether an index with the predicate holds all rows of the wanted one."""
    if predicate is None or predicate == wanted:
        return True
    return wanted is not None and _same_expression(predicate, wanted)


_same_expression = lru_cache(maxsize=8192)(same_expression)


def _same_key(first: IndexKey, second: IndexKey) -> bool:
    return (
        _of_the_same(first, second)
        and first.is_default_operator_class == second.is_default_operator_class
        and (first.is_default_operator_class or _same_class(first, second))
        and first.collation == second.collation
    )


def _of_the_same(first: IndexKey, second: IndexKey) -> bool:
    if first.expression is not None and second.expression is not None:
        return _same_expression(first.expression, second.expression)
    return (first.column, first.expression) == (second.column, second.expression)


def _same_class(first: IndexKey, second: IndexKey) -> bool:
    """The catalogs quote a schema only where it has to be, we always do."""
    return first.operator_class.replace('"', "") == second.operator_class.replace('"', "")


def _order(key: IndexKey) -> tuple[bool, bool]:
    return (key.is_descending, key.nulls_first)


def _reversed(key: IndexKey) -> tuple[bool, bool]:
    return (not key.is_descending, not key.nulls_first)
