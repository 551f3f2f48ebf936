"""FROM clauses: tables, views, CTEs, subqueries, functions and joins as sources of names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pglast import ast
from pglast.enums.nodes import JoinType

from pgadvisor.model.schema import View
from pgadvisor.parse import grammar
from pgadvisor.parse.comparison import Place, compare
from pgadvisor.parse.condition import note_condition
from pgadvisor.parse.draft import QueryContext, Workspace
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import column_operand, operand_of
from pgadvisor.parse.scope import Derived, DerivedSource, Reference, Scope, Source, TableSource

UNKNOWN = Derived(is_open=True)
"""What stands behind a name that the catalog does not have."""


def add_sources(
    items: Sequence[ast.Node], scope: Scope, workspace: Workspace, context: QueryContext
) -> None:
    """Bring all entries of a FROM clause into scope, and note the conditions of its joins."""
    for item in items:
        add_source(item, scope, workspace, context)


def add_source(
    item: ast.Node, scope: Scope, workspace: Workspace, context: QueryContext
) -> list[Source]:
    """Bring one entry into scope; a join brings several."""
    joins: list[ast.JoinExpr] = []
    # Long chains of joins lean to the left, so that side is unrolled.
    while isinstance(item, ast.JoinExpr) and item.larg is not None:
        joins.append(item)
        item = item.larg
    sources = [_single(item, scope, workspace, context)]
    scope.sources += sources
    for join in reversed(joins):
        if join.rarg is None:
            continue
        right = add_source(join.rarg, scope, workspace, context)
        _note_join(join, sources, right, scope, workspace, context)
        sources = [*sources, *right]
        if join.alias is not None and join.alias.aliasname:
            sources = [_aliased_join(join.alias, sources, scope)]
    return sources


def relation_source(
    node: ast.RangeVar, scope: Scope, workspace: Workspace, context: QueryContext
) -> Source:
    """The source that a relation's name stands for: CTE, table or view, in that order."""
    name, schema = node.relname or "", node.schemaname
    alias, column_aliases = _alias_of(node.alias)
    if schema is None and (derived := scope.find_with(name)) is not None:
        return DerivedSource(alias or name, derived, column_aliases)
    if (table := workspace.catalog.find_table(schema, name)) is not None:
        draft = workspace.new_draft(table, alias or name, context.level)
        return TableSource(draft.position, table, alias, column_aliases)
    if (view := workspace.catalog.find_view(schema, name)) is not None:
        derived = _view(view, workspace, context)
        return DerivedSource(alias or name, derived, column_aliases)
    workspace.miss(f"{schema}.{name}" if schema else name)
    return DerivedSource(alias or name, UNKNOWN, column_aliases)


def _single(item: ast.Node, scope: Scope, workspace: Workspace, context: QueryContext) -> Source:
    match item:
        case ast.RangeVar():
            return relation_source(item, scope, workspace, context)
        case ast.RangeSubselect(subquery=subquery) if subquery is not None:
            alias, column_aliases = _alias_of(item.alias)
            parent = scope if item.lateral else _without_sources(scope)
            inner = QueryContext(level=context.level + 1, outer_gains=bool(item.lateral))
            derived = workspace.resolve_query(subquery, parent, workspace, inner)
            return DerivedSource(alias or "", derived, column_aliases)
        case ast.RangeTableSample(relation=relation) if relation is not None:
            for argument in item.args or ():
                workspace.read(operand_of(argument, scope, workspace).references)
            return _single(relation, scope, workspace, context)
        case _:
            return _function_source(item, scope, workspace)


def _without_sources(scope: Scope) -> Scope:
    """What a subquery in FROM sees: the queries around and their CTEs, but not its neighbours."""
    return Scope(parent=scope.parent, tables_of_with=scope.tables_of_with, level=scope.level)


def _function_source(item: ast.Node, scope: Scope, workspace: Workspace) -> Source:
    """A function, ``XMLTABLE`` or ``JSON_TABLE``: its arguments may read what stands before it."""
    alias, column_aliases = _alias_of(getattr(item, "alias", None))
    names = list(column_aliases)
    pending = list(reversed(tuple(grammar.children(item))))
    while pending:
        node = pending.pop()
        match node:
            case ast.ColumnDef(colname=str(name)):
                names.append(name)
            case ast.RangeTableFuncCol(colname=str(name)) | ast.JsonTableColumn(name=str(name)):
                names.append(name)
                pending.extend(reversed(tuple(grammar.children(node))))
            case ast.ColumnRef() | ast.FuncCall() | ast.SubLink():
                workspace.read(operand_of(node, scope, workspace).references)
            case _:
                pending.extend(reversed(tuple(grammar.children(node))))
    if not alias and isinstance(item, ast.RangeFunction):
        alias = _function_alias(item)
    columns = tuple(Reference(name) for name in dict.fromkeys(names))
    return DerivedSource(alias or "", Derived(columns=columns, is_open=True))


def _function_alias(item: ast.RangeFunction) -> str:
    """The name of the function, which is its alias where it has none."""
    for node in grammar.walk(item):
        if isinstance(node, ast.FuncCall):
            return (grammar.name_parts(node.funcname) or ("",))[-1]
    return ""


def _alias_of(alias: object) -> tuple[str | None, tuple[str, ...]]:
    if not isinstance(alias, ast.Alias):
        return None, ()
    return alias.aliasname, grammar.name_parts(alias.colnames)


def _note_join(
    join: ast.JoinExpr,
    left: list[Source],
    right: list[Source],
    scope: Scope,
    workspace: Workspace,
    context: QueryContext,
) -> None:
    left_relations = {relation for source in left for relation in source.relations}
    right_relations = {relation for source in right for relation in source.relations}
    blocked: set[int] = set()
    if join.jointype in {JoinType.JOIN_LEFT, JoinType.JOIN_FULL}:
        blocked |= left_relations
        _make_nullable(workspace, right_relations)
    if join.jointype in {JoinType.JOIN_RIGHT, JoinType.JOIN_FULL}:
        blocked |= right_relations
        _make_nullable(workspace, left_relations)
    place = Place(
        scope=scope,
        workspace=workspace,
        blocked=frozenset(blocked),
        outer_gains=context.outer_gains,
    )
    for name in _merged_columns(join, left, right):
        one = next((found for source in left if (found := source.find(name))), None)
        other = next((found for source in right if (found := source.find(name))), None)
        one_side = column_operand(one or Reference(name))
        compare(place, one_side, "=", column_operand(other or Reference(name)))
    if join.quals is not None:
        note_condition(join.quals, place)


def _make_nullable(workspace: Workspace, relations: set[int]) -> None:
    for relation in relations:
        workspace.drafts[relation].is_nullable = True


def _merged_columns(join: ast.JoinExpr, left: list[Source], right: list[Source]) -> tuple[str, ...]:
    """The columns of USING, or those that a NATURAL join finds on both sides."""
    if not join.isNatural:
        return grammar.name_parts(join.usingClause)
    on_left = [column.name for source in left for column in source.columns()]
    on_right = {column.name for source in right for column in source.columns()}
    return tuple(dict.fromkeys(name for name in on_left if name in on_right))


def _aliased_join(alias: ast.Alias, sources: list[Source], scope: Scope) -> Source:
    """``(a JOIN b ...) AS j`` hides the names inside."""
    derived = Derived(
        columns=tuple(column for source in sources for column in source.columns()),
        is_open=any(source.is_open for source in sources),
        relations=tuple(relation for source in sources for relation in source.relations),
    )
    joined = DerivedSource(alias.aliasname or "", derived, grammar.name_parts(alias.colnames))
    hidden = {id(source) for source in sources}
    scope.sources = [source for source in scope.sources if id(source) not in hidden]
    scope.sources.append(joined)
    return joined


def _view(view: View, workspace: Workspace, context: QueryContext) -> Derived:
    """Look through a view; one that cannot be followed is a name that is not resolved."""
    tree = _view_tree(view.definition)
    if tree is None or view.oid in workspace.views_in_progress or workspace.is_full:
        workspace.miss(f"{view.schema}.{view.name}")
        return Derived(columns=tuple(Reference(name) for name in view.columns), is_open=True)
    workspace.views_in_progress.append(view.oid)
    inner = QueryContext(level=context.level + 1)
    derived = workspace.resolve_query(tree, Scope(level=context.level), workspace, inner)
    workspace.views_in_progress.pop()
    names = DerivedSource(view.name, derived, view.columns)
    return Derived(
        columns=tuple(names.columns()), is_open=derived.is_open, relations=derived.relations
    )


@lru_cache(maxsize=1_000)
def _view_tree(definition: str) -> ast.Node | None:
    """The query of a view; trees are only read, so one serves all statements."""
    try:
        found = grammar.parse(definition)
    except StatementError:
        return None
    return found[0].stmt if len(found) == 1 else None
