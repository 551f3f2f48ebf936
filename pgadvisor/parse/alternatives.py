"""OR whose arms look for values of different columns of one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind
from pglast.enums.primnodes import BoolExprType

from pgadvisor.parse import grammar
from pgadvisor.parse.comparison import Place
from pgadvisor.parse.operand import operand_of, value_of
from pgadvisor.parse.scope import Origin

_LOOKUPS = frozenset(
    {A_Expr_Kind.AEXPR_OP, A_Expr_Kind.AEXPR_IN, A_Expr_Kind.AEXPR_OP_ANY},
)


def note_alternatives(arms: Sequence[ast.Node], place: Place) -> None:
    """Note the columns of ``a = 1 OR b = 2``, if each arm looks for a value of one of them.

    What all arms look for, as in ``(c = 0 AND a = 1) OR (c = 0 AND b = 2)``, is left out.

    Args:
        arms: Of the OR, which narrows the rows of its query down.
        place: Where it stands.
    """
    found = [dict.fromkeys(_looked_up(arm, place)) for arm in arms]
    common = set(found[0]).intersection(*found[1:]) if found else set()
    firsts = [next((one for one in each if one not in common), None) for each in found]
    origins = [one for one in firsts if one is not None]
    columns = tuple(dict.fromkeys(origin.column for origin in origins))
    relations = {origin.relation for origin in origins}
    if len(origins) == len(arms) and len(relations) == 1 and len(columns) > 1:
        place.workspace.drafts[origins[0].relation].alternatives[columns] = None


def _looked_up(arm: ast.Node, place: Place) -> Iterator[Origin]:
    """The columns that an arm compares with values."""
    if isinstance(arm, ast.BoolExpr) and arm.boolop is BoolExprType.AND_EXPR:
        for argument in arm.args or ():
            yield from _looked_up(argument, place)
    if not isinstance(arm, ast.A_Expr) or grammar.name_parts(arm.name)[-1:] != ("=",):
        return
    column = _compared(arm)
    if arm.kind not in _LOOKUPS or column is None:
        return
    reference = operand_of(column, place.scope, place.workspace).column
    if reference is None or reference.is_outer or len(reference.origins) != 1:
        return
    [origin] = reference.origins
    if origin.takes_predicates and origin.relation not in place.blocked:
        yield origin


def _compared(node: ast.A_Expr) -> ast.ColumnRef | None:
    """The column of ``column = value`` or ``value = column``, of a list as well."""
    left, right = node.lexpr, node.rexpr
    if isinstance(left, ast.ColumnRef):
        values = right if isinstance(right, tuple) else (right,)
        return left if all(_is_value(value) for value in values) else None
    if isinstance(right, ast.ColumnRef) and node.kind is A_Expr_Kind.AEXPR_OP and _is_value(left):
        return right
    return None


def _is_value(node: object) -> bool:
    return isinstance(node, ast.Node) and value_of(node) != (None, None)
