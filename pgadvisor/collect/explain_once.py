"""One EXPLAIN of one statement, with values or without, executed or not: what is sent for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import pq

from pgadvisor.collect.explain import (
    BACK,
    DEALLOCATE,
    SAVEPOINT,
    Refusal,
    outcome_of,
)
from pgadvisor.collect.session import BEGIN, ROLLBACK, Session
from pgadvisor.collect.statement_text import PREPARED_NAME
from pgadvisor.collect.wire import SYNC, Command, Step
from pgadvisor.parse.parameter_values import ParameterValue
from pgadvisor.sqltext.quote import quote_literal

CLIENT_CHECK_SINCE = 14
TRANSACTION_TIMEOUT_SINCE = 17
MEMORY_SINCE = 17
PLAN_SETTING = "plan_cache_mode"

_TRANSACTION_TIMEOUT = "30s"
"""More than any one statement may take, and an end to whatever goes on beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A text to be planned, found to be exactly one plain statement."""

    text: str
    parameter_count: int = 0
    values: tuple[ParameterValue, ...] = ()
    """One for each parameter, in order; empty: they are unknown, as in a generic plan."""
    statement_timeout_ms: int

    @property
    def prepare(self) -> str:
        """What stands before the text in a PREPARE."""
        types = [value.type_name or "unknown" for value in self.values]
        declared = f" ({', '.join(types)})" if types else ""
        return f"prepare {PREPARED_NAME}{declared} as "

    @property
    def execute(self) -> str:
        """The EXECUTE with its values."""
        given = [_literal(value.value) for value in self.values]
        arguments = ", ".join(given or ["null"] * self.parameter_count)
        return f"execute {PREPARED_NAME}({arguments})" if arguments else f"execute {PREPARED_NAME}"


def plan_once(session: Session, request: Request) -> str | Refusal:
    """Have a statement planned, and nothing of it executed; the plan comes as JSON.

    Raises:
        ReadError: The connection is lost, for the second time.
    """
    explain = f"explain ({_options(session, 'buffers', 'summary')}) {request.execute}"
    return _outcome(session, request, session.run(_steps(session, request, explain)))


def plan_unknown_types(session: Session, request: Request) -> str | Refusal:
    """Plan a text with parameters whose type cannot be told (PostgreSQL 16 and later).

    Raises:
        ReadError: The connection is lost.
    """
    explain = f"explain ({_options(session, 'buffers', 'summary')}, generic_plan) "
    result = session.run_simply(_settings(session, request), explain + request.text)
    return outcome_of([result], len(explain))


def execute_once(session: Session, request: Request, *, with_times: bool) -> str | Refusal:
    """Have a statement executed and measured; it is never sent twice.

    Args:
        session: Where to.
        request: What the execution policy has nothing against.
        with_times: Take the time of each node, which may make the statement several times slower.

    Raises:
        ReadError: The connection is lost.
    """
    timing = "timing on" if with_times else "timing off"
    explain = (
        f"explain (analyze, {_options(session, 'buffers', 'summary', 'wal', timing)}) "
        f"{request.execute}"
    )
    return _outcome(session, request, session.run_once(_steps(session, request, explain)))


def _options(session: Session, *more: str) -> str:
    memory = ["memory"] if session.major >= MEMORY_SINCE else []
    return ", ".join(["format json", "verbose", "settings", *more, *memory])


def _settings(session: Session, request: Request) -> tuple[str, ...]:
    """Only what ends it in time: the rest would be the planner's own settings."""
    mode = "force_custom_plan" if request.values else "force_generic_plan"
    timeout = f"statement_timeout = {request.statement_timeout_ms}"
    settings = [timeout, *session.timeouts[1:], f"{PLAN_SETTING} = {mode}"]
    if session.major >= CLIENT_CHECK_SINCE:
        settings.append("client_connection_check_interval = '2s'")
    if session.major >= TRANSACTION_TIMEOUT_SINCE:
        settings.append(f"transaction_timeout = '{_TRANSACTION_TIMEOUT}'")
    return tuple(settings)


def _steps(session: Session, request: Request, explain: str) -> Sequence[Step]:
    # DEALLOCATE fails where PREPARE did; ROLLBACK makes that good.
    return [
        Command(BEGIN),
        *(Command(f"set local {setting}") for setting in _settings(session, request)),
        Command(SAVEPOINT),
        Command(request.prepare + request.text),
        Command(explain),
        SYNC,
        Command(BACK),
        Command(DEALLOCATE),
        SYNC,
        Command(ROLLBACK),
        SYNC,
    ]


def _outcome(
    session: Session, request: Request, results: Sequence[pq.abc.PGresult]
) -> str | Refusal:
    until_explain = len(_settings(session, request)) + 4
    return outcome_of(results[:until_explain], len(request.prepare))


def _literal(value: str | None) -> str:
    return "null" if value is None else quote_literal(value)
