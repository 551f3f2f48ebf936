"""Btrees over expressions: what statements compare, order or group by instead of a column.

Whether an expression is immutable is not judged here: the twin refuses the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.model.schema import IndexKey
from pgadvisor.model.usage import OrderKey, PredicateKind, WrappedPredicate
from pgadvisor.parse.comparison import kind_of_operator
from pgadvisor.parse.parameters import parameter_numbers
from pgadvisor.propose.shape import Shape, column_keys, said, unique_keys
from pgadvisor.propose.site import Site

_EXACT = frozenset({PredicateKind.EQUALITY, PredicateKind.RANGE})
_NULL_TESTS = frozenset({"IS NULL", "IS NOT NULL"})


def expression_shapes(site: Site) -> Iterator[Shape]:
    """Yield indexes on the expressions of one appearance, with the columns compared beside them."""
    for wrapped in fixed_expressions(site):
        kind = kind_of_operator(wrapped.operator)
        if kind in _EXACT or wrapped.operator in _NULL_TESTS:
            yield from _compared(site, wrapped, is_equality=kind is PredicateKind.EQUALITY)
    for keys, said_of in (
        (_order(site.relation.expression_order), "order by"),
        (_order(site.relation.group_expressions), "group by"),
    ):
        if keys:
            by = f"{said_of} {', '.join(key.expression or key.column or '' for key in keys)}"
            if site.strict:
                yield _behind(site, site.strict, keys, by)
            yield _behind(site, (), keys, by)


def fixed_expressions(site: Site) -> Iterator[WrappedPredicate]:
    """Yield conditions on expressions without a parameter: an index holds one, not any."""
    for wrapped in site.relation.wrapped:
        if not parameter_numbers(wrapped.expression):
            yield wrapped


def _compared(site: Site, wrapped: WrappedPredicate, *, is_equality: bool) -> Iterator[Shape]:
    key = IndexKey(column=None, expression=wrapped.expression)
    reason = f"condition on {wrapped.expression}"
    if not wrapped.is_optional:
        if is_equality and site.sort:
            by = f"order by {', '.join(str(one.column) for one in site.sort)}"
            yield _behind(site, site.strict, (key, *site.sort), said(reason, by))
        if is_equality and site.ranges:
            behind = (key, *column_keys(site.ranges[:1]))
            yield _behind(site, site.equal, behind, said(reason, f"range on {site.ranges[0]}"))
        if site.equal:
            yield _behind(site, site.equal, (key,), reason)
        for column in site.joined:
            yield _behind(site, (column,), (key,), reason)
    yield Shape(keys=(key,), reason=reason, equal_count=1)


def _behind(site: Site, equal: Sequence[str], keys: Sequence[IndexKey], reason: str) -> Shape:
    """Columns compared for equality, then the keys; of columns, as many as leave room for those."""
    room = max(site.options.max_keys - len(keys), 0)
    head = tuple(equal[:room])
    return Shape(
        keys=unique_keys((*column_keys(head), *keys))[: site.options.max_keys],
        reason=said(f"equality on {', '.join(head)}" if head else "", reason),
        equal_count=len(head),
    )


def _order(keys: Sequence[OrderKey]) -> tuple[IndexKey, ...]:
    """An order as keys, the first ascending: a btree is read backwards as well."""
    flip = bool(keys) and keys[0].is_descending
    return tuple(
        IndexKey(
            column=None if key.expression else key.column,
            expression=key.expression,
            is_descending=key.is_descending != flip,
            nulls_first=key.nulls_first != flip,
        )
        for key in keys
    )
