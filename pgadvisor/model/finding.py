"""What a rule says: a finding with its proof, or why it cannot judge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pgadvisor.model.action import Action


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, rising with severity."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure we are."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, rising with confidence."""
        return list(Confidence).index(self)


class Provenance(StrEnum):
    """What a statement rests on, the weakest foundation first."""

    ESTIMATED = "estimated"
    """A formula over statistics."""
    STATISTICS = "statistics"
    """Counters that the server kept."""
    CATALOG = "catalog"
    """Facts of the catalog: true as they stand."""
    SIMULATED = "simulated"
    """The planner itself, on the twin."""
    MEASURED = "measured"
    """Run and timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One figure that a finding rests on."""

    name: str
    value: int | float | str | bool
    unit: str = ""
    """``bytes``, ``rows``, ``ms``, ``scans``, ``ratio`` (0 to 1), ``days``; empty for texts."""
    source: str
    """Where anybody can read the same figure: ``pg_stat_user_indexes.idx_scan``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What acting on a finding brings and costs; None where nothing sound can be said."""

    saved_ms_per_day: float | None = None
    """Of execution time, over all sessions: more than a day where many run at once."""
    saved_ratio: float | None = None
    """The same as a share of the whole workload's execution time, 0 to 1."""
    freed_bytes: int | None = None
    added_bytes: int | None = None
    written_entries_per_day: float | None = None
    """Index entries more (or, negative, fewer) that writes have to make."""
    bound_ms: float | None = None
    """Of one execution at most so much: what the nodes concerned took by themselves, or less."""
    risk: str = ""
    """What goes wrong if nothing is done, where it is not a matter of time or space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPart:
    """One of several schemas in which a finding is true of the same statement."""

    subject: str
    """``tenant_7.orders``."""
    statement_ids: tuple[str, ...]
    calls: int
    total_time_ms: float
    """Execution time of its statements since they are counted."""
    roles: tuple[str, ...] = ()
    """Who ran them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that should change, with all that it takes to believe it.

    A rule fills in what it knows; the engine adds ``rule_id``, ``key`` and ``severity``.
    """

    subject: str
    """What it is about, for people: ``public.orders``, ``public.orders_note_idx``."""
    summary: str
    """One sentence with the decisive figure."""
    detail: str = ""
    """A short paragraph: why it matters here, what speaks against it."""
    evidence: tuple[Evidence, ...]
    provenance: Provenance
    confidence: Confidence
    guards: tuple[str, ...] = ()
    """What was looked at and does not speak against it, as short clauses."""
    remedies: tuple[Action, ...] = ()
    """In the order in which they are to be done."""
    impact: Impact = Impact()
    statement_ids: tuple[str, ...] = ()
    """Statements of the workload that it concerns, the most expensive first."""
    execution: int | None = None
    """Position of the executed plan that it is about, of those that were given."""
    nodes: tuple[int, ...] = ()
    """The nodes of that plan that it is about, counted from 0 at the top, left to right."""
    parts: tuple[FindingPart, ...] = ()
    """The schemas that it is about, the one with the most time first; empty: it is about one."""
    identity: str = ""
    """What the key is made of where the subject is not stable enough (a fingerprint)."""
    severity: Severity | None = None
    """None: the rule's own."""
    rule_id: str = ""
    key: str = ""
    """``rule-id:identity``: stable as counters move, for suppressions and baselines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A rule that could not judge, in whole or for some objects."""

    rule_id: str
    reason: str
    subject: str = ""
    """Empty: the whole rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """A finding that the user has chosen not to see."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The outcome of all rules; each rule is in at least one of the three."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    clear: tuple[str, ...] = ()
    """Ids of the rules that looked and found nothing."""
    suppressed: tuple[Suppressed, ...] = ()
    broken: tuple[Skipped, ...] = ()
    """Rules that raised; the run is then partial."""

    def keys(self) -> tuple[str, ...]:
        """Keys of all findings, those that are not shown included."""
        hidden = (each.finding.key for each in self.suppressed)
        return (*(finding.key for finding in self.findings), *hidden)
