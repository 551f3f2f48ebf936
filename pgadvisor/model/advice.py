"""The outcome of an analysis, complete and typed; ``emit`` renders it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pgadvisor.model.action import Action
from pgadvisor.model.baseline import BaselineComparison
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Rejected, StatementEffect
from pgadvisor.model.choice import Choice
from pgadvisor.model.earlier import EarlierSnapshot
from pgadvisor.model.estimate import Fidelity
from pgadvisor.model.finding import (
    Confidence,
    Finding,
    Impact,
    Provenance,
    Severity,
    Skipped,
    Suppressed,
)
from pgadvisor.model.gates import Gates
from pgadvisor.model.sensitivity import PlansByValue
from pgadvisor.model.server import Server
from pgadvisor.model.snapshot import Redaction, Unavailable
from pgadvisor.model.standby import Standby
from pgadvisor.model.statement import Statement
from pgadvisor.model.window import UNKNOWN_WINDOW, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A change to make, with the findings that it settles, ordered by what it pays."""

    title: str
    """One imperative sentence: ``Create an index on public.orders (customer_id)``."""
    actions: tuple[Action, ...]
    finding_keys: tuple[str, ...]
    severity: Severity
    confidence: Confidence
    provenance: Provenance
    impact: Impact
    effects: tuple[StatementEffect, ...] = ()
    """Statements whose planner cost changes, the greatest gain first."""
    is_in_migration: bool = True
    """False: to be done by hand (a rewrite, a phased change), or only to be reviewed."""
    review_reason: str = ""
    """Why it is left out of the migration, where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationStep:
    """A group of statements of a migration that succeed or fail together."""

    title: str
    up: tuple[str, ...]
    """Statements without a trailing semicolon."""
    down: tuple[str, ...]
    """What takes it back; empty where there is nothing to take back (ANALYZE)."""
    is_transactional: bool
    """False: each statement has to run outside a transaction block."""
    lock: str
    """The strongest table lock it takes, in PostgreSQL's words."""
    lock_timeout_ms: int
    """0 for CONCURRENTLY, which blocks nobody while it waits, and leaves an invalid index when
    a timeout hits it."""
    checks: tuple[str, ...] = ()
    """Queries run after ``up``; each fails when the step did not do what it should have."""
    down_checks: tuple[str, ...] = ()
    """The same after ``down``."""
    by_hand: tuple[str, ...] = ()
    """What no script runs: SQL before a restart, commands of a service.  Scripts have it as
    comments."""
    down_by_hand: tuple[str, ...] = ()
    """What takes that back."""
    review_reason: str = ""
    """Why it is left to a person, as a clause."""
    note: str = ""
    action: Action | None = None
    """What it carries out, for formats that have their own words for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFile:
    """One file of a migration."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A migration and its rollback."""

    steps: tuple[MigrationStep, ...] = ()
    up_sql: str = ""
    """The plain SQL script that applies it."""
    down_sql: str = ""
    """The plain SQL script that takes it back."""
    format: str = "plain"
    files: tuple[MigrationFile, ...] = ()
    """In the project's own format; the two scripts above for ``plain``."""

    @property
    def run_steps(self) -> tuple[MigrationStep, ...]:
        """The steps that do something, without those that are only told of in comments."""
        return tuple(step for step in self.steps if step.up or step.checks)

    @property
    def is_empty(self) -> bool:
        """There is nothing to apply."""
        return not self.run_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceData:
    """All that an analysis found out."""

    server: Server
    findings: tuple[Finding, ...]
    """The most severe and most profitable first."""
    recommendations: tuple[Recommendation, ...]
    rejected: tuple[Rejected, ...]
    skipped: tuple[Skipped, ...]
    clear: tuple[str, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    idle_suppressions: tuple[str, ...] = ()
    """Keys of suppressions that match nothing that was found."""
    baseline: BaselineComparison | None = None
    """How the findings compare with the baseline; None: there was none to compare with."""
    broken_rules: tuple[Skipped, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
    gates: Gates = field(default_factory=Gates)
    fidelity: Fidelity | None = None
    """None: no twin was needed, or none could be started; ``unavailable`` says why."""
    choice: Choice = field(default_factory=Choice)
    budget: Budget = field(default_factory=Budget)
    """What the choice was bound by."""
    index_names: tuple[tuple[int, str], ...] = ()
    """Of the existing indexes that the choice mentions: OID and schema-qualified name."""
    plans_by_value: tuple[PlansByValue, ...] = ()
    """Statements whose plan depends on the value that they are asked for, those first that take
    most time; without literals, unless those were to be shown."""
    migration: Migration = field(default_factory=Migration)
    statements: tuple[Statement, ...] = ()
    """The statements that findings and recommendations mention, and the most expensive ones."""
    statement_count: int = 0
    table_count: int = 0
    index_count: int = 0
    statement_window: Window = UNKNOWN_WINDOW
    """The time that the counters of statements cover."""
    counter_window: Window = UNKNOWN_WINDOW
    """The time that the counters of tables and indexes cover."""
    earlier: EarlierSnapshot | None = None
    """The earlier snapshot since which all was counted; None: totals were judged."""
    standbys: tuple[Standby, ...] = ()
    """Nodes whose counters were added to those of the analysed one."""
    lowered_limits: tuple[str, ...] = ()
    """Limits below their defaults, as clauses; every report shows them."""
    redaction: Redaction = field(default_factory=Redaction)
    is_partial: bool = False
    collected_at: datetime | None = None
    analysis_time_ms: float = 0.0
    tool_version: str = ""
