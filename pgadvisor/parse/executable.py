"""Which statements only read when they are executed, as far as their text can tell."""

from __future__ import annotations

from pglast import ast

from pgadvisor.model.usage import StatementKind
from pgadvisor.parse import grammar
from pgadvisor.parse.command_tag import command_tag
from pgadvisor.parse.statement import ParsedStatement, kind_of


def why_not_plannable(parsed: ParsedStatement) -> str | None:
    """Why a statement has no plan that could be asked for, as a clause; None if it has one."""
    if parsed.kind is StatementKind.UTILITY:
        return f"it is the command {command_tag(parsed.tree)}, which has no plan"
    if not parsed.is_explainable:
        return "it is a SELECT INTO, which creates a table"
    return None


def why_not_only_reading(parsed: ParsedStatement) -> str | None:
    """Why executing a statement would do more than read, as a clause; None if it would not.

    What functions, views and types do that it names, the text does not tell.
    """
    if (reason := why_not_plannable(parsed)) is not None:
        return reason
    if parsed.kind is not StatementKind.SELECT:
        return f"it is no SELECT: {parsed.kind.value.upper()} writes"
    for node in grammar.walk(parsed.tree):
        if isinstance(node, ast.LockingClause):
            return "it locks the rows that it reads (FOR UPDATE, FOR SHARE)"
        kind = kind_of(node)
        if kind not in {StatementKind.SELECT, StatementKind.UTILITY}:
            return f"its WITH holds a statement that writes ({kind.value.upper()})"
    return None


def type_names(parsed: ParsedStatement) -> frozenset[str]:
    """The types that a statement names, without their schemas."""
    found = (
        grammar.name_parts(node.names)
        for node in grammar.walk(parsed.tree)
        if isinstance(node, ast.TypeName)
    )
    return frozenset(parts[-1] for parts in found if parts)


def relation_names(parsed: ParsedStatement) -> frozenset[str]:
    """The tables and views that a statement names, without their schemas."""
    return frozenset(
        node.relname
        for node in grammar.walk(parsed.tree)
        if isinstance(node, ast.RangeVar) and node.relname
    )
