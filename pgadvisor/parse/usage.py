"""What a statement does to which columns: names resolved over the tree and the catalog.

The way of a statement: :mod:`~pgadvisor.parse.grammar` makes its tree,
:mod:`~pgadvisor.parse.modify` and :mod:`~pgadvisor.parse.query` walk it,
:mod:`~pgadvisor.parse.from_clause` and :mod:`~pgadvisor.parse.scope` say what a name stands for,
:mod:`~pgadvisor.parse.condition` and :mod:`~pgadvisor.parse.comparison` what is done to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from pglast import ast

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.usage import StatementKind, StatementUsage
from pgadvisor.parse.draft import QueryContext, Workspace
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.modify import resolve_query
from pgadvisor.parse.operand import value_of
from pgadvisor.parse.scope import Scope
from pgadvisor.parse.statement import UNPARSABLE, parse_statement

TOO_DEEP = "<nested too deeply>"
"""In ``unresolved``: the statement could be followed only in part."""


def usage_of(statement_id: str, text: str, catalog: Catalog) -> StatementUsage:
    """Find out what one statement does to which relations.

    It raises for no text.  A statement that is no query has no relations; of one that does not
    parse, or that is nested too deeply to be followed, ``unresolved`` says so; so it does for
    names that the catalog does not have.

    Args:
        statement_id: Whose usage it is.
        text: One statement, with or without ``$n``.
        catalog: Tables, views and the search path that its names are looked up in.
    """
    try:
        parsed = parse_statement(text)
    except StatementError:
        return StatementUsage(
            statement_id=statement_id, kind=StatementKind.UTILITY, unresolved=(UNPARSABLE,)
        )
    workspace = Workspace(catalog=catalog, resolve_query=resolve_query)
    if parsed.kind is not StatementKind.UTILITY:
        try:
            derived = resolve_query(parsed.tree, Scope(), workspace, QueryContext())
            workspace.read(derived.columns)
        except RecursionError:
            workspace.miss(TOO_DEEP)
    return StatementUsage(
        statement_id=statement_id,
        kind=parsed.kind,
        relations=tuple(draft.freeze() for draft in workspace.drafts),
        set_columns=tuple(workspace.set_columns),
        functions=parsed.functions,
        unresolved=tuple(workspace.unresolved),
        parameter_count=parsed.parameter_count,
        limit_parameters=_parameters_of(query.limitCount for query in parsed.queries),
        offset_parameters=_parameters_of(query.limitOffset for query in parsed.queries),
        not_in=tuple(workspace.not_in),
        conflict_targets=tuple(workspace.conflict_targets),
    )


def _parameters_of(nodes: Iterable[ast.Node | None]) -> tuple[int, ...]:
    numbers = (value_of(node)[0] for node in nodes if node is not None)
    return tuple(dict.fromkeys(number for number in numbers if number is not None))
