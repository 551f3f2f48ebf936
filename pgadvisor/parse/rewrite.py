"""Statements written differently: what PostgreSQL can serve better, and what people read better.

Each rewrite is parsed again before it is returned; None says that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums.lockoptions import LockWaitPolicy
from pglast.enums.parsenodes import A_Expr_Kind, SetOperation, SortByDir, SortByNulls
from pglast.enums.primnodes import BoolExprType, SQLValueFunctionOp

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError, Token
from pgadvisor.parse.operand import base_type, cast_target, is_aggregate
from pgadvisor.parse.parameters import parameter_numbers
from pgadvisor.parse.pretty import pretty
from pgadvisor.parse.statement import ParsedStatement, parse_statement

__all__ = ["keyset_template", "pretty", "sargable_range", "with_skip_locked"]

_BOUNDS = {
    "=": ((">=", 0), ("<", 1)),
    "<": (("<", 0),),
    "<=": (("<", 1),),
    ">": ((">=", 1),),
    ">=": ((">=", 0),),
}
"""A comparison of dates as comparisons of timestamps: operator, and days to add to the date."""
_REVERSED = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def with_skip_locked(text: str) -> str | None:
    """Add SKIP LOCKED to every ``FOR UPDATE`` and ``FOR NO KEY UPDATE`` that would wait.

    All else of the text stays as it is written.  None where nothing would wait, or the text
    does not parse.
    """
    try:
        before = parse_statement(text)
        found = grammar.significant_tokens(text)
        ends = list(_waiting_locks(found))
        if not before.is_explainable or not ends:
            return None
        result = text
        for end in sorted(ends, reverse=True):
            result = f"{result[:end]} SKIP LOCKED{result[end:]}"
        after = parse_statement(result)
    except StatementError:
        return None
    return result if _waits(before) > 0 == _waits(after) else None


def sargable_range(text: str, catalog: Catalog | None = None) -> str | None:
    """Turn comparisons of a timestamp's date into a range that an index on the timestamp serves.

    ``date(ts) = $1`` and ``ts::date = $1`` become ``ts >= $1::date AND ts < $1::date + 1``;
    ``<``, ``<=``, ``>``, ``>=`` and BETWEEN likewise.  Dates and times with a zone keep their
    meaning, since both forms use the session's time zone.

    Args:
        text: The statement.
        catalog: Where given, columns that are no timestamp in any of its tables stay as they are.

    Returns:
        The statement on one line, or None where it has no such comparison or does not parse.
    """
    changed = False

    def change(node: ast.Node) -> ast.Node:
        nonlocal changed
        if not isinstance(node, ast.A_Expr) or (new := _as_range(node, catalog)) is None:
            return node
        changed = True
        return new

    try:
        tree = grammar.mapped(parse_statement(text).tree, change)
        return _checked(tree) if changed else None
    except StatementError:
        return None


def keyset_template(text: str) -> str | None:
    """Page by key instead of by OFFSET: ``(a, b) > ($2, $3) ORDER BY a, b LIMIT $1``.

    The new parameters stand for the sort keys of the last row of the page before.  The result is
    right only if the last sort key tells all rows apart and no key is null, which the caller has
    to make sure of.

    Returns:
        The statement on one line, or None where there is no OFFSET, where the sort keys are no
        plain columns of one direction, where rows are grouped, or where it does not parse.
    """
    try:
        tree = parse_statement(text).tree
        if not isinstance(tree, ast.SelectStmt) or not _is_paged(tree):
            return None
        keys = list(_sort_columns(tree))
        if not keys or len({is_descending for _, is_descending in keys}) > 1:
            return None
        numbers = [n for n in parameter_numbers(text) if n != _parameter(tree.limitOffset)]
        first = max(numbers, default=0) + 1
        copy = ast.SelectStmt()
        for name in tree:
            setattr(copy, name, getattr(tree, name))
        columns = [column for column, _ in keys]
        after = _comes_after(columns, first, is_descending=keys[0][1])
        copy.limitOffset = None
        copy.whereClause = _both(tree.whereClause, after)
        return _checked(copy)
    except StatementError:
        return None


def _waiting_locks(found: Sequence[Token]) -> Iterator[int]:
    """Where the clauses end that lock rows and wait for them."""
    names = [token.name for token in found]
    for place, name in enumerate(names):
        if name != "FOR":
            continue
        end = place + 1
        if names[end : end + 2] == ["NO", "KEY"]:
            end += 2
        if names[end : end + 1] != ["UPDATE"]:
            continue
        if names[end + 1 : end + 2] == ["OF"]:
            end += 2
            while names[end + 1 : end + 2] in (["ASCII_44"], ["ASCII_46"]):
                end += 2
        if names[end + 1 : end + 2] not in (["NOWAIT"], ["SKIP"]):
            yield found[end].end


def _waits(parsed: ParsedStatement) -> int:
    """How many locking clauses for update wait."""
    return sum(
        isinstance(node, ast.LockingClause)
        and node.waitPolicy is LockWaitPolicy.LockWaitBlock
        and node.strength is not None
        and node.strength.name in {"LCS_FORUPDATE", "LCS_FORNOKEYUPDATE"}
        for node in grammar.walk(parsed.tree)
    )


def _as_range(node: ast.A_Expr, catalog: Catalog | None) -> ast.Node | None:
    """The same comparison with a bare column, or None where it is no comparison of a date."""
    bounds = [
        _bound(column, bound, value, days)
        for column, operator, value in _comparisons(node, catalog)
        for bound, days in _BOUNDS.get(operator, ())
    ]
    result: ast.Node | None = None
    for bound in bounds:
        result = _both(result, bound)
    return result


def _comparisons(
    node: ast.A_Expr, catalog: Catalog | None
) -> Iterator[tuple[ast.ColumnRef, str, ast.Node]]:
    """The column, operator and value of what compares a column's date with values."""
    operator = (grammar.name_parts(node.name) or ("",))[-1]
    left, right = node.lexpr, node.rexpr
    column = None if left is None else _dated(left, catalog)
    if node.kind is A_Expr_Kind.AEXPR_BETWEEN and isinstance(right, tuple):
        if column is not None and all(_is_date_value(bound) for bound in right):
            yield from zip((column, column), (">=", "<="), right, strict=True)
    elif node.kind is A_Expr_Kind.AEXPR_OP and isinstance(right, ast.Node) and left is not None:
        other = _dated(right, catalog)
        if column is not None and _is_date_value(right):
            yield column, operator, right
        elif other is not None and _is_date_value(left):
            yield other, _REVERSED.get(operator, ""), left


def _dated(node: ast.Node, catalog: Catalog | None) -> ast.ColumnRef | None:
    """The column inside ``date(column)`` or ``column::date``."""
    inner: object = None
    if isinstance(node, ast.TypeCast) and cast_target(node) == "date":
        inner = node.arg
    elif isinstance(node, ast.FuncCall) and grammar.name_parts(node.funcname)[-1:] == ("date",):
        inner = node.args[0] if node.args is not None and len(node.args) == 1 else None
    if not isinstance(inner, ast.ColumnRef):
        return None
    name = grammar.name_parts(inner.fields)[-1:]
    if catalog is None or not name:
        return inner
    columns = (table.column(name[0]) for table in catalog.snapshot.tables)
    types = {base_type(column) for column in columns if column is not None}
    return inner if any(each.startswith("timestamp") for each in types) else None


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
        bound = _operation("+", bound, one)
    return _operation(operator, column, bound)


def _operation(operator: str, left: ast.Node, right: ast.Node) -> ast.A_Expr:
    return ast.A_Expr(
        kind=A_Expr_Kind.AEXPR_OP,
        name=(ast.String(sval=operator),),
        lexpr=left,
        rexpr=right,
    )


def _both(first: ast.Node | None, second: ast.Node) -> ast.Node:
    """Both conditions; one AND where the first is one already."""
    if first is None:
        return second
    if isinstance(first, ast.BoolExpr) and first.boolop is BoolExprType.AND_EXPR:
        return ast.BoolExpr(boolop=BoolExprType.AND_EXPR, args=(*(first.args or ()), second))
    return ast.BoolExpr(boolop=BoolExprType.AND_EXPR, args=(first, second))


def _is_paged(tree: ast.SelectStmt) -> bool:
    is_plain = tree.op in {None, SetOperation.SETOP_NONE} and not (
        tree.groupClause or tree.distinctClause or tree.havingClause or tree.valuesLists
    )
    calls = (n for item in tree.targetList or () for n in grammar.walk(item))
    aggregates = any(isinstance(call, ast.FuncCall) and is_aggregate(call) for call in calls)
    return is_plain and not aggregates and tree.limitOffset is not None


def _sort_columns(tree: ast.SelectStmt) -> Iterator[tuple[ast.ColumnRef, bool]]:
    """The columns of ORDER BY with their direction.

    Raises:
        StatementError: One is no plain column in an order that a row comparison follows.
    """
    for item in tree.sortClause or ():
        column = _sort_column(item.node, tree.targetList or ())
        is_default = item.sortby_nulls is SortByNulls.SORTBY_NULLS_DEFAULT
        if column is None or not is_default or item.sortby_dir is SortByDir.SORTBY_USING:
            raise StatementError("is not sorted by plain columns")
        yield column, item.sortby_dir is SortByDir.SORTBY_DESC


def _sort_column(node: ast.Node | None, targets: Sequence[ast.ResTarget]) -> ast.ColumnRef | None:
    target: ast.ResTarget | None = None
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.Integer):
        place = (node.val.ival or 0) - 1
        target = targets[place] if 0 <= place < len(targets) else None
    elif isinstance(node, ast.ColumnRef) and len(node.fields or ()) == 1:
        name = grammar.name_parts(node.fields)[-1:]
        target = next((item for item in targets if item.name and (item.name,) == name), None)
        if target is None:
            return node
    elif isinstance(node, ast.ColumnRef):
        return node
    value = target.val if target is not None else None
    # The bare `*` and `t.*` have no name to sort by.
    is_named = isinstance(value, ast.ColumnRef) and not any(
        isinstance(part, ast.A_Star) for part in value.fields or ()
    )
    return value if isinstance(value, ast.ColumnRef) and is_named else None


def _comes_after(columns: Sequence[ast.ColumnRef], first: int, *, is_descending: bool) -> ast.Node:
    parameters = [ast.ParamRef(number=first + place) for place in range(len(columns))]
    operator = "<" if is_descending else ">"
    if len(columns) == 1:
        return _operation(operator, columns[0], parameters[0])
    form = "COERCE_IMPLICIT_CAST"
    return _operation(
        operator,
        ast.RowExpr(args=tuple(columns), row_format=form),
        ast.RowExpr(args=tuple(parameters), row_format=form),
    )


def _parameter(node: ast.Node | None) -> int | None:
    while isinstance(node, ast.TypeCast):
        node = node.arg
    return node.number if isinstance(node, ast.ParamRef) else None


def _checked(tree: ast.Node) -> str:
    """The tree as text that parses as one statement."""
    text = grammar.deparse(tree)
    parse_statement(text)
    return text
