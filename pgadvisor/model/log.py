"""What a server's log tells: statements with their times and values, and what else happened."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """One call of a statement with the values that it was given; they are rows' values."""

    text: str
    """The statement as it was logged, with its values in it."""
    values: tuple[tuple[int, str], ...] = ()
    """Number and SQL literal of each parameter of the statement's normalised text; empty where
    this call was written otherwise (another number of values in a list)."""
    time_ms: float | None = None
    """How long it took; None: the log does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPlan:
    """A plan that ``auto_explain`` wrote, as it wrote it; it holds literals."""

    text: str
    format: str
    """``text``, ``json``, ``yaml`` or ``xml``."""
    time_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long calls took, in milliseconds; percentiles are right to 2.5 %."""

    count: int = 0
    """Calls whose time was logged."""
    total_ms: float = 0.0
    min_ms: float = 0.0
    max_ms: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0

    @property
    def mean_ms(self) -> float:
        """The mean; 0 where no time was logged."""
        return self.total_ms / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedStatement:
    """All logged calls of one statement in one database."""

    fingerprint: str
    """Empty: the text does not parse."""
    database: str
    """Empty: the log does not tell."""
    text: str
    """Normalised: ``$n`` for literals, no comments; a command tag for what is no query."""
    calls: int = 0
    times: Times = field(default_factory=Times)
    is_timed_by_plans: bool = False
    """Only ``auto_explain`` logged it, so calls and times are those of the plans that it wrote."""
    preparation_ms: float = 0.0
    """Time of the logged parse and bind steps of the extended protocol, all calls."""
    temp_files: int = 0
    temp_bytes: int = 0
    lock_waits: int = 0
    errors: int = 0
    samples: tuple[LoggedCall, ...] = ()
    """Some calls, each as likely to be among them as any other, so that common values come
    often; in no order."""
    slowest: LoggedCall | None = None
    plan_count: int = 0
    plans: tuple[LoggedPlan, ...] = ()
    """The slowest first, then some others."""

    @property
    def has_samples(self) -> bool:
        """The values of some calls are known."""
        return bool(self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHour:
    """One hour by the log's own clock."""

    hour: str
    """``2026-03-31 12``: in the time zone of the log."""
    calls: int = 0
    total_ms: float = 0.0
    errors: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvents:
    """How often something was logged that is no statement."""

    errors: int = 0
    """ERROR, FATAL and PANIC."""
    warnings: int = 0
    temp_files: int = 0
    temp_bytes: int = 0
    lock_waits: int = 0
    deadlocks: int = 0
    autovacuums: int = 0
    autoanalyzes: int = 0
    checkpoints: int = 0
    """Those completed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One file that was read."""

    name: str
    format: str
    """``stderr``, ``csvlog`` or ``jsonlog``."""
    prefix: str = ""
    """``log_line_prefix`` as it was given or recognised; empty for the other formats, and where
    only time and process could be made out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDigest:
    """What was read from logs; of bounded size, whatever theirs."""

    files: tuple[LogFile, ...] = ()
    statements: tuple[LoggedStatement, ...] = ()
    """Those first that took most time, then those most often called."""
    hours: tuple[LogHour, ...] = ()
    events: LogEvents = field(default_factory=LogEvents)
    first_at: str = ""
    """Of the first entry, as the log has it; empty: no entry tells."""
    last_at: str = ""
    size_bytes: int = 0
    """What was read, after decompression."""
    entries: int = 0
    notes: tuple[str, ...] = ()
    """What could not be read or was left out, as clauses."""
