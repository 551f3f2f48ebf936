"""NOT IN with a subquery: whose NULLs would make it unknown for every row."""

from __future__ import annotations

from collections.abc import Sequence

from pglast import ast
from pglast.enums.primnodes import SubLinkType

from pgadvisor.model.usage import NotInSubquery
from pgadvisor.parse import grammar
from pgadvisor.parse.comparison import Place
from pgadvisor.parse.operand import operand_of
from pgadvisor.parse.scope import Reference


def note_not_in(
    link: ast.SubLink, tested: Sequence[ast.Node], columns: Sequence[Reference], place: Place
) -> None:
    """Note the columns that a NULL could come from, if the condition is a NOT IN.

    Args:
        link: The condition: a subquery that a row is compared with.
        tested: The row's expressions.
        columns: What the subquery gives for each.
        place: Where the condition stands.
    """
    if not _is_not_in(link, is_negated=place.is_negated):
        return
    for expression, column in zip(tested, columns, strict=False):
        left = _table_column(expression, place)
        for origin in column.origins:
            found = NotInSubquery(
                relation=origin.relation,
                column=origin.column,
                is_outer_joined=place.workspace.drafts[origin.relation].is_nullable,
                tested=left,
            )
            place.workspace.not_in[found] = None


def _is_not_in(link: ast.SubLink, *, is_negated: bool) -> bool:
    operator = (grammar.name_parts(link.operName) or ("=",))[-1]
    if link.subLinkType is SubLinkType.ANY_SUBLINK:
        return operator == "=" and is_negated
    return (
        link.subLinkType is SubLinkType.ALL_SUBLINK and operator in {"<>", "!="} and not is_negated
    )


def _table_column(node: ast.Node, place: Place) -> tuple[str, str] | None:
    """The alias and the column; None for what is no column of one table."""
    if not isinstance(node, ast.ColumnRef):
        return None
    reference = operand_of(node, place.scope, place.workspace).column
    if reference is None or len(reference.origins) != 1:
        return None
    [origin] = reference.origins
    return place.workspace.drafts[origin.relation].alias, origin.column
