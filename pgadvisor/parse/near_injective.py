"""Expressions that give different results for nearly all different values of their columns."""

from __future__ import annotations

from collections.abc import Iterator

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind

from pgadvisor.parse import grammar
from pgadvisor.parse.expression import parse_expression

_FUNCTIONS = frozenset(
    (name,)
    for name in ("lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "reverse", "unaccent")
)


def tells_values_apart(expression_sql: str) -> bool:
    """Whether it is built of nothing but casts, case, trimming, joining of texts and COALESCE.

    Only of such an expression do a few sampled values say how many results its columns have.

    Raises:
        StatementError: The text is no expression.
    """
    return _tells_apart(parse_expression(expression_sql))


def columns_whose_null_shows(expression_sql: str) -> frozenset[str]:
    """The columns that make such an expression NULL where they are: those outside COALESCE.

    Raises:
        StatementError: The text is no expression.
    """
    return frozenset(_without_coalesce(parse_expression(expression_sql)))


def _without_coalesce(node: object) -> Iterator[str]:
    match node:
        case ast.ColumnRef():
            yield from grammar.name_parts(node.fields)[-1:]
        case ast.TypeCast() | ast.CollateClause():
            yield from _without_coalesce(node.arg)
        case ast.FuncCall(args=tuple(arguments)):
            for argument in arguments:
                yield from _without_coalesce(argument)
        case ast.A_Expr(lexpr=left, rexpr=right):
            yield from _without_coalesce(left)
            yield from _without_coalesce(right)
        case _:
            pass


def _tells_apart(node: object) -> bool:
    match node:
        case ast.ColumnRef():
            return True
        case ast.TypeCast() | ast.CollateClause():
            return _tells_apart(node.arg)
        case ast.CoalesceExpr(args=(first, *others)):
            return _tells_apart(first) and all(map(_is_constant, others))
        case ast.A_Expr(kind=A_Expr_Kind.AEXPR_OP, lexpr=left, rexpr=right):
            sides = [side for side in (left, right) if not _is_constant(side)]
            is_joining = grammar.name_parts(node.name)[-1:] == ("||",)
            return is_joining and sides != [] and all(map(_tells_apart, sides))
        case ast.FuncCall(args=(first, *others)):
            is_one_of_them = grammar.name_parts(node.funcname)[-1:] in _FUNCTIONS
            return is_one_of_them and _tells_apart(first) and all(map(_is_constant, others))
        case _:
            return False


def _is_constant(node: object) -> bool:
    inner = node.arg if isinstance(node, ast.TypeCast) else node
    return isinstance(inner, ast.A_Const)
