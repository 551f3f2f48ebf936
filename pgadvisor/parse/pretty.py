"""Statements laid out for people."""

from __future__ import annotations

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.parameters import spaced_parameters

_MAX_CHARACTERS = 20_000
"""Longer texts are read by nobody, and take the formatter seconds."""


def pretty(text: str) -> str:
    """Lay a statement out over several lines; a text that cannot be comes back as it is.

    The result has the same fingerprint, so it is the same statement to PostgreSQL; where one
    formatter writes something else (``CURRENT_TIMESTAMP`` for ``now()``), another one is asked.
    """
    if len(text) > _MAX_CHARACTERS:
        return text
    for lay_out in (_by_sqlglot, grammar.indented):
        try:
            laid_out = lay_out(text)
            if grammar.fingerprint_of(laid_out) == grammar.fingerprint_of(text):
                return laid_out
        except StatementError:
            continue
    return text


def _by_sqlglot(text: str) -> str:
    # It takes a tenth of a second to import, and most commands print no statement.
    import sqlglot  # noqa: PLC0415
    from sqlglot.errors import SqlglotError  # noqa: PLC0415

    try:
        found = sqlglot.transpile(
            spaced_parameters(text), read="postgres", write="postgres", pretty=True
        )
    except (SqlglotError, RecursionError, TypeError, ValueError, AttributeError, LookupError):
        # Its own errors, and those that it lets through on statements it does not know.
        raise StatementError("cannot be laid out") from None
    return ";\n".join(found)
