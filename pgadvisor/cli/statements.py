"""Statements that stand in files, or come from standard input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pgadvisor.cli.prompt import read_stdin
from pgadvisor.errors import UsageError
from pgadvisor.parse.script import StatementError, split_script

STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenStatement:
    """A statement, and where it stands."""

    text: str
    place: str
    """``query.sql, line 3``."""


def read_statements(file: Path) -> list[WrittenStatement]:
    """Read the statements of a file; ``-`` is standard input.

    Raises:
        UsageError: It cannot be read, does not parse, or holds no statement.
    """
    name = "standard input" if file == STANDARD_INPUT else file.name
    text = read_stdin() if file == STANDARD_INPUT else _read(file)
    try:
        found = split_script(text)
    except StatementError as error:
        line = text.count("\n", 0, error.position or 0) + 1
        raise UsageError(f"reading {name}", f"line {line}: {error.reason}") from error
    if not found:
        raise UsageError(f"reading {name}", "it holds no statement")
    return [WrittenStatement(text=one.text, place=f"{name}, line {one.line}") for one in found]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"reading {file}", error.strerror or "it cannot be read") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"reading {file}", "it is not UTF-8 text") from error
