"""Conditions: WHERE, ON and what stands below AND, OR and NOT in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind
from pglast.enums.primnodes import BoolExprType, BoolTestType, NullTestType, SubLinkType

from pgadvisor.model.usage import PredicateKind
from pgadvisor.parse import grammar
from pgadvisor.parse.alternatives import note_alternatives
from pgadvisor.parse.comparison import (
    NEGATED,
    Place,
    compare,
    kind_of_operator,
    note_lookup,
    note_predicate,
    note_wrapped,
)
from pgadvisor.parse.draft import QueryContext
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.not_in import note_not_in
from pgadvisor.parse.operand import Operand, column_operand, literal_sql, operand_of, value_of

_NOT_BETWEEN = frozenset({A_Expr_Kind.AEXPR_NOT_BETWEEN, A_Expr_Kind.AEXPR_NOT_BETWEEN_SYM})


def note_condition(node: ast.Node, place: Place) -> None:
    """Note what a condition does to the relations in scope."""
    pending = [(node, place)]
    while pending:
        current, where = pending.pop()
        if isinstance(current, ast.BoolExpr):
            pending.extend(reversed(_below(current, where)))
            continue
        handler = _HANDLERS.get(type(current), _note_other)
        handler(current, where)


def _below(node: ast.BoolExpr, place: Place) -> list[tuple[ast.Node, Place]]:
    """The arguments of AND, OR and NOT, each with the place that it has."""
    arguments: tuple[ast.Node, ...] = node.args or ()
    if node.boolop is BoolExprType.NOT_EXPR:
        inner = replace(place, is_negated=not place.is_negated)
        return [(argument, inner) for argument in arguments]
    # NOT (a OR b) is NOT a AND NOT b, and the other way round.
    is_conjunction = (node.boolop is BoolExprType.AND_EXPR) is not place.is_negated
    if is_conjunction:
        return [(argument, place) for argument in arguments]
    if not place.is_negated and _note_same_column(arguments, place):
        return []
    common: list[ast.Node] = []
    if not place.is_negated and not place.is_optional:
        note_alternatives(arguments, place)
    if not place.is_negated:
        common, arguments = _without_common(arguments)
    inner = replace(place, is_optional=True)
    return [*((one, place) for one in common), *((argument, inner) for argument in arguments)]


def _without_common(arms: Sequence[ast.Node]) -> tuple[list[ast.Node], tuple[ast.Node, ...]]:
    """Split an OR as the planner does: ``(a AND b) OR (a AND c)`` is ``a AND (b OR c)``.

    Returns:
        What all arms have in common, and what is left of each; of an arm with nothing else in it
        nothing is left, and then the others do not narrow anything down.
    """
    parts = [_conjuncts(arm) for arm in arms]
    if not all(len(conjuncts) > 1 for conjuncts in parts):
        return [], tuple(arms)
    try:
        written = [{grammar.deparse(one): one for one in conjuncts} for conjuncts in parts]
    except StatementError:
        return [], tuple(arms)
    shared = [text for text in written[0] if all(text in other for other in written[1:])]
    common = [written[0][text] for text in shared]
    left = [one for conjuncts in written for text, one in conjuncts.items() if text not in shared]
    return common, tuple(left)


def _conjuncts(arm: ast.Node) -> tuple[ast.Node, ...]:
    """The conditions below an AND, those below further ANDs included."""
    if not isinstance(arm, ast.BoolExpr) or arm.boolop is not BoolExprType.AND_EXPR:
        return (arm,)
    return tuple(one for argument in arm.args or () for one in _conjuncts(argument))


def _note_same_column(arguments: Sequence[ast.Node], place: Place) -> bool:
    """Take ``a = 1 OR a = 2`` for the list that it is."""
    columns: set[tuple[str, ...]] = set()
    values: list[ast.Node] = []
    for argument in arguments:
        if not isinstance(argument, ast.A_Expr) or argument.kind is not A_Expr_Kind.AEXPR_OP:
            return False
        left, right = argument.lexpr, argument.rexpr
        is_equality = grammar.name_parts(argument.name)[-1:] == ("=",)
        if (
            not is_equality
            or not isinstance(left, ast.ColumnRef)
            or not isinstance(right, ast.Node)
        ):
            return False
        if value_of(right) == (None, None):
            return False
        columns.add(grammar.name_parts(left.fields))
        values.append(right)
    if len(columns) != 1:
        return False
    first = arguments[0]
    assert isinstance(first, ast.A_Expr)  # noqa: S101  (looked at above)
    assert first.lexpr is not None  # noqa: S101  (looked at above)
    _note_list(place, operand_of(first.lexpr, place.scope, place.workspace), "=", values)
    return True


def _note_expression(node: ast.Node, place: Place) -> None:
    assert isinstance(node, ast.A_Expr)  # noqa: S101  (dispatched by type)
    kind = node.kind or A_Expr_Kind.AEXPR_OP
    if kind in {A_Expr_Kind.AEXPR_OP_ANY, A_Expr_Kind.AEXPR_OP_ALL}:
        _note_array(node, place)
    elif kind is A_Expr_Kind.AEXPR_IN:
        _note_in(node, place)
    elif kind.name.startswith(("AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN")):
        _note_between(node, place)
    elif node.lexpr is None or not isinstance(node.rexpr, ast.Node):
        _note_other(node, place)
    elif isinstance(node.lexpr, ast.RowExpr) and isinstance(node.rexpr, ast.RowExpr):
        _note_rows(node.lexpr, _operator(node, place), node.rexpr, place)
    else:
        compare(
            place,
            operand_of(node.lexpr, place.scope, place.workspace),
            _operator(node, place),
            operand_of(node.rexpr, place.scope, place.workspace),
        )


def _operator(node: ast.A_Expr, place: Place) -> str:
    """PostgreSQL's name of the operator, turned round below a NOT."""
    name = (grammar.name_parts(node.name) or ("",))[-1]
    name = "<>" if name == "!=" else name
    if node.kind is A_Expr_Kind.AEXPR_DISTINCT:
        name = "IS DISTINCT FROM"
    elif node.kind is A_Expr_Kind.AEXPR_NOT_DISTINCT:
        name = "IS NOT DISTINCT FROM"
    if not place.is_negated:
        return name
    if name.startswith("IS "):
        return "IS NOT DISTINCT FROM" if name == "IS DISTINCT FROM" else "IS DISTINCT FROM"
    return NEGATED.get(name, f"NOT {name}")


def _note_array(node: ast.A_Expr, place: Place) -> None:
    """``column = ANY (array)``, ``value = ANY (column)``, ``column <> ALL (array)``."""
    if node.lexpr is None or not isinstance(node.rexpr, ast.Node):
        return
    scope, workspace = place.scope, place.workspace
    left = operand_of(node.lexpr, scope, workspace)
    right = operand_of(node.rexpr, scope, workspace)
    operator = _operator(node, place)
    is_any = (node.kind is A_Expr_Kind.AEXPR_OP_ANY) is not place.is_negated
    if left.column is not None and not right.references:
        kind = kind_of_operator(operator)
        if kind is PredicateKind.EQUALITY:
            kind = PredicateKind.IN_LIST if is_any else PredicateKind.OTHER
        elif kind is not PredicateKind.PATTERN:
            kind = PredicateKind.INEQUALITY if operator == "<>" else PredicateKind.OTHER
        members = _listed(_array_members(right.node))
        note_predicate(
            place, left.column, kind, operator, right.node, listed=members, takes_array=True
        )
    elif right.column is not None and not left.references:
        name = f"{operator} {'ANY' if is_any else 'ALL'}"
        note_predicate(place, right.column, PredicateKind.OTHER, name, left.node)
    elif left.references and not right.references:
        note_wrapped(place, left, operator, right)
    elif operator == "=" and is_any and left.column is not None:
        note_lookup(place, left, right)
    else:
        workspace.read((*left.references, *right.references))


def _note_in(node: ast.A_Expr, place: Place) -> None:
    if node.lexpr is None or not isinstance(node.rexpr, tuple):
        return
    operator = _operator(node, place)
    if isinstance(node.lexpr, ast.RowExpr):
        _note_rows_in(node.lexpr, operator, node.rexpr, place)
        return
    left = operand_of(node.lexpr, place.scope, place.workspace)
    _note_list(place, left, operator, node.rexpr)


def _note_list(place: Place, left: Operand, operator: str, values: Sequence[ast.Node]) -> None:
    scope, workspace = place.scope, place.workspace
    if all(value_of(value) != (None, None) for value in values):
        others: list[Operand] = []
    else:
        others = [operand_of(value, scope, workspace) for value in values]
    references = tuple(reference for other in others for reference in other.references)
    if references:
        workspace.read((*left.references, *references))
        return
    parameter, literal = value_of(values[0]) if len(values) == 1 else (None, _list_sql(values))
    if left.column is not None and left.column.computed is None:
        kind = PredicateKind.IN_LIST if operator == "=" else PredicateKind.INEQUALITY
        value = values[0] if parameter is not None else None
        listed = _listed(values)
        note_predicate(place, left.column, kind, operator, value, literal, listed=listed)
    elif left.references:
        note_wrapped(place, left, operator, None)


def _listed(values: Sequence[ast.Node]) -> tuple[int, ...]:
    """The parameters among the members of a list."""
    numbers = (value_of(value)[0] for value in values)
    return tuple(number for number in numbers if number is not None)


def _array_members(node: ast.Node) -> tuple[ast.Node, ...]:
    """What is written in ``ARRAY[...]``; nothing of any other array."""
    while isinstance(node, ast.TypeCast) and node.arg is not None:
        node = node.arg
    return node.elements or () if isinstance(node, ast.A_ArrayExpr) else ()


def _list_sql(values: Sequence[ast.Node]) -> str | None:
    """A list of constants as SQL; None where one is none."""
    written: list[str] = []
    for value in values:
        if value_of(value)[1] is None or (sql := literal_sql(value)) is None:
            return None
        written.append(sql)
    return f"({', '.join(written)})"


def _note_between(node: ast.A_Expr, place: Place) -> None:
    bounds = node.rexpr
    if node.lexpr is None or not isinstance(bounds, tuple) or len(bounds) != 2:  # noqa: PLR2004
        return
    scope, workspace = place.scope, place.workspace
    left = operand_of(node.lexpr, scope, workspace)
    is_outside = (node.kind in _NOT_BETWEEN) is not place.is_negated
    if is_outside:
        operators, where = ("<", ">"), replace(place, is_negated=False, is_optional=True)
    else:
        operators, where = (">=", "<="), replace(place, is_negated=False)
    for operator, bound in zip(operators, bounds, strict=True):
        compare(where, left, operator, operand_of(bound, scope, workspace))


def _note_rows(left: ast.RowExpr, operator: str, right: ast.RowExpr, place: Place) -> None:
    """``(a, b) = (...)`` compares pairwise; ``(a, b) > (...)`` is a range on the first."""
    scope, workspace = place.scope, place.workspace
    pairs = [
        (operand_of(one, scope, workspace), operand_of(other, scope, workspace))
        for one, other in zip(left.args or (), right.args or (), strict=False)
    ]
    where = replace(place, is_optional=True) if operator == "<>" else place
    for number, (one, other) in enumerate(pairs):
        if number == 0 or operator in {"=", "<>"}:
            compare(where, one, operator, other)
        elif one.column is not None and not other.references:
            note_predicate(where, one.column, PredicateKind.OTHER, operator, other.node)
        else:
            workspace.read((*one.references, *other.references))


def _note_rows_in(left: ast.RowExpr, operator: str, rows: Sequence[ast.Node], place: Place) -> None:
    """``(a, b) IN ((1, 2), (3, 4))``: a list on each column."""
    columns = left.args or ()
    cells: list[list[ast.Node]] = [[] for _ in columns]
    for row in rows:
        parts: tuple[ast.Node, ...] = (row.args or ()) if isinstance(row, ast.RowExpr) else ()
        for cell, part in zip(cells, parts, strict=False):
            cell.append(part)
    for column, cell in zip(columns, cells, strict=True):
        operand = operand_of(column, place.scope, place.workspace)
        if cell:
            _note_list(place, operand, operator, cell)
        else:
            place.workspace.read(operand.references)


def _note_null_test(node: ast.Node, place: Place) -> None:
    assert isinstance(node, ast.NullTest)  # noqa: S101  (dispatched by type)
    if node.arg is None:
        return
    operand = operand_of(node.arg, place.scope, place.workspace)
    is_null = (node.nulltesttype is NullTestType.IS_NULL) is not place.is_negated
    if operand.column is None:
        note_wrapped(place, operand, "IS NULL" if is_null else "IS NOT NULL", None)
        return
    drafts = [place.workspace.drafts[origin.relation] for origin in operand.column.origins]
    if is_null and any(draft.is_nullable for draft in drafts):
        # It looks for rows without a partner, which is known only after the join.
        place.workspace.read(operand.references)
        return
    kind = PredicateKind.IS_NULL if is_null else PredicateKind.IS_NOT_NULL
    note_predicate(place, operand.column, kind, "")


def _note_boolean_test(node: ast.Node, place: Place) -> None:
    assert isinstance(node, ast.BooleanTest)  # noqa: S101  (dispatched by type)
    if node.arg is None or node.booltesttype is None:
        return
    operand = operand_of(node.arg, place.scope, place.workspace)
    test = node.booltesttype
    if operand.column is None:
        place.workspace.read(operand.references)
    elif test in {BoolTestType.IS_UNKNOWN, BoolTestType.IS_NOT_UNKNOWN}:
        is_null = (test is BoolTestType.IS_UNKNOWN) is not place.is_negated
        kind = PredicateKind.IS_NULL if is_null else PredicateKind.IS_NOT_NULL
        note_predicate(place, operand.column, kind, "")
    else:
        wanted = "true" if test.name.endswith("TRUE") else "false"
        is_plain = (test in {BoolTestType.IS_TRUE, BoolTestType.IS_FALSE}) is not place.is_negated
        kind = PredicateKind.EQUALITY if is_plain else PredicateKind.INEQUALITY
        operator = "=" if is_plain else "<>"
        note_predicate(place, operand.column, kind, operator, literal=wanted)


def _note_boolean_column(node: ast.Node, place: Place) -> None:
    operand = operand_of(node, place.scope, place.workspace)
    if operand.column is None:
        place.workspace.read(operand.references)
        return
    literal = "false" if place.is_negated else "true"
    note_predicate(place, operand.column, PredicateKind.EQUALITY, "=", literal=literal)


def _note_subquery(node: ast.Node, place: Place) -> None:
    """EXISTS, IN (SELECT ...), and comparisons with ANY or ALL rows of a subquery."""
    assert isinstance(node, ast.SubLink)  # noqa: S101  (dispatched by type)
    if node.subselect is None:
        return
    scope, workspace = place.scope, place.workspace
    is_exists = node.subLinkType is SubLinkType.EXISTS_SUBLINK
    is_any = node.subLinkType is SubLinkType.ANY_SUBLINK
    # NOT EXISTS is a join as well; NOT IN is none, since a null must make it unknown.
    is_join = is_exists or (is_any and not place.is_negated)
    context = QueryContext(
        level=scope.level + 1,
        outer_gains=is_join and not place.is_optional,
        is_exists=is_exists,
    )
    derived = workspace.resolve_query(node.subselect, scope, workspace, context)
    if is_exists or node.testexpr is None:
        return
    row = node.testexpr
    tested: tuple[ast.Node, ...] = (row.args or ()) if isinstance(row, ast.RowExpr) else (row,)
    operator = (grammar.name_parts(node.operName) or ("=",))[-1]
    note_not_in(node, tested, derived.columns, place)
    workspace.read(derived.columns[len(tested) :])
    for expression, column in zip(tested, derived.columns, strict=False):
        operand = operand_of(expression, scope, workspace)
        if is_join:
            compare(place, operand, operator, column_operand(column))
        else:
            workspace.read((*operand.references, column))
    for expression in tested[len(derived.columns) :]:
        workspace.read(operand_of(expression, scope, workspace).references)


def _note_other(node: ast.Node, place: Place) -> None:
    """A function or a CASE as a condition: its columns are read, and no index helps."""
    workspace = place.workspace
    workspace.read(operand_of(node, place.scope, workspace).references)


_HANDLERS: dict[type[ast.Node], Callable[[ast.Node, Place], None]] = {
    ast.A_Expr: _note_expression,
    ast.NullTest: _note_null_test,
    ast.BooleanTest: _note_boolean_test,
    ast.ColumnRef: _note_boolean_column,
    ast.SubLink: _note_subquery,
}
