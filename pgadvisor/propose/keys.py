"""Btrees from what a statement does to columns.

The order of keys is the textbook's, because it is the planner's: columns compared for
equality first, then the sort order or one range (a range ends the part of an index that
bounds a scan; later keys still spare reading rows that they rule out).  See *Relational
Database Index Design and the Optimizers* (Lahdenmäki, Leach 2005) for the reasoning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pgadvisor.model.schema import IndexKey
from pgadvisor.model.usage import PredicateKind
from pgadvisor.propose.shape import Shape, column_keys, said, unique, unique_keys
from pgadvisor.propose.site import Site

_SHARED = 2
"""A column that so many statements (or arms of an OR) compare may lead an index."""
MAX_ROTATIONS = 3
"""Of the columns that the arms of an OR compare."""


def key_shapes(site: Site) -> Iterator[Shape]:
    """Yield btrees for one appearance of a table, the most promising first."""
    yield from _after_constants(site, site.equal)
    for head in _join_heads(site):
        yield from _before_range(site, head)
    yield from _single_columns(site)
    yield from _arms_of_or(site)
    for head in _other_orders(site):
        yield from _after_constants(site, head)
    yield from _optional_after(site)
    if site.equal:
        yield from _order_alone(site)


def _after_constants(site: Site, equal: tuple[str, ...]) -> Iterator[Shape]:
    """Yield equality columns followed by the order, by groups, by ranges, and alone."""
    yield from _sorted_after(site, equal)
    if site.group:
        yield _shape(site, equal, column_keys(site.group), f"group by {', '.join(site.group)}")
    for column in site.extremes:
        yield _shape(site, equal, column_keys((column,)), f"extreme of {column}")
    yield from _before_range(site, equal)


def _sorted_after(site: Site, equal: tuple[str, ...]) -> Iterator[Shape]:
    """Yield the order behind equality columns; a list of values comes behind it."""
    if not site.sort:
        return
    pinned = tuple(column for column in equal if column not in site.lists)
    listed = column_keys(column for column in equal if column in site.lists)
    by = f"order by {', '.join(str(key.column) for key in site.sort)}"
    further = (*listed, *column_keys(site.ranges))
    if further:
        reason = said(by, f"then {', '.join(str(key.column) for key in further)}")
        yield _shape(site, pinned, (*site.sort, *further), reason)
    yield _shape(site, pinned, site.sort, by)
    if listed:
        yield _shape(site, equal, site.sort, by)


def _before_range(site: Site, equal: tuple[str, ...]) -> Iterator[Shape]:
    """Yield equality columns followed by each range (and the others behind it), and alone."""
    ranges = tuple(column for column in site.ranges if column not in equal)
    if len(equal) < site.options.max_keys:
        for column in ranges:
            others = tuple(other for other in ranges if other != column)
            # Which of the others comes first matters by a few percent, and is the planner's to say.
            for behind in dict.fromkeys((others, others[::-1])):
                if behind:
                    reason = said(f"range on {column}", f"then {', '.join(behind)}")
                    yield _shape(site, equal, column_keys((column, *behind)), reason)
            yield _shape(site, equal, column_keys((column,)), f"range on {column}")
    if equal:
        yield _shape(site, equal, (), "")


def _join_heads(site: Site) -> Iterator[tuple[str, ...]]:
    """Yield joined columns before and behind the constants: it depends on which rows come first."""
    for columns in (*site.joined_together, *((column,) for column in site.joined)):
        yield unique((*columns, *site.equal))
        if site.equal:
            yield unique((*site.equal, *columns))
    if len(site.joined) > 1:
        yield unique((*site.equal, *site.joined))


def _other_orders(site: Site) -> Iterator[tuple[str, ...]]:
    """Yield the constants with another one first, where others could use that beginning too."""
    oid = site.facts.table.oid
    for column in site.equal[1:]:
        is_shared = site.workload.compared_count(oid, column) >= _SHARED
        if is_shared or column in site.facts.led_columns:
            yield unique((column, *site.equal))


def _single_columns(site: Site) -> Iterator[Shape]:
    """Yield one column each: every one that a condition, a join, an order or a group names."""
    named = (*site.equal, *site.joined, *site.ranges, *site.optional, *_compared_otherwise(site))
    for column in _indexable(site, named):
        yield Shape(keys=column_keys((column,)), reason=f"condition on {column}", equal_count=1)
    for key in site.sort[:1]:
        yield Shape(keys=(key,), reason=f"order by {key.column}")
    for column in site.group:
        yield Shape(keys=column_keys((column,)), reason=f"group by {column}")


def _compared_otherwise(site: Site) -> Iterator[str]:
    """Yield columns that are joined by another operator, or known not to be null."""
    yield from (join.column for join in site.relation.joins)
    for predicate in site.relation.predicates:
        if predicate.kind is PredicateKind.IS_NOT_NULL:
            yield predicate.column


def _optional_after(site: Site) -> Iterator[Shape]:
    """Yield the constants followed by each column that stands below an OR."""
    for column in site.optional:
        if site.equal and column not in site.equal:
            yield _shape(site, site.equal, column_keys((column,)), f"condition on {column}")


def _arms_of_or(site: Site) -> Iterator[Shape]:
    """Yield the columns that several arms compare: ``(a = 1 AND b = 2) OR (a = 3 AND ...)``.

    Each arm is a search of its own, and the planner combines their bitmaps.
    """
    often = Counter((p.column, p.operator) for p in site.relation.predicates if p.is_optional)
    repeated = {column for (column, _), count in often.items() if count > 1}
    kinds = {p.column: p.kind for p in site.relation.predicates if p.column in repeated}
    columns = sorted(
        (column for column in site.optional if column in repeated),
        key=lambda column: kinds[column] is PredicateKind.RANGE,
    )
    if len(columns) < _SHARED:
        return
    for order in (*_rotations(columns), *_rotations(columns[::-1])):
        tail = column_keys(column for column in order if column not in site.equal)
        yield _shape(site, site.equal, tail, f"conditions on {', '.join(order)}")
        yield _shape(site, (), tail, f"conditions on {', '.join(order)}")


def _rotations(columns: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the columns with each of them first; of more than a few, those in front."""
    for place in range(min(len(columns), MAX_ROTATIONS)):
        yield (*columns[place:], *columns[:place])


def _order_alone(site: Site) -> Iterator[Shape]:
    """Yield the order without the constants: under a LIMIT it may be enough to filter by those."""
    yield from _sorted_after(site, ())
    if site.group:
        yield _shape(site, (), column_keys(site.group), f"group by {', '.join(site.group)}")


def _indexable(site: Site, columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(column for column in unique(columns) if site.facts.can_be_key(column))


def _shape(site: Site, equal: Sequence[str], tail: Sequence[IndexKey], tail_reason: str) -> Shape:
    """Keys as far as the width allows."""
    head = tuple(equal[: site.options.max_keys])
    keys = unique_keys((*column_keys(head), *tail))[: site.options.max_keys]
    reason = f"equality on {', '.join(head)}" if head else ""
    if len(keys) > len(head):
        reason = said(reason, tail_reason)
    return Shape(keys=keys, reason=reason, equal_count=len(head))
