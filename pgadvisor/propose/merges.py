"""One index in the place of two, where it could serve what both serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey
from pgadvisor.propose.options import ProposalOptions
from pgadvisor.propose.pool import Entry
from pgadvisor.propose.shape import identity
from pgadvisor.sqltext.index import describe_keys

MAX_MERGED = 20
"""Candidates of a table that are tried in pairs: those that most time speaks for."""
MAX_MERGES = 20
"""For one table."""


def merged(
    first: IndexDefinition,
    second: IndexDefinition,
    options: ProposalOptions,
    *,
    may_reorder: bool = False,
) -> IndexDefinition | None:
    """The first index widened to what the second has: first by keys, then by INCLUDE.

    Args:
        first: All of its keys come first, in its order.
        second: What it has besides comes behind them.
        options: Bounds of the width.
        may_reorder: The second may have all keys of the first in any order; what it served by
            its own beginning is then served no more.

    Returns:
        None where the two neither begin alike nor is one within the other, where nothing is
        gained, or where it would be too wide.
    """
    is_reordered = may_reorder and _held(first) <= _held(second)
    if not _are_of_a_kind(first, second) or not (is_reordered or _are_alike(first, second)):
        return None
    own = {identity(key): key for key in first.keys}
    further = tuple(key for key in second.keys if identity(key) not in own)
    if any(_differs(own.get(identity(key)), key) for key in second.keys):
        return None
    room = max(options.max_keys - len(first.keys), 0)
    if any(key.expression for key in further[room:]):
        return None  # an expression cannot be included
    keys = (*first.keys, *further[:room])
    names = {key.column for key in keys}
    wanted = (
        *first.include,
        *(key.column for key in further[room:] if key.column),
        *second.include,
    )
    include = tuple(sorted({name for name in wanted if name not in names}))
    is_too_wide = len(keys) + len(include) > options.max_covering_columns
    if is_too_wide or (include and not options.include):
        return None
    found = replace(first, keys=keys, include=include)
    return None if found in {first, second} else found


def merges_of(entries: Sequence[Entry], options: ProposalOptions) -> Iterator[Entry]:
    """Yield merges of one table's candidates that different statements asked for.

    Args:
        entries: The candidates, the most important first.
        options: Bounds of the width.
    """
    tried = entries[:MAX_MERGED]
    held = [_held(entry.definition) for entry in tried]
    called = [describe_keys(entry.definition) for entry in tried]
    for place, first in enumerate(tried):
        ids = set(first.statement_ids)
        for other, second in enumerate(tried):
            # Most pairs have nothing to do with each other, and there are hundreds for a table.
            is_far = held[place].isdisjoint(held[other])
            if other == place or is_far or ids.issuperset(second.statement_ids):
                continue
            definition = merged(first.definition, second.definition, options)
            if definition is not None:
                yield _merge(definition, first, second, f"{called[place]} and {called[other]}")


def _merge(definition: IndexDefinition, first: Entry, second: Entry, both: str) -> Entry:
    return Entry(
        definition=definition,
        reason=f"{both} in one",
        note=first.note or second.note,
        statement_ids=list(dict.fromkeys((*first.statement_ids, *second.statement_ids))),
        weight=first.weight + second.weight,
    )


def _are_of_a_kind(first: IndexDefinition, second: IndexDefinition) -> bool:
    """Both are btrees over the same rows."""
    return (
        first.access_method == second.access_method == "btree"
        and first.table_oid == second.table_oid
        and first.predicate == second.predicate
    )


def _are_alike(first: IndexDefinition, second: IndexDefinition) -> bool:
    """Both begin with the same, or the first has all keys of the second."""
    return identity(first.keys[0]) == identity(second.keys[0]) or _held(second) <= _held(first)


def _held(definition: IndexDefinition) -> frozenset[tuple[str | None, str | None]]:
    return frozenset(identity(key) for key in definition.keys)


def _differs(own: IndexKey | None, other: IndexKey) -> bool:
    """The same column in another operator class or collation serves other conditions."""
    return own is not None and (
        own.operator_class != other.operator_class or own.collation != other.collation
    )
