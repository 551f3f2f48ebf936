"""Statements of a workload that the user gives as ``.sql`` files."""

from __future__ import annotations

import math
import re

from pgadvisor.errors import UsageError
from pgadvisor.model.statement import Statement
from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError
from pgadvisor.parse.statement import ParsedStatement, fingerprint, parse_statement

_WEIGHT = re.compile(r"^(?:--+|/\*)\s*weight\s*:\s*(?P<number>.*?)\s*(?:\*/)?$", re.IGNORECASE)


def statements_of(name: str, text: str) -> tuple[Statement, ...]:
    """Read the statements of one file.

    A comment ``-- weight: 120`` before a statement says how many calls a day it stands for; before
    the first statement it holds for the whole file.  Without one it is 1.  The text is kept as it
    is written, literals included: the user gave it, and literals matter to the planner.

    Args:
        name: What the file is called; it is the id of its statement, of later ones with ``#2``.
        text: What is in it.

    Raises:
        UsageError: A statement does not parse or is no query, a weight is no number above zero,
            or there is no statement.  The message names the file and the line.
    """
    text = text.removeprefix("\ufeff")
    try:
        spans = grammar.split_statements(text)
    except StatementError as error:
        raise _unreadable(name, text, error.position, error.reason) from None
    if not spans:
        raise UsageError(f"reading the workload file {name}", "it holds no statement")
    default = 1.0
    previous_end = 0
    statements: list[Statement] = []
    for number, (start, end) in enumerate(spans, start=1):
        weight = _weight_in(name, text, previous_end, start)
        if number == 1 and weight is not None:
            default = weight
        statement = text[start:end]
        _check(name, text, start, statement)
        statements.append(
            Statement(
                id=name if number == 1 else f"{name}#{number}",
                text=statement,
                source="workload",
                fingerprint=fingerprint(statement),
                weight=default if weight is None else weight,
            )
        )
        previous_end = end
    return tuple(statements)


def _check(name: str, text: str, start: int, statement: str) -> ParsedStatement:
    try:
        parsed = parse_statement(statement)
    except StatementError as error:
        place = start if error.position is None else start + error.position
        raise _unreadable(name, text, place, error.reason) from None
    if not parsed.is_explainable:
        raise _unreadable(
            name, text, start, "is no SELECT, INSERT, UPDATE, DELETE or MERGE that can be explained"
        )
    return parsed


def _weight_in(name: str, text: str, start: int, end: int) -> float | None:
    """The last weight among the comments between two statements."""
    weight: float | None = None
    gap = text[start:end]
    for token in grammar.tokens(gap):
        match = _WEIGHT.match(gap[token.start : token.end].strip()) if token.is_comment else None
        if match is None:
            continue
        try:
            weight = float(match["number"].replace("_", "").replace(",", ""))
        except ValueError:
            weight = math.nan
        if not (math.isfinite(weight) and weight > 0):
            place = start + token.start
            raise _unreadable(name, text, place, "the weight is no number above zero")
    return weight


def _unreadable(name: str, text: str, position: int | None, reason: str) -> UsageError:
    line = text.count("\n", 0, len(text) if position is None else position) + 1
    return UsageError(
        f"reading the workload file {name}",
        f"line {line}: {reason}",
        "A workload file holds plain queries, each ended by a semicolon.",
    )
