"""Whose column a name is, as far as one query's own FROM clause tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from pglast import ast
from pglast.enums.nodes import JoinType

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Column, Table
from pgadvisor.parse import grammar
from pgadvisor.parse.operand import base_type

_INNER = frozenset({None, JoinType.JOIN_INNER})


@dataclass(frozen=True, slots=True)
class NamedSource:
    """One entry of a FROM clause."""

    alias: str
    table: Table | None
    """None: a view, a WITH query, a subquery or a function, whose columns are not looked at."""
    is_outer_joined: bool = False
    """Its columns may be NULL for want of a partner."""

    def column(self, name: str) -> Column | None:
        """The table's column of that name."""
        return None if self.table is None else self.table.column(name)

    def may_be_null(self, name: str) -> bool:
        """No constraint keeps the column from being NULL where the query reads it."""
        found = self.column(name)
        return self.is_outer_joined or found is None or not found.is_not_null


def sources_of(
    items: Sequence[ast.Node], catalog: Catalog, with_names: frozenset[str] = frozenset()
) -> tuple[NamedSource, ...]:
    """All entries of a FROM clause.

    Args:
        items: Of the clause.
        catalog: To find tables in.
        with_names: Of WITH queries in sight, which go before tables.
    """
    return tuple(source for item in items for source in _sources(item, catalog, with_names))


def with_names_of(tree: ast.Node) -> frozenset[str]:
    """The names of all WITH queries of a statement, wherever they are in sight."""
    return frozenset(
        node.ctename or "" for node in grammar.walk(tree) if isinstance(node, ast.CommonTableExpr)
    )


def owner_of(name: ast.ColumnRef, sources: Sequence[NamedSource]) -> NamedSource | None:
    """The entry whose column it is; None where that is not sure, or where it is none of them."""
    fields = name.fields or ()
    parts = grammar.name_parts(fields)
    if len(parts) != len(fields):
        return None  # a star
    if len(parts) == 1:
        if any(source.table is None for source in sources):
            return None
        found = [source for source in sources if source.column(parts[0]) is not None]
    else:
        found = [
            source
            for source in sources
            if source.alias == parts[-2] and source.column(parts[-1]) is not None
        ]
    return found[0] if len(found) == 1 else None


def name_of(column: ast.ColumnRef) -> str:
    """The column's own name."""
    return (grammar.name_parts(column.fields) or ("",))[-1]


def types_of(name: ast.ColumnRef, tree: ast.Node, catalog: Catalog) -> frozenset[str]:
    """The types that a column may be of, by all tables of a statement that have one of the name.

    Where none of them has it, as where a view is asked, all tables are looked at.
    """
    parts = grammar.name_parts(name.fields)
    mentioned = [item for item in grammar.walk(tree) if isinstance(item, ast.RangeVar)]
    found = [
        source.column(name_of(name))
        for source in sources_of(mentioned, catalog)
        if len(parts) == 1 or source.alias == parts[-2]
    ]
    if not any(found):
        found = [table.column(name_of(name)) for table in catalog.snapshot.tables]
    return frozenset(base_type(column) for column in found if column is not None)


def _sources(
    item: ast.Node, catalog: Catalog, with_names: frozenset[str], *, is_outer: bool = False
) -> Iterator[NamedSource]:
    match item:
        case ast.RangeVar():
            yield _relation(item, catalog, with_names, is_outer=is_outer)
        case ast.JoinExpr(alias=None, larg=ast.Node() as left, rarg=ast.Node() as right):
            may_lack_left = item.jointype in {JoinType.JOIN_RIGHT, JoinType.JOIN_FULL}
            may_lack_right = item.jointype in {JoinType.JOIN_LEFT, JoinType.JOIN_FULL}
            yield from _sources(left, catalog, with_names, is_outer=is_outer or may_lack_left)
            yield from _sources(right, catalog, with_names, is_outer=is_outer or may_lack_right)
        case _:
            alias = getattr(item, "alias", None)
            yield NamedSource((alias.aliasname if alias else "") or "", None, is_outer)


def _relation(
    item: ast.RangeVar, catalog: Catalog, with_names: frozenset[str], *, is_outer: bool
) -> NamedSource:
    name = item.relname or ""
    alias = item.alias.aliasname if item.alias is not None else None
    has_column_names = item.alias is not None and item.alias.colnames
    is_hidden = item.schemaname is None and name in with_names
    table = None
    if not is_hidden and not has_column_names:
        table = catalog.find_table(item.schemaname, name)
    return NamedSource(alias or name, table, is_outer)


def is_inner_join(item: ast.Node) -> bool:
    """It is a table, or an inner join of such with ON conditions alone."""
    if isinstance(item, ast.RangeVar):
        return True
    return (
        isinstance(item, ast.JoinExpr)
        and item.jointype in _INNER
        and not item.isNatural
        and not item.usingClause
        and item.alias is None
        and item.larg is not None
        and item.rarg is not None
        and is_inner_join(item.larg)
        and is_inner_join(item.rarg)
    )


def has_key_in(table: Table, names: AbstractSet[str], catalog: Catalog) -> bool:
    """Those columns hold a unique key without NULLs, so that no two rows are equal in them.

    A key of a table does not count for those that inherit from it, whose rows are read with its.
    """
    if any(not child.is_partition for child in catalog.partitions[table.oid]):
        return False
    deferred = {
        constraint.index_oid
        for constraint in catalog.constraints_by_table[table.oid]
        if constraint.is_deferrable
    }
    for index in catalog.indexes_by_table[table.oid]:
        columns = [table.column(key) if key else None for key in index.key_columns]
        is_key = index.is_unique and index.is_valid and index.predicate is None
        if (
            is_key
            and index.oid not in deferred
            and all(c is not None and c.is_not_null and c.name in names for c in columns)
        ):
            return True
    return False
