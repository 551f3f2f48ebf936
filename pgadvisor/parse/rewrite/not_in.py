"""NOT IN with a subquery as NOT EXISTS."""

from __future__ import annotations

from collections.abc import Sequence

from pglast import ast
from pglast.enums.primnodes import BoolExprType, NullTestType, SubLinkType

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import is_aggregate
from pgadvisor.parse.rewrite.nodes import (
    both,
    checked,
    column,
    conjuncts,
    copied,
    exists,
    negated,
    operation,
)
from pgadvisor.parse.rewrite.query import is_plain
from pgadvisor.parse.rewrite.rewritten import Rewritten
from pgadvisor.parse.rewrite.sources import (
    NamedSource,
    name_of,
    owner_of,
    sources_of,
    with_names_of,
)
from pgadvisor.parse.statement import parse_statement

_MAX_LEVELS = 10
"""Queries within queries that are looked at, from the top."""


def not_exists(text: str, catalog: Catalog) -> Rewritten | None:
    """Write ``x NOT IN (SELECT c ...)`` as ``NOT EXISTS (SELECT 1 ... AND c = x)``.

    The planner makes an anti join of that.  It differs where a NULL is among the values, since
    NOT IN is then true for no row, and where the left side is NULL, which NOT EXISTS keeps; what
    the catalog does not rule out becomes a condition.

    Args:
        text: The statement.
        catalog: To find out whose columns the names are, and whether they may be NULL.

    Returns:
        None where no NOT IN has plain columns on both sides and a subquery without groups or
        LIMIT, where it does not stand in a WHERE below nothing but AND and OR, or where the
        statement does not parse.
    """
    try:
        tree = parse_statement(text).tree
        writer = _Writer(catalog, with_names_of(tree))
        result = tree
        for _ in range(_MAX_LEVELS):
            changed = grammar.mapped(result, writer.query)
            if writer.count == 0:
                break
            result, writer.count, writer.total = changed, 0, writer.total + writer.count
        if writer.total == 0:
            return None
        return Rewritten(text=checked(result), conditions=tuple(writer.conditions))
    except StatementError:
        return None


class _Writer:
    """Changes queries, and notes on what that rests."""

    def __init__(self, catalog: Catalog, with_names: frozenset[str]) -> None:
        self.conditions: dict[str, None] = {}
        self.count = 0
        """Conditions written differently in this round."""
        self.total = 0
        self._catalog = catalog
        self._with_names = with_names

    def query(self, node: ast.Node) -> ast.Node:
        """The query with another WHERE, where it has such a condition; else itself."""
        items: tuple[ast.Node | None, ...]
        match node:
            case ast.SelectStmt():
                items = node.fromClause or ()
            case ast.UpdateStmt():
                items = (node.relation, *(node.fromClause or ()))
            case ast.DeleteStmt():
                items = (node.relation, *(node.usingClause or ()))
            case _:
                return node
        if node.whereClause is None:
            return node
        outer = self._sources(tuple(item for item in items if item is not None))
        before = self.count
        where = self._condition(node.whereClause, outer)
        return node if self.count == before else copied(node, whereClause=where)

    def _sources(self, items: Sequence[ast.Node]) -> tuple[NamedSource, ...]:
        return sources_of(items, self._catalog, self._with_names)

    def _condition(self, node: ast.Node, outer: Sequence[NamedSource]) -> ast.Node:
        """Below AND and OR alone, unknown and false are the same to a WHERE."""
        if isinstance(node, ast.BoolExpr) and node.boolop is not BoolExprType.NOT_EXPR:
            args = tuple(self._condition(one, outer) for one in node.args or ())
            return copied(node, args=args)
        link = _not_in(node)
        new = None if link is None else self._not_exists(link, outer)
        if new is None:
            return node
        self.count += 1
        return new

    def _not_exists(self, link: ast.SubLink, outer: Sequence[NamedSource]) -> ast.Node | None:
        query, tested = link.subselect, link.testexpr
        if not isinstance(query, ast.SelectStmt) or not isinstance(tested, ast.ColumnRef):
            return None
        inner = self._sources(query.fromClause or ())
        listed = _only_column(query)
        theirs = None if listed is None else owner_of(listed, inner)
        ours = owner_of(tested, outer)
        if listed is None or theirs is None or ours is None:
            return None
        if any(source.alias == ours.alias for source in inner):
            return None
        left, right = name_of(listed), name_of(tested)
        if theirs.may_be_null(left) and not _is_filtered(query, listed):
            self.conditions[f"no row of the subquery has a NULL in {theirs.alias}.{left}"] = None
        if ours.may_be_null(right):
            self.conditions[f"{ours.alias}.{right} is NULL in no row"] = None
        equal = operation("=", column(theirs.alias, left), column(ours.alias, right))
        return negated(exists(copied(query, whereClause=both(query.whereClause, equal))))


def _not_in(node: ast.Node) -> ast.SubLink | None:
    """The subquery of ``NOT IN`` or ``<> ALL``."""
    if isinstance(node, ast.BoolExpr) and node.boolop is BoolExprType.NOT_EXPR:
        [link] = node.args or (None,)
        is_any = isinstance(link, ast.SubLink) and link.subLinkType is SubLinkType.ANY_SUBLINK
        if not isinstance(link, ast.SubLink) or not is_any:
            return None
        return link if _operator(link, "=") == "=" else None
    if isinstance(node, ast.SubLink) and node.subLinkType is SubLinkType.ALL_SUBLINK:
        return node if _operator(node, "") in {"<>", "!="} else None
    return None


def _operator(link: ast.SubLink, default: str) -> str:
    return (grammar.name_parts(link.operName) or (default,))[-1]


def _only_column(query: ast.SelectStmt) -> ast.ColumnRef | None:
    """The one column that a subquery selects; None where it does more than read rows."""
    targets = query.targetList or ()
    is_simple = is_plain(query) and not (query.limitCount or query.limitOffset)
    value = targets[0].val if len(targets) == 1 else None
    if not is_simple or not isinstance(value, ast.ColumnRef):
        return None
    calls = (node for one in query.sortClause or () for node in grammar.walk(one))
    is_counted = any(isinstance(call, ast.FuncCall) and is_aggregate(call) for call in calls)
    return None if is_counted else value


def _is_filtered(query: ast.SelectStmt, listed: ast.ColumnRef) -> bool:
    return any(
        isinstance(one, ast.NullTest)
        and one.nulltesttype is NullTestType.IS_NOT_NULL
        and isinstance(one.arg, ast.ColumnRef)
        and grammar.name_parts(one.arg.fields) == grammar.name_parts(listed.fields)
        for one in conjuncts(query.whereClause)
    )
