"""How many combinations the values of several columns have, from all that a snapshot tells.

Unique indexes, extended statistics and foreign keys to combinations tell, and so do statements
that join several columns to another table.  Where nothing does, columns are taken to be
independent, and the least that is possible is kept beside it, as it is where only statements tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.reference import Reference
from pgadvisor.model.schema import ConstraintKind, ExtendedStatistics, Table
from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.independent import independent, own_keys, own_shares
from pgadvisor.whatif.twin.sizes.key_shares import (
    UNIQUE_KEYS,
    Share,
    joined,
    present_keys,
    split,
)
from pgadvisor.whatif.twin.sizes.sampling import Sample, spread_combinations

_COUNT = re.compile(r'"(-?\d+(?:, -?\d+)*)": (\d+)')
_DEPENDENCY = re.compile(r'"(-?\d+(?:, -?\d+)*) => (-?\d+)": ([\d.]+)')
_DETERMINED_RATIO = 0.99
"""From this degree on a column is taken to be determined by others."""
_Columns = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How rows are spread over the combinations of a list of columns."""

    shares: tuple[Share, ...]
    least: tuple[Share, ...] | None = None
    """If columns of which nothing is known determined each other; None: it is all known."""


_Spreader = Callable[[Sequence[Share]], tuple[Share, ...]]
"""Spreads a column over the combinations that it is part of."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Columns that know nothing of the other ones."""

    shares: tuple[Share, ...]
    keys: float
    """How many values or combinations there are in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a snapshot tells of the combinations of a table."""

    unique: tuple[frozenset[str | None], ...]
    """Of which no combination comes twice."""
    groups: tuple[tuple[_Columns, _Spreader], ...]
    """Columns whose combinations were counted, the largest groups first."""
    determined: tuple[tuple[_Columns, str], ...]
    """Columns, and the one that they determine."""
    assumed: frozenset[_Columns]
    """Groups that no constraint and no statistics have counted."""


class Combinations:
    """What a snapshot tells of combinations of columns.

    Args:
        catalog: The snapshot.
        sample_of: The rows that ANALYZE looked at.
        references: Undeclared foreign keys.
    """

    def __init__(
        self,
        catalog: Catalog,
        sample_of: Callable[[Table], Sample],
        references: Iterable[Reference] = (),
    ) -> None:
        self._catalog = catalog
        self._references = tuple(references)
        self._sample_of = sample_of
        self._told: dict[int, _Told] = {}
        self._extended: dict[int, list[ExtendedStatistics]] = {}
        for statistics in catalog.snapshot.extended_statistics:
            self._extended.setdefault(statistics.table_oid, []).append(statistics)

    def spread(self, table: Table, names: Sequence[str], keys: Sequence[KeyStatistics]) -> Spread:
        """The spread over the combinations of columns.

        Args:
            table: The table.
            names: Of the columns; empty for an expression.
            keys: What is known of each of them.
        """
        if len(keys) == 1:
            return Spread(shares=own_shares(keys[0], 0))
        told = self._told_of(table)
        given = frozenset(names) - {""}
        if any(unique <= given for unique in told.unique):
            return Spread(shares=split(own_shares(keys[0], 0), UNIQUE_KEYS))
        own = [_Part(own_shares(key, place), own_keys(key)) for place, key in enumerate(keys)]
        blocks, covered = _blocks(told, names, own)
        determined = _determined(told, given)
        left = [
            part
            for name, part in zip(names, own, strict=True)
            if name not in covered and (not name or name not in determined)
        ]
        parts = [*blocks, *left] or own[:1]
        is_assumed = any(covered >= group for group in told.assumed if group <= given)
        if len(left) == len(own):
            return Spread(shares=independent(tuple(keys)), least=_most_alone(parts))
        shares = reduce(joined, (part.shares for part in parts))
        return Spread(shares=shares, least=_most_alone(own if is_assumed else parts))

    def _told_of(self, table: Table) -> _Told:
        if table.oid not in self._told:
            counted, assumed = [*self._groups(table)], tuple(self._assumed(table))
            self._told[table.oid] = _Told(
                unique=tuple(
                    frozenset(index.key_columns)
                    for index in self._catalog.indexes_by_table[table.oid]
                    if index.is_unique and index.predicate is None
                ),
                groups=tuple(sorted(counted, key=lambda known: -len(known[0]))) + assumed,
                determined=tuple(self._dependencies(table)),
                assumed=frozenset(columns for columns, _ in assumed)
                - {columns for columns, _ in counted},
            )
        return self._told[table.oid]

    def _groups(self, table: Table) -> Iterator[tuple[_Columns, _Spreader]]:
        """Groups of columns, and what spreads a column of theirs over their combinations."""
        sample = self._sample_of(table)
        numbers = {column.number: column.name for column in table.columns}
        for statistics in self._extended.get(table.oid, ()):
            for group, count in _COUNT.findall(statistics.n_distinct or ""):
                columns = _names(group, numbers)
                if columns:
                    yield columns, _counted(float(count), sample)
        for constraint in self._catalog.constraints_by_table[table.oid]:
            target = self._catalog.tables.get(constraint.referenced_table_oid or 0)
            is_group = constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.columns[1:]
            if is_group and target is not None:
                rows = self._catalog.total_rows(target)
                yield frozenset(constraint.columns), _limited(rows, sample)

    def _assumed(self, table: Table) -> Iterator[tuple[_Columns, _Spreader]]:
        """Columns that statements join to another table."""
        for reference in self._references:
            target = self._catalog.tables.get(reference.referenced_table_oid)
            if reference.table_oid == table.oid and target is not None:
                rows = self._catalog.total_rows(target)
                yield reference.columns, _limited(rows, self._sample_of(table))

    def _dependencies(self, table: Table) -> Iterator[tuple[_Columns, str]]:
        """Columns that others determine, by extended statistics."""
        numbers = {column.number: column.name for column in table.columns}
        for statistics in self._extended.get(table.oid, ()):
            for group, number, degree in _DEPENDENCY.findall(statistics.dependencies or ""):
                by, column = _names(group, numbers), numbers.get(int(number))
                if float(degree) >= _DETERMINED_RATIO and column and by:
                    yield by, column


def _blocks(
    told: _Told, names: Sequence[str], own: Sequence[_Part]
) -> tuple[list[_Part], _Columns]:
    """Combinations that were counted, and which columns they have."""
    found: list[_Part] = []
    taken: _Columns = frozenset()
    for group, spread in told.groups:
        if group.issubset(names) and not group & taken:
            taken |= group
            first = max((own[names.index(name)] for name in group), key=_keys)
            shares = spread(first.shares)
            found.append(_Part(shares, sum(share.keys for share in shares)))
    return found, taken


def _determined(told: _Told, given: _Columns) -> set[str]:
    """Columns that others of the given ones determine."""
    found: set[str] = set()
    for by, column in told.determined:
        # Of two that determine each other one has to stay.
        if by <= given and not by & found:
            found.add(column)
    return found


def _names(group: str, numbers: dict[int, str]) -> _Columns:
    """Names for numbers of columns; none, if an expression is among them."""
    found = [numbers.get(int(number), "") for number in group.split(",")]
    return frozenset(found) if all(found) else frozenset()


def _counted(count: float, sample: Sample) -> Callable[[Sequence[Share]], tuple[Share, ...]]:
    return lambda shares: spread_combinations(shares, count, sample)


def _limited(rows: float, sample: Sample) -> Callable[[Sequence[Share]], tuple[Share, ...]]:
    """Combinations that are rows of another table: each of those is equally likely."""

    def spread(shares: Sequence[Share]) -> tuple[Share, ...]:
        return split(shares, max(rows / max(present_keys(shares, sample.rows), 1.0), 1.0))

    return spread


def _most_alone(parts: Sequence[_Part]) -> tuple[Share, ...] | None:
    """The one of several independent parts that has most combinations by itself."""
    several = [part for part in parts if part.keys > 1]
    return max(several, key=_keys).shares if len(several) > 1 else None


def _keys(part: _Part) -> float:
    return part.keys
