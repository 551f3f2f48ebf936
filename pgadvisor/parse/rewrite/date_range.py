"""Comparisons of a timestamp's date as a range of timestamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind
from pglast.enums.primnodes import SQLValueFunctionOp

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import cast_target
from pgadvisor.parse.rewrite.nodes import both, checked, operation
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.rewrite.sources import types_of
from pgadvisor.parse.statement import parse_statement

_BOUNDS = {
    "=": ((">=", 0), ("<", 1)),
    "<": (("<", 0),),
    "<=": (("<", 1),),
    ">": ((">=", 1),),
    ">=": ((">=", 0),),
}
"""A comparison of dates as comparisons of timestamps: operator, and days to add to the date."""
_ZONED = "timestamp with time zone"
_SAME_ZONE = (
    "the session's TimeZone is the same for both and never sets its clocks back across midnight "
    "(as Atlantic/Azores and America/Havana do)"
)
_DATES = "the application passes dates"
_PLAIN_DATES = "no date asked for is infinite or beyond the year 294275"
"""One day after infinity is infinity."""
_REVERSED = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def sargable_range(text: str, catalog: Catalog) -> Rewritten | None:
    """Turn comparisons of a timestamp's date into a range that an index on the timestamp serves.

    ``date(ts) = $1`` and ``ts::date = $1`` become ``ts >= $1::date AND ts < $1::date + 1``;
    ``<``, ``<=``, ``>``, ``>=`` and BETWEEN likewise.  Dates and times with a zone keep their
    meaning, since both forms use the session's time zone; but where its clocks are set back
    across midnight, a day has two beginnings, of which the range takes the later one.

    Args:
        text: The statement.
        catalog: Columns that are no timestamp by its tables stay as they are.

    Returns:
        None where it has no such comparison or does not parse.
    """
    try:
        tree = parse_statement(text).tree
        writer = _Writer(tree, catalog)
        changed = grammar.mapped(tree, writer.change)
        if not writer.has_changed:
            return None
        return Rewritten(text=checked(changed), conditions=tuple(writer.conditions))
    except StatementError:
        return None


class _Writer:
    """Changes comparisons, and notes on what that rests."""

    def __init__(self, tree: ast.Node, catalog: Catalog) -> None:
        self.conditions: dict[str, None] = {}
        self.has_changed = False
        self._tree = tree
        self._catalog = catalog

    def change(self, node: ast.Node) -> ast.Node:
        """The comparison as a range; any other node as it is."""
        if not isinstance(node, ast.A_Expr):
            return node
        comparisons = list(_comparisons(node))
        for column, operator, value in comparisons:
            types = types_of(column, self._tree, self._catalog)
            if not types or not all(one.startswith("timestamp") for one in types):
                return node
            if _ZONED in types:
                self.conditions[_SAME_ZONE] = None
            if any(isinstance(inner, ast.ParamRef) for inner in grammar.walk(value)):
                self.conditions[_DATES] = None
                if any(days for _, days in _BOUNDS.get(operator, ())):
                    self.conditions[_PLAIN_DATES] = None
        new = _as_range(comparisons)
        if new is None:
            return node
        self.has_changed = True
        return new


def _as_range(comparisons: Sequence[tuple[ast.ColumnRef, str, ast.Node]]) -> ast.Node | None:
    """The same comparisons with a bare column, or None where there is none of a date."""
    result: ast.Node | None = None
    for column, operator, value in comparisons:
        for bound, days in _BOUNDS.get(operator, ()):
            result = both(result, _bound(column, bound, value, days))
    return result


def _comparisons(node: ast.A_Expr) -> Iterator[tuple[ast.ColumnRef, str, ast.Node]]:
    """The column, operator and value of what compares a column's date with values."""
    operator = (grammar.name_parts(node.name) or ("",))[-1]
    left, right = node.lexpr, node.rexpr
    column = None if left is None else _dated(left)
    if node.kind is A_Expr_Kind.AEXPR_BETWEEN and isinstance(right, tuple):
        if column is not None and all(_is_date_value(bound) for bound in right):
            yield from zip((column, column), (">=", "<="), right, strict=True)
    elif node.kind is A_Expr_Kind.AEXPR_OP and isinstance(right, ast.Node) and left is not None:
        other = _dated(right)
        if column is not None and _is_date_value(right):
            yield column, operator, right
        elif other is not None and _is_date_value(left):
            yield other, _REVERSED.get(operator, ""), left


def _dated(node: ast.Node) -> ast.ColumnRef | None:
    """The column inside ``date(column)`` or ``column::date``."""
    inner: object = None
    if isinstance(node, ast.TypeCast) and cast_target(node) == "date":
        inner = node.arg
    elif isinstance(node, ast.FuncCall) and grammar.name_parts(node.funcname)[-1:] == ("date",):
        inner = node.args[0] if node.args is not None and len(node.args) == 1 else None
    return inner if isinstance(inner, ast.ColumnRef) else None


def _is_date_value(node: ast.Node) -> bool:
    """It is a date, or takes the type of one; a timestamp would compare its time of day too."""
    if isinstance(node, ast.TypeCast):
        return cast_target(node) == "date" and node.arg is not None and _is_date_value(node.arg)
    if isinstance(node, ast.SQLValueFunction):
        return node.op is SQLValueFunctionOp.SVFOP_CURRENT_DATE
    return isinstance(node, ast.ParamRef | ast.A_Const)


def _bound(column: ast.ColumnRef, operator: str, value: ast.Node, days: int) -> ast.Node:
    bound = value
    if isinstance(value, ast.ParamRef | ast.A_Const):
        type_name = ast.TypeName(names=(ast.String(sval="date"),), typemod=-1)
        bound = ast.TypeCast(arg=value, typeName=type_name)
    if days:
        one = ast.A_Const(isnull=False, val=ast.Integer(ival=days))
        bound = operation("+", bound, one)
    return operation(operator, column, bound)
