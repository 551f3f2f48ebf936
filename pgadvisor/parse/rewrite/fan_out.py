"""DISTINCT that takes back what a join has multiplied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pglast import ast

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.operand import is_aggregate
from pgadvisor.parse.rewrite.keys import finds_one_row, selects_key
from pgadvisor.parse.rewrite.nodes import both, checked, conjuncts, copied, exists
from pgadvisor.parse.rewrite.query import columns_of, has_subquery, is_plain, only_computes
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


def exists_for_join(text: str, catalog: Catalog) -> Rewritten | None:
    """Ask with EXISTS for what is joined only to be there: ``SELECT DISTINCT u.* FROM u JOIN o``.

    Of two tables the one that nothing is selected from moves into the EXISTS with its conditions.
    DISTINCT stays, unless the other one's key is selected, so that no two rows are equal anyway.
    Both return the same rows, whatever the data.

    Args:
        text: The statement.
        catalog: To find out whose columns the names are, and which keys are unique.

    Returns:
        None where it is no DISTINCT over an inner join of two tables, of which one is selected
        from; where the other one has one partner at most for each row, so that the join
        multiplies nothing; where a condition is not plain; or where it does not parse.
    """
    try:
        tree = parse_statement(text).tree
        if not isinstance(tree, ast.SelectStmt) or not _is_fit(tree):
            return None
        items = tree.fromClause or ()
        sources = sources_of(items, catalog, with_names_of(tree))
        kept = _selected(tree, sources)
        if kept is None:
            return None
        tables = [node for item in items for node in _tables(item)]
        outer, inner = tables if sources[0] is kept else reversed(tables)
        conditions = [*conjuncts(tree.whereClause), *_join_conditions(items)]
        stays = [one for one in conditions if _is_of(one, kept, sources)]
        moves = [one for one in conditions if one not in stays]
        moved = sources[1] if sources[0] is kept else sources[0]
        if not moves or finds_one_row(moved, moves, sources, catalog):
            return None
        query = ast.SelectStmt(fromClause=(inner,), whereClause=_all(moves))
        result = copied(tree, fromClause=(outer,), whereClause=both(_all(stays), exists(query)))
        if selects_key(tree, kept, sources, catalog):
            result.distinctClause = None
        return Rewritten(text=checked(result))
    except StatementError:
        return None


def _is_fit(tree: ast.SelectStmt) -> bool:
    conditions = (*conjuncts(tree.whereClause), *_join_conditions(tree.fromClause or ()))
    return (
        is_plain(tree)
        and tree.distinctClause is not None
        and not any(isinstance(one, ast.Node) for one in tree.distinctClause)
        and all(is_inner_join(item) for item in tree.fromClause or ())
        and not any(has_subquery(one) for one in conditions)
        and not any(has_subquery(one) for one in tree.targetList or ())
        and only_computes(tree)
        and not any(
            isinstance(call, ast.FuncCall) and (call.over is not None or is_aggregate(call))
            for call in grammar.walk(tree)
        )
    )


def _tables(item: ast.Node) -> Iterator[ast.RangeVar]:
    if isinstance(item, ast.RangeVar):
        yield item
    elif isinstance(item, ast.JoinExpr):
        for side in (item.larg, item.rarg):
            if side is not None:
                yield from _tables(side)


def _join_conditions(items: Sequence[ast.Node]) -> Iterator[ast.Node]:
    for item in items:
        if isinstance(item, ast.JoinExpr):
            yield from _join_conditions([side for side in (item.larg, item.rarg) if side])
            yield from conjuncts(item.quals)


def _selected(tree: ast.SelectStmt, sources: Sequence[NamedSource]) -> NamedSource | None:
    """The one of two tables that all that is selected and sorted by is of."""
    if len(sources) != 2 or any(source.table is None for source in sources):  # noqa: PLR2004
        return None
    outputs = {target.name for target in tree.targetList or () if target.name}
    owners: set[str | None] = set()
    for target in tree.targetList or ():
        owners.update(_owners(target, sources))
    for item in tree.sortClause or ():
        is_output = isinstance(item.node, ast.ColumnRef) and (
            len(item.node.fields or ()) == 1 and name_of(item.node) in outputs
        )
        if not is_output:
            owners.update(_owners(item, sources))
    if len(owners) != 1:
        return None
    [alias] = owners
    return next((source for source in sources if source.alias == alias), None)


def _owners(node: ast.Node, sources: Sequence[NamedSource]) -> Iterator[str | None]:
    for name in columns_of(node):
        if isinstance((name.fields or (None,))[-1], ast.A_Star):
            prefix = grammar.name_parts(name.fields)
            yield prefix[-1] if prefix else None
        else:
            owner = owner_of(name, sources)
            yield None if owner is None else owner.alias


def _is_of(condition: ast.Node, kept: NamedSource, sources: Sequence[NamedSource]) -> bool:
    """It reads that table alone.

    Raises:
        StatementError: A name in it is of no table that is known.
    """
    owners = [owner_of(name, sources) for name in columns_of(condition)]
    if any(owner is None for owner in owners):
        raise StatementError("reads a column that is not known")
    return all(owner is kept for owner in owners)


def _all(conditions: Sequence[ast.Node]) -> ast.Node | None:
    result: ast.Node | None = None
    for one in conditions:
        result = both(result, one)
    return result
