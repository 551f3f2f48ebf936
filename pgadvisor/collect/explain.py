"""Ask the server for generic plans: many statements in one round trip, nothing of them executed.

Each statement is planned in a subtransaction that is rolled back at once, so that no lock outlives
its plan, and in a transaction with those around it, so that a pooler keeps them on one backend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import pq

from pgadvisor.collect.search_path import set_search_path
from pgadvisor.collect.session import BEGIN, ROLLBACK, Session, sqlstate_of
from pgadvisor.collect.statement_text import PREPARED_NAME
from pgadvisor.collect.wire import SYNC, Command, Step

SAVEPOINT = "savepoint pgadvisor_s"
BACK = "rollback to savepoint pgadvisor_s"
DEALLOCATE = f"deallocate {PREPARED_NAME}"
GENERIC_PLAN_SINCE = 16

_EXPLAIN = "explain (format json, verbose, settings) "
_EXPLAIN_GENERIC = "explain (format json, verbose, settings, generic_plan) "
_COMMANDS_EACH = 7
_COMMANDS_TO_PLAN = 4
"""Of the commands for one text, those of which each must succeed for there to be a plan."""
_PREPARE = f"prepare {PREPARED_NAME} as "


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One text to be planned, found to be exactly one plain statement."""

    text: str
    parameter_count: int
    search_path: tuple[str, ...]
    is_direct: bool = False
    """By EXPLAIN (GENERIC_PLAN), which takes parameters whose type cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The server does not plan it."""

    sqlstate: str
    position: int | None = None
    """Where in the attempt's own text it stumbled, in characters from 1."""


def begin_explain(session: Session, attempts: Sequence[Attempt]) -> None:
    """Have each text planned on its own, and do not wait for it."""
    steps: list[Step] = [Command(BEGIN)]
    steps += [Command(f"set local {setting}") for setting in _settings(session)]
    for attempt in attempts:
        # DEALLOCATE fails where PREPARE did, which the last step of each makes good.
        steps += [
            Command(SAVEPOINT),
            Command(_search_path(attempt)),
            Command(_PREPARE + attempt.text),
            Command(_EXPLAIN + _execute(attempt)),
            SYNC,
            Command(BACK),
            Command(DEALLOCATE),
            SYNC,
            Command(BACK),
        ]
    session.begin([*steps, Command(ROLLBACK), SYNC])


def finish_explain(session: Session, attempts: Sequence[Attempt]) -> tuple[str | Refusal, ...]:
    """Return the plan of each text as JSON, or the refusal, in order.

    Raises:
        ReadError: The connection is lost.
    """
    results = session.finish()
    first = 1 + len(_settings(session))
    places = (first + number * _COMMANDS_EACH for number in range(len(attempts)))
    return tuple(
        outcome_of(results[place : place + _COMMANDS_TO_PLAN], len(_PREPARE)) for place in places
    )


def explain_directly(session: Session, attempt: Attempt) -> str | Refusal:
    """Plan a text with parameters whose type cannot be told (PostgreSQL 16 and later).

    Raises:
        ReadError: The connection is lost.
    """
    path = _search_path(attempt).removeprefix("set local ")
    result = session.run_simply((*_settings(session), path), _EXPLAIN_GENERIC + attempt.text)
    return outcome_of([result], len(_EXPLAIN_GENERIC))


def _settings(session: Session) -> tuple[str, ...]:
    """Only what an EXPLAIN needs: jit, parallelism and memory are the planner's own settings."""
    return (*session.timeouts, "plan_cache_mode = force_generic_plan")


def _search_path(attempt: Attempt) -> str:
    return f"set local search_path = {set_search_path(attempt.search_path)}"


def _execute(attempt: Attempt) -> str:
    nulls = ", ".join(["null"] * attempt.parameter_count)
    return f"execute {PREPARED_NAME}({nulls})" if nulls else f"execute {PREPARED_NAME}"


def outcome_of(results: Sequence[pq.abc.PGresult], before: int) -> str | Refusal:
    """The document that the last of several results holds, or the first refusal among them.

    Args:
        results: Of commands that each must succeed.
        before: Characters of ours that stood before the text in which a position is told.
    """
    for result in results:
        sqlstate = sqlstate_of(result)
        if sqlstate is not None:
            field = result.error_field(pq.DiagnosticField.STATEMENT_POSITION)
            position = int(field) - before if field is not None else 0
            return Refusal(sqlstate=sqlstate, position=position if position > 0 else None)
    value = results[-1].get_value(0, 0) if results[-1].ntuples else None
    return value.decode("utf-8", "replace") if value is not None else Refusal(sqlstate="02000")
