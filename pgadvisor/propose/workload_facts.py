"""What statements have in common: columns and conditions that many of them use or set."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.usage import Predicate, PredicateKind, RelationUsage, StatementUsage
from pgadvisor.sqltext.quote import quote_identifier

EQUALITY = frozenset({PredicateKind.EQUALITY, PredicateKind.IN_LIST, PredicateKind.IS_NULL})
"""Kinds that pin a column to a value, or to a few."""
OFTEN_SET_RATIO = 0.1
"""A column is set often where UPDATEs set it once in ten times that the statement reads it."""
_MIN_SHARING = 2


class WorkloadFacts:
    """Counts over all statements, made in one pass.

    Args:
        catalog: Where tables and the statements' calls are looked up.
        usages: What the statements do.
    """

    def __init__(self, catalog: Catalog, usages: Iterable[StatementUsage]) -> None:
        self._statements = {one.id: one for one in catalog.snapshot.statements}
        self._compared: Counter[tuple[int, str]] = Counter()
        self._set_calls: dict[tuple[int, str], float] = defaultdict(float)
        self._conditions: Counter[tuple[int, str]] = Counter()
        self._searches: Counter[int] = Counter()
        for usage in usages:
            self._count(catalog, usage)

    def calls(self, statement_id: str) -> float | None:
        """Calls of a statement (or its weight); None where they are not known."""
        found = self._statements.get(statement_id)
        return None if found is None else found.calls_or_weight

    def weight(self, statement_id: str) -> float:
        """How much a statement counts: the time that it takes, or else its calls."""
        found = self._statements.get(statement_id)
        if found is None:
            return 1.0
        return found.total_time_ms or found.calls_or_weight

    def compared_count(self, table_oid: int, column: str) -> int:
        """How many statements compare a column for equality, joins included."""
        return self._compared[table_oid, column]

    def is_set_often(self, table_oid: int, column: str, statement_id: str) -> bool:
        """Whether an index over the column is written often, against the reads of a statement."""
        set_calls = self._set_calls.get((table_oid, column))
        if set_calls is None:
            return False
        calls = self.calls(statement_id)
        return calls is None or set_calls > OFTEN_SET_RATIO * calls

    def is_shared_by_most(self, table_oid: int, condition: str) -> bool:
        """Whether more than half of the statements that search a table have that condition."""
        count = self._conditions[table_oid, condition]
        return count >= _MIN_SHARING and 2 * count > self._searches[table_oid]

    def _count(self, catalog: Catalog, usage: StatementUsage) -> None:
        searched: set[int] = set()
        compared: set[tuple[int, str]] = set()
        conditions: set[tuple[int, str]] = set()
        for relation in usage.relations:
            oid = _root_oid(catalog, relation.table_oid)
            if relation.predicates or relation.joins or relation.wrapped:
                searched.add(oid)
            compared.update((oid, column) for column in _compared_columns(relation))
            conditions.update(
                (oid, text) for p in relation.predicates if (text := constant_condition(p))
            )
            if relation.is_write_target and usage.set_columns:
                # Calls that are not known count as many: the column is set often then.
                calls = self.calls(usage.statement_id)
                for column in usage.set_columns:
                    self._set_calls[oid, column] += math.inf if calls is None else calls
        self._searches.update(searched)
        self._compared.update(compared)
        self._conditions.update(conditions)


def constant_condition(predicate: Predicate) -> str | None:
    """A condition as the predicate of a partial index; None where it is none that could be.

    A parameter is no constant: a generic plan cannot prove that ``$1`` is the index's value.
    """
    if predicate.is_optional:
        return None
    column = quote_identifier(predicate.column)
    literal = predicate.literal
    match predicate.kind:
        case PredicateKind.IS_NULL:
            return f"{column} IS NULL"
        case PredicateKind.IS_NOT_NULL:
            return f"{column} IS NOT NULL"
        case PredicateKind.EQUALITY if literal and predicate.operator == "=":
            return None if literal.startswith("NULL") else f"{column} = {literal}"
        case PredicateKind.IN_LIST if literal and literal.startswith("("):
            return f"{column} IN {literal}"
        case _:
            return None


def equijoined(relation: RelationUsage) -> Iterator[str]:
    """Columns that are joined for equality."""
    yield from (join.column for join in relation.joins if join.operator == "=")


def _compared_columns(relation: RelationUsage) -> set[str]:
    columns = {p.column for p in relation.predicates if p.kind in EQUALITY}
    return columns | set(equijoined(relation))


def _root_oid(catalog: Catalog, table_oid: int) -> int:
    table = catalog.tables.get(table_oid)
    return table_oid if table is None else catalog.root_of(table).oid
