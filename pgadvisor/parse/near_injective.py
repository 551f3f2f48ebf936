"""Expressions that give different results for nearly all different values of their column."""

from __future__ import annotations

from pglast import ast

from pgadvisor.parse import grammar
from pgadvisor.parse.expression import parse_expression

_FUNCTIONS = frozenset(
    (name,)
    for name in ("lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "reverse", "unaccent")
)


def tells_values_apart(expression_sql: str) -> bool:
    """Whether it is built of nothing but casts, case and trimming functions and COALESCE.

    Only of such an expression do a few sampled values say how many results a column has.

    Raises:
        StatementError: The text is no expression.
    """
    return _tells_apart(parse_expression(expression_sql))


def _tells_apart(node: ast.Node | None) -> bool:
    match node:
        case ast.ColumnRef():
            return True
        case ast.TypeCast() | ast.CollateClause():
            return _tells_apart(node.arg)
        case ast.CoalesceExpr(args=(first, *others)):
            return _tells_apart(first) and all(map(_is_constant, others))
        case ast.FuncCall(args=(first, *others)):
            is_one_of_them = grammar.name_parts(node.funcname)[-1:] in _FUNCTIONS
            return is_one_of_them and _tells_apart(first) and all(map(_is_constant, others))
        case _:
            return False


def _is_constant(node: ast.Node) -> bool:
    inner = node.arg if isinstance(node, ast.TypeCast) else node
    return isinstance(inner, ast.A_Const)
