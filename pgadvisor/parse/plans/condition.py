"""The conditions that EXPLAIN prints with a node: ``((status = 'open'::text) AND (total > 5))``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind
from pglast.enums.primnodes import BoolExprType, NullTestType

from pgadvisor.model.plan_condition import PlanCondition
from pgadvisor.model.usage import PredicateKind
from pgadvisor.parse import grammar
from pgadvisor.parse.comparison import commuted, kind_of_operator
from pgadvisor.parse.expression import parse_expression, replace_literals
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import cast_target
from pgadvisor.parse.pattern import begins_fixed
from pgadvisor.parse.plans.redact import PLACEHOLDER

UNREADABLE = "a condition that cannot be shown"
_REMEMBERED = 2_000
_SUBPLAN = re.compile(
    r"\(alternatives: SubPlan \d+ or hashed SubPlan \d+\)"
    r"|\((?:hashed )?SubPlan [^()]+\)(?:\.col\d+)?"
)
"""No SQL: the result of a subquery, for each row."""
_INIT_PLAN = re.compile(r"\(InitPlan [^()]+\)(?:\.col\d+)?")
"""The same, once for all rows."""
_ANY = re.compile(r"\(ANY \(")
"""``(ANY (id = (hashed SubPlan 1).col1))``, since PostgreSQL 17."""
_HARMLESS = frozenset({"text", "character varying", "bpchar", "character"})
_NAMES_FIELDS = frozenset({"date_trunc", "date_part", "extract", "timezone", "date_bin"})
"""Functions whose constants are names of units or zones, and no data."""
_NAMES_KEYS = frozenset({"->", "->>", "#>", "#>>"})


@lru_cache(maxsize=_REMEMBERED)
def conditions_of(text: str | None, own: str | None = None) -> tuple[PlanCondition, ...]:
    """Read a condition that EXPLAIN printed; what is no SQL has no conditions.

    Args:
        text: As it was printed; None: there is none.
        own: The alias of the table that the node scans: columns of others are values to it.  None:
            it is a join's, and all columns count.
    """
    if text is None:
        return ()
    try:
        return tuple(_conditions(parse_expression(_plain(text)), own))
    except StatementError:
        return ()


def key_of(text: str) -> PlanCondition | None:
    """Read a key that rows are grouped by: a column, or an expression; None: it is no SQL."""
    try:
        node = parse_expression(_plain(text))
    except StatementError:
        return None
    return _made(node, None, PredicateKind.OTHER, "", subject=node)


def shown_condition(text: str | None) -> str:
    """Return a condition for people: constants, which may be anybody's data, become ``?``."""
    if text is None:
        return ""
    try:
        return replace_literals(text, lambda _: "?")
    except StatementError:
        return UNREADABLE


def _plain(text: str) -> str:
    """Write calls of functions for results of subqueries."""
    return _ANY.sub("((", _INIT_PLAN.sub("(initplan())", _SUBPLAN.sub("(subplan())", text)))


def _conditions(node: ast.Node, own: str | None) -> Iterator[PlanCondition]:
    if isinstance(node, ast.BoolExpr):
        arguments: tuple[ast.Node, ...] = node.args or ()
        if node.boolop is BoolExprType.AND_EXPR:
            for argument in arguments:
                yield from _conditions(argument, own)
        elif node.boolop is BoolExprType.OR_EXPR:
            arms = [tuple(_conditions(argument, own)) for argument in arguments]
            firsts = tuple(arm[0] for arm in arms if arm)
            yield _made(node, own, PredicateKind.OTHER, "OR", arms=firsts)
        else:
            yield _negated(node, arguments, own)
        return
    yield _single(node, own)


def _negated(node: ast.Node, arguments: tuple[ast.Node, ...], own: str | None) -> PlanCondition:
    """Read ``NOT deleted``, which is an equality, or what no index narrows down."""
    if len(arguments) == 1 and isinstance(arguments[0], ast.ColumnRef):
        return _made(node, own, PredicateKind.EQUALITY, "=", subject=arguments[0])
    return _made(node, own, PredicateKind.OTHER, "NOT")


def _single(node: ast.Node, own: str | None) -> PlanCondition:
    match node:
        case ast.A_Expr():
            return _comparison(node, own)
        case ast.NullTest(arg=ast.Node() as tested):
            is_null = node.nulltesttype is NullTestType.IS_NULL
            kind = PredicateKind.IS_NULL if is_null else PredicateKind.IS_NOT_NULL
            return _made(node, own, kind, "IS NULL" if is_null else "IS NOT NULL", subject=tested)
        case ast.ColumnRef():
            return _made(node, own, PredicateKind.EQUALITY, "=", subject=node)
        case ast.BooleanTest(arg=ast.Node() as tested):
            return _made(node, own, PredicateKind.EQUALITY, "IS", subject=tested)
        case _:
            return _made(node, own, PredicateKind.OTHER, "", subject=node)


def _comparison(node: ast.A_Expr, own: str | None) -> PlanCondition:
    left, right = node.lexpr, node.rexpr
    operator = (grammar.name_parts(node.name) or ("",))[-1]
    if not isinstance(left, ast.Node) or not isinstance(right, ast.Node):
        return _made(node, own, PredicateKind.OTHER, operator)
    if _runs_subquery(node) or _compares_own(left, right, own):
        return _made(node, own, PredicateKind.OTHER, operator)
    match node.kind:
        case A_Expr_Kind.AEXPR_OP_ANY:
            kind = kind_of_operator(operator)
            is_list = kind is PredicateKind.EQUALITY and not _own_columns(right, own)
            listed = PredicateKind.IN_LIST if is_list else PredicateKind.OTHER
            subject = left if is_list or kind is PredicateKind.PATTERN else None
            return _made(node, own, listed, operator, subject=subject)
        case A_Expr_Kind.AEXPR_OP_ALL:
            return _made(node, own, PredicateKind.OTHER, operator)
        case A_Expr_Kind.AEXPR_DISTINCT:
            operator = "IS DISTINCT FROM"
        case A_Expr_Kind.AEXPR_NOT_DISTINCT:
            operator = "IS NOT DISTINCT FROM"
        case _:
            pass
    if not _own_columns(left, own) and _own_columns(right, own):
        left, right, operator = right, left, commuted(operator) or ""
    kind = kind_of_operator(operator)
    return _made(node, own, kind, operator, subject=left, other=right)


def _runs_subquery(node: ast.Node) -> bool:
    """Tell whether a subquery is run for each row: no index finds its result."""
    return any(
        isinstance(each, ast.FuncCall) and grammar.name_parts(each.funcname) == ("subplan",)
        for each in grammar.walk(node)
    )


def _compares_own(left: ast.Node, right: ast.Node, own: str | None) -> bool:
    """Tell whether columns of one table are compared with each other."""
    return own is not None and all(_own_columns(side, own) for side in (left, right))


def _made(
    node: ast.Node,
    own: str | None,
    kind: PredicateKind,
    operator: str,
    *,
    subject: ast.Node | None = None,
    other: ast.Node | None = None,
    arms: tuple[PlanCondition, ...] = (),
) -> PlanCondition:
    bare = _bare(subject)
    table, column = _parts(bare) if isinstance(bare, ast.ColumnRef) else (None, None)
    if column is not None and own is not None and table not in {None, own}:
        table, column = None, None
    bare_other = _bare(other)
    other_table, other_column = (
        _parts(bare_other) if isinstance(bare_other, ast.ColumnRef) else (None, None)
    )
    is_expression = subject is not None and column is None and bool(_own_columns(subject, own))
    return PlanCondition(
        kind=kind,
        operator=operator,
        column=column,
        table=table,
        expression=_sql(subject) if is_expression and subject is not None else None,
        begins_fixed=kind is PredicateKind.PATTERN and _begins_fixed(operator, other),
        has_literals=is_expression and subject is not None and _has_literals(subject),
        columns=tuple(dict.fromkeys(_own_columns(node, own))),
        tables=tuple(dict.fromkeys(t for t, _ in _references(node) if t is not None)),
        other_column=other_column,
        other_table=other_table,
        parameters=tuple(
            number
            for each in grammar.walk(node)
            if isinstance(each, ast.ParamRef) and (number := each.number)
        ),
        arms=arms,
    )


def _begins_fixed(operator: str, pattern: ast.Node | None) -> bool:
    """Of a pattern that is not known before the statement runs, nothing is fixed."""
    while isinstance(pattern, ast.TypeCast | ast.CollateClause):
        pattern = pattern.arg
    match pattern:
        case ast.A_Const(val=ast.String(sval=str(text))):
            return begins_fixed(operator, text)
        case _:
            return False


def _bare(node: ast.Node | None) -> ast.Node | None:
    """Return a column out of its cast to text: PostgreSQL adds one to every ``varchar``."""
    if isinstance(node, ast.TypeCast) and isinstance(node.arg, ast.ColumnRef):
        return node.arg if cast_target(node) in _HARMLESS else node
    return node


def _parts(column: ast.ColumnRef) -> tuple[str | None, str | None]:
    parts = grammar.name_parts(column.fields)
    return (parts[-2] if len(parts) > 1 else None), (parts[-1] if parts else None)


def _references(node: ast.Node) -> Iterator[tuple[str | None, str]]:
    for each in grammar.walk(node):
        if isinstance(each, ast.ColumnRef):
            table, column = _parts(each)
            if column is not None:
                yield table, column


def _own_columns(node: ast.Node, own: str | None) -> list[str]:
    return [c for t, c in _references(node) if own is None or t in {None, own}]


def _sql(node: ast.Node) -> str:
    return grammar.deparse(grammar.mapped(node, _unqualified))


def _unqualified(node: ast.Node) -> ast.Node:
    if isinstance(node, ast.ColumnRef) and len(node.fields or ()) > 1:
        return ast.ColumnRef(fields=(node.fields or ())[-1:])
    return node


def _has_literals(node: ast.Node) -> bool:
    """Tell whether there are constants in it beside those that name a unit or a key.

    What stands in the place of a constant that was taken out names nothing any more.
    """
    all_of_them = sum(isinstance(each, ast.A_Const) for each in grammar.walk(node))
    return all_of_them > sum(_names(each) for each in grammar.walk(node))


def _names(node: ast.Node) -> int:
    match node:
        case ast.FuncCall():
            function = grammar.name_parts(node.funcname)[-1:]
            is_namer = function != () and function[0] in _NAMES_FIELDS
            first = (node.args or ())[:1]
            return sum(_is_constant(each) for each in first) if is_namer else 0
        case ast.A_Expr():
            is_key = bool(_NAMES_KEYS & set(grammar.name_parts(node.name)))
            return int(is_key and isinstance(node.rexpr, ast.Node) and _is_constant(node.rexpr))
        case _:
            return 0


def _is_constant(node: ast.Node) -> bool:
    while isinstance(node, ast.TypeCast) and node.arg is not None:
        node = node.arg
    return isinstance(node, ast.A_Const) and grammar.deparse(node) != PLACEHOLDER
