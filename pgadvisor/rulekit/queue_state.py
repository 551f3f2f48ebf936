"""Which value a queue's poll asks for, as far as that can be known."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.schema import Table
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.model.usage import Predicate, PredicateKind
from pgadvisor.rulekit.case import Case
from pgadvisor.sqltext.quote import quote_identifier, quote_literal
from pgadvisor.units import format_ratio

_STATE_NAMES = ("status", "state", "stage")
# fmt: off
_WAITING = frozenset(
    {"pending", "queued", "ready", "new", "todo", "waiting", "available", "scheduled",
    "received", "created", "enqueued", "open", "unprocessed", "retry", "retryable"}
)
_NOT_WAITING = frozenset(
    {"done", "finished", "completed", "complete", "success", "succeeded", "ok", "failed",
    "failure", "error", "errored", "cancelled", "canceled", "aborted", "dead", "discarded",
    "archived", "expired", "skipped", "processing", "running", "in_progress", "active",
    "working", "executing", "claimed", "locked", "started", "closed", "processed", "stored"}
)
# fmt: on
_MIN_ROWS = 50
"""A value that fewer rows share is somebody's data, and is not written into any SQL."""

_HIDDEN = (
    "pg_stat_statements does not keep the literal. A plan that is made without the value "
    "(a generic plan of a prepared statement) cannot use a partial index: write the state into "
    "the statement's text instead of passing it as a parameter."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingState:
    """The condition of a partial index, or None, and why."""

    predicate: str | None
    reason: str


def is_state_name(column: str) -> bool:
    """The column is called as a state is: ``status``, ``job_state``."""
    lowered = column.lower()
    return any(lowered == name or lowered.endswith(f"_{name}") for name in _STATE_NAMES)


def waiting_state(
    case: Case, table: Table, state: Predicate, *, max_waiting_ratio: float
) -> WaitingState:
    """Find out which rows a poll asks for, by the statement's text or by the statistics.

    Args:
        case: With the column's statistics.
        table: The queue.
        state: The poll's condition on the state.
        max_waiting_ratio: Share of the rows that may wait, at most.
    """
    statistics = case.statistics_of(table, state.column)
    column = quote_identifier(state.column)
    if state.kind is PredicateKind.IS_NULL:
        if statistics is not None and statistics.null_ratio <= max_waiting_ratio:
            share = format_ratio(statistics.null_ratio)
            return WaitingState(
                predicate=f"{column} IS NULL",
                reason=f"{share} of the rows wait, so a partial index holds those alone.",
            )
        return _full(state, "too many rows wait, or nobody knows how many")
    if state.kind is not PredicateKind.EQUALITY:
        return _full(state, "the poll asks for several states at once")
    if state.literal is not None:
        return _by_literal(state, statistics, max_waiting_ratio)
    return _by_statistics(case, table, state, statistics, max_waiting_ratio)


def _by_literal(
    state: Predicate, statistics: ColumnStatistics | None, max_waiting_ratio: float
) -> WaitingState:
    literal = state.literal or ""
    ratio = statistics.ratio_of(_value(literal)) if statistics is not None else None
    if ratio is not None and ratio > max_waiting_ratio:
        return _full(state, f"{format_ratio(ratio)} of the rows are in the polled state")
    return WaitingState(
        predicate=f"{quote_identifier(state.column)} = {literal}",
        reason="The state stands in the statement's text, so a partial index holds those rows "
        "alone. It serves as long as the state is not passed as a parameter.",
    )


def _by_statistics(
    case: Case,
    table: Table,
    state: Predicate,
    statistics: ColumnStatistics | None,
    max_waiting_ratio: float,
) -> WaitingState:
    if statistics is None or not statistics.most_common_values:
        return _full(state, "there are no statistics of its values")
    if not 0 < statistics.n_distinct <= len(statistics.most_common_values):
        return _full(state, "the statistics do not hold all of its values")
    pairs = dict(
        zip(statistics.most_common_values, statistics.most_common_ratios or (), strict=True)
    )
    value = _only_waiting(pairs, max_waiting_ratio)
    if value is None:
        return _full(state, "the statistics do not tell which one rare value the poll asks for")
    if pairs[value] * case.rows_of(table) < _MIN_ROWS:
        return _full(state, "hardly a row is in a state that the poll may ask for")
    if case.snapshot.redaction.level != "none" and value.lower() not in _WAITING:
        return _full(state, "the snapshot is redacted, and its values may be pseudonyms")
    return WaitingState(
        predicate=f"{quote_identifier(state.column)} = {quote_literal(value)}",
        reason=f"Of the values of {state.column} only one is rare and can be what the poll asks "
        f"for; {format_ratio(pairs[value])} of the rows have it, and a partial index holds those "
        f"alone. {_HIDDEN}",
    )


def _only_waiting(ratios: dict[str, float], max_waiting_ratio: float) -> str | None:
    """The one value that the poll can mean, where it is rare; None where that is not sure."""
    possible = [value for value in ratios if value.lower() not in _NOT_WAITING]
    named = [value for value in possible if value.lower() in _WAITING]
    if len(named) == 1:
        return named[0] if ratios[named[0]] <= max_waiting_ratio else None
    if named:
        return None
    rare = [value for value in possible if ratios[value] <= max_waiting_ratio]
    return rare[0] if len(rare) == 1 else None


def _full(state: Predicate, why: str) -> WaitingState:
    return WaitingState(
        predicate=None,
        reason=f"The index has {state.column} as a key and is not partial, because {why}. "
        "If the state is always the same, an index of the waiting rows alone "
        "(with WHERE) is smaller and spares the finished ones; the statement has to name the "
        "state in its text then.",
    )


def _value(literal: str) -> str:
    """The value of a SQL constant as ``pg_stats`` writes it: ``'x'`` is x, ``true`` is t."""
    if literal.lower() in {"true", "false"}:
        return literal[0].lower()
    if literal.startswith("'") and literal.endswith("'"):
        return literal[1:-1].replace("''", "'")
    return literal
