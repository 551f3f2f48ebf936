"""How many combinations the values of several columns have, from all that a snapshot tells.

Unique indexes, extended statistics and foreign keys to combinations tell; where nothing does,
columns are taken to be independent, and the least that is possible is kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import ConstraintKind, Table
from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.key_shares import (
    UNIQUE_KEYS,
    Share,
    joined,
    placed,
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


@dataclass(frozen=True, slots=True)
class _Block:
    """Columns whose combinations are known."""

    columns: _Columns
    shares: tuple[Share, ...]


class Combinations:
    """What a snapshot tells of combinations of columns.

    Args:
        catalog: The snapshot.
        sample_of: The rows that ANALYZE looked at.
    """

    def __init__(self, catalog: Catalog, sample_of: Callable[[Table], Sample]) -> None:
        self._catalog = catalog
        self._sample_of = sample_of

    def spread(self, table: Table, names: Sequence[str], keys: Sequence[KeyStatistics]) -> Spread:
        """The spread over the combinations of columns.

        Args:
            table: The table.
            names: Of the columns; empty for an expression.
            keys: What is known of each of them.
        """
        own = [placed(key.shares, place) for place, key in enumerate(keys)]
        if len(keys) == 1:
            return Spread(shares=own[0])
        given = frozenset(names) - {""}
        if self._is_unique(table, given):
            return Spread(shares=split(own[0], UNIQUE_KEYS))
        blocks = list(self._blocks(table, names, own))
        determined = self._determined(table, given)
        covered = frozenset[str]().union(*(block.columns for block in blocks))
        left = [
            shares
            for name, shares in zip(names, own, strict=True)
            if name not in covered and (not name or name not in determined)
        ]
        return _product([*(block.shares for block in blocks), *left] or own[:1])

    def _is_unique(self, table: Table, names: _Columns) -> bool:
        return any(
            index.is_unique and index.predicate is None and names.issuperset(index.key_columns)
            for index in self._catalog.indexes_by_table[table.oid]
        )

    def _blocks(
        self, table: Table, names: Sequence[str], own: Sequence[tuple[Share, ...]]
    ) -> Iterator[_Block]:
        """Groups of columns whose combinations were counted, the largest first."""
        taken: _Columns = frozenset()
        for group, spread in sorted(self._known(table), key=lambda known: -len(known[0])):
            if group.issubset(names) and not group & taken:
                first = max(
                    (own[names.index(name)] for name in group),
                    key=lambda shares: sum(share.keys for share in shares),
                )
                taken |= group
                yield _Block(group, spread(first))

    def _known(
        self, table: Table
    ) -> Iterator[tuple[_Columns, Callable[[Sequence[Share]], tuple[Share, ...]]]]:
        """Groups of columns, and what spreads a column of theirs over their combinations."""
        sample = self._sample_of(table)
        numbers = {column.number: column.name for column in table.columns}
        for text in self._extended(table, "n_distinct"):
            for group, count in _COUNT.findall(text):
                columns = _names(group, numbers)
                if columns:
                    yield columns, _counted(float(count), sample)
        for constraint in self._catalog.constraints_by_table[table.oid]:
            target = self._catalog.tables.get(constraint.referenced_table_oid or 0)
            is_group = constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.columns[1:]
            if is_group and target is not None:
                rows = self._catalog.total_rows(target)
                yield frozenset(constraint.columns), _limited(rows, sample)

    def _determined(self, table: Table, given: _Columns) -> _Columns:
        """Columns that others of the given ones determine, by extended statistics."""
        numbers = {column.number: column.name for column in table.columns}
        found: set[str] = set()
        for text in self._extended(table, "dependencies"):
            for group, number, degree in _DEPENDENCY.findall(text):
                by, column = _names(group, numbers), numbers.get(int(number))
                # Of two that determine each other one has to stay.
                is_free = not by & found
                if float(degree) >= _DETERMINED_RATIO and column and by and by <= given and is_free:
                    found.add(column)
        return frozenset(found)

    def _extended(self, table: Table, field: str) -> Iterator[str]:
        for statistics in self._catalog.snapshot.extended_statistics:
            text = getattr(statistics, field)
            if statistics.table_oid == table.oid and text:
                yield text


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


def _product(parts: Sequence[tuple[Share, ...]]) -> Spread:
    """Independent parts together, and the one that has most combinations by itself."""
    shares = parts[0]
    for part in parts[1:]:
        shares = joined(shares, part)
    several = [part for part in parts if sum(share.keys for share in part) > 1]
    if len(several) < 2:  # noqa: PLR2004
        return Spread(shares=shares)
    most = max(several, key=lambda part: sum(share.keys for share in part))
    return Spread(shares=shares, least=most)
