"""The prompt of ``pgadvisor twin``: SQL is planned, lines with a backslash are commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pgadvisor.cli.trial import Trial
from pgadvisor.emit.describe import describe_statements, describe_table, describe_tables
from pgadvisor.emit.fidelity import describe_differences, describe_fidelity
from pgadvisor.emit.plaintext import one_line, printable
from pgadvisor.emit.what_if import describe_index, render_what_if
from pgadvisor.errors import RefusedError, UsageError
from pgadvisor.parse.index_statement import is_create_index
from pgadvisor.parse.script import StatementError, is_complete, split_script

HELP = r"""SELECT ...;               plan a statement; it ends with a semicolon
\create create index ...  plan with this index from now on
\drop NAME                plan without this index
\set NAME VALUE           plan with this setting
\reset                    plan the database as it is again
\what                     what is different now
\d [TABLE]                tables, or columns and indexes of one
\s [COUNT]                statements of the snapshot, the most expensive first
\p NUMBER                 plan one of these, by its number or its id
\fidelity                 how well the twin plans like the original
\notes                    what the twin lacks
\clear                    forget the lines typed so far
\q                        leave"""
_STATEMENTS = 20
_NEAR = 30
"""Characters of a text that are shown where it does not parse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where answers go, and how wide and colourful they may be."""

    write: Callable[[str], None]
    complain: Callable[[str], None]
    """Takes errors."""
    width: Callable[[], int]
    color: bool = False


class Door:
    """Takes lines and answers them; what is refused is told and does not end it.

    Args:
        trial: The twin and what is different.
        screen: Where the answers go.
    """

    def __init__(self, trial: Trial, screen: Screen) -> None:
        self._trial = trial
        self._screen = screen
        self._buffer = ""
        self.is_open = True
        self.refusals = 0
        """How many lines were refused."""

    @property
    def prompt(self) -> str:
        """What stands before the next line: ``twin=>``, or ``twin->`` within a statement."""
        return "twin-> " if self._buffer else "twin=> "

    def take(self, line: str) -> None:
        """Take one line.

        Raises:
            TwinError: The twin's server is gone.
        """
        try:
            if line.lstrip().startswith("\\"):
                self._command(line.strip())
            else:
                self._sql(line)
        except (RefusedError, UsageError) as error:
            self.refusals += 1
            self.clear()
            self._screen.complain("\n".join(filter(None, (error.happened, error.next_step))))

    def clear(self) -> None:
        """Forget the lines of a statement that has no end yet."""
        self._buffer = ""

    def end(self) -> None:
        """Plan what has been begun and lacks its semicolon: there are no more lines.

        Raises:
            TwinError: The twin's server is gone.
        """
        if self._buffer.strip():
            self.take(";")

    def _sql(self, line: str) -> None:
        self._buffer += f"{line}\n"
        if not self._buffer.strip():
            self._buffer = ""
        if not is_complete(self._buffer):
            return
        text, self._buffer = self._buffer, ""
        try:
            statements = split_script(text)
        except StatementError as error:
            raise UsageError("planning a statement", _where(error, text)) from error
        for statement in statements:
            if is_create_index(statement.text):
                self._create(statement.text)
            else:
                self._plan(statement.text)

    def _plan(self, statement: str) -> None:
        tried = self._trial.plan(statement)
        screen = self._screen
        screen.write(render_what_if(tried, width=screen.width(), color=screen.color) + "\n\n")

    def _command(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        command = self._commands().get(word)
        if command is None:
            raise UsageError("reading a command", f"there is no {word}", r"\? lists what there is.")
        command(rest.strip())

    def _commands(self) -> dict[str, Callable[[str], None]]:
        write = self._screen.write
        return {
            r"\create": self._create,
            r"\drop": self._drop,
            r"\set": self._set,
            r"\reset": lambda _: self._trial.reset(),
            r"\what": lambda _: write("\n".join(self._what())),
            r"\d": self._describe,
            r"\s": self._statements,
            r"\p": self._plan_number,
            r"\fidelity": lambda _: write("\n".join(self._fidelity())),
            r"\notes": lambda _: write("\n".join(self._trial.notes)),
            r"\clear": lambda _: self.clear(),
            r"\q": self._leave,
            r"\?": lambda _: write(HELP),
        }

    def _create(self, rest: str) -> None:
        index = self._trial.create(rest)
        self._screen.write(describe_index(index))

    def _drop(self, rest: str) -> None:
        name = self._trial.drop(rest)
        self._screen.write(f"without {one_line(name)}")

    def _set(self, rest: str) -> None:
        name, _, value = rest.replace("=", " ", 1).partition(" ")
        if not value.strip():
            raise UsageError("changing a setting", r"write \set NAME VALUE")
        self._trial.set(name, value.strip().strip("'"))

    def _what(self) -> Iterator[str]:
        trial = self._trial
        if trial.is_as_it_is:
            yield "the database as it is"
        yield from (describe_index(index) for index in trial.created.values())
        yield from (f"without {one_line(name)}" for name in trial.dropped)
        yield from (f"with {one_line(n)} = {one_line(v)}" for n, v in trial.settings.items())

    def _describe(self, rest: str) -> None:
        catalog = self._trial.catalog
        if not rest:
            self._screen.write(describe_tables(catalog))
            return
        schema, _, name = rest.replace('"', "").rpartition(".")
        table = catalog.find_table(schema or None, name)
        if table is None:
            raise UsageError("describing a table", f"the snapshot has no table called {rest}")
        self._screen.write(describe_table(table, catalog))

    def _statements(self, rest: str) -> None:
        count = _number(rest) if rest else _STATEMENTS
        self._screen.write(describe_statements(self._trial.catalog.snapshot, count))

    def _plan_number(self, rest: str) -> None:
        statements = self._trial.catalog.snapshot.statements
        by_id = {statement.id: statement.text for statement in statements}
        number = _number(rest) if rest not in by_id else 0
        if rest not in by_id and not 1 <= number <= len(statements):
            raise UsageError("planning a statement", f"the snapshot has {len(statements)} of them")
        text = by_id.get(rest) or statements[number - 1].text
        self._screen.write(f"{printable(text)}\n")
        self._plan(text)

    def _fidelity(self) -> Iterator[str]:
        fidelity = self._trial.twin.fidelity()
        yield describe_fidelity(fidelity)
        yield from (f"  {one_line(line)}" for line in describe_differences(fidelity))

    def _leave(self, _: str) -> None:
        self.is_open = False


def _where(error: StatementError, text: str) -> str:
    if error.position is None:
        return error.reason
    near = one_line(text[error.position : error.position + _NEAR])
    return f"{error.reason}, near: {near}" if near else error.reason


def _number(text: str) -> int:
    if not text.isdecimal():
        raise UsageError("reading a command", f"{text or 'nothing'} is no number")
    return int(text)
