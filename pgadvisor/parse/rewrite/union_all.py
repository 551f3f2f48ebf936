"""OR as a UNION ALL whose arms exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums.parsenodes import A_Expr_Kind, SetOperation
from pglast.enums.primnodes import BoolExprType, SubLinkType

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import is_aggregate, value_of
from pgadvisor.parse.parameters import substitute
from pgadvisor.parse.rewrite.nodes import both, checked, conjuncts, copied
from pgadvisor.parse.rewrite.query import has_subquery, is_plain, only_computes
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.rewrite.sources import (
    NamedSource,
    has_key_in,
    name_of,
    owner_of,
    sources_of,
)
from pgadvisor.parse.statement import parse_statement

_MAX_ARMS = 4
_FIRST_STAND_IN = 1_000_000
"""Parameters of these numbers stand for exclusions until the text is written."""


def union_all(text: str, catalog: Catalog) -> Rewritten | None:
    """Ask for each arm of an OR by itself: ``... WHERE a = $1 UNION ALL ... WHERE b = $2``.

    Each arm leaves out the rows that an earlier one has: ``AND (a = $1) IS NOT TRUE``.  ORDER BY
    and LIMIT stand in each arm and once more around them.  An arm may ask a subquery, too:
    ``b IN (SELECT ...)`` and ``EXISTS (...)``; such arms come last.

    Args:
        text: The statement.
        catalog: To find out whose columns the names are, and which keys are unique.

    Returns:
        None where the WHERE has no OR of arms that an index may find, where the query groups,
        skips or locks rows, where it is not sorted by what it returns, or where it does not
        parse.
    """
    try:
        tree = parse_statement(text).tree
        if not isinstance(tree, ast.SelectStmt) or not _is_fit(tree):
            return None
        place, arms = _alternatives(tree.whereClause)
        sources = sources_of(tree.fromClause or (), catalog)
        order = _output_order(tree, sources)
        if not arms or order is None:
            return None
        united = _united(tuple(_arms(tree, place, arms)), tree, order)
        conditions = () if tree.limitCount is None else _conditions(tree, sources, catalog)
        return Rewritten(text=_with_exclusions(checked(united), arms), conditions=conditions)
    except StatementError:
        return None


def _is_fit(tree: ast.SelectStmt) -> bool:
    is_page = bool(tree.sortClause) or tree.limitCount is None
    return (
        is_plain(tree)
        and not (tree.distinctClause or tree.limitOffset or tree.withClause)
        and is_page
        and bool(tree.fromClause)
        and only_computes(tree)
        and not any(
            isinstance(call, ast.FuncCall) and (call.over is not None or is_aggregate(call))
            for call in grammar.walk(tree)
        )
    )


def _alternatives(where: ast.Node | None) -> tuple[int, tuple[ast.Node, ...]]:
    """The first OR over values of different columns: its place among the conditions, its arms."""
    for place, condition in enumerate(conjuncts(where)):
        arms: tuple[ast.Node, ...] = ()
        if isinstance(condition, ast.BoolExpr) and condition.boolop is BoolExprType.OR_EXPR:
            arms = condition.args or ()
        if not 2 <= len(arms) <= _MAX_ARMS:  # noqa: PLR2004  (one arm is no OR)
            continue
        looked_up = [frozenset(_looked_up(arm)) for arm in arms]
        if all(looked_up) and len(set(looked_up)) == len(arms):
            return place, tuple(sorted(arms, key=has_subquery))
    return 0, ()


def _looked_up(arm: ast.Node) -> Iterator[tuple[str, ...]]:
    """The columns that an arm compares with values, or looks for in the rows of a subquery.

    None where it does anything else.
    """
    found: list[tuple[str, ...]] = []
    for condition in conjuncts(arm):
        if isinstance(condition, ast.SubLink) and (asked := _asked(condition)):
            found.append(asked)
            continue
        if not isinstance(condition, ast.A_Expr) or condition.kind is not A_Expr_Kind.AEXPR_OP:
            return
        left, right = condition.lexpr, condition.rexpr
        if not isinstance(left, ast.ColumnRef) or not isinstance(right, ast.Node):
            return
        if value_of(right) == (None, None):
            return
        if grammar.name_parts(condition.name)[-1:] == ("=",):
            found.append(grammar.name_parts(left.fields))
    yield from found


def _asked(subquery: ast.SubLink) -> tuple[str, ...]:
    """The column of ``column IN (SELECT ...)``; of EXISTS, the word; else nothing."""
    if subquery.subLinkType is SubLinkType.EXISTS_SUBLINK:
        return ("EXISTS",)
    is_any = subquery.subLinkType is SubLinkType.ANY_SUBLINK
    name = subquery.testexpr
    is_equal = (grammar.name_parts(subquery.operName or ()) or ("=",))[-1] == "="
    if not is_any or not is_equal or not isinstance(name, ast.ColumnRef):
        return ()
    return grammar.name_parts(name.fields)


def _arms(tree: ast.SelectStmt, place: int, arms: Sequence[ast.Node]) -> Iterator[ast.SelectStmt]:
    for number, arm in enumerate(arms):
        earlier = tuple(ast.ParamRef(number=_FIRST_STAND_IN + at) for at in range(number))
        where: ast.Node | None = None
        for position, condition in enumerate(conjuncts(tree.whereClause)):
            wanted = (*conjuncts(arm), *earlier) if position == place else (condition,)
            for one in wanted:
                where = both(where, one)
        yield copied(tree, whereClause=where)


def _with_exclusions(text: str, arms: Sequence[ast.Node]) -> str:
    """Put the exclusions in, with parentheses that the printer would leave out."""
    written = {
        _FIRST_STAND_IN + at: f"({grammar.deparse(arm)}) IS NOT TRUE" for at, arm in enumerate(arms)
    }
    result = substitute(text, written).replace("UNION ALL(", "UNION ALL (")
    parse_statement(result)
    return result


def _united(
    arms: Sequence[ast.SelectStmt], tree: ast.SelectStmt, order: Sequence[ast.SortBy]
) -> ast.SelectStmt:
    if tree.limitCount is None:
        arms = tuple(copied(arm, sortClause=None) for arm in arms)
    result = arms[0]
    for arm in arms[1:]:
        result = ast.SelectStmt(op=SetOperation.SETOP_UNION, all=True, larg=result, rarg=arm)
    return copied(
        result,
        sortClause=tuple(order) or None,
        limitCount=tree.limitCount,
        limitOption=tree.limitOption,
    )


def _output_order(
    tree: ast.SelectStmt, sources: Sequence[NamedSource]
) -> tuple[ast.SortBy, ...] | None:
    """ORDER BY by the names of what the query returns; None where it sorts by anything else."""
    order: list[ast.SortBy] = []
    for item in tree.sortClause or ():
        name = _output_name(item.node, tree.targetList or (), sources)
        if name is None:
            return None
        order.append(copied(item, node=ast.ColumnRef(fields=(ast.String(sval=name),))))
    return tuple(order)


def _output_name(
    node: ast.Node | None, targets: Sequence[ast.ResTarget], sources: Sequence[NamedSource]
) -> str | None:
    if not isinstance(node, ast.ColumnRef) or (owner := owner_of(node, sources)) is None:
        return None
    names: list[str] = []
    is_returned = False
    for target in targets:
        value = target.val
        if not isinstance(value, ast.ColumnRef):
            names.append(target.name or "")
        elif isinstance((value.fields or (None,))[-1], ast.A_Star):
            prefix = grammar.name_parts(value.fields)
            stars = [one for one in sources if not prefix or one.alias == prefix[-1]]
            if any(one.table is None for one in stars):
                return None
            names += [c.name for one in stars if one.table is not None for c in one.table.columns]
            is_returned = is_returned or owner in stars
        else:
            names.append(target.name or name_of(value))
            same = owner_of(value, sources) == owner and name_of(value) == name_of(node)
            is_returned = is_returned or (same and target.name in {None, name_of(node)})
    # Two columns of the name, and ORDER BY would not know which.
    return name_of(node) if is_returned and names.count(name_of(node)) == 1 else None


def _conditions(
    tree: ast.SelectStmt, sources: Sequence[NamedSource], catalog: Catalog
) -> tuple[str, ...]:
    """With a LIMIT it depends on the order which of several equal rows are returned."""
    keys = [one.node for one in tree.sortClause or () if isinstance(one.node, ast.ColumnRef)]
    names = {name_of(key) for key in keys}
    table = sources[0].table if len(sources) == 1 else None
    if table is not None and has_key_in(table, names, catalog):
        return ()
    written = ", ".join(name_of(key) for key in keys)
    return (f"no two rows are equal in {written} (of those that are, others may be on the page)",)
