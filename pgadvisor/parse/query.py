"""Queries: SELECT, VALUES and set operations, with what they pass on to the query around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pglast import ast
from pglast.enums.lockoptions import LockClauseStrength, LockWaitPolicy
from pglast.enums.parsenodes import SetOperation

from pgadvisor.parse import grammar
from pgadvisor.parse.comparison import Place
from pgadvisor.parse.condition import note_condition
from pgadvisor.parse.draft import QueryContext, Workspace
from pgadvisor.parse.from_clause import add_sources
from pgadvisor.parse.operand import Operand, is_aggregate, operand_of, resolve_column
from pgadvisor.parse.ordering import (
    Target,
    note_extreme,
    note_grouping,
    note_limit,
    note_order,
    note_set_order,
    note_shuffle,
)
from pgadvisor.parse.scope import Computed, Derived, Reference, Scope
from pgadvisor.parse.with_clause import add_tables_of_with

UNNAMED = "?column?"
_STRENGTHS = {
    LockClauseStrength.LCS_FORKEYSHARE: "key share",
    LockClauseStrength.LCS_FORSHARE: "share",
    LockClauseStrength.LCS_FORNOKEYUPDATE: "no key update",
    LockClauseStrength.LCS_FORUPDATE: "update",
}
_WAITS = {
    LockWaitPolicy.LockWaitBlock: "block",
    LockWaitPolicy.LockWaitSkip: "skip",
    LockWaitPolicy.LockWaitError: "error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What a query does besides reading rows, as far as conditions from outside care."""

    is_grouped: bool
    has_window: bool
    is_distinct: bool
    is_distinct_on: bool
    has_limit: bool
    has_locks: bool

    @property
    def takes_predicates(self) -> bool:
        return not (self.has_limit or self.has_window or self.is_distinct_on)

    @property
    def takes_joins(self) -> bool:
        return self.takes_predicates and not (self.is_grouped or self.is_distinct or self.has_locks)

    @property
    def aggregates(self) -> bool:
        """A LIMIT does not stop the reading early."""
        return self.is_grouped or self.has_window or self.is_distinct


def resolve_select(
    stmt: ast.SelectStmt, outside: Scope | None, workspace: Workspace, context: QueryContext
) -> Derived:
    """Note all that a query does; returns what it gives to the query around it."""
    scope = Scope(parent=outside, level=context.level)
    if stmt.withClause is not None:
        add_tables_of_with(stmt.withClause, stmt, scope, workspace)
    if stmt.op not in {None, SetOperation.SETOP_NONE}:
        derived = _set_operation(stmt, scope, workspace, context)
    elif stmt.valuesLists:
        derived = _values(stmt, scope, workspace)
    else:
        derived = _plain(stmt, scope, workspace, context)
    return replace(derived, outer=tuple(scope.outer))


def targets_of(
    items: tuple[ast.ResTarget, ...] | None, scope: Scope, workspace: Workspace
) -> list[Target]:
    """Resolve a select list, ``*`` written out."""
    return [target for item in items or () for target in _targets(item, scope, workspace)]


def _plain(
    stmt: ast.SelectStmt, scope: Scope, workspace: Workspace, context: QueryContext
) -> Derived:
    gains = context.outer_gains and _is_pulled_up(stmt, is_exists=context.is_exists)
    context = replace(context, outer_gains=gains)
    add_sources(stmt.fromClause or (), scope, workspace, context)
    if stmt.whereClause is not None:
        place = Place(scope=scope, workspace=workspace, outer_gains=context.outer_gains)
        note_condition(stmt.whereClause, place)
    targets = targets_of(stmt.targetList, scope, workspace)
    for extra in (stmt.havingClause, *(stmt.windowClause or ())):
        if extra is not None:
            workspace.read(operand_of(extra, scope, workspace).references)
    shape = _shape(stmt, targets)
    relations = _own_relations(scope)
    grouped = note_grouping(stmt, targets, scope, workspace)
    note_order(stmt, targets, scope, workspace, grouped if shape.is_grouped else None)
    if not shape.is_grouped:
        note_shuffle(stmt, targets, relations, workspace)
    note_limit(stmt, relations, workspace, aggregates=shape.aggregates)
    note_extreme(stmt, targets, relations, workspace)
    _note_locks(stmt, scope, workspace)
    if shape.is_distinct and not context.is_exists:
        workspace.read(r for target in targets for r in target.operand.references)
    derived = Derived(
        columns=tuple(_column(target) for target in targets),
        is_open=any(source.is_open for source in scope.sources) and _has_star(stmt),
        relations=relations,
    )
    return derived.restricted(
        takes_predicates=shape.takes_predicates, takes_joins=shape.takes_joins
    )


def _is_pulled_up(stmt: ast.SelectStmt, *, is_exists: bool) -> bool:
    """Whether the planner makes a join of it, so that its conditions serve the outer query too."""
    if stmt.groupClause or stmt.havingClause or stmt.distinctClause:
        return False
    if is_exists:  # neither a LIMIT nor what is selected matters to it
        return True
    has_limit = stmt.limitCount is not None or stmt.limitOffset is not None
    calls = (n for item in stmt.targetList or () for n in grammar.walk(item))
    return not has_limit and not any(
        isinstance(call, ast.FuncCall) and (call.over is not None or is_aggregate(call))
        for call in calls
    )


def _own_relations(scope: Scope) -> tuple[int, ...]:
    return tuple(dict.fromkeys(r for source in scope.sources for r in source.relations))


def _shape(stmt: ast.SelectStmt, targets: list[Target]) -> _Shape:
    distinct = stmt.distinctClause
    is_distinct_on = any(key is not None for key in distinct or ())
    return _Shape(
        is_grouped=bool(stmt.groupClause)
        or stmt.havingClause is not None
        or any(target.operand.has_aggregate for target in targets),
        has_window=any(target.operand.has_window for target in targets),
        is_distinct=distinct is not None,
        is_distinct_on=is_distinct_on,
        has_limit=stmt.limitCount is not None or stmt.limitOffset is not None,
        has_locks=bool(stmt.lockingClause),
    )


def _targets(item: ast.ResTarget, scope: Scope, workspace: Workspace) -> Iterator[Target]:
    value = item.val
    if value is None:
        return
    fields = value.fields or () if isinstance(value, ast.ColumnRef) else ()
    if isinstance(value, ast.ColumnRef) and fields and isinstance(fields[-1], ast.A_Star):
        for reference in resolve_column(value, scope, workspace):
            node = ast.ColumnRef(fields=(ast.String(sval=reference.name),))
            operand = Operand(node=node, column=reference, references=(reference,))
            yield Target(reference.name, operand)
        return
    yield Target(item.name or _figure_name(value), operand_of(value, scope, workspace))


def _figure_name(node: ast.Node) -> str:
    """The name that PostgreSQL gives to a column without an alias."""
    while isinstance(node, ast.TypeCast | ast.CollateClause) and node.arg is not None:
        parts: tuple[str, ...] = ()
        if isinstance(node, ast.TypeCast) and isinstance(node.arg, ast.A_Const | ast.ParamRef):
            parts = grammar.name_parts(node.typeName.names if node.typeName else None)
        if parts:
            return parts[-1]
        node = node.arg
    match node:
        case ast.ColumnRef():
            return (grammar.name_parts(node.fields) or (UNNAMED,))[-1]
        case ast.FuncCall():
            return (grammar.name_parts(node.funcname) or (UNNAMED,))[-1]
        case ast.CoalesceExpr():
            return "coalesce"
        case ast.CaseExpr():
            return "case"
        case _:
            return UNNAMED


def _column(target: Target) -> Reference:
    """A target as a column of the query around."""
    operand = target.operand
    if operand.column is not None:
        return replace(operand.column, name=target.name, is_outer=False)
    references = operand.references
    is_plain = bool(references) and not operand.has_aggregate and not operand.has_window
    return Reference(
        target.name,
        reads=tuple(dict.fromkeys(read for r in references for read in r.reads)),
        whole_rows=tuple(dict.fromkeys(row for r in references for row in r.whole_rows)),
        computed=Computed(operand.node, references) if is_plain else None,
    )


def _has_star(stmt: ast.SelectStmt) -> bool:
    return any(
        isinstance(target.val, ast.ColumnRef)
        and isinstance((target.val.fields or (None,))[-1], ast.A_Star)
        for target in stmt.targetList or ()
    )


def _note_locks(stmt: ast.SelectStmt, scope: Scope, workspace: Workspace) -> None:
    for clause in stmt.lockingClause or ():
        names = {relation.relname for relation in clause.lockedRels or ()}
        for source in scope.sources:
            if names and source.name not in names:
                continue
            for relation in source.relations:
                draft = workspace.drafts[relation]
                draft.lock_strength = _STRENGTHS.get(clause.strength, "update")
                draft.lock_wait = _WAITS.get(clause.waitPolicy, "block")
                draft.reads_whole_row = True


def _values(stmt: ast.SelectStmt, scope: Scope, workspace: Workspace) -> Derived:
    width = 0
    for row in stmt.valuesLists or ():
        width = max(width, len(row))
        for cell in row:
            if not isinstance(cell, ast.A_Const | ast.ParamRef | ast.SetToDefault):
                workspace.read(operand_of(cell, scope, workspace).references)
    return Derived(columns=tuple(Reference(f"column{place + 1}") for place in range(width)))


def _set_operation(
    stmt: ast.SelectStmt, scope: Scope, workspace: Workspace, context: QueryContext
) -> Derived:
    branches, operations = _branches(stmt)
    is_union_all = all(
        node.op is SetOperation.SETOP_UNION and bool(node.all) for node in operations
    )
    has_except = any(node.op is SetOperation.SETOP_EXCEPT for node in operations)
    found = [resolve_select(branch, scope, workspace, context) for branch in branches]
    has_limit = stmt.limitCount is not None or stmt.limitOffset is not None
    if not is_union_all:
        # Rows are compared as a whole, so every column is needed.
        for branch in found:
            workspace.read(branch.columns)
    merged = _merged(found).restricted(takes_predicates=not has_except, takes_joins=is_union_all)
    note_set_order(stmt, merged.columns, workspace)
    note_limit(stmt, merged.relations, workspace, aggregates=not is_union_all)
    return merged.restricted(takes_predicates=not has_limit, takes_joins=not has_limit)


def _branches(stmt: ast.SelectStmt) -> tuple[list[ast.SelectStmt], list[ast.SelectStmt]]:
    """The leaves of a tree of set operations from left to right, and its inner nodes."""
    leaves: list[ast.SelectStmt] = []
    inner: list[ast.SelectStmt] = []
    pending = [stmt]
    while pending:
        node = pending.pop()
        is_operation = node.op not in {None, SetOperation.SETOP_NONE}
        has_clauses = bool(node.withClause or node.sortClause or node.limitCount)
        if (is_operation and not has_clauses) or node is stmt:
            inner.append(node)
            pending.extend(side for side in (node.rarg, node.larg) if side is not None)
        else:
            leaves.append(node)
    return leaves, inner


def _merged(branches: list[Derived]) -> Derived:
    """The columns of all branches, each standing for its column in every branch."""
    width = min((len(branch.columns) for branch in branches), default=0)
    columns = tuple(
        Reference(
            branches[0].columns[place].name,
            origins=tuple(o for branch in branches for o in branch.columns[place].origins),
            reads=tuple(read for branch in branches for read in branch.columns[place].reads),
        )
        for place in range(width)
    )
    return Derived(
        columns=columns,
        is_open=any(branch.is_open for branch in branches),
        relations=tuple(relation for branch in branches for relation in branch.relations),
    )
