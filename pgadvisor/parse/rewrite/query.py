"""What a query is made of, and whether it is plain enough to be written differently."""

from __future__ import annotations

from pglast import ast
from pglast.enums.nodes import LimitOption
from pglast.enums.parsenodes import SetOperation

from pgadvisor.parse import grammar

_PURE = frozenset(
    {"abs", "btrim", "ceil", "char_length", "concat", "count", "date", "date_part", "date_trunc"}
    | {"floor", "length", "lower", "ltrim", "max", "min", "mod", "now", "octet_length", "position"}
    | {"replace", "round", "rtrim", "sum", "substring", "to_char", "upper", "timezone", "avg"}
)
"""Functions that do nothing but compute, and give the same each time within a statement."""


def is_plain(query: ast.SelectStmt) -> bool:
    """It is no set operation, and neither groups, numbers nor locks its rows."""
    return query.op in {None, SetOperation.SETOP_NONE} and not (
        query.valuesLists
        or query.groupClause
        or query.havingClause
        or query.windowClause
        or query.lockingClause
        or query.intoClause
        or query.limitOption is LimitOption.LIMIT_OPTION_WITH_TIES
    )


def only_computes(*nodes: ast.Node | None) -> bool:
    """It calls no function that could do more than compute, such as ``nextval``, nor samples."""
    return all(
        (grammar.name_parts(inner.funcname) or ("",))[-1] in _PURE
        if isinstance(inner, ast.FuncCall)
        else not isinstance(inner, ast.RangeTableSample)
        for node in nodes
        if node is not None
        for inner in grammar.walk(node)
    )


def has_subquery(node: ast.Node) -> bool:
    """A query stands somewhere in it."""
    return any(isinstance(inner, ast.SubLink | ast.SelectStmt) for inner in grammar.walk(node))


def columns_of(node: ast.Node) -> tuple[ast.ColumnRef, ...]:
    """All names of columns in an expression."""
    return tuple(inner for inner in grammar.walk(node) if isinstance(inner, ast.ColumnRef))
