"""Index candidates from what statements do to columns.

The order of keys is the textbook's, because it is the planner's: columns compared for
equality first, then the sort order or one range (a range ends the part of an index that
bounds a scan).  See *Relational Database Index Design and the Optimizers* (Lahdenmäki,
Leach 2005) for the reasoning.  Whether a candidate is worth anything is not judged here:
the planner does that on the twin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pgadvisor.config import GateLimits
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import Candidate
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import IndexKey, RelationKind, Table
from pgadvisor.model.usage import PredicateKind, RelationUsage, StatementUsage
from pgadvisor.parse.parameters import parameter_numbers
from pgadvisor.propose.existing import serves
from pgadvisor.propose.partial import rare_predicates

MAX_KEYS = 3
"""More key columns than this seldom pay for their width."""

_EQUALITY = frozenset({PredicateKind.EQUALITY, PredicateKind.IN_LIST, PredicateKind.IS_NULL})
_INDEXABLE_KINDS = frozenset(
    {RelationKind.TABLE, RelationKind.PARTITIONED_TABLE, RelationKind.MATERIALIZED_VIEW}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """The key columns and predicate of one idea for an index."""

    keys: tuple[IndexKey, ...]
    reason: str
    predicate: str | None = None
    equal_count: int = 0
    """How many of the leading keys are compared for equality."""


@dataclass(slots=True)
class _Pool:
    """Candidates so far: one for each definition, with all that asked for it."""

    statements: dict[IndexDefinition, list[str]] = field(default_factory=dict)
    reasons: dict[IndexDefinition, str] = field(default_factory=dict)

    def add(self, definition: IndexDefinition, statement_id: str, reason: str) -> None:
        asked = self.statements.setdefault(definition, [])
        if not asked or asked[-1] != statement_id:
            asked.append(statement_id)
        self.reasons.setdefault(definition, reason)

    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                definition=definition, statement_ids=tuple(ids), reason=self.reasons[definition]
            )
            for definition, ids in self.statements.items()
        )


def propose_indexes(
    catalog: Catalog, usages: Iterable[StatementUsage], limits: GateLimits
) -> tuple[Candidate, ...]:
    """Propose every index that one of the statements could use.

    Args:
        catalog: The database as it is; what an existing index serves is not proposed again.
        usages: What the statements do, the most important first.
        limits: Tables below their size floor get no proposals.

    Returns:
        Candidates without a size, in the order in which the statements asked for them.
    """
    known = tuple(usages)
    popularity = _popularity(known)
    pool = _Pool()
    for usage in known:
        for relation in usage.relations:
            table = _table_to_index(catalog, relation.table_oid, limits)
            if table is None:
                continue
            for shape in _shapes(catalog, table, relation, popularity):
                definition = _definition(table, shape)
                present = catalog.indexes_by_table[table.oid]
                if not serves(present, definition, shape.equal_count):
                    pool.add(definition, usage.statement_id, shape.reason)
    return pool.candidates()


def _table_to_index(catalog: Catalog, table_oid: int, limits: GateLimits) -> Table | None:
    """The table that an index would be created on; a partition's is its topmost parent's."""
    table = catalog.tables.get(table_oid)
    if table is None:
        return None
    table = catalog.root_of(table)
    if table.is_extension_member or table.kind not in _INDEXABLE_KINDS:
        return None
    if catalog.total_size_bytes(table) < limits.min_table_bytes:
        return None
    return table if catalog.total_rows(table) >= limits.min_table_rows else None


def _popularity(usages: Iterable[StatementUsage]) -> Mapping[tuple[int, str], int]:
    """How many statements compare a column for equality: shared columns come first in keys."""
    counter: Counter[tuple[int, str]] = Counter()
    for usage in usages:
        for relation in usage.relations:
            columns = {p.column for p in relation.predicates if p.kind in _EQUALITY}
            columns |= set(_equijoined(relation))
            counter.update((relation.table_oid, column) for column in columns)
    return counter


def _shapes(
    catalog: Catalog,
    table: Table,
    relation: RelationUsage,
    popularity: Mapping[tuple[int, str], int],
) -> Iterator[_Shape]:
    """Yield the ideas for one appearance of a table in a statement, the widest first."""
    constant = _ordered(
        relation,
        popularity,
        (p.column for p in relation.predicates if p.kind in _EQUALITY and not p.is_optional),
    )
    joined = _ordered(relation, popularity, _equijoined(relation))
    ranges = _unique(
        p.column
        for p in relation.predicates
        if p.kind is PredicateKind.RANGE and not p.is_optional and p.column not in constant
    )
    sort = _sort_tail(relation, constant)
    groups = [constant, _unique((*constant, *joined))]
    groups += [_unique((column, *constant)) for column in joined]
    for equal in groups:
        yield from _tails(equal, ranges, sort)
    for column in _unique((*constant, *joined, *ranges, *_optional(relation))):
        yield _Shape(keys=(IndexKey(column=column),), reason=f"condition on {column}")
    for wrapped in relation.wrapped:
        if parameter_numbers(wrapped.expression):
            continue  # ``doc ->> $1``: an index holds one expression, not any
        key = IndexKey(column=None, expression=wrapped.expression)
        yield _Shape(keys=(key,), reason=f"condition on {wrapped.expression}")
    yield from _partial_shapes(catalog, table, relation, constant, ranges, sort)


def _tails(
    equal: tuple[str, ...], ranges: tuple[str, ...], sort: tuple[IndexKey, ...]
) -> Iterator[_Shape]:
    """Yield equality columns alone, then followed by the sort order, then by each range."""
    head = tuple(IndexKey(column=column) for column in equal[:MAX_KEYS])
    said = f"equality on {', '.join(equal[:MAX_KEYS])}" if head else ""
    room = MAX_KEYS - len(head)
    tail = sort[:room]
    if tail and len(tail) == len(sort):
        by = ", ".join(str(key.column) for key in tail)
        reason = _said(said, f"order by {by}")
        yield _Shape(keys=(*head, *tail), reason=reason, equal_count=len(head))
    if room:
        for column in ranges:
            if column not in equal:
                key = IndexKey(column=column)
                reason = _said(said, f"range on {column}")
                yield _Shape(keys=(*head, key), reason=reason, equal_count=len(head))
    if head:
        yield _Shape(keys=head, reason=said, equal_count=len(head))


def _partial_shapes(
    catalog: Catalog,
    table: Table,
    relation: RelationUsage,
    constant: tuple[str, ...],
    ranges: tuple[str, ...],
    sort: tuple[IndexKey, ...],
) -> Iterator[_Shape]:
    """Yield indexes of only the rows that a rare constant condition leaves."""
    for column, predicate in rare_predicates(catalog, table, relation):
        rest = tuple(name for name in constant if name != column)
        for shape in _tails(rest, ranges, sort):
            reason = f"{shape.reason} where {predicate}"
            yield replace(shape, reason=reason, predicate=predicate)


def _sort_tail(relation: RelationUsage, constant: tuple[str, ...]) -> tuple[IndexKey, ...]:
    """The ORDER BY as key columns, without those that equality pins to one value.

    An order that begins descending is flipped as a whole: a btree is read backwards as well.
    """
    keys = [key for key in relation.sort_keys if key.column not in constant]
    if not keys or not relation.is_sort_complete:
        return ()
    flip = keys[0].is_descending
    return tuple(
        IndexKey(
            column=key.column,
            is_descending=key.is_descending != flip,
            nulls_first=key.nulls_first != flip,
        )
        for key in keys
    )


def _ordered(
    relation: RelationUsage,
    popularity: Mapping[tuple[int, str], int],
    columns: Iterable[str],
) -> tuple[str, ...]:
    """Columns once each, those that most statements share first; the scan does not mind."""
    return tuple(
        sorted(_unique(columns), key=lambda c: (-popularity.get((relation.table_oid, c), 0), c))
    )


def _equijoined(relation: RelationUsage) -> Iterator[str]:
    yield from (join.column for join in relation.joins if join.operator == "=")


def _optional(relation: RelationUsage) -> Iterator[str]:
    """Columns compared below an OR: one index each lets the planner combine bitmaps."""
    for predicate in relation.predicates:
        if predicate.is_optional and predicate.kind in {*_EQUALITY, PredicateKind.RANGE}:
            yield predicate.column


def _definition(table: Table, shape: _Shape) -> IndexDefinition:
    return IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=shape.keys,
        predicate=shape.predicate,
    )


def _said(first: str, second: str) -> str:
    return f"{first}, {second}" if first else second


def _unique(columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(columns))
