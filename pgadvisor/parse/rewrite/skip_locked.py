"""Polls that step over the rows that others hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pglast import ast
from pglast.enums.lockoptions import LockWaitPolicy

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError, Token
from pgadvisor.parse.statement import ParsedStatement, parse_statement


def with_skip_locked(text: str) -> str | None:
    """Add SKIP LOCKED to every ``FOR UPDATE`` and ``FOR NO KEY UPDATE`` that would wait.

    All else of the text stays as it is written.  None where nothing would wait, or the text
    does not parse.
    """
    try:
        before = parse_statement(text)
        found = grammar.significant_tokens(text)
        ends = list(_waiting_locks(found))
        if not before.is_explainable or not ends:
            return None
        result = text
        for end in sorted(ends, reverse=True):
            result = f"{result[:end]} SKIP LOCKED{result[end:]}"
        after = parse_statement(result)
    except StatementError:
        return None
    return result if _waits(before) > 0 == _waits(after) else None


def _waiting_locks(found: Sequence[Token]) -> Iterator[int]:
    """Where the clauses end that lock rows and wait for them."""
    names = [token.name for token in found]
    for place, name in enumerate(names):
        if name != "FOR":
            continue
        end = place + 1
        if names[end : end + 2] == ["NO", "KEY"]:
            end += 2
        if names[end : end + 1] != ["UPDATE"]:
            continue
        if names[end + 1 : end + 2] == ["OF"]:
            end += 2
            while names[end + 1 : end + 2] in (["ASCII_44"], ["ASCII_46"]):
                end += 2
        if names[end + 1 : end + 2] not in (["NOWAIT"], ["SKIP"]):
            yield found[end].end


def _waits(parsed: ParsedStatement) -> int:
    """How many locking clauses for update wait."""
    return sum(
        isinstance(node, ast.LockingClause)
        and node.waitPolicy is LockWaitPolicy.LockWaitBlock
        and node.strength is not None
        and node.strength.name in {"LCS_FORUPDATE", "LCS_FORNOKEYUPDATE"}
        for node in grammar.walk(parsed.tree)
    )
