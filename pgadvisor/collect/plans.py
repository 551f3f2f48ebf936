"""The server's own plans of the statements that take nearly all of its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pgadvisor.collect import reasons
from pgadvisor.collect.explain import (
    GENERIC_PLAN_SINCE,
    Attempt,
    Refusal,
    begin_explain,
    explain_directly,
    finish_explain,
)
from pgadvisor.collect.function_policy import FunctionPolicy, names_in
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.collect.search_path import SearchPaths
from pgadvisor.collect.session import Session
from pgadvisor.model.statement import Statement, StatementPlan, Statements
from pgadvisor.parse.explain import plan_from_json
from pgadvisor.parse.parameters import repairs
from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.statement import StatementError, parse_statement
from pgadvisor.units import MS_PER_SECOND

TIME_COVERED_RATIO = 0.99
"""Share of the execution time that the explained statements make up."""
BATCH = 25
"""Statements a round trip: enough to hide its latency, and the transaction stays short."""
MAX_ATTEMPTS = 12
"""Tries for one statement."""

_INDETERMINATE_TYPE = "42P18"
_FINAL = frozenset({reasons.NO_PRIVILEGE, reasons.LOCKED, reasons.CANCELLED})
_NOT_IN_PATH = frozenset({"42P01", "42883", "42704", "3F000"})
_OUR_SETTINGS = frozenset({"plan_cache_mode", "search_path"})
_NOT_TRIED = "it was not reached in the time for plans"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A statement on its way to a plan: what to try now, and what is left to try."""

    statement: Statement
    attempt: Attempt
    others: tuple[Attempt, ...] = ()
    """Repaired texts, the most promising first."""
    paths: tuple[tuple[str, ...], ...]
    """Search paths of other roles that run it."""
    seen: frozenset[str]
    """Texts that were proposed already."""
    refusal: Refusal | None = None
    """The one that the current attempt is to mend."""
    tries: int = 1


def most_expensive(statements: Statements, max_count: int) -> tuple[Statement, ...]:
    """The queries that make up 99 % of the execution time of all queries, at most that many.

    What has no fingerprint is none: a command such as VACUUM, or a text that cannot be read.
    """
    queries = [statement for statement in statements if statement.fingerprint]
    total = sum(query.total_time_ms for query in queries)
    chosen: list[Statement] = []
    covered = 0.0
    for query in queries:
        if len(chosen) >= max_count or (total > 0 and covered >= TIME_COVERED_RATIO * total):
            break
        covered += query.total_time_ms
        chosen.append(query)
    return tuple(chosen)


def read_plans(
    session: Session,
    statements: Iterable[Statement],
    *,
    policy: FunctionPolicy,
    paths: SearchPaths,
    options: CollectOptions,
    locked: frozenset[str] = frozenset(),
    progress: Callable[[int, int], None] | None = None,
) -> tuple[StatementPlan, ...]:
    """Plan statements on the server, or say of each why it is not planned.

    A refused text is repaired and tried again, then tried with the other roles' search paths.

    Args:
        session: Where to plan.
        statements: What to plan.
        policy: What planning may run.
        paths: Where names are looked up.
        options: How long it may take.
        locked: Names of relations that planning would wait for.
        progress: Called with how many are done, and of how many.

    Raises:
        ReadError: The connection is lost.
    """
    chosen = tuple(statements)
    found: dict[str, StatementPlan] = {}
    waiting: list[_Job] = []
    for statement in chosen:
        job = _job(statement, policy, paths)
        if names_in(statement.text) & locked:
            job = _unplanned(statement, reasons.reason(reasons.LOCKED), reasons.LOCKED)
        if isinstance(job, StatementPlan):
            found[statement.id] = job
        else:
            waiting.append(job)
    flight = _Flight(session, waiting, found)
    started = time.monotonic()
    while flight.has_work and (time.monotonic() - started) * MS_PER_SECOND < options.max_explain_ms:
        flight.advance()
        if progress is not None:
            progress(len(found), len(chosen))
    for job in flight.abandon():
        found[job.statement.id] = _unplanned(job.statement, _NOT_TRIED)
    return tuple(found[statement.id] for statement in chosen)


class _Flight:
    """Batches on their way: while the server plans one, we read the plans of the one before.

    Args:
        session: Where to plan.
        waiting: What is to be planned.
        found: Where plans are put, by the statement's id.
    """

    def __init__(
        self, session: Session, waiting: Sequence[_Job], found: dict[str, StatementPlan]
    ) -> None:
        self._session = session
        self._found = found
        self._waiting = list(waiting)
        self._direct: list[_Job] = []
        """Jobs that take a round trip of their own."""
        self._flying: list[_Job] = []

    @property
    def has_work(self) -> bool:
        """Something is not planned yet."""
        return bool(self._waiting or self._direct or self._flying)

    def advance(self) -> None:
        """Take the plans of one batch, once the next one is on its way."""
        if not self._flying:
            self._begin()
        if not self._flying:
            job = self._direct.pop()
            self._take(job, explain_directly(self._session, job.attempt))
            return
        landed = self._flying
        outcomes = finish_explain(self._session, [job.attempt for job in landed])
        self._begin()
        for job, outcome in zip(landed, outcomes, strict=True):
            self._take(job, outcome)

    def abandon(self) -> tuple[_Job, ...]:
        """Wait for what is on its way, and return all that has no plan."""
        left = (*self._flying, *self._waiting, *self._direct)
        if self._flying:
            finish_explain(self._session, [job.attempt for job in self._flying])
        return left

    def _begin(self) -> None:
        self._flying, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        if self._flying:
            begin_explain(self._session, [job.attempt for job in self._flying])

    def _take(self, job: _Job, outcome: str | Refusal) -> None:
        taken = _next(job, outcome, self._session.major)
        if isinstance(taken, StatementPlan):
            self._found[job.statement.id] = taken
        elif taken.attempt.is_direct:
            self._direct.append(taken)
        else:
            self._waiting.append(taken)


def _job(statement: Statement, policy: FunctionPolicy, paths: SearchPaths) -> _Job | StatementPlan:
    """Pass a statement through the gate: exactly one plain statement that runs nobody's code."""
    try:
        parsed = parse_statement(statement.text)
    except StatementError as error:
        return _unplanned(statement, f"its text is not one statement that parses: {error.reason}")
    if not parsed.is_explainable:
        return _unplanned(statement, "it is not a statement that is planned")
    if objection := policy.objection(parsed):
        return _unplanned(statement, f"not planned on the server: {objection}")
    first, *others = paths.of_roles(statement.roles or ("",))
    # What never works as it stands is repaired before the first try.
    text = next(iter(repairs(statement.text)), statement.text)
    if text != statement.text and not _is_one_plain_statement(text):
        text = statement.text
    attempt = Attempt(text=text, parameter_count=parsed.parameter_count, search_path=first)
    return _Job(
        statement=statement,
        attempt=attempt,
        paths=tuple(others),
        seen=frozenset({statement.text, text}),
    )


def _next(job: _Job, outcome: str | Refusal, major: int) -> _Job | StatementPlan:
    """Take a plan, or find out what to try after a refusal."""
    statement, attempt = job.statement, job.attempt
    if isinstance(outcome, str):
        return _planned(job, outcome)
    if job.tries >= MAX_ATTEMPTS or outcome.sqlstate in _FINAL:
        return _unplanned(statement, _reason(outcome.sqlstate), outcome.sqlstate)
    job = replace(job, tries=job.tries + 1)
    if outcome.sqlstate in _NOT_IN_PATH and job.paths:
        other = replace(attempt, search_path=job.paths[0])
        return replace(job, attempt=other, paths=job.paths[1:])
    is_indeterminate = outcome.sqlstate == _INDETERMINATE_TYPE
    if is_indeterminate and major >= GENERIC_PLAN_SINCE and not attempt.is_direct:
        return replace(job, attempt=replace(attempt, is_direct=True))
    return _repaired(job, outcome) or _unplanned(
        statement, _reason(outcome.sqlstate), outcome.sqlstate
    )


def _planned(job: _Job, document: str) -> StatementPlan:
    statement, attempt = job.statement, job.attempt
    try:
        plan = plan_from_json(document)
    except PlanFormatError:
        return _unplanned(statement, "its plan is not of a form that we know")
    settings = tuple(setting for setting in plan.settings if setting[0] not in _OUR_SETTINGS)
    return StatementPlan(
        statement_id=statement.id,
        plan=replace(plan, settings=settings),
        explained_text=attempt.text if attempt.text != statement.text else None,
    )


def _repaired(job: _Job, refusal: Refusal) -> _Job | None:
    """Try the next text; those that mend a new refusal come before those for an earlier one."""
    new: list[Attempt] = []
    seen = set(job.seen)
    if refusal != job.refusal:
        for text in repairs(job.attempt.text, refusal.sqlstate, refusal.position):
            if text not in seen and _is_one_plain_statement(text):
                new.append(replace(job.attempt, text=text, is_direct=False))
            seen.add(text)
    waiting = (*new, *job.others)
    if not waiting:
        return None
    return replace(
        job, attempt=waiting[0], others=waiting[1:], seen=frozenset(seen), refusal=refusal
    )


def _is_one_plain_statement(text: str) -> bool:
    """The gate once more: a repaired text is a new text."""
    try:
        return parse_statement(text).is_explainable
    except StatementError:
        return False


def _reason(sqlstate: str) -> str:
    if sqlstate == reasons.NO_PRIVILEGE:
        return "the role has no privilege to plan it; it is planned on the twin"
    if sqlstate == "42P01":
        return "a relation is not found: its search path is not known"
    return reasons.reason(sqlstate)


def _unplanned(statement: Statement, reason: str, sqlstate: str | None = None) -> StatementPlan:
    return StatementPlan(statement_id=statement.id, reason=reason, sqlstate=sqlstate)
