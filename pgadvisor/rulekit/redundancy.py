"""The proof that an index does nothing that another one does not do as well.

All rules that drop indexes share one joint choice, so that no two of them ever take both
halves of a pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pgadvisor.model.schema import Index, IndexKey
from pgadvisor.parse.expression import same_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Redundancy:
    """An index that can go, and the one that does its work."""

    index: Index
    keeper: Index
    is_exact: bool
    """They are the same but for the name; else the keeper is wider, or unique besides."""
    group: tuple[str, ...] = ()
    """Of one that has equals: the names of all of them, those that go and the one that stays."""
    is_reversed: bool = False
    """The keeper has all directions the other way round, and is read backwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexUse:
    """How indexes are used, by their OIDs."""

    scans: Mapping[int, int]
    sizes_bytes: Mapping[int, int]
    is_trusted: bool
    """The counters run long enough to say that an index without scans is not used."""


def find_redundancies(indexes: Iterable[Index], use: IndexUse) -> tuple[Redundancy, ...]:
    """The joint choice: what can go such that each one's keeper stays, or has its own.

    Args:
        indexes: All that may go or stay; those that are not valid do neither.
        use: How they are used.
    """
    groups: dict[int, list[Index]] = defaultdict(list)
    for index in indexes:
        if index.is_valid and index.is_ready:
            groups[index.table_oid].append(index)
    return tuple(found for group in groups.values() for found in _of_table(group, use))


def _of_table(indexes: list[Index], use: IndexUse) -> Iterator[Redundancy]:
    """What goes for what is told from definitions as far as it can be.

    Which of several equal ones is read most changes from day to day; that another one is wider
    does not.  So equal ones that a wider one covers all go for that, whichever is read.
    """
    needed = [index for index in indexes if is_needed_as_it_is(index)]
    wider = {index.oid: tuple(_wider(indexes, index, use)) for index in indexes}
    left: dict[int, list[Index]] = {}
    groups: list[list[Index]] = []
    for index in sorted(indexes, key=lambda i: _worth(i, use), reverse=True):
        is_equal_to_needed = any(is_same_index(n, index) for n in needed if n.oid != index.oid)
        if wider[index.oid] and not is_equal_to_needed:
            continue
        group = next((g for g in groups if is_same_index(g[0], index)), None)
        if group is None or is_needed_as_it_is(index):
            groups.append([index])
        else:
            group.append(index)
    for group in groups:
        left[group[0].oid] = group
        names = tuple(sorted(index.name for index in group))
        for index in group[1:]:
            yield Redundancy(index=index, keeper=group[0], is_exact=True, group=names)
    # Only what stays itself can be a keeper.
    staying = [group[0] for group in left.values()]
    settled = {index.oid for group in groups for index in group}
    for index in sorted(indexes, key=lambda i: _worth(i, use), reverse=True):
        candidates = [kept for kept in staying if kept in wider[index.oid]]
        if candidates and index.oid not in settled:
            keeper = max(candidates, key=lambda i: (_width(i), *_worth(i, use)))
            is_reversed = _directions(keeper, index) == "backward"
            yield Redundancy(index=index, keeper=keeper, is_exact=False, is_reversed=is_reversed)


def _wider(indexes: list[Index], index: Index, use: IndexUse) -> Iterator[Index]:
    if is_needed_as_it_is(index):
        return
    for kept in indexes:
        is_other = kept.oid != index.oid
        if (
            is_other
            and can_stand_in(kept, index)
            and not is_same_index(kept, index)
            and not _is_idle(kept, index, use)
        ):
            yield kept


def is_needed_as_it_is(index: Index) -> bool:
    """It does work that no other index can take over: a constraint's, a replica identity's."""
    return (
        index.is_primary
        or index.is_exclusion
        or index.constraint_name is not None
        or index.is_replica_identity
        or index.is_clustered
    )


def is_same_index(first: Index, second: Index) -> bool:
    """They are the same but for name and fill factor."""
    if first.access_method != "btree":
        # Other methods have options in their operator classes that the definition alone shows.
        return _after_using(first) == _after_using(second)
    return (
        second.access_method == "btree"
        and first.is_unique == second.is_unique
        and first.nulls_not_distinct == second.nulls_not_distinct
        and len(first.keys) == len(second.keys)
        and set(first.include) == set(second.include)
        and _directions(first, second) == "forward"
        and _same_predicate(first, second)
    )


def can_stand_in(keeper: Index, index: Index) -> bool:
    """Whether the keeper answers all that the index answers, and enforces what it enforces.

    Both are btrees of one table over the same rows; the index's keys are the first keys of
    the keeper, with the same operator classes and collations and all directions the same or
    all reversed; what it includes, the keeper holds; and it is not unique, unless the keeper
    is so over the very same keys.
    """
    return (
        keeper.table_oid == index.table_oid
        and keeper.access_method == index.access_method == "btree"
        and set(index.include) <= {*keeper.include, *keeper.key_columns}
        and _directions(keeper, index) is not None
        and _keeps_uniqueness(keeper, index)
        and not (len(keeper.keys) == len(index.keys) and _is_less(keeper, index))
        and _same_predicate(keeper, index)
    )


def goes_on_after(index: Index, unique: Index) -> bool:
    """Whether a btree holds all keys of a unique one first, over the same rows, and then more."""
    return (
        index.table_oid == unique.table_oid
        and index.access_method == unique.access_method == "btree"
        and unique.is_unique
        and len(index.keys) > len(unique.keys)
        and _directions(index, unique) is not None
        and _same_predicate(index, unique)
    )


def _is_less(keeper: Index, index: Index) -> bool:
    """Of two with the same keys, the one that includes or enforces more stays."""
    mine = (keeper.is_unique, len(keeper.include))
    other = (index.is_unique, len(index.include))
    if mine == other:
        # Only the directions differ: any fixed order tells which of the two stays.  Names are the
        # same after a restore, OIDs are not.
        needed = is_needed_as_it_is(keeper), is_needed_as_it_is(index)
        return needed[0] < needed[1] or (needed[0] == needed[1] and keeper.name > index.name)
    return mine < other


def _keeps_uniqueness(keeper: Index, index: Index) -> bool:
    if not index.is_unique:
        return True
    return (
        keeper.is_unique
        and len(keeper.keys) == len(index.keys)
        and keeper.nulls_not_distinct == index.nulls_not_distinct
    )


def _same_predicate(first: Index, second: Index) -> bool:
    if first.predicate == second.predicate:
        return True
    if first.predicate is None or second.predicate is None:
        return False
    return same_expression(first.predicate, second.predicate)


def _directions(keeper: Index, index: Index) -> str | None:
    """``forward`` or ``backward`` where the index's keys are the keeper's first; else None."""
    if len(keeper.keys) < len(index.keys):
        return None
    pairs = list(zip(keeper.keys, index.keys, strict=False))
    if not all(_same_key(a, b) for a, b in pairs):
        return None
    if all((a.is_descending, a.nulls_first) == (b.is_descending, b.nulls_first) for a, b in pairs):
        return "forward"
    if all(a.is_descending != b.is_descending and a.nulls_first != b.nulls_first for a, b in pairs):
        return "backward"
    return None


def _same_key(first: IndexKey, second: IndexKey) -> bool:
    if (first.column is None) != (second.column is None):
        return False
    if first.column is None:
        same = same_expression(first.expression or "", second.expression or "")
    else:
        same = first.column == second.column
    return (
        same
        and first.is_default_operator_class == second.is_default_operator_class
        and (first.is_default_operator_class or first.operator_class == second.operator_class)
        and first.collation == second.collation
    )


def _is_idle(keeper: Index, index: Index, use: IndexUse) -> bool:
    """Nobody reads the wider one, so that it is the one to go: see ``unused-index``."""
    return (
        use.is_trusted
        and not keeper.enforces_constraint
        and use.scans[keeper.oid] == 0
        and use.scans[index.oid] > 0
    )


def _worth(index: Index, use: IndexUse) -> tuple[bool, int, int, int]:
    """What to keep of several that are the same: what must stay, the most read, the smallest."""
    return (
        is_needed_as_it_is(index),
        use.scans[index.oid],
        -use.sizes_bytes[index.oid],
        -index.oid,
    )


def _width(index: Index) -> int:
    return len(index.keys) + len(index.include)


def _after_using(index: Index) -> str:
    return index.definition.partition(" USING ")[2]
