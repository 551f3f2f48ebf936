"""Making trees out of trees."""

from __future__ import annotations

from typing import TypeVar

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind
from pglast.enums.primnodes import BoolExprType, SubLinkType

from pgadvisor.parse import grammar
from pgadvisor.parse.statement import parse_statement

_Node = TypeVar("_Node", bound=ast.Node)


def copied(node: _Node, /, **fields: object) -> _Node:
    """The same node with other values in some of its fields; what is below it is shared."""
    copy = type(node)()  # type: ignore[call-arg]  # each node class takes its fields, all optional
    for name in node:
        setattr(copy, name, getattr(node, name))
    for name, value in fields.items():
        setattr(copy, name, value)
    return copy


def operation(operator: str, left: ast.Node, right: ast.Node) -> ast.A_Expr:
    """``left operator right``."""
    return ast.A_Expr(
        kind=A_Expr_Kind.AEXPR_OP,
        name=(ast.String(sval=operator),),
        lexpr=left,
        rexpr=right,
    )


def conjuncts(node: ast.Node | None) -> tuple[ast.Node, ...]:
    """The conditions that an AND joins, those below further ANDs included; none of nothing."""
    if node is None:
        return ()
    if not isinstance(node, ast.BoolExpr) or node.boolop is not BoolExprType.AND_EXPR:
        return (node,)
    return tuple(one for argument in node.args or () for one in conjuncts(argument))


def both(first: ast.Node | None, second: ast.Node) -> ast.Node:
    """Both conditions; one AND where the first is one already."""
    if first is None:
        return second
    if isinstance(first, ast.BoolExpr) and first.boolop is BoolExprType.AND_EXPR:
        return ast.BoolExpr(boolop=BoolExprType.AND_EXPR, args=(*(first.args or ()), second))
    return ast.BoolExpr(boolop=BoolExprType.AND_EXPR, args=(first, second))


def negated(node: ast.Node) -> ast.Node:
    """``NOT node``."""
    return ast.BoolExpr(boolop=BoolExprType.NOT_EXPR, args=(node,))


def column(alias: str, name: str) -> ast.ColumnRef:
    """``alias.name``."""
    return ast.ColumnRef(fields=(ast.String(sval=alias), ast.String(sval=name)))


def exists(query: ast.SelectStmt) -> ast.SubLink:
    """``EXISTS (SELECT 1 ...)`` over what the query reads; whatever it selects or sorts by."""
    one = ast.A_Const(isnull=False, val=ast.Integer(ival=1))
    inner = copied(
        query, targetList=(ast.ResTarget(val=one),), distinctClause=None, sortClause=None
    )
    return ast.SubLink(subLinkType=SubLinkType.EXISTS_SUBLINK, subselect=inner)


def compacted(tree: ast.Node) -> ast.Node:
    """Number the parameters from 1 on without gaps, in the order that they are in.

    PREPARE refuses a statement that leaves a number out.
    """
    numbers = sorted(
        {node.number or 0 for node in grammar.walk(tree) if isinstance(node, ast.ParamRef)}
    )
    places = {number: place for place, number in enumerate(numbers, 1)}

    def change(node: ast.Node) -> ast.Node:
        if isinstance(node, ast.ParamRef):
            return ast.ParamRef(number=places[node.number or 0])
        return node

    return grammar.mapped(tree, change)


def checked(tree: ast.Node) -> str:
    """The tree as text on one line, which has been parsed again as one statement.

    Raises:
        StatementError: It cannot be written, or does not parse.
    """
    text = grammar.deparse(tree)
    parse_statement(text)
    return text
