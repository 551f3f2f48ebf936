"""Where a statement compares its parameters with columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Column, Table, TypeKind
from pgadvisor.model.sensitivity import AskedColumns
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.model.usage import Predicate, PredicateKind, RelationUsage, StatementUsage
from pgadvisor.sqltext.quote import quote_array, quote_literal

UNKNOWN_LENGTH = 10
"""Values that a list of unknown length is taken to have, as the planner takes it of arrays."""

_EQUAL = frozenset({PredicateKind.EQUALITY, PredicateKind.INEQUALITY})
_KNOWN = frozenset({*_EQUAL, PredicateKind.RANGE, PredicateKind.IN_LIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One comparison of a column with parameters, and what is known of the column."""

    relation: int
    """Position in ``StatementUsage.relations``."""
    table: Table
    column: Column
    predicate: Predicate
    statistics: ColumnStatistics
    rows: float
    """Of the table now, partitions added up."""
    length: int = 1
    """How many values it asks for at once."""
    is_composite: bool = False
    """The column is of a composite type."""
    is_squashed: bool = False
    """One parameter stands for a whole list: PostgreSQL 18 wrote ``IN ($1 /*, ... */)``."""

    @property
    def parameters(self) -> tuple[int, ...]:
        """The numbers of the parameters that are compared."""
        if self.predicate.list_parameters:
            return self.predicate.list_parameters
        return () if self.predicate.parameter is None else (self.predicate.parameter,)

    @property
    def is_list(self) -> bool:
        """It asks for several values at once."""
        return self.length > 1

    @property
    def is_equality(self) -> bool:
        """It asks for one value, or for all others."""
        if self.predicate.kind is PredicateKind.IN_LIST:
            return not self.is_list
        return self.predicate.kind in _EQUAL

    @property
    def asked(self) -> AskedColumns:
        """The column, as people are told of it."""
        return AskedColumns(table=self.table.qualified_name, columns=(self.column.name,))

    @property
    def can_be_listed(self) -> bool:
        """There are arrays of arrays in name only: a parameter cannot be one."""
        return not (self.predicate.takes_array and self.column.type_name.endswith("]"))

    def literal(self, text: str) -> str:
        """A value as SQL.

        It has no type, so that it gets the one that the parameter would get: a domain's would have
        to be cast row by row.  Composite values alone need theirs.
        """
        return quote_literal(text) + (f"::{self.column.type_name}" if self.is_composite else "")

    def array_literal(self, texts: Sequence[str]) -> str:
        """An array of values as SQL."""
        return quote_array(texts) + (f"::{self.column.type_name}[]" if self.is_composite else "")

    @property
    def heaviest_rows(self) -> float:
        """Rows that the most common value brings, about."""
        ratios = self.statistics.most_common_ratios or ()
        distinct = self.statistics.distinct_count(self.rows)
        return self.rows * max((*ratios[:1], 1 / distinct))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownColumn:
    """A column that has statistics."""

    table: Table
    column: Column
    statistics: ColumnStatistics
    rows: float
    """Of the table now, partitions added up."""


def known_column(table_oid: int, name: str, catalog: Catalog) -> KnownColumn | None:
    """The column of that name, if there are statistics of it."""
    table = catalog.tables.get(table_oid)
    column = table.column(name) if table else None
    statistics = catalog.column_statistics.get((table_oid, name))
    if table is None or column is None or statistics is None:
        return None
    return KnownColumn(
        table=table, column=column, statistics=statistics, rows=catalog.total_rows(table)
    )


def find_sites(
    usage: StatementUsage, catalog: Catalog, squashed: Collection[int] = ()
) -> tuple[Site, ...]:
    """Find the comparisons whose columns have statistics, in the order of the statement.

    Args:
        usage: Of the statement.
        catalog: Where the statistics are.
        squashed: Parameters that stand for whole lists.
    """
    return tuple(
        site
        for position, relation in enumerate(usage.relations)
        for site in _sites_of(position, relation, catalog, squashed)
    )


def _sites_of(
    position: int, relation: RelationUsage, catalog: Catalog, squashed: Collection[int]
) -> Iterator[Site]:
    table = catalog.tables.get(relation.table_oid)
    composites = _composite_columns(table, catalog) if table else frozenset()
    for predicate in relation.predicates:
        known = known_column(relation.table_oid, predicate.column, catalog)
        if known is None or predicate.kind not in _KNOWN:
            continue
        listed = predicate.list_parameters
        is_squashed = len(listed) == 1 and listed[0] in squashed
        is_open = is_squashed or predicate.takes_array
        site = Site(
            relation=position,
            table=known.table,
            column=known.column,
            predicate=predicate,
            statistics=known.statistics,
            rows=known.rows,
            length=UNKNOWN_LENGTH if is_open else max(len(listed), 1),
            is_composite=predicate.column in composites,
            is_squashed=is_squashed,
        )
        if site.parameters:
            yield site


def _composite_columns(table: Table, catalog: Catalog) -> frozenset[str]:
    kinds = {
        f"{user_type.schema}.{user_type.name}": user_type.kind
        for user_type in catalog.snapshot.types
    }
    return frozenset(
        column.name
        for column in table.columns
        if kinds.get(column.type_name.replace('"', "")) is TypeKind.COMPOSITE
    )
