"""Unique keys: whether a condition finds one row at most, and whether a query can repeat one."""

from __future__ import annotations

from collections.abc import Sequence

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.rewrite.query import columns_of
from pgadvisor.parse.rewrite.sources import NamedSource, has_key_in, name_of, owner_of


def finds_one_row(
    source: NamedSource,
    conditions: Sequence[ast.Node],
    sources: Sequence[NamedSource],
    catalog: Catalog,
) -> bool:
    """A unique key of the table is compared for equality, so that one row of it is found.

    What it is compared with is of the other tables, or of none.
    """
    names: set[str] = set()
    for one in conditions:
        if not isinstance(one, ast.A_Expr) or one.kind is not A_Expr_Kind.AEXPR_OP:
            continue
        if grammar.name_parts(one.name) != ("=",):
            continue
        for side, other in ((one.lexpr, one.rexpr), (one.rexpr, one.lexpr)):
            if not isinstance(side, ast.ColumnRef) or not isinstance(other, ast.Node):
                continue
            is_free = all(owner_of(name, sources) is not source for name in columns_of(other))
            if is_free and owner_of(side, sources) is source:
                names.add(name_of(side))
    return source.table is not None and has_key_in(source.table, names, catalog)


def selects_key(
    tree: ast.SelectStmt, source: NamedSource, sources: Sequence[NamedSource], catalog: Catalog
) -> bool:
    """A unique key of the table, without NULLs, is among what is selected."""
    table = source.table
    if table is None:
        return False
    names: set[str] = set()
    for target in tree.targetList or ():
        value = target.val
        if not isinstance(value, ast.ColumnRef):
            continue
        if isinstance((value.fields or (None,))[-1], ast.A_Star):
            prefix = grammar.name_parts(value.fields)
            if not prefix or prefix[-1] == source.alias:
                names.update(column.name for column in table.columns)
        elif owner_of(value, sources) is source:
            names.add(name_of(value))
    return has_key_in(table, names, catalog)
