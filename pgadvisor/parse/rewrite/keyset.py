"""Pages that begin after a key, in place of an OFFSET."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums.nodes import LimitOption
from pglast.enums.parsenodes import SetOperation, SortByDir, SortByNulls

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import is_aggregate
from pgadvisor.parse.parameters import parameter_numbers
from pgadvisor.parse.rewrite.nodes import both, checked, compacted, copied, operation
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.rewrite.sources import (
    has_key_in,
    name_of,
    owner_of,
    sources_of,
    with_names_of,
)
from pgadvisor.parse.statement import parse_statement


def keyset_template(text: str, catalog: Catalog) -> Rewritten | None:
    """Page by key instead of by OFFSET: ``(a, b) > ($2, $3) ORDER BY a, b LIMIT $1``.

    The new parameters stand for the sort keys of the last row of the page before.  A row
    comparison finds no row with a NULL in its keys, and passes over rows that are equal to the
    last one; what the catalog does not rule out becomes a condition.

    Args:
        text: The statement.
        catalog: To find out whether the keys may be NULL, and whether they are unique.

    Returns:
        None where there is no OFFSET, where the sort keys are no plain columns of one direction,
        where rows are grouped or numbered, or where it does not parse.
    """
    try:
        tree = parse_statement(text).tree
        if not isinstance(tree, ast.SelectStmt) or not _is_paged(tree):
            return None
        keys = list(_sort_columns(tree))
        if not keys or len({is_descending for _, is_descending in keys}) > 1:
            return None
        first = max(parameter_numbers(text), default=0) + 1
        columns = [column for column, _ in keys]
        after = _comes_after(columns, first, is_descending=keys[0][1])
        where = both(tree.whereClause, after)
        result = compacted(copied(tree, limitOffset=None, whereClause=where))
        conditions = ("the application passes the last row's key instead of a page number",)
        return Rewritten(
            text=checked(result),
            conditions=(*conditions, *_conditions(tree, columns, catalog)),
        )
    except StatementError:
        return None


def _conditions(
    tree: ast.SelectStmt, columns: Sequence[ast.ColumnRef], catalog: Catalog
) -> Iterator[str]:
    sources = sources_of(tree.fromClause or (), catalog, with_names_of(tree))
    owners = [owner_of(column, sources) for column in columns]
    names = [name_of(column) for column in columns]
    first = owners[0]
    table = first.table if first is not None and len(sources) == 1 else None
    if table is None or not has_key_in(table, set(names), catalog):
        yield f"no two rows are equal in {', '.join(names)}, as where the last of them is unique"
    nullable = [
        name
        for name, owner in zip(names, owners, strict=True)
        if owner is None or owner.may_be_null(name)
    ]
    if nullable:
        yield f"{' and '.join(nullable)} {'is' if len(nullable) == 1 else 'are'} NULL in no row"


def _is_paged(tree: ast.SelectStmt) -> bool:
    is_plain = tree.op in {None, SetOperation.SETOP_NONE} and not (
        tree.groupClause or tree.distinctClause or tree.havingClause or tree.valuesLists
    )
    calls = (n for item in tree.targetList or () for n in grammar.walk(item))
    # A window function sees all the rows that the condition leaves over.
    counts_rows = any(
        isinstance(call, ast.FuncCall) and (call.over is not None or is_aggregate(call))
        for call in calls
    )
    has_ties = tree.limitOption is LimitOption.LIMIT_OPTION_WITH_TIES
    return is_plain and not counts_rows and not has_ties and tree.limitOffset is not None


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
        return operation(operator, columns[0], parameters[0])
    form = "COERCE_IMPLICIT_CAST"
    return operation(
        operator,
        ast.RowExpr(args=tuple(columns), row_format=form),
        ast.RowExpr(args=tuple(parameters), row_format=form),
    )
