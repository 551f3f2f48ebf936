"""Statement text without literals and comments, as it may be kept and shown."""

from __future__ import annotations

import re
from itertools import pairwise

from pglast import ast

from pgadvisor.parse import grammar
from pgadvisor.parse.command_tag import command_tag, is_command_tag
from pgadvisor.parse.grammar import StatementError, Token

UNPARSABLE = "<unparsable query>"
"""Stands for a text of which we cannot tell what in it is a literal."""
INSUFFICIENT_PRIVILEGE = "<insufficient privilege>"
"""What ``pg_stat_statements`` shows of other people's statements."""
SQUASHED = "/*, ... */"
"""PostgreSQL 18's own mark of a list that it has cut down to one element."""

_STRINGS = frozenset({"SCONST", "USCONST", "BCONST", "XCONST", "FCONST"})
_SURELY_A_QUERY = re.compile(
    r"[(\s]*(?:select|insert|update|delete|merge|with|values)\b[^;]*;?$", re.IGNORECASE
)
"""Without a semicolon inside it is one statement, and these words begin nothing but queries."""
_MAY_BE_CONSTANT = re.compile(r"'|\$(?![0-9])|(?<![\w$])\.?[0-9]")
"""Without a match no token of the text can be a constant; with one, the tokens tell."""
_QUERIES = (ast.SelectStmt, ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)


def normalise(text: str) -> str:
    """Reduce a text to what may be kept of it: no literal, no comment.

    Literals of queries become ``$n``, numbered on from the parameters that are there.  Of a
    statement that is no query, where a literal may be anywhere, its command tag remains:
    ``CREATE SERVER``, ``COPY``.  What does not parse becomes :data:`UNPARSABLE`.  The result is
    a fixed point, and so is the text that PostgreSQL shows when it does not show the query.
    """
    stripped = text.strip()
    if stripped in {UNPARSABLE, INSUFFICIENT_PRIVILEGE} or is_command_tag(stripped):
        return stripped
    try:
        return _normalise(stripped)
    except StatementError:
        return UNPARSABLE


def _normalise(text: str) -> str:
    plain = _without_odd_strings(text)
    if _SURELY_A_QUERY.match(plain) is None:
        trees = [grammar.statement_of(raw) for raw in grammar.parse(plain)]
        if len(trees) == 1 and not isinstance(trees[0], _QUERIES):
            return command_tag(trees[0])
        if not trees or not all(isinstance(tree, _QUERIES) for tree in trees):
            return UNPARSABLE
    result = _without_comments(grammar.replace_constants(plain))
    if not _is_sound(result):
        # The library loses its place in -(5), and leaves the path of a JSON_TABLE as it is.
        result = _without_comments(_force_parameters(plain))
        grammar.parse(result)
    return result


def _is_sound(text: str) -> bool:
    """It still parses, and holds no text, no bits and no number with a fraction."""
    try:
        grammar.fingerprint_of(text)  # the cheapest way to parse: no tree is made
    except StatementError:
        return False
    if _MAY_BE_CONSTANT.search(text) is None:
        return True
    return not any(token.name in _STRINGS for token in grammar.tokens(text))


def _without_odd_strings(text: str) -> str:
    """Drop the prefix of ``N'...'`` and the UESCAPE of ``U&'...'``.

    Behind either, the library's ``$n`` would leave a text that no longer parses.
    """
    if "'" not in text:
        return text
    found = grammar.significant_tokens(text)
    dropped: set[int] = set()
    for before, token in pairwise(found):
        if before.name == "NCHAR" and before.end == token.start and token.name == "SCONST":
            dropped.add(before.start)
        if before.name == "USCONST" and token.name == "UESCAPE":
            dropped.add(token.start)
        if before.name == "UESCAPE" and before.start in dropped:
            dropped.add(token.start)
    if not dropped:
        return text
    return grammar.replace_tokens(text, lambda token, _: "" if token.start in dropped else None)


def _without_comments(text: str) -> str:
    def replace(token: Token, written: str) -> str | None:
        return " " if token.is_comment and written != SQUASHED else None

    has_comments = "--" in text or "/*" in text
    bare = grammar.replace_tokens(text, replace) if has_comments else text
    return bare.strip().rstrip(";").rstrip()


def _force_parameters(text: str) -> str:
    """Write ``$n`` for every constant, wherever it stands."""
    taken = [
        int(text[token.start + 1 : token.end])
        for token in grammar.tokens(text)
        if token.name == "PARAM"
    ]
    next_number = max(taken, default=0)

    def replace(token: Token, _: str) -> str | None:
        nonlocal next_number
        if token.name not in _STRINGS | {"ICONST"}:
            return None
        next_number += 1
        return f"${next_number}"

    return grammar.replace_tokens(text, replace)
