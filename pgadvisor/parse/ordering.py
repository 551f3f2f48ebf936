"""ORDER BY, GROUP BY, DISTINCT, LIMIT: what an index in the right order could serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pglast import ast
from pglast.enums.parsenodes import SortByDir, SortByNulls

from pgadvisor.model.usage import SortKey
from pgadvisor.parse import grammar
from pgadvisor.parse.draft import Workspace
from pgadvisor.parse.operand import Operand, operand_of
from pgadvisor.parse.order_key import Key, expression_keys, nearest_of
from pgadvisor.parse.scope import Origin, Reference, Scope


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of a select list."""

    name: str
    operand: Operand


def note_order(
    stmt: ast.SelectStmt,
    targets: Sequence[Target],
    scope: Scope,
    workspace: Workspace,
    grouped: frozenset[Origin] | None,
) -> None:
    """Note the ORDER BY of a plain query.

    Args:
        stmt: The query.
        targets: Its select list.
        scope: Its names.
        workspace: What is known of the statement.
        grouped: Columns that it groups by, None where it does not; an index then has to give the
            order of the groups.
    """
    keys = [_key(item, targets, scope, workspace) for item in stmt.sortClause or ()]
    _note_keys(keys, workspace, grouped)


def note_set_order(
    stmt: ast.SelectStmt, columns: Sequence[Reference], workspace: Workspace
) -> None:
    """Note the ORDER BY of a set operation, which knows nothing but names and positions."""
    targets = [
        Target(column.name, Operand(node=stmt, column=column, references=(column,)))
        for column in columns
    ]
    keys = [_key(item, targets, Scope(), workspace) for item in stmt.sortClause or ()]
    _note_keys(keys, workspace, None)


def note_shuffle(
    stmt: ast.SelectStmt,
    targets: Sequence[Target],
    relations: Sequence[int],
    workspace: Workspace,
) -> None:
    """Note ``ORDER BY random()``, also by the name or the position of an entry that is it."""
    first = (stmt.sortClause or (None,))[0]
    node = first.node if first is not None else None
    if node is None:
        return
    target = _target_of(node, targets)
    node = node if target is None else target.node
    if isinstance(node, ast.FuncCall) and grammar.name_parts(node.funcname)[-1:] == ("random",):
        for relation in relations:
            workspace.drafts[relation].is_shuffled = True


def note_grouping(
    stmt: ast.SelectStmt, targets: Sequence[Target], scope: Scope, workspace: Workspace
) -> frozenset[Origin]:
    """Note GROUP BY and DISTINCT; returns the columns that are grouped by."""
    operands: list[Operand] = []
    for item in stmt.groupClause or ():
        if isinstance(item, ast.GroupingSet):
            workspace.read(operand_of(item, scope, workspace).references)
        else:
            operands.append(_by_position_or_name(item, targets, scope, workspace, prefer=scope))
    distinct = stmt.distinctClause
    if distinct is not None and not operands:
        on = [key for key in distinct if key is not None]
        operands += [_by_position_or_name(key, targets, scope, workspace) for key in on]
        if not on:
            operands += [target.operand for target in targets]
    grouped: dict[Origin, None] = {}
    for operand in operands:
        origins = operand.column.origins if operand.column is not None else ()
        if not origins:
            workspace.read(operand.references)
        for origin in origins:
            workspace.drafts[origin.relation].group_columns[origin.column] = None
            grouped[origin] = None
    _note_grouped_expressions(operands, workspace)
    return frozenset(grouped)


def _note_grouped_expressions(operands: Sequence[Operand], workspace: Workspace) -> None:
    keys = [Key(operand, is_descending=False, nulls_first=False) for operand in operands]
    if (found := expression_keys(keys)) is not None:
        workspace.drafts[found.relation].group_expressions = found.keys


def note_limit(
    stmt: ast.SelectStmt, relations: Sequence[int], workspace: Workspace, *, aggregates: bool
) -> None:
    """Note LIMIT and OFFSET for the relations that the query reads directly."""
    count = stmt.limitCount
    has_limit = count is not None and not (isinstance(count, ast.A_Const) and count.isnull)
    offset = stmt.limitOffset
    has_offset = offset is not None and not _is_zero(offset)
    if not has_limit and not has_offset:
        return
    for relation in relations:
        draft = workspace.drafts[relation]
        draft.has_offset = draft.has_offset or has_offset
        if has_limit and not aggregates:
            draft.has_limit = True
            draft.limit_count = _integer(count)


def note_extreme(
    stmt: ast.SelectStmt,
    targets: Sequence[Target],
    relations: Sequence[int],
    workspace: Workspace,
) -> None:
    """Take ``SELECT max(c) FROM t`` for what the planner makes of it: ORDER BY c DESC LIMIT 1.

    Of several such calls it makes as many subqueries, if there is nothing else beside them.
    """
    if not targets or len(relations) != 1 or stmt.groupClause or stmt.havingClause:
        return
    extremes = [_extreme(target, relations[0]) for target in targets]
    draft = workspace.drafts[relations[0]]
    if None not in extremes:
        draft.extreme_columns.update(dict.fromkeys(key.column for key in extremes if key))
    if len(extremes) == 1 and extremes[0] is not None:
        draft.sort_keys = (extremes[0],)
        draft.is_sort_complete = draft.has_limit = True
        draft.limit_count = 1


def _extreme(target: Target, relation: int) -> SortKey | None:
    """The order whose first row answers a call of ``min`` or ``max``; None: it is no such call."""
    call, references = target.operand.node, target.operand.references
    if not isinstance(call, ast.FuncCall) or call.over is not None or len(references) != 1:
        return None
    name = (grammar.name_parts(call.funcname) or ("",))[-1]
    arguments = call.args or ()
    is_plain = len(arguments) == 1 and isinstance(arguments[0], ast.ColumnRef)
    origins = [o for o in references[0].origins if o.takes_joins and o.relation == relation]
    if name not in {"min", "max"} or not is_plain or not origins or call.agg_filter is not None:
        return None
    return SortKey(column=origins[0].column, is_descending=name == "max")


def _key(item: ast.SortBy, targets: Sequence[Target], scope: Scope, workspace: Workspace) -> Key:
    is_descending = item.sortby_dir is SortByDir.SORTBY_DESC
    nulls_first = is_descending
    if item.sortby_nulls is not SortByNulls.SORTBY_NULLS_DEFAULT:
        nulls_first = item.sortby_nulls is SortByNulls.SORTBY_NULLS_FIRST
    operand = _by_position_or_name(item.node or item, targets, scope, workspace)
    is_usable = item.sortby_dir is not SortByDir.SORTBY_USING
    return Key(operand, is_descending, nulls_first, is_usable)


def _by_position_or_name(
    node: ast.Node,
    targets: Sequence[Target],
    scope: Scope,
    workspace: Workspace,
    prefer: Scope | None = None,
) -> Operand:
    """``ORDER BY 2`` and ``ORDER BY alias`` mean an entry of the select list.

    ORDER BY looks there before it looks at columns, GROUP BY (with ``prefer``) after.
    """
    is_column = prefer is not None and any(prefer_has(prefer, name) for name in _names(node)[:1])
    target = None if is_column else _target_of(node, targets)
    return operand_of(node, scope, workspace) if target is None else target


def _target_of(node: ast.Node, targets: Sequence[Target]) -> Operand | None:
    """The entry of the select list that a position or a bare name means."""
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.Integer):
        place = (node.val.ival or 0) - 1
        return targets[place].operand if 0 <= place < len(targets) else None
    names = _names(node)
    if len(names) != 1:
        return None
    return next((target.operand for target in targets if target.name == names[0]), None)


def _names(node: ast.Node) -> tuple[str, ...]:
    return grammar.name_parts(node.fields) if isinstance(node, ast.ColumnRef) else ()


def prefer_has(scope: Scope, name: str) -> bool:
    """Whether a FROM entry of the query itself has a column of that name."""
    return any(source.find(name) is not None for source in scope.sources)


def _note_keys(
    keys: Sequence[Key], workspace: Workspace, grouped: frozenset[Origin] | None
) -> None:
    if not keys:
        return
    first = keys[0].operand.column
    served = 0
    for origin in first.origins if first is not None else ():
        run = _leading(keys, origin.relation, grouped)
        served = max(served, len(run))
        if run:
            draft = workspace.drafts[origin.relation]
            draft.sort_keys = tuple(run)
            draft.is_sort_complete = len(run) == len(keys)
    for key in keys[served:]:
        workspace.read(key.operand.references)
    if (nearest := nearest_of(keys[0])) is not None:
        workspace.drafts[nearest.relation].nearest = nearest.key
    elif grouped is None and (found := expression_keys(keys)) is not None:
        workspace.drafts[found.relation].expression_order = found.keys


def _leading(
    keys: Sequence[Key], relation: int, grouped: frozenset[Origin] | None
) -> list[SortKey]:
    """The sort keys from the front that are plain columns of one relation."""
    run: list[SortKey] = []
    for key in keys:
        column = key.operand.column
        origins = column.origins if column is not None else ()
        origin = next((o for o in origins if o.relation == relation and o.takes_joins), None)
        if origin is None or not key.is_usable or (grouped is not None and origin not in grouped):
            break
        sort_key = SortKey(
            column=origin.column, is_descending=key.is_descending, nulls_first=key.nulls_first
        )
        run.append(sort_key)
    return run


def _integer(node: ast.Node | None) -> int | None:
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.Integer):
        return node.val.ival
    return None


def _is_zero(node: ast.Node) -> bool:
    return isinstance(node, ast.A_Const) and (bool(node.isnull) or _integer(node) == 0)
