"""What a CREATE INDEX statement is about."""

from __future__ import annotations

from pglast import ast

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError


def indexed_table(sql: str) -> tuple[str | None, str]:
    """Read which table a CREATE INDEX is on.

    Returns:
        Its schema, where the statement names one, and its name.

    Raises:
        StatementError: The text does not parse, or is not exactly one CREATE INDEX.
    """
    found = grammar.parse(sql)
    tree = grammar.statement_of(found[0]) if len(found) == 1 else None
    if not isinstance(tree, ast.IndexStmt) or tree.relation is None:
        raise StatementError("is not one CREATE INDEX statement")
    return tree.relation.schemaname, str(tree.relation.relname)


def is_create_index(sql: str) -> bool:
    """Whether a text is one CREATE INDEX statement."""
    try:
        indexed_table(sql)
    except StatementError:
        return False
    return True
