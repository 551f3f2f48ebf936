"""What a statement reads and how long that takes: a planner on the back of an envelope.

The generated snapshots need times and counters that go together, and making them is to need no
server.  So this takes for each table the index that narrows it down most, and joins from the
table with the fewest rows on, by look-ups or by hashing whichever is cheaper.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.usage import Predicate, PredicateKind, RelationUsage, StatementUsage
from pgadvisor.parse.expression import predicate_implies_equality

_START_MS = 0.015
_DESCENT_MS = 0.006
_FETCH_MS = 0.003
"""Of a row by an index, most of them cached."""
_PAGE_MS = 0.004
_ROW_MS = 0.00009
_SORTED_ROW_MS = 0.0003
_USUAL_LIMIT = 20
_LIST_LENGTH = 6
_EQUAL = frozenset({PredicateKind.EQUALITY, PredicateKind.IN_LIST, PredicateKind.IS_NULL})
_SELECTIVITY = {
    PredicateKind.IS_NOT_NULL: 1.0,
    PredicateKind.INEQUALITY: 0.9,
    PredicateKind.PATTERN: 0.002,
    PredicateKind.OTHER: 0.005,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Scans of one table that a call makes."""

    table_oid: int
    index_oid: int | None
    """None: it reads the table from one end to the other."""
    scans: float
    rows: float
    """Fetched by all of these scans."""
    time_ms: float
    blocks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a call takes."""

    time_ms: float
    rows: float
    """That it returns, or that it changes."""
    accesses: tuple[Access, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One table of the statement, by itself."""

    table: Table
    usage: RelationUsage
    equal: dict[str, float]
    """Selectivity of equality, by column or by expression."""
    ranges: dict[str, float]
    others: dict[str, float]

    @property
    def selectivity(self) -> float:
        """Of all conditions together."""
        return math.prod((*self.equal.values(), *self.ranges.values(), *self.others.values()))


class Envelope:
    """Estimates statements.

    Args:
        catalog: The database.
        rng: How wide a range a parameter asks for, which nobody knows.
    """

    def __init__(self, catalog: Catalog, rng: Random) -> None:
        self._catalog = catalog
        self._rng = rng

    def estimate(self, usage: StatementUsage, text: str) -> Estimate:
        """Estimate one call of a statement."""
        is_outer_first = "not exists" in text
        parts = [
            self._part(self._catalog.tables[relation.table_oid], relation)
            for relation in usage.relations
        ]
        left = dict(enumerate(parts))
        accesses: list[Access] = []
        rows = 1.0
        while left:
            number, access, rows = self._next(left, parts, rows, is_outer_first=is_outer_first)
            accesses.append(access)
            del left[number]
        if any(part.usage.group_columns or part.usage.sort_keys for part in parts):
            extra_ms = rows * _SORTED_ROW_MS
        else:
            extra_ms = rows * _ROW_MS
        time_ms = _START_MS + extra_ms + sum(access.time_ms for access in accesses)
        limited = any(part.usage.has_limit for part in parts)
        returned = min(rows, _USUAL_LIMIT) if limited else rows
        return Estimate(time_ms=time_ms, rows=returned, accesses=tuple(accesses))

    def _next(
        self, left: dict[int, _Part], parts: list[_Part], rows: float, *, is_outer_first: bool
    ) -> tuple[int, Access, float]:
        """The table to go on with, how it is read, and how many rows there are then."""
        options: list[tuple[float, int, Access, float]] = []
        is_first = len(left) == len(parts)
        for number, part in left.items():
            joined = [
                join.column
                for join in part.usage.joins
                if join.other_relation >= 0 and join.other_relation not in left
            ]
            alone = self._alone(part)
            after = max(rows * part.table.rows * part.selectivity, 0.01)
            if not joined:
                is_late = not is_first or (is_outer_first and part.usage.query_level > 0)
                penalty = 1e9 if is_late else 0.0
                found = after if is_first else rows
                options.append((alone.time_ms + after * _ROW_MS + penalty, number, alone, found))
                continue
            shares = [self._average(part.table, column) for column in joined]
            after = max(after * math.prod(shares), 0.01)
            looked_up = self._looked_up(part, dict(zip(joined, shares, strict=True)), rows)
            best = min((a for a in (alone, looked_up) if a), key=lambda a: a.time_ms)
            options.append((best.time_ms, number, best, after))
        _, number, access, rows = min(options, key=lambda option: option[:2])
        return number, access, rows

    def _alone(self, part: _Part) -> Access:
        """By its own conditions: the best index, or all of the table."""
        ways = [self._sequential(part)]
        for index, selectivity, is_sorted in self._usable(part, part.equal):
            fetched = part.table.rows * selectivity
            if is_sorted and part.usage.has_limit:
                rest = max(part.selectivity / selectivity, 1e-9)
                fetched = min(fetched, _USUAL_LIMIT / rest)
            elif not selectivity < 1:
                continue
            ways.append(_by_index(index, 1.0, fetched))
        return min(ways, key=lambda way: way.time_ms)

    def _looked_up(self, part: _Part, joined: dict[str, float], rows: float) -> Access | None:
        """By the keys of the rows so far, one scan for each of them."""
        ways = [
            _by_index(index, rows, rows * part.table.rows * selectivity)
            for index, selectivity, _ in self._usable(part, {**part.equal, **joined})
            if index.keys[0].column in joined
            or (len(index.keys) > 1 and index.keys[1].column in joined)
        ]
        return min(ways, key=lambda way: way.time_ms, default=None)

    def _sequential(self, part: _Part) -> Access:
        pages, rows = part.table.pages, part.table.rows
        return Access(
            table_oid=part.table.oid,
            index_oid=None,
            scans=1.0,
            rows=rows,
            time_ms=pages * _PAGE_MS + rows * _ROW_MS,
            blocks=pages,
        )

    def _usable(self, part: _Part, equal: dict[str, float]) -> Iterator[tuple[Index, float, bool]]:
        """Yield indexes with what their conditions leave, and whether they give the order."""
        order = [key.column for key in part.usage.sort_keys]
        for index in self._catalog.indexes_by_table[part.table.oid]:
            if not _holds(index, part.usage.predicates):
                continue
            if index.access_method != "btree":
                if index.access_method == "gin" and index.keys[0].column in part.others:
                    yield index, part.others[index.keys[0].column or ""], False
                continue
            selectivity, used = index.rows / max(part.table.rows, 1), 0
            for key in index.keys:
                name = key.column or key.expression or ""
                if name not in equal:
                    selectivity *= part.ranges.get(name, 1.0)
                    break
                selectivity *= equal[name]
                used += 1
            rest = [key.column for key in index.keys[used:]]
            yield index, selectivity, bool(order) and rest[: len(order)] == order

    def _part(self, table: Table, relation: RelationUsage) -> _Part:
        equal: dict[str, float] = {}
        ranges: dict[str, float] = {}
        others: dict[str, float] = {}
        for predicate in relation.predicates:
            if predicate.is_optional:
                continue
            if predicate.kind in _EQUAL:
                equal[predicate.column] = self._equality(table, predicate)
            elif predicate.kind is PredicateKind.RANGE:
                if predicate.column not in ranges:
                    ranges[predicate.column] = 10 ** self._rng.uniform(-2.5, -0.7)
            else:
                others[predicate.column] = _SELECTIVITY[predicate.kind]
        for wrapped in relation.wrapped:
            if wrapped.operator == "=":
                equal[wrapped.expression] = self._average(table, wrapped.column)
        return _Part(table=table, usage=relation, equal=equal, ranges=ranges, others=others)

    def _equality(self, table: Table, predicate: Predicate) -> float:
        row = self._catalog.column_statistics[table.oid, predicate.column]
        if predicate.kind is PredicateKind.IS_NULL:
            return max(row.null_ratio, 1e-6)
        known = row.ratio_of((predicate.literal or "").strip("'"))
        if predicate.literal in {"true", "false"}:
            known = row.ratio_of(predicate.literal[0])
        ratio = self._asked(table, predicate.column) if known is None else known
        return min(ratio * (_LIST_LENGTH if predicate.kind is PredicateKind.IN_LIST else 1), 1.0)

    def _average(self, table: Table, column: str) -> float:
        """The share of the rows that one value has, all values alike."""
        row = self._catalog.column_statistics[table.oid, column]
        return 1 / row.distinct_count(table.rows)

    def _asked(self, table: Table, column: str) -> float:
        """The same, where what is frequent is asked for more often."""
        row = self._catalog.column_statistics[table.oid, column]
        by_rows = sum(ratio**2 for ratio in row.most_common_ratios or ())
        average = self._average(table, column)
        return math.sqrt(average * max(by_rows, average))


def _by_index(index: Index, scans: float, fetched: float) -> Access:
    return Access(
        table_oid=index.table_oid,
        index_oid=index.oid,
        scans=scans,
        rows=fetched,
        time_ms=scans * _DESCENT_MS + fetched * _FETCH_MS,
        blocks=scans * 3 + fetched,
    )


def _holds(index: Index, predicates: tuple[Predicate, ...]) -> bool:
    """The statement's conditions imply the index's own."""
    if index.predicate is None:
        return True
    if index.predicate.endswith("IS NULL)"):
        column = index.predicate.strip("()").split()[0]
        return any(p.column == column and p.kind is PredicateKind.IS_NULL for p in predicates)
    pinned = predicate_implies_equality(index.predicate)
    return bool(pinned) and all(
        any(p.column == column and p.literal == value for p in predicates)
        for column, value in pinned
    )
