"""Scripts: texts of several statements, written in a file or line by line."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError

__all__ = ["ScriptStatement", "StatementError", "is_complete", "split_script"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptStatement:
    """One statement of a script."""

    text: str
    """As it is written, without the semicolon."""
    line: int
    """Where it begins, from 1."""


def split_script(text: str) -> tuple[ScriptStatement, ...]:
    """Take a script apart; what is between the statements is left out.

    Raises:
        StatementError: It does not parse.
    """
    return tuple(
        ScriptStatement(text=text[start:end], line=text.count("\n", 0, start) + 1)
        for start, end in grammar.split_statements(text)
    )


def is_complete(text: str) -> bool:
    """Whether a text that is being typed ends with a semicolon, outside of quotes."""
    try:
        found = grammar.significant_tokens(text)
    except StatementError:
        return False
    return bool(found) and found[-1].name == "ASCII_59"
