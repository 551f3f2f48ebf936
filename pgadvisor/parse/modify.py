"""INSERT, UPDATE, DELETE and MERGE."""

from __future__ import annotations

from collections.abc import Sequence

from pglast import ast

from pgadvisor.model.usage import ConflictTarget
from pgadvisor.parse import grammar
from pgadvisor.parse.comparison import Place
from pgadvisor.parse.condition import note_condition
from pgadvisor.parse.draft import QueryContext, Workspace
from pgadvisor.parse.from_clause import add_source, add_sources, relation_source
from pgadvisor.parse.operand import operand_of
from pgadvisor.parse.query import resolve_select, targets_of
from pgadvisor.parse.scope import Derived, DerivedSource, Reference, Scope, Source, TableSource
from pgadvisor.parse.with_clause import add_tables_of_with

_Change = ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt


def resolve_query(
    tree: ast.Node, outside: Scope | None, workspace: Workspace, context: QueryContext
) -> Derived:
    """Note all that a query or a change does; returns what it gives to the query around it."""
    if isinstance(tree, ast.SelectStmt):
        return resolve_select(tree, outside, workspace, context)
    if not isinstance(tree, ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt):
        return Derived(is_open=True)
    scope = Scope(parent=outside, level=context.level)
    if tree.withClause is not None:
        add_tables_of_with(tree.withClause, tree, scope, workspace)
    match tree:
        case ast.InsertStmt():
            _insert(tree, scope, workspace, context)
        case ast.UpdateStmt():
            _update(tree, scope, workspace, context)
        case ast.DeleteStmt():
            _delete(tree, scope, workspace, context)
        case ast.MergeStmt():
            _merge(tree, scope, workspace, context)
    targets = targets_of(_returning(tree), scope, workspace)
    workspace.read(reference for target in targets for reference in target.operand.references)
    columns = tuple(
        Reference(
            target.name, reads=tuple(r for ref in target.operand.references for r in ref.reads)
        )
        for target in targets
    )
    return Derived(columns=columns)


def _insert(
    stmt: ast.InsertStmt, scope: Scope, workspace: Workspace, context: QueryContext
) -> None:
    if stmt.selectStmt is not None:
        inner = QueryContext(level=context.level)
        derived = workspace.resolve_query(stmt.selectStmt, scope, workspace, inner)
        workspace.read(derived.columns)
    target = _target(stmt.relation, scope, workspace, context)
    conflict = stmt.onConflictClause
    if conflict is None or target is None:
        return
    if conflict.infer is not None and isinstance(target, TableSource):
        _note_arbiter(conflict.infer, target, workspace)
    excluded = Derived(columns=tuple(Reference(column.name) for column in target.columns()))
    scope.sources.append(DerivedSource("excluded", excluded))
    _assign(conflict.targetList, scope, workspace)
    if conflict.whereClause is not None:
        # It is checked on the row that the arbiter index has found.
        workspace.read(operand_of(conflict.whereClause, scope, workspace).references)
    scope.sources.pop()


def _note_arbiter(inferred: ast.InferClause, target: TableSource, workspace: Workspace) -> None:
    """Note over what a unique index has to be; a constraint that is named is no index's matter."""
    elements = tuple(inferred.indexElems or ())
    columns = tuple(element.name for element in elements if element.name)
    for position in target.relations if elements else ():
        found = ConflictTarget(
            table_oid=workspace.drafts[position].table.oid,
            columns=columns,
            expression_count=len(elements) - len(columns),
        )
        workspace.conflict_targets[found] = None


def _update(
    stmt: ast.UpdateStmt, scope: Scope, workspace: Workspace, context: QueryContext
) -> None:
    _target(stmt.relation, scope, workspace, context, is_read=True)
    add_sources(stmt.fromClause or (), scope, workspace, context)
    _assign(stmt.targetList, scope, workspace)
    _where(stmt.whereClause, scope, workspace)


def _delete(
    stmt: ast.DeleteStmt, scope: Scope, workspace: Workspace, context: QueryContext
) -> None:
    _target(stmt.relation, scope, workspace, context, is_read=True)
    add_sources(stmt.usingClause or (), scope, workspace, context)
    _where(stmt.whereClause, scope, workspace)


def _merge(stmt: ast.MergeStmt, scope: Scope, workspace: Workspace, context: QueryContext) -> None:
    _target(stmt.relation, scope, workspace, context, is_read=True)
    if stmt.sourceRelation is not None:
        add_source(stmt.sourceRelation, scope, workspace, context)
    _where(stmt.joinCondition, scope, workspace)
    for clause in stmt.mergeWhenClauses or ():
        if clause.condition is not None:
            workspace.read(operand_of(clause.condition, scope, workspace).references)
        for value in clause.values or ():
            workspace.read(operand_of(value, scope, workspace).references)
        is_update = (clause.commandType is not None) and clause.commandType.name == "CMD_UPDATE"
        if is_update:
            _assign(clause.targetList, scope, workspace)


def _target(
    relation: ast.RangeVar | None,
    scope: Scope,
    workspace: Workspace,
    context: QueryContext,
    *,
    is_read: bool = False,
) -> Source | None:
    """Bring the table that is written to into scope; a view stands for the table below it."""
    if relation is None:
        return None
    # A CTE of that name does not hide the table: only reading looks at CTEs.
    outside = Scope(level=scope.level)
    source = relation_source(relation, outside, workspace, context)
    scope.sources.append(source)
    for position in source.relations if isinstance(source, TableSource) else source.relations[:1]:
        draft = workspace.drafts[position]
        draft.is_write_target = True
        # A new version of a row is made from the whole old one.
        draft.reads_whole_row = is_read
    return source


def _where(condition: ast.Node | None, scope: Scope, workspace: Workspace) -> None:
    if condition is not None and not isinstance(condition, ast.CurrentOfExpr):
        note_condition(condition, Place(scope=scope, workspace=workspace))


def _assign(items: Sequence[ast.ResTarget] | None, scope: Scope, workspace: Workspace) -> None:
    """Note which columns are set, and what the new values are made of."""
    for item in items or ():
        if item.name:
            workspace.set_columns[item.name] = None
        value = item.val
        if isinstance(value, ast.MultiAssignRef):
            # (a, b) = (SELECT ...) stands once for each column.
            value = value.source if value.colno == 1 else None
        if value is not None:
            workspace.read(operand_of(value, scope, workspace).references)


def _returning(tree: _Change) -> tuple[ast.ResTarget, ...]:
    """The RETURNING list, which PostgreSQL 18's grammar wraps in a clause of its own."""
    for child in grammar.children(tree):
        if type(child).__name__ == "ReturningClause":
            return tuple(n for n in grammar.children(child) if isinstance(n, ast.ResTarget))
    return tuple(getattr(tree, "returningList", None) or ())
