"""Plans that ``pgadvisor explain`` has a server make, or measure, for statements of SQL files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from pgadvisor.cli.console import say, warn
from pgadvisor.cli.prompt import is_conversation
from pgadvisor.cli.source import warn_of_password
from pgadvisor.cli.statements import WrittenStatement, read_statements
from pgadvisor.collect.live_plan import LiveExplainer, LiveOptions, LivePlan
from pgadvisor.errors import PgAdvisorError, UsageError
from pgadvisor.model.execution import Execution
from pgadvisor.parse.parameter_values import ParameterValue, read_parameter_value
from pgadvisor.parse.parameters import parameter_numbers
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.units import parse_time_ms

Dsn = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        metavar="DSN",
        help="Take the files for SQL, and have this server plan each statement in them, in "
        "read-only transactions; nothing of them is executed without --analyze.",
        show_default=False,
    ),
]
Analyze = Annotated[
    bool,
    typer.Option(
        "--analyze",
        help="With --dsn, execute the statements and measure: only a SELECT that provably does "
        "nothing but read, for 5 seconds at most, rolled back.",
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", help="With --analyze, do not ask whether to execute them.")
]
AllowPrimary = Annotated[
    bool,
    typer.Option(
        "--allow-primary", help="With --analyze, execute also on a server that is no standby."
    ),
]
AllowSuperuser = Annotated[
    bool, typer.Option("--allow-superuser", help="With --analyze, execute also as a superuser.")
]
AllowUserFunctions = Annotated[
    bool,
    typer.Option(
        "--allow-user-functions",
        help="With --dsn, take also statements that call functions of your own which are not "
        "volatile: planning a statement may run them.",
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="N=VALUE",
        help="With --dsn, the value of $N, such as 1=42, or with its type 2:date=2026-01-31; N "
        "alone is NULL; may be repeated. Without any, a generic plan is made.",
        show_default=False,
    ),
]
StatementTimeout = Annotated[
    str,
    typer.Option(
        "--statement-timeout",
        metavar="TIME",
        help="With --dsn, how long a statement may keep the server busy, at most 5s.",
    ),
]
DEFAULT_TIMEOUT = "5s"
_CONFIRMATION = "execute"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRequest:
    """What the options say about a server that is to plan statements.

    Raises:
        UsageError: They do not go together, or cannot be read.
    """

    dsn: str
    options: LiveOptions

    @classmethod
    def of(
        cls,
        dsn: str | None,
        *,
        analyze: bool = False,
        yes: bool = False,
        allow_primary: bool = False,
        allow_superuser: bool = False,
        allow_user_functions: bool = False,
        parameters: Sequence[str] | None = None,
        statement_timeout: str = DEFAULT_TIMEOUT,
    ) -> LiveRequest | None:
        """Make it of the options' values; None: no server is asked.

        Raises:
            UsageError: They do not go together, or cannot be read, or nobody has agreed.
        """
        given = {
            "--analyze": analyze,
            "--param": bool(parameters),
            "--statement-timeout": statement_timeout != DEFAULT_TIMEOUT,
            "--allow-user-functions": allow_user_functions,
        }
        _check_company(given, "--dsn DSN", is_there=dsn is not None)
        given = {
            "--yes": yes,
            "--allow-primary": allow_primary,
            "--allow-superuser": allow_superuser,
        }
        _check_company(given, "--analyze", is_there=analyze)
        if dsn is None:
            return None
        options = LiveOptions(
            parameters=_parameters(parameters or ()),
            analyze=analyze,
            allow_primary=allow_primary,
            allow_superuser=allow_superuser,
            allow_user_functions=allow_user_functions,
        )
        try:
            timeout_ms = round(parse_time_ms(statement_timeout))
            options = replace(options, statement_timeout_ms=timeout_ms)
        except ValueError as error:
            raise UsageError("reading --statement-timeout", str(error)) from error
        if analyze and not yes:
            _confirm()
        return cls(dsn=dsn, options=options)


def live_plans(
    request: LiveRequest,
    files: Sequence[str],
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Execution, ...]:
    """Have each statement of some files planned, or measured, and tell what is to be known of it.

    Args:
        request: Which server, and how.
        files: With SQL; ``-`` is standard input.
        progress: Told after each statement.

    Raises:
        UsageError: A file cannot be read, or a value belongs to no parameter.
        StatementRefusedError: A statement is not planned, or not executed; it says which and why.
        ConnectError: The server cannot be reached, or does not let us in.
        CollectError: The server could not do it now.
    """
    wanted = [one for file in files for one in read_statements(Path(file))]
    _check_parameters(request.options.parameters, wanted)
    warn_of_password(request.dsn)
    found: list[Execution] = []
    with LiveExplainer(request.dsn, request.options) as explainer:
        for item in explainer.warnings:
            warn(f"{item.reason}: {item.consequence}. {item.remedy}")
        for number, one in enumerate(wanted, start=1):
            made = _explained(explainer, one)
            for note in made.notes:
                say(f"{one.place}: {note}")
            found += executions_of((made.plan,), one.place)
            if progress is not None:
                progress("planning statements", number, len(wanted))
    return tuple(found)


def _explained(explainer: LiveExplainer, wanted: WrittenStatement) -> LivePlan:
    try:
        return explainer.explain(wanted.text)
    except PgAdvisorError as error:
        attempted = f"{error.attempted} ({wanted.place})"
        raise type(error)(attempted, error.happened, error.next_step) from error


def _check_company(given: dict[str, bool], other: str, *, is_there: bool) -> None:
    """Refuse options that mean nothing without another one."""
    alone = next((option for option, is_given in given.items() if is_given), None)
    if alone is not None and not is_there:
        raise UsageError(f"reading {alone}", f"it goes with {other}")


def _parameters(texts: Sequence[str]) -> tuple[ParameterValue, ...]:
    found: dict[int, ParameterValue] = {}
    for text in texts:
        try:
            value = read_parameter_value(text)
        except ValueError as error:
            raise UsageError("reading --param", str(error)) from error
        if value.number in found:
            raise UsageError("reading --param", f"there are two values for ${value.number}")
        found[value.number] = value
    return tuple(found.values())


def _check_parameters(
    parameters: Sequence[ParameterValue], wanted: Sequence[WrittenStatement]
) -> None:
    """Refuse a value that no statement takes: a wrong number would have no effect."""
    known = {number for one in wanted for number in parameter_numbers(one.text)}
    for value in parameters:
        if value.number not in known:
            raise UsageError("reading --param", f"no statement has a parameter ${value.number}")


def _confirm() -> None:
    if not is_conversation():
        raise UsageError(
            "reading --analyze",
            "it executes the statements, and nobody is there to be asked",
            "Say --yes to execute them.",
        )
    typed = typer.prompt(f"The statements are executed. Type {_CONFIRMATION} to go on", err=True)
    if str(typed).strip() != _CONFIRMATION:
        raise UsageError("reading --analyze", "it was not confirmed, and nothing was executed")
