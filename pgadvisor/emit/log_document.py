"""What ``pgadvisor logs --format json`` prints, in values of its own.

A field is never removed, renamed or given another meaning under the same ``schema_version``;
new ones may come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

LOG_SCHEMA_VERSION: Literal[1] = 1

LogFormat = Literal["stderr", "csvlog", "jsonlog"]
ExplainFormat = Literal["text", "json", "yaml", "xml"]


def _about(text: str) -> Meta:
    return Meta(description=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilePart:
    """One file that was read."""

    name: str
    format: LogFormat
    prefix: Annotated[
        str | None,
        _about("log_line_prefix as given or recognised; null: another format, or only time and "
               "process could be made out."),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesPart:
    """Times of the calls whose time was logged; percentiles are right to 2.5 %."""

    count: Annotated[int, _about("Calls whose time was logged.")]
    total_ms: float
    mean_ms: float
    min_ms: float
    max_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPart:
    """One call with its values."""

    time_ms: Annotated[float | None, _about("Null: the log does not tell.")]
    text: Annotated[str, _about("The statement with the values of this call in it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPlanPart:
    """A plan as auto_explain wrote it."""

    time_ms: float
    format: ExplainFormat
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedStatementPart:
    """All calls of one statement in one database."""

    fingerprint: Annotated[
        str | None, _about("The same for texts that differ in literals only; null: no query.")
    ]
    database: Annotated[str | None, _about("Null: the log does not tell.")]
    text: Annotated[str, _about("Without literals and comments.")]
    calls: int
    times: Annotated[TimesPart | None, _about("Null: no time was logged.")]
    is_timed_by_plans: Annotated[
        bool, _about("Only auto_explain logged it: calls and times are those of its plans.")
    ]
    preparation_ms: Annotated[
        float, _about("Parse and bind steps of the extended protocol, all calls.")
    ]
    temp_files: int
    temp_bytes: int
    lock_waits: int
    errors: int
    sample_count: Annotated[int, _about("Calls whose values are known.")]
    plan_count: Annotated[int, _about("Calls whose plans were logged.")]
    samples: Annotated[tuple[CallPart, ...], _about("Empty unless literals are to be shown.")]
    slowest: Annotated[CallPart | None, _about("Null unless literals are to be shown.")]
    plans: Annotated[tuple[LoggedPlanPart, ...], _about("Empty unless literals are to be shown.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHourPart:
    """One hour by the log's own clock."""

    hour: Annotated[str, _about("2026-03-31 12, in the time zone of the log.")]
    calls: int
    total_ms: float
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEventsPart:
    """How often something was logged that is no statement."""

    errors: Annotated[int, _about("ERROR, FATAL and PANIC.")]
    warnings: int
    temp_files: int
    temp_bytes: int
    lock_waits: int
    deadlocks: int
    autovacuums: int
    autoanalyzes: int
    checkpoints: Annotated[int, _about("Those completed.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDocument:
    """What was read from logs."""

    schema_version: Literal[1]
    tool_version: str
    files: tuple[LogFilePart, ...]
    size_bytes: Annotated[int, _about("What was read, after decompression.")]
    entries: int
    first_at: Annotated[str | None, _about("As the log has it; null: it does not tell.")]
    last_at: str | None
    events: LogEventsPart
    hours: tuple[LogHourPart, ...]
    statements: Annotated[
        tuple[LoggedStatementPart, ...],
        _about("Those first that took most time, then those most often called."),
    ]
    notes: Annotated[tuple[str, ...], _about("What could not be read or was left out, as clauses.")]
