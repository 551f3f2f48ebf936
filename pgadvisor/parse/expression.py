"""SQL expressions on their own: index keys, predicates of partial indexes, and scripts we wrote."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind
from pglast.enums.primnodes import BoolExprType

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import cast_target, literal_sql

_REMEMBERED = 4_000
_CONSTANTS = frozenset({"SCONST", "USCONST", "BCONST", "XCONST", "ICONST", "FCONST"})
_PLACES = frozenset({"location", "rexpr_list_start", "rexpr_list_end", "list_start", "list_end"})
"""Attributes of a node that tell where in the text it stood."""
_TEXT_TYPES = frozenset({"text", "character varying"})
_TEXT_FUNCTIONS = frozenset(
    {"lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "md5", "left", "right", "reverse"}
    | {"replace", "split_part", "substr", "substring", "translate", "regexp_replace"}
)


@lru_cache(maxsize=_REMEMBERED)
def columns_in(expression_sql: str) -> frozenset[str]:
    """Name the columns that an expression reads, without their tables.

    Raises:
        StatementError: The text is no expression.
    """
    names: set[str] = set()
    for node in grammar.walk(parse_expression(expression_sql)):
        if isinstance(node, ast.ColumnRef):
            names.update(grammar.name_parts(node.fields)[-1:])
    return frozenset(names)


def same_expression(a: str, b: str) -> bool:
    """Whether two expressions mean the same, as far as their trees tell.

    Parentheses, spelling, table names before columns, ``pg_catalog`` before functions and
    operators, and needless casts (``'x'::text``, ``lower((email)::text)``) make no difference,
    nor does ``IN`` or ``= ANY``.  Texts that are no expressions are the same where they are equal.
    """
    if a.strip() == b.strip():
        return True
    try:
        return _canonical_sql(a) == _canonical_sql(b)
    except StatementError:
        return False


def may_be_expression(of_statement: str, definite: str) -> bool:
    """Whether an expression of a statement may be another one, for some values of its parameters.

    ``pg_stat_statements`` makes a parameter of every constant: of ``content ->> 'kind'`` it keeps
    ``content ->> $2``, which an index on the former may serve.

    Args:
        of_statement: Its parameters stand for any constant.
        definite: An index's, say.
    """
    if same_expression(of_statement, definite):
        return True
    try:
        one, other = (_canonical(parse_expression(sql)) for sql in (of_statement, definite))
    except StatementError:
        return False
    return _may_be(one, other)


def literals_in(sql: str) -> tuple[str, ...]:
    """All string and number constants of a text, as they are written there.

    Raises:
        StatementError: A quote or a comment in it has no end.
    """
    return tuple(
        sql[token.start : token.end] for token in grammar.tokens(sql) if token.name in _CONSTANTS
    )


def replace_literals(sql: str, replace: Callable[[str], str]) -> str:
    """Replace every string and number constant of a text.

    Args:
        sql: Any SQL text, an expression as well.
        replace: Gets a constant as it is written (quotes included), returns what stands instead.

    Raises:
        StatementError: A quote or a comment in it has no end.
    """
    return grammar.replace_tokens(
        sql, lambda token, written: replace(written) if token.name in _CONSTANTS else None
    )


def predicate_implies_equality(predicate_sql: str) -> tuple[tuple[str, str], ...]:
    """Read an index predicate that is an AND of ``column = constant``.

    Returns:
        Each column with its constant as SQL (``'pending'``, ``5``, ``true``), in order; empty
        where any part of the predicate is something else.
    """
    try:
        pending = [_canonical(parse_expression(predicate_sql))]
    except StatementError:
        return ()
    pairs: list[tuple[str, str]] = []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.BoolExpr) and node.boolop is BoolExprType.AND_EXPR:
            pending.extend(reversed(node.args or ()))
        elif (pair := _equality(node)) is not None:
            pairs.append(pair)
        else:
            return ()
    return tuple(pairs)


def count_statements(sql: str) -> int:
    """How many statements a script holds.

    Raises:
        StatementError: The script does not parse.
    """
    return len(grammar.split_statements(sql))


def statement_kinds(sql: str) -> tuple[str, ...]:
    """The kind of each statement of a script, as the grammar names it: ``IndexStmt``.

    Raises:
        StatementError: The script does not parse, or has a statement that others are part of.
    """
    return tuple(
        type(grammar.statement_of(raw)).__name__
        for piece in grammar.pieces(sql)
        for raw in grammar.parse(piece)
    )


def parse_expression(sql: str) -> ast.Node:
    """Parse an expression; for other modules of this package.

    Raises:
        StatementError: The text is no expression.
    """
    found = grammar.parse(f"SELECT ({sql}\n)")
    tree = grammar.statement_of(found[0]) if len(found) == 1 else None
    items: tuple[ast.ResTarget, ...] = ()
    if isinstance(tree, ast.SelectStmt) and not tree.fromClause and not tree.whereClause:
        items = tree.targetList or ()
    value = items[0].val if len(items) == 1 else None
    if value is None:
        raise StatementError("is no expression")
    return value


def _may_be(one: object, other: object) -> bool:
    """Whether two canonical trees are the same but for parameters of the first."""
    match one:
        case ast.ParamRef() | ast.TypeCast(arg=ast.ParamRef()):
            return isinstance(other, ast.A_Const)
        case tuple():
            return (
                isinstance(other, tuple)
                and len(one) == len(other)
                and all(map(_may_be, one, other))
            )
        case ast.Node():
            return type(one) is type(other) and all(
                name in _PLACES or _may_be(getattr(one, name), getattr(other, name)) for name in one
            )
        case _:
            return one == other


def _canonical_sql(sql: str) -> str:
    return grammar.deparse(_canonical(parse_expression(sql)))


def _canonical(node: ast.Node) -> ast.Node:
    """A tree without what makes no difference."""
    return grammar.mapped(node, _simplified)


def _simplified(node: ast.Node) -> ast.Node:
    """One node without what makes no difference; what is new has its children done already."""
    match node:
        case ast.ColumnRef() if len(node.fields or ()) > 1:
            return ast.ColumnRef(fields=(node.fields or ())[-1:])
        case ast.TypeCast(arg=ast.A_Const() as constant) if cast_target(node) is not None:
            return constant
        case ast.FuncCall():
            return _simplified_call(node)
        case ast.A_Expr():
            return _simplified_operator(node)
        case _:
            return node


def _simplified_call(node: ast.FuncCall) -> ast.Node:
    parts = grammar.name_parts(node.funcname)
    is_text_function = parts[-1:] != () and parts[-1] in _TEXT_FUNCTIONS
    arguments = node.args or ()
    bare = tuple(_without_text_cast(a) for a in arguments) if is_text_function else arguments
    qualified = len(parts) > 1 and parts[0] == "pg_catalog"
    if not qualified and all(one is other for one, other in zip(arguments, bare, strict=True)):
        return node
    copy = ast.FuncCall()
    for name in node:
        setattr(copy, name, getattr(node, name))
    copy.funcname = (node.funcname or ())[-1:] if qualified else node.funcname
    copy.args = bare or None
    return _canonical(copy)


def _simplified_operator(node: ast.A_Expr) -> ast.Node:
    name = (node.name or ())[-1:]
    left, right, kind = node.lexpr, node.rexpr, node.kind
    if kind is A_Expr_Kind.AEXPR_IN and isinstance(right, tuple):
        operator = grammar.name_parts(name)
        is_in = operator == ("=",)
        kind = A_Expr_Kind.AEXPR_OP_ANY if is_in else A_Expr_Kind.AEXPR_OP_ALL
        right = ast.A_ArrayExpr(elements=right)
    elif kind in {A_Expr_Kind.AEXPR_OP_ANY, A_Expr_Kind.AEXPR_OP_ALL}:
        right = _without_array_cast(right)
    if isinstance(left, ast.TypeCast) and _compares_with_constant(right):
        left = _without_text_cast(left)
    is_same = left is node.lexpr and right is node.rexpr and len(node.name or ()) == 1
    if is_same:
        return node
    return _canonical(ast.A_Expr(kind=kind, name=name, lexpr=left, rexpr=right))


def _compares_with_constant(node: object) -> bool:
    if isinstance(node, ast.TypeCast):
        return _compares_with_constant(node.arg)
    if isinstance(node, ast.A_ArrayExpr):
        return all(_compares_with_constant(element) for element in node.elements or ())
    return isinstance(node, ast.A_Const)


def _without_text_cast(node: ast.Node) -> ast.Node:
    """A column out of its cast to text: PostgreSQL adds one to every ``varchar``."""
    if isinstance(node, ast.TypeCast) and isinstance(node.arg, ast.ColumnRef):
        return node.arg if cast_target(node) in _TEXT_TYPES else node
    return node


def _without_array_cast(node: object) -> ast.Node | None:
    """``(ARRAY['a'])::text[]`` is the array itself."""
    if isinstance(node, ast.TypeCast) and isinstance(node.arg, ast.A_ArrayExpr):
        return node.arg
    return node if isinstance(node, ast.Node) else None


def _equality(node: ast.Node) -> tuple[str, str] | None:
    match node:
        case ast.ColumnRef():
            return (name, "true") if (name := _column(node)) else None
        case ast.BoolExpr(boolop=BoolExprType.NOT_EXPR, args=(ast.ColumnRef() as column,)):
            return (name, "false") if (name := _column(column)) else None
        case ast.A_Expr(kind=A_Expr_Kind.AEXPR_OP) if grammar.name_parts(node.name) == ("=",):
            sides = (node.lexpr, node.rexpr)
            for one, other in (sides, sides[::-1]):
                if isinstance(one, ast.ColumnRef) and isinstance(other, ast.A_Const):
                    name, literal = _column(one), literal_sql(other)
                    if name and literal and literal != "NULL":
                        return name, literal
    return None


def _column(node: ast.ColumnRef) -> str | None:
    return (grammar.name_parts(node.fields) or (None,))[-1]
