"""WITH: what PostgreSQL folds into the query, what it runs by itself, and recursion."""

from __future__ import annotations

from dataclasses import replace

from pglast import ast
from pglast.enums.parsenodes import CTEMaterialize, SetOperation

from pgadvisor.parse import grammar
from pgadvisor.parse.draft import QueryContext, Workspace
from pgadvisor.parse.scope import Derived, DerivedSource, Reference, Scope


def add_tables_of_with(
    clause: ast.WithClause, statement: ast.Node, scope: Scope, workspace: Workspace
) -> None:
    """Bring the CTEs of a statement into scope, in order."""
    tables: tuple[ast.CommonTableExpr, ...] = clause.ctes or ()
    uses = _uses(statement, {table.ctename or "" for table in tables})
    for table in tables:
        _add(table, scope, workspace, uses, is_recursive=bool(clause.recursive))


def _add(
    table: ast.CommonTableExpr,
    scope: Scope,
    workspace: Workspace,
    uses: dict[str, int],
    *,
    is_recursive: bool,
) -> None:
    name, query = table.ctename or "", table.ctequery
    if query is None:
        return
    context = QueryContext(level=scope.level + 1)
    is_select = isinstance(query, ast.SelectStmt)
    if is_select and not uses.get(name):
        # PostgreSQL does not run it either; the name must still be known to be a CTE's.
        scope.tables_of_with[name] = Derived(is_open=True)
        return
    if is_recursive and isinstance(query, ast.SelectStmt) and _uses(query, {name}).get(name):
        derived = _recursive(query, name, scope, workspace, context, table)
        is_folded = False
    else:
        derived = workspace.resolve_query(query, scope, workspace, context)
        is_folded = is_select and _is_folded(table, uses[name])
    if is_select and not is_folded:
        workspace.read(derived.columns)
        derived = derived.restricted(takes_predicates=False, takes_joins=False)
    scope.tables_of_with[name] = _renamed(derived, table)


def _is_folded(table: ast.CommonTableExpr, uses: int) -> bool:
    # NOT MATERIALIZED and used twice is planned twice, with different conditions each time; taken
    # for one reading of the table, they would seem to hold together.
    return uses == 1 and table.ctematerialized is not CTEMaterialize.CTEMaterializeAlways


def _recursive(
    query: ast.SelectStmt,
    name: str,
    scope: Scope,
    workspace: Workspace,
    context: QueryContext,
    table: ast.CommonTableExpr,
) -> Derived:
    """Resolve the first term, and with its columns in scope the one that refers to itself."""
    if query.op in {None, SetOperation.SETOP_NONE} or query.larg is None or query.rarg is None:
        scope.tables_of_with[name] = Derived(is_open=True)
        return workspace.resolve_query(query, scope, workspace, context)
    inner = Scope(parent=scope, level=scope.level)
    if query.withClause is not None:
        add_tables_of_with(query.withClause, query, inner, workspace)
    first = workspace.resolve_query(query.larg, inner, workspace, context)
    # Its rows come from a work table: neither its indexes nor its origins are of use.
    work_table = Derived(
        columns=tuple(Reference(column.name, reads=column.reads) for column in first.columns),
        is_open=first.is_open,
    )
    inner.tables_of_with[name] = _renamed(work_table, table)
    second = workspace.resolve_query(query.rarg, inner, workspace, context)
    workspace.read((*first.columns, *second.columns))
    return Derived(columns=first.columns, is_open=first.is_open)


def _renamed(derived: Derived, table: ast.CommonTableExpr) -> Derived:
    names = grammar.name_parts(table.aliascolnames)
    if not names:
        return derived
    source = DerivedSource(table.ctename or "", derived, names)
    return replace(derived, columns=tuple(source.columns()))


def _uses(statement: ast.Node, names: set[str]) -> dict[str, int]:
    """How often each name is read from."""
    counts: dict[str, int] = {}
    for node in grammar.walk(statement):
        if isinstance(node, ast.RangeVar) and node.schemaname is None and node.relname in names:
            counts[node.relname] = counts.get(node.relname, 0) + 1
    return counts
