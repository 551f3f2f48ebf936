"""Updates that leave a row alone whose values are the same already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums.nodes import OnConflictAction
from pglast.enums.parsenodes import A_Expr_Kind

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Table
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import base_type, value_of
from pgadvisor.parse.rewrite.nodes import both, checked, column, copied
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.statement import parse_statement

_INCOMPARABLE = frozenset(
    {"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"}
)
"""Types without an equality that tells all values apart."""
_CONDITION = (
    "nobody counts the rows that are updated, or needs a trigger that fires for all of them"
)


def changes_only(text: str, catalog: Catalog) -> Rewritten | None:
    """Update only rows that change: ``... AND (a, b) IS DISTINCT FROM ($1, $2)``.

    Args:
        text: An UPDATE, or an INSERT that updates on conflict.
        catalog: To find out whether the columns can be compared.

    Returns:
        None where a new value is made of anything but a constant, a parameter or ``excluded``,
        where the statement returns rows or reads other tables, or where it does not parse.
    """
    try:
        tree = parse_statement(text).tree
        if isinstance(tree, ast.UpdateStmt):
            changed = _update(tree, catalog)
        elif isinstance(tree, ast.InsertStmt):
            changed = _upsert(tree, catalog)
        else:
            return None
        if changed is None:
            return None
        return Rewritten(text=checked(changed), conditions=(_CONDITION,))
    except StatementError:
        return None


def _update(tree: ast.UpdateStmt, catalog: Catalog) -> ast.Node | None:
    table = _table(tree.relation, catalog)
    if table is None or tree.fromClause or tree.withClause or _returns(tree):
        return None
    differs = _differs(tree.targetList or (), table, prefix="")
    return None if differs is None else copied(tree, whereClause=both(tree.whereClause, differs))


def _upsert(tree: ast.InsertStmt, catalog: Catalog) -> ast.Node | None:
    table, conflict = _table(tree.relation, catalog), tree.onConflictClause
    if table is None or conflict is None or tree.relation is None or _returns(tree):
        return None
    if conflict.action is not OnConflictAction.ONCONFLICT_UPDATE:
        return None
    alias = tree.relation.alias.aliasname if tree.relation.alias else None
    name = alias or tree.relation.relname or ""
    differs = _differs(conflict.targetList or (), table, prefix=name)
    if differs is None:
        return None
    where = both(conflict.whereClause, differs)
    return copied(tree, onConflictClause=copied(conflict, whereClause=where))


def _returns(tree: ast.Node) -> bool:
    return any(
        type(child).__name__ == "ReturningClause" for child in grammar.children(tree)
    ) or bool(getattr(tree, "returningList", None))


def _table(relation: ast.RangeVar | None, catalog: Catalog) -> Table | None:
    if relation is None:
        return None
    return catalog.find_table(relation.schemaname, relation.relname or "")


def _differs(targets: Sequence[ast.ResTarget], table: Table, prefix: str) -> ast.Node | None:
    """The columns that are set, compared with their new values; None where that cannot be."""
    pairs = tuple(_pairs(targets, table, prefix))
    if not pairs or len(pairs) < len(targets):
        return None
    left, right = (tuple(side) for side in zip(*pairs, strict=True))
    form = "COERCE_IMPLICIT_CAST"
    return ast.A_Expr(
        kind=A_Expr_Kind.AEXPR_DISTINCT,
        name=(ast.String(sval="="),),
        lexpr=left[0] if len(pairs) == 1 else ast.RowExpr(args=left, row_format=form),
        rexpr=right[0] if len(pairs) == 1 else ast.RowExpr(args=right, row_format=form),
    )


def _pairs(
    targets: Sequence[ast.ResTarget], table: Table, prefix: str
) -> Iterator[tuple[ast.Node, ast.Node]]:
    for target in targets:
        found = table.column(target.name or "")
        value = target.val
        is_plain = found is not None and not target.indirection and isinstance(value, ast.Node)
        if not is_plain or found is None or base_type(found) in _INCOMPARABLE:
            continue
        if isinstance(value, ast.Node) and (_is_excluded(value) or value_of(value) != (None, None)):
            name = (ast.String(sval=found.name),)
            yield column(prefix, found.name) if prefix else ast.ColumnRef(fields=name), value


def _is_excluded(node: ast.Node) -> bool:
    return isinstance(node, ast.ColumnRef) and grammar.name_parts(node.fields)[:-1] == ("excluded",)
