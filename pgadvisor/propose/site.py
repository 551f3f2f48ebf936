"""One appearance of a table in a statement, as index candidates see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgadvisor.model.schema import IndexKey
from pgadvisor.model.usage import Predicate, PredicateKind, RelationUsage
from pgadvisor.propose.literals import has_fixed_beginning
from pgadvisor.propose.options import ProposalOptions
from pgadvisor.propose.shape import unique
from pgadvisor.propose.table_facts import TableFacts
from pgadvisor.propose.workload_facts import EQUALITY, WorkloadFacts, equijoined

RANGE_OPERATORS = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a statement does to a table, in the parts that keys are made of.

    All columns in it can be keys of a btree, but for those that are read.
    """

    facts: TableFacts
    relation: RelationUsage
    workload: WorkloadFacts
    options: ProposalOptions
    statement_id: str
    equal: tuple[str, ...]
    """Compared with what no row is needed for, those that most statements share first."""
    lists: frozenset[str]
    """Those of them that are compared with several values, which breaks the order behind them."""
    ranges: tuple[str, ...]
    joined: tuple[str, ...]
    """Equal to a column of another relation."""
    joined_together: tuple[tuple[str, ...], ...]
    """Two columns or more that are equal to those of one other relation."""
    sort: tuple[IndexKey, ...]
    """The ORDER BY, the first key ascending: a btree is read backwards as well."""
    group: tuple[str, ...]
    extremes: tuple[str, ...]
    optional: tuple[str, ...]
    """Compared below an OR: one index each lets the planner combine bitmaps."""
    read: tuple[str, ...]
    """All columns that it needs, in the table's order; empty: it has to read the table itself."""
    unsettled: frozenset[str]
    """All columns that it needs, where some are set so often that no index is to hold them for it:
    the planner takes pages for all-visible that are so since the last VACUUM, and not for long."""

    @property
    def strict(self) -> tuple[str, ...]:
        """Columns that are compared with one value."""
        return tuple(column for column in self.equal if column not in self.lists)


def site_of(
    facts: TableFacts,
    relation: RelationUsage,
    workload: WorkloadFacts,
    options: ProposalOptions,
    statement_id: str,
) -> Site:
    """Sort out what a statement does to one table.

    Args:
        facts: The table that an index would be created on.
        relation: What the statement does to it, or to a partition of it.
        workload: What other statements do.
        options: Bounds of what is proposed.
        statement_id: Whose appearance it is.
    """
    equal = _shared_first(facts, workload, (p.column for p in _sure(relation, *EQUALITY)))
    joined = _shared_first(facts, workload, equijoined(relation))
    several = {p.column for p in _sure(relation, PredicateKind.IN_LIST)}
    once = {p.column for p in _sure(relation, PredicateKind.EQUALITY, PredicateKind.IS_NULL)}
    lists = frozenset(several - once)
    needed = _needed(facts, relation)
    oid = facts.table.oid
    is_unsettled = any(workload.is_set_often(oid, column, statement_id) for column in needed)
    return Site(
        facts=facts,
        relation=relation,
        workload=workload,
        options=options,
        statement_id=statement_id,
        equal=equal,
        lists=lists,
        ranges=_keys(facts, (c for c in _ranges(facts, relation) if c not in equal)),
        joined=joined,
        joined_together=tuple(_joined_together(relation, joined)),
        sort=_sort(facts, relation, frozenset(equal) - lists),
        group=_keys(facts, (c for c in relation.group_columns if c not in equal or c in lists)),
        extremes=_keys(facts, (c for c in relation.extreme_columns if c not in equal)),
        optional=_keys(facts, _optional(relation)),
        read=() if is_unsettled else needed,
        unsettled=frozenset(needed if is_unsettled else ()),
    )


def _sure(relation: RelationUsage, *kinds: PredicateKind) -> Iterator[Predicate]:
    for predicate in relation.predicates:
        if predicate.kind in kinds and not predicate.is_optional:
            yield predicate


def _ranges(facts: TableFacts, relation: RelationUsage) -> Iterator[str]:
    """Columns that a scan can be bounded by; those of a row comparison after its first."""
    for predicate in _sure(relation, PredicateKind.RANGE):
        yield predicate.column
    for predicate in _sure(relation, PredicateKind.OTHER):
        if predicate.operator in RANGE_OPERATORS:
            yield predicate.column
    for predicate in _sure(relation, PredicateKind.PATTERN):
        if has_fixed_beginning(predicate) and facts.compares_bytes(predicate.column):
            yield predicate.column
    for join in relation.joins:
        if join.operator in RANGE_OPERATORS:
            yield join.column


def _optional(relation: RelationUsage) -> Iterator[str]:
    for predicate in relation.predicates:
        if predicate.is_optional and predicate.kind in {*EQUALITY, PredicateKind.RANGE}:
            yield predicate.column


def _sort(
    facts: TableFacts, relation: RelationUsage, pinned: frozenset[str]
) -> tuple[IndexKey, ...]:
    """The ORDER BY as key columns, without those that equality pins to one value.

    An order that begins descending is flipped as a whole.
    """
    keys = [key for key in relation.sort_keys if key.column not in pinned]
    if not keys or not all(facts.can_be_key(key.column) for key in keys):
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


def _joined_together(relation: RelationUsage, joined: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    partners: dict[int, set[str]] = defaultdict(set)
    for join in relation.joins:
        if join.operator == "=":
            partners[join.other_relation].add(join.column)
    seen = (tuple(c for c in joined if c in columns) for columns in partners.values())
    yield from dict.fromkeys(columns for columns in seen if len(columns) > 1)


def _needed(facts: TableFacts, relation: RelationUsage) -> tuple[str, ...]:
    """All columns that an index has to hold for the table to be left alone; empty: none can."""
    if relation.reads_whole_row or relation.is_write_target or not facts.is_mostly_visible:
        return ()
    needed = set(read_columns(relation))
    if not needed <= facts.columns.keys():
        return ()
    return tuple(column.name for column in facts.table.columns if column.name in needed)


def read_columns(relation: RelationUsage) -> Iterator[str]:
    """Yield every column that a statement reads of a relation; some come twice."""
    for part in (relation.predicates, relation.joins, relation.wrapped, relation.sort_keys):
        yield from (item.column for item in part)
    yield from relation.group_columns
    yield from relation.output_columns


def _keys(facts: TableFacts, columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(column for column in unique(columns) if facts.can_be_key(column))


def _shared_first(
    facts: TableFacts, workload: WorkloadFacts, columns: Iterable[str]
) -> tuple[str, ...]:
    """Columns once each, those that most statements share first; the scan does not mind."""
    oid = facts.table.oid
    found = _keys(facts, columns)
    return tuple(sorted(found, key=lambda c: (-workload.compared_count(oid, c), c)))
