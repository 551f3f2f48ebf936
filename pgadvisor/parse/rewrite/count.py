"""Counting in order to know whether there is any row."""

from __future__ import annotations

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind
from pglast.enums.primnodes import SubLinkType

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.rewrite.nodes import checked, compacted, copied, exists, negated
from pgadvisor.parse.rewrite.query import is_plain, only_computes
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.statement import parse_statement

_REVERSED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ANY = {">": 0, ">=": 1, "<>": 0}
"""What a count is compared with where the question is whether there is any row."""
_NONE = {"=": 0, "<": 1, "<=": 0}


def exists_for_count(text: str) -> Rewritten | None:
    """Write ``(SELECT count(*) ...) > 0`` as ``EXISTS (SELECT 1 ...)``, which stops at one row.

    ``= 0`` and ``< 1`` become NOT EXISTS.  A count is never NULL, so both are true and false for
    the same rows.  Where a parameter stands for the number, its value becomes a condition.

    Returns:
        None where nothing is counted in order to be compared so, where the rows are grouped or
        limited first, or where the statement does not parse.
    """
    try:
        parsed = parse_statement(text)
        conditions: dict[str, None] = {}
        count = 0

        def change(node: ast.Node) -> ast.Node:
            nonlocal count
            new = _query(node, conditions) or _comparison(node, conditions)
            if new is None:
                return node
            count += 1
            return new

        tree = compacted(grammar.mapped(parsed.tree, change))
        if count == 0:
            return None
        return Rewritten(text=checked(tree), conditions=tuple(conditions))
    except StatementError:
        return None


def _query(node: ast.Node, conditions: dict[str, None]) -> ast.Node | None:
    """``SELECT count(*) > 0 FROM ...``: a query that does nothing else."""
    target = _only_target(node)
    if not isinstance(node, ast.SelectStmt) or target is None or target.val is None:
        return None
    if (found := _compared(target.val)) is None:
        return None
    call, operator, number = found
    if not _counts_rows(node, call):
        return None
    answer = _answer(node, operator, number, conditions)
    return None if answer is None else ast.SelectStmt(targetList=(copied(target, val=answer),))


def _comparison(node: ast.Node, conditions: dict[str, None]) -> ast.Node | None:
    """``(SELECT count(*) FROM ...) > 0``, wherever it stands."""
    if (found := _compared(node)) is None:
        return None
    link, operator, number = found
    if not isinstance(link, ast.SubLink) or link.subLinkType is not SubLinkType.EXPR_SUBLINK:
        return None
    query, target = link.subselect, _only_target(link.subselect)
    if not isinstance(query, ast.SelectStmt) or target is None:
        return None
    if not _counts_rows(query, target.val):
        return None
    return _answer(query, operator, number, conditions)


def _only_target(node: ast.Node | None) -> ast.ResTarget | None:
    """What a query selects, where it is one thing."""
    targets = (node.targetList or ()) if isinstance(node, ast.SelectStmt) else ()
    return targets[0] if len(targets) == 1 else None


def _compared(node: ast.Node) -> tuple[ast.Node, str, ast.Node] | None:
    """What is compared with a number, the operator, and the number."""
    if not isinstance(node, ast.A_Expr) or node.kind is not A_Expr_Kind.AEXPR_OP:
        return None
    left, right = node.lexpr, node.rexpr
    operator = (grammar.name_parts(node.name) or ("",))[-1]
    operator = "<>" if operator == "!=" else operator
    if left is None or not isinstance(right, ast.Node):
        return None
    if _is_number(right):
        return left, operator, right
    return (right, _REVERSED.get(operator, ""), left) if _is_number(left) else None


def _is_number(node: ast.Node) -> bool:
    bare = _bare(node)
    return isinstance(bare, ast.ParamRef) or (
        isinstance(bare, ast.A_Const) and isinstance(bare.val, ast.Integer)
    )


def _bare(node: ast.Node) -> ast.Node:
    while isinstance(node, ast.TypeCast) and node.arg is not None:
        node = node.arg
    return node


def _counts_rows(query: ast.SelectStmt, value: ast.Node | None) -> bool:
    """The value is ``count(*)`` of all the rows that the query reads."""
    return (
        isinstance(value, ast.FuncCall)
        and (grammar.name_parts(value.funcname) or ("",))[-1] == "count"
        and bool(value.agg_star)
        and value.over is None
        and value.agg_filter is None
        and bool(query.fromClause)
        and is_plain(query)
        and not (query.distinctClause or query.limitCount or query.limitOffset)
        and only_computes(query)
    )


def _answer(
    query: ast.SelectStmt, operator: str, number: ast.Node, conditions: dict[str, None]
) -> ast.Node | None:
    wanted = _ANY.get(operator, _NONE.get(operator))
    bare = _bare(number)
    if wanted is None:
        return None
    if isinstance(bare, ast.ParamRef):
        conditions[f"${bare.number} of the old text is {wanted}"] = None
    elif not _is_constant(bare, wanted):
        return None
    found = exists(query)
    return found if operator in _ANY else negated(found)


def _is_constant(node: ast.Node, number: int) -> bool:
    value = node.val if isinstance(node, ast.A_Const) else None
    return isinstance(value, ast.Integer) and (value.ival or 0) == number
