"""UNION of queries that have no row in common, as UNION ALL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from pglast import ast
from pglast.enums.parsenodes import SetOperation
from pglast.enums.primnodes import BoolExprType, NullTestType

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import cast_target, is_aggregate
from pgadvisor.parse.rewrite.keys import finds_one_row, selects_key
from pgadvisor.parse.rewrite.nodes import checked, conjuncts, copied
from pgadvisor.parse.rewrite.query import is_plain, only_computes
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.rewrite.sources import (
    NamedSource,
    is_inner_join,
    name_of,
    owner_of,
    sources_of,
    with_names_of,
)
from pgadvisor.parse.statement import parse_statement

_MAX_ARMS = 8
_TEXTS = frozenset({"text", "character varying"})
"""Types that keep a text as it is, so that other texts are other values."""


@dataclass(frozen=True, slots=True)
class _Arm:
    """One query of the UNION."""

    tree: ast.SelectStmt
    sources: tuple[NamedSource, ...]

    @property
    def outputs(self) -> tuple[ast.ResTarget, ...]:
        return tuple(self.tree.targetList or ())


def disjoint_union(text: str, catalog: Catalog) -> Rewritten | None:
    """Write UNION as UNION ALL where no two rows can be equal.

    Each query of it returns a unique key, so that it repeats no row; and each two of them differ
    in a constant of the select list, or return the same table's key for rows that one condition
    tells apart (``a IS NULL`` and ``a IS NOT NULL``, ``b`` and ``NOT b``).

    Args:
        text: The statement.
        catalog: To find out whose columns the names are, and which keys are unique.

    Returns:
        None where that is not so, or where the text does not parse.  Where parameters stand in
        the place of constants, as in the server's counters, it is a condition that they differ.
    """
    try:
        tree = parse_statement(text).tree
        if not isinstance(tree, ast.SelectStmt) or tree.op is not SetOperation.SETOP_UNION:
            return None
        queries = tuple(_united(tree))
        if tree.lockingClause or tree.intoClause or not 1 < len(queries) <= _MAX_ARMS:
            return None
        hidden = with_names_of(tree)
        arms = [
            _Arm(query, sources_of(query.fromClause or (), catalog, hidden)) for query in queries
        ]
        if not all(_repeats_no_row(arm, catalog) for arm in arms):
            return None
        tags = tuple(_tags(arms))
        conditions: list[str] = []
        for first, second in combinations(arms, 2):
            if (condition := _told_apart(first, second, tags, catalog)) is None:
                return None
            conditions.append(condition)
        said = tuple(dict.fromkeys(condition for condition in conditions if condition))
        return Rewritten(text=checked(_with_all(tree)), conditions=said)
    except StatementError:
        return None


def _united(tree: ast.SelectStmt) -> Iterator[ast.SelectStmt]:
    """The queries that UNION connects.

    Raises:
        StatementError: One is connected otherwise, or sorted or cut off by itself.
    """
    if tree.op in {None, SetOperation.SETOP_NONE}:
        yield tree
        return
    if (
        tree.op is not SetOperation.SETOP_UNION
        or tree.all
        or tree.larg is None
        or tree.rarg is None
    ):
        raise StatementError("is connected by something other than UNION")
    for side in (tree.larg, tree.rarg):
        if side.sortClause or side.limitCount or side.limitOffset or side.withClause:
            raise StatementError("is sorted or cut off")
        yield from _united(side)


def _with_all(tree: ast.SelectStmt) -> ast.SelectStmt:
    if tree.op is not SetOperation.SETOP_UNION or tree.larg is None or tree.rarg is None:
        return tree
    return copied(tree, all=True, larg=_with_all(tree.larg), rarg=_with_all(tree.rarg))


def _repeats_no_row(arm: _Arm, catalog: Catalog) -> bool:
    """It returns the key of one table, which is joined to one row at most of each other."""
    tree = arm.tree
    if not _is_fit(tree) or not arm.sources:
        return False
    conditions = (*conjuncts(tree.whereClause), *_join_conditions(tree.fromClause or ()))
    told = [selects_key(tree, source, arm.sources, catalog) for source in arm.sources]
    return any(told) and all(
        is_told or finds_one_row(source, conditions, arm.sources, catalog)
        for is_told, source in zip(told, arm.sources, strict=True)
    )


def _is_fit(tree: ast.SelectStmt) -> bool:
    return (
        is_plain(tree)
        and not tree.distinctClause
        and all(is_inner_join(item) for item in tree.fromClause or ())
        # Of two joined tables one finds the other: of three, all may wait for each other.
        and len(tuple(_tables(tree.fromClause or ()))) <= 2  # noqa: PLR2004
        and only_computes(tree)
        and not any(
            isinstance(call, ast.FuncCall) and (call.over is not None or is_aggregate(call))
            for call in grammar.walk(tree)
        )
    )


def _tables(items: Sequence[ast.Node]) -> Iterator[ast.RangeVar]:
    for item in items:
        if isinstance(item, ast.RangeVar):
            yield item
        elif isinstance(item, ast.JoinExpr):
            yield from _tables([side for side in (item.larg, item.rarg) if side is not None])


def _join_conditions(items: Sequence[ast.Node]) -> Iterator[ast.Node]:
    for item in items:
        if isinstance(item, ast.JoinExpr):
            yield from _join_conditions([side for side in (item.larg, item.rarg) if side])
            yield from conjuncts(item.quals)


def _told_apart(first: _Arm, second: _Arm, tags: Sequence[int], catalog: Catalog) -> str | None:
    """On what it depends that they have no row in common, empty: nothing; None: they may."""
    if _excludes(first, second, catalog):
        return ""
    found: str | None = None
    for place in tags:
        left, right = _constant(first.outputs[place].val), _constant(second.outputs[place].val)
        if left is None or right is None or left == right:
            continue
        if left[0] != "$":
            return ""
        found = found or f"{left[1]} and {right[1]} differ"
    return found


def _tags(arms: Sequence[_Arm]) -> Iterator[int]:
    """The places in which all of them return a constant of one type, or all a parameter."""
    for place in range(min(_first_star(arm) for arm in arms)):
        found = [_constant(arm.outputs[place].val) for arm in arms]
        if None not in found and len({one[0] for one in found if one is not None}) == 1:
            yield place


def _first_star(arm: _Arm) -> int:
    """Where columns can no longer be counted, for want of their names."""
    for place, one in enumerate(arm.outputs):
        value = one.val
        if isinstance(value, ast.ColumnRef) and isinstance(
            (value.fields or (None,))[-1], ast.A_Star
        ):
            return place
    return len(arm.outputs)


def _constant(node: object) -> tuple[str, str] | None:
    """The type of a constant, and its value so that equal ones are equal; ``$`` of a parameter."""
    if isinstance(node, ast.ParamRef):
        return "$", f"${node.number}"
    if isinstance(node, ast.TypeCast):
        inner = _constant(node.arg)
        is_text = cast_target(node) in _TEXTS
        return inner if inner is not None and (inner[0] == "$" or is_text) else None
    value = node.val if isinstance(node, ast.A_Const) else None
    if isinstance(value, ast.String):
        return "text", value.sval or ""
    if isinstance(value, ast.Integer):
        return "integer", str(value.ival or 0)
    if isinstance(value, ast.Boolean):
        return "boolean", str(bool(value.boolval))
    return None


def _excludes(first: _Arm, second: _Arm, catalog: Catalog) -> bool:
    """Both return the key of one table in the same places, for rows that a condition divides."""
    if len(first.sources) != 1 or len(second.sources) != 1:
        return False
    [one], [other] = first.sources, second.sources
    if one.table is None or other.table is None or one.table.oid != other.table.oid:
        return False
    shared = [
        target
        for target, counterpart in zip(first.outputs, second.outputs, strict=False)
        if _column(target.val, one) is not None
        and _column(target.val, one) == _column(counterpart.val, other)
    ]
    stars = _first_star(first), _first_star(second)
    if stars != (len(first.outputs), len(second.outputs)):
        if not (stars == (0, 0) and len(first.outputs) == len(second.outputs) == 1):
            return False
        shared = list(first.outputs)
    narrowed = copied(first.tree, targetList=tuple(shared))
    if not selects_key(narrowed, one, first.sources, catalog):
        return False
    theirs = {_test(condition, other) for condition in conjuncts(second.tree.whereClause)}
    own = (_test(condition, one) for condition in conjuncts(first.tree.whereClause))
    return any(test is not None and _opposite(test) in theirs for test in own)


def _column(node: object, source: NamedSource) -> str | None:
    if isinstance(node, ast.ColumnRef) and owner_of(node, (source,)) is source:
        return name_of(node)
    return None


def _test(condition: ast.Node, source: NamedSource) -> tuple[str, str] | None:
    """A column, and what a condition asks of it, where it is a test for NULL or for truth."""
    match condition:
        case ast.NullTest():
            name = _column(condition.arg, source)
            is_null = condition.nulltesttype is NullTestType.IS_NULL
            return None if name is None else (name, "null" if is_null else "not null")
        case ast.BoolExpr(boolop=BoolExprType.NOT_EXPR, args=(inner,)):
            name = _column(inner, source)
            return None if name is None else (name, "false")
        case ast.ColumnRef():
            name = _column(condition, source)
            return None if name is None else (name, "true")
        case _:
            return None


_OPPOSITES = {"null": "not null", "not null": "null", "true": "false", "false": "true"}


def _opposite(test: tuple[str, str]) -> tuple[str, str]:
    return test[0], _OPPOSITES[test[1]]
