"""Plans of a user's own statements, from the server: made by EXPLAIN, or measured by ANALYZE.

A plan is asked for as the collection does it.  A statement is executed only where that is asked
for, in a read-only transaction that is rolled back, and only a SELECT that provably reads and
nothing else; see ``execution_policy``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from pgadvisor.collect import reasons
from pgadvisor.collect.connect import transport_warnings
from pgadvisor.collect.dsn import read_target
from pgadvisor.collect.execution_policy import execution_policy
from pgadvisor.collect.explain import GENERIC_PLAN_SINCE, Refusal
from pgadvisor.collect.explain_once import (
    PLAN_SETTING,
    Request,
    execute_once,
    plan_once,
    plan_unknown_types,
)
from pgadvisor.collect.function_policy import function_policy
from pgadvisor.collect.live_gate import (
    DO_IT_YOURSELF,
    EXECUTING,
    PLANNING,
    Gate,
    LiveOptions,
    is_one_plain_statement,
    refuse_place,
)
from pgadvisor.collect.preflight import check_server, refuse_unsupported
from pgadvisor.collect.server import identity_of, read_facts, server_of
from pgadvisor.collect.session import ReadError, Session
from pgadvisor.errors import CollectError, ConnectError, StatementRefusedError
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.parse.parameters import repairs
from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.units import MS_PER_SECOND, format_ms

__all__ = ["LiveExplainer", "LiveOptions", "LivePlan", "explain_statement"]

_MAX_ATTEMPTS = 12
"""Tries for one text whose parameters have to be repaired."""
_SHARE_FOR_TIMES = 0.25
"""Of the timeout: what takes longer without the times of nodes is not executed again with them."""
_INDETERMINATE_TYPE = "42P18"
_CONFLICT_WITH_RECOVERY = "40001"
_READ_ONLY = "25006"
_MEANT_OTHERWISE = ("42", "22", "0A")
"""Classes of SQLSTATE that say that the statement, or a value, cannot be meant so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """A plan from the server."""

    plan: ExecutedPlan
    """With the statement's text, and its values if it was given any."""
    notes: tuple[str, ...] = ()
    """What is to be known of how it came about, as clauses."""


def explain_statement(
    dsn: str | None,
    text: str,
    options: LiveOptions | None = None,
    *,
    record: Callable[[str], None] | None = None,
) -> ExecutedPlan:
    """Plan one statement on a server, or execute it as well.

    Args:
        dsn: A connection string; None: ``DATABASE_URL``, else libpq's own variables and files.
        text: Exactly one SELECT, INSERT, UPDATE, DELETE or MERGE; a SELECT if it is executed.
        options: Values, and what may be done.
        record: Gets the text of everything that is sent to the server.

    Raises:
        DsnError: The connection string cannot be read.
        ConnectError: The server cannot be reached, does not let us in, or is none of ours.
        StatementRefusedError: It is not planned, or not executed; the message says why.
        CollectError: The server could not do it now.
    """
    with LiveExplainer(dsn, options, record=record) as explainer:
        return explainer.explain(text).plan


class LiveExplainer:
    """A connection over which statements are planned, one after the other.

    Args:
        dsn: A connection string; None: ``DATABASE_URL``, else libpq's own variables and files.
        options: Values, and what may be done.
        record: Gets the text of everything that is sent to the server.
    """

    def __init__(
        self,
        dsn: str | None,
        options: LiveOptions | None = None,
        *,
        record: Callable[[str], None] | None = None,
    ) -> None:
        self._target = read_target(dsn)
        self._options = options or LiveOptions()
        self._record = record
        self.warnings: tuple[Unavailable, ...] = ()
        """What is not as it should be with this connection."""

    def __enter__(self) -> Self:
        """Connect, and find out what must not run.

        Raises:
            ConnectError: The server cannot be reached, does not let us in, or is none of ours.
            StatementRefusedError: Nothing may be executed there.
            CollectError: What must not run could not be read.
        """
        self._session = Session(
            self._target, lock_timeout_ms=self._options.lock_timeout_ms, record=self._record
        )
        try:
            self._prepare()
        except BaseException:
            self._session.connection.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._session.connection.close()

    def explain(self, text: str) -> LivePlan:
        """Plan one statement, or execute it as well.

        Raises:
            StatementRefusedError: It is not planned, or not executed; the message says why.
            CollectError: The server could not do it now.
        """
        request = self._gate.request(text)
        document, notes = self._planned(request)
        plan = _read(document, PLANNING)
        if self._gate.execution is not None:
            objection = self._gate.execution.objection_to_plan(plan, document)
            if objection is not None:
                raise StatementRefusedError(EXECUTING, objection, DO_IT_YOURSELF)
            measured, more = self._executed(request)
            plan, notes = measured or plan, (*notes, *more)
        return LivePlan(plan=_completed(plan, text, request), notes=notes)

    def _prepare(self) -> None:
        session, options = self._session, self._options
        try:
            facts = read_facts(session)
        except ReadError as error:
            raise ConnectError(error.attempted, error.happened, error.next_step) from None
        identity = identity_of(session, facts)
        server = server_of(facts, identity)
        refuse_unsupported(server, identity)
        # That a standby has counters of its own is of no concern here.
        known = check_server(replace(server, is_in_recovery=False), identity.role)
        self.warnings = (*transport_warnings(session.connection, self._target), *known)
        if server.is_superuser:
            session.hide_from_statistics()
        execution = None
        if options.analyze:
            refuse_place(server, options)
            execution = execution_policy(
                session.read("executed_functions"),
                allows_user_functions=options.allow_user_functions,
            )
        planning = function_policy(
            session.read("planned_functions"), allows_user_functions=options.allow_user_functions
        )
        self._gate = Gate(options=options, planning=planning, execution=execution)

    def _planned(self, request: Request) -> tuple[str, tuple[str, ...]]:
        """The plan as JSON; a text whose parameters have no types is mended until it has."""
        waiting, seen = [request], {request.text}
        refusal, elapsed_ms = Refusal(sqlstate="02000"), 0.0
        for _ in range(_MAX_ATTEMPTS):
            if not waiting:
                break
            tried = waiting.pop(0)
            started = time.monotonic()
            outcome = plan_once(self._session, tried)
            if isinstance(outcome, Refusal) and self._takes_unknown_types(tried, outcome):
                outcome = plan_unknown_types(self._session, tried)
            if isinstance(outcome, str):
                notes = () if tried.text == request.text else (_MENDED,)
                return outcome, notes
            if tried is request:
                refusal, elapsed_ms = outcome, (time.monotonic() - started) * MS_PER_SECOND
            if request.values:
                break
            for text in repairs(tried.text, outcome.sqlstate, outcome.position):
                if text not in seen and is_one_plain_statement(text):
                    waiting.append(replace(tried, text=text))
                seen.add(text)
        raise self._failure(PLANNING, request, refusal, elapsed_ms)

    def _takes_unknown_types(self, request: Request, refusal: Refusal) -> bool:
        return (
            refusal.sqlstate == _INDETERMINATE_TYPE
            and not request.values
            and self._session.major >= GENERIC_PLAN_SINCE
        )

    def _executed(self, request: Request) -> tuple[ExecutedPlan | None, tuple[str, ...]]:
        """The measured plan, or None and why there is none where the plain one has to do.

        The first execution takes no times of nodes, which is what makes ANALYZE slow; where it
        was quick, there is a second one that does.
        """
        first = self._measured(request, with_times=False)
        if isinstance(first, str):
            return None, (first,)
        took_ms = first.execution_time_ms or 0.0
        if took_ms <= _SHARE_FOR_TIMES * self._options.statement_timeout_ms:
            second = self._measured(request, with_times=True)
            if isinstance(second, ExecutedPlan):
                return second, ()
        why = "without them, and may take several times as long with them"
        return first, (
            f"the times of its nodes were not taken: it took {format_ms(took_ms)} {why}",
        )

    def _measured(self, request: Request, *, with_times: bool) -> ExecutedPlan | str:
        """The plan with its figures, or a clause about why it was stopped."""
        for is_last in (False, True):
            started = time.monotonic()
            try:
                outcome = execute_once(self._session, request, with_times=with_times)
            except ReadError as error:
                raise CollectError(EXECUTING, error.happened, "It is not executed again.") from None
            elapsed_ms = (time.monotonic() - started) * MS_PER_SECOND
            if isinstance(outcome, str):
                return _read(outcome, EXECUTING)
            if outcome.sqlstate == reasons.CANCELLED:
                why = reasons.reason(outcome.sqlstate, has_run_out=self._has_run_out(elapsed_ms))
                return f"it was stopped, {why}: this is its plan without measured figures"
            if is_last or outcome.sqlstate != _CONFLICT_WITH_RECOVERY:
                raise self._failure(EXECUTING, request, outcome, elapsed_ms)
        raise AssertionError("the second attempt returns or raises")

    def _has_run_out(self, elapsed_ms: float) -> bool:
        return elapsed_ms >= self._options.statement_timeout_ms

    def _failure(
        self, attempted: str, request: Request, refusal: Refusal, elapsed_ms: float
    ) -> StatementRefusedError | CollectError:
        """Why the server did not do it, in our own words: its own may quote data."""
        sqlstate = refusal.sqlstate
        if sqlstate == _READ_ONLY:
            return StatementRefusedError(
                attempted, "it writes, and the transaction is read only", DO_IT_YOURSELF
            )
        happened = reasons.reason(sqlstate, has_run_out=self._has_run_out(elapsed_ms))
        next_step = reasons.remedy(sqlstate) or _NEXT_STEPS.get(sqlstate, "")
        if refusal.position is not None:
            line = request.text.count("\n", 0, refusal.position - 1) + 1
            happened = f"line {line}: {happened}"
        if sqlstate.startswith(_MEANT_OTHERWISE):
            return StatementRefusedError(attempted, happened, next_step)
        return CollectError(attempted, happened, next_step)


_NEXT_STEPS = {
    "42P01": "Names are looked up in the search_path of the role; write them with their schemas.",
    "42P18": "Give the parameters values and types, such as --param 1:date=2026-01-31.",
    "22P02": "Give the value as the type of the parameter writes it.",
}
_MENDED = "its parameters were given types, without which it could not be planned"


def _read(document: str, attempted: str) -> ExecutedPlan:
    try:
        [plan] = read_plans(document)
    except (PlanFormatError, ValueError):
        raise CollectError(attempted, "its plan is not of a form that we know") from None
    return plan


def _completed(plan: ExecutedPlan, text: str, request: Request) -> ExecutedPlan:
    """With what auto_explain would tell, and without the setting that is ours."""
    values = (
        f"${one.number} = "
        + ("NULL" if one.value is None else "'" + one.value.replace("'", "''") + "'")
        for one in request.values
    )
    return replace(
        plan,
        settings=tuple(setting for setting in plan.settings if setting[0] != PLAN_SETTING),
        query_text=text,
        query_parameters=", ".join(values) or None,
    )
