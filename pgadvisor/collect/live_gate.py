"""What of a user's own statement is sent to a server: exactly what harms nobody, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.collect.execution_policy import ExecutionPolicy
from pgadvisor.collect.explain_once import Request
from pgadvisor.collect.function_policy import FunctionPolicy
from pgadvisor.errors import StatementRefusedError
from pgadvisor.model.server import Server
from pgadvisor.parse.executable import why_not_plannable
from pgadvisor.parse.parameter_values import ParameterValue
from pgadvisor.parse.parameters import repairs
from pgadvisor.parse.statement import ParsedStatement, StatementError, parse_statement

PLANNING = "planning a statement on the server"
EXECUTING = "executing a statement on the server"
MAX_STATEMENT_TIMEOUT_MS = 5_000
"""How long a statement may keep somebody's server busy, planned or executed."""
DO_IT_YOURSELF = (
    "Run EXPLAIN (ANALYZE, BUFFERS) yourself where that does no harm, such as on a copy, and give "
    "pgadvisor explain what it prints."
)

_TWIN = "pgadvisor twin --explain plans it without the server."


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """How statements are planned on a server, and whether they are executed there.

    Raises:
        ValueError: The timeout is none, or longer than five seconds.
    """

    parameters: tuple[ParameterValue, ...] = ()
    """Values for ``$n``; a statement takes those of its own parameters."""
    analyze: bool = False
    """Execute them, and measure."""
    allow_primary: bool = False
    """Execute also on a server that is no standby."""
    allow_superuser: bool = False
    """Execute also as a superuser, whom no privilege holds back."""
    allow_user_functions: bool = False
    """Let the users' own functions run, as long as they are not volatile."""
    statement_timeout_ms: int = MAX_STATEMENT_TIMEOUT_MS
    lock_timeout_ms: int = 200

    def __post_init__(self) -> None:
        """Refuse to be patient at the expense of others."""
        if not 1 <= self.statement_timeout_ms <= MAX_STATEMENT_TIMEOUT_MS:
            raise ValueError("a statement may take from 1 ms to 5 s on somebody's server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Lets statements pass, or says why not."""

    options: LiveOptions
    planning: FunctionPolicy
    execution: ExecutionPolicy | None = None
    """None: nothing is executed."""

    def request(self, text: str) -> Request:
        """What to ask the server for a text.

        Raises:
            StatementRefusedError: It is not asked; the message says why.
        """
        parsed = self._parsed(text)
        if (reason := why_not_plannable(parsed)) is not None:
            next_step = "A SELECT, INSERT, UPDATE, DELETE or MERGE has a plan."
            raise StatementRefusedError(self._attempted, reason, next_step)
        values = self._values(parsed)
        for one in (parsed, *self._types(values)):
            self._check(one)
        # What never works as it stands is repaired before the first try.
        repaired = next(iter(repairs(text)), text)
        return Request(
            text=repaired if is_one_plain_statement(repaired) else text,
            parameter_count=parsed.parameter_count,
            values=values,
            statement_timeout_ms=self.options.statement_timeout_ms,
        )

    @property
    def _attempted(self) -> str:
        return PLANNING if self.execution is None else EXECUTING

    def _parsed(self, text: str) -> ParsedStatement:
        try:
            return parse_statement(text)
        except StatementError as error:
            is_verb = error.reason.startswith(("holds", "does"))
            happened = f"it {error.reason}" if is_verb else f"it is {error.reason}"
            next_step = "Give one statement at a time; parameters are written $1, $2 and so on."
            raise StatementRefusedError(self._attempted, happened, next_step) from None

    def _check(self, parsed: ParsedStatement) -> None:
        """Refuse what might run somebody's code, or do more than read."""
        if (objection := self.planning.objection(parsed)) is not None:
            raise StatementRefusedError(self._attempted, objection, _TWIN)
        if self.execution is None:
            return
        if (objection := self.execution.objection(parsed)) is not None:
            raise StatementRefusedError(self._attempted, objection, DO_IT_YOURSELF)

    def _values(self, parsed: ParsedStatement) -> tuple[ParameterValue, ...]:
        """The values of all parameters, or none where they may stay unknown."""
        given = {value.number: value for value in self.options.parameters}
        numbers = range(1, parsed.parameter_count + 1)
        missing = [number for number in numbers if number not in given]
        if not missing:
            return tuple(given[number] for number in numbers)
        if len(missing) == len(numbers) and self.execution is None:
            return ()
        raise StatementRefusedError(
            self._attempted,
            f"there is no value for {', '.join(f'${number}' for number in missing)}",
            "Give one for each parameter, such as --param 1=42.",
        )

    def _types(self, values: tuple[ParameterValue, ...]) -> list[ParsedStatement]:
        """Types of parameters as statements: making a value of one may run something, too."""
        found: list[ParsedStatement] = []
        for value in values:
            if value.type_name is None:
                continue
            try:
                found.append(parse_statement(f"select null::{value.type_name}"))
            except StatementError:
                happened = f"the type of ${value.number} is written like no type"
                raise StatementRefusedError(self._attempted, happened) from None
        return found


def refuse_place(server: Server, options: LiveOptions) -> None:
    """Refuse to execute where nobody has said that it may be.

    Raises:
        StatementRefusedError: It is a primary, or we are a superuser.
    """
    if not server.is_in_recovery and not options.allow_primary:
        raise StatementRefusedError(
            EXECUTING,
            "this server is a primary, on which others depend",
            "Name a standby or a copy, or allow it with --allow-primary.",
        )
    if server.is_superuser and not options.allow_superuser:
        raise StatementRefusedError(
            EXECUTING,
            "the role is a superuser, whom no privilege holds back",
            "Use a role that may only read (pgadvisor grants prints the SQL), or allow it with "
            "--allow-superuser.",
        )


def is_one_plain_statement(text: str) -> bool:
    """The gate once more: a repaired text is a new text."""
    try:
        return parse_statement(text).is_explainable
    except StatementError:
        return False
