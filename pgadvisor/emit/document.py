"""The JSON report: its own values, so that it stays the same while the model changes.

A field is never removed, renamed or given another meaning under the same ``schema_version``;
new ones may come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from pgadvisor.emit.choice_document import ChoicePart, EffectPart
from pgadvisor.emit.finding_document import Basis, FindingPart, ImpactPart, Level, Sureness
from pgadvisor.emit.setting_document import SettingPart
from pgadvisor.emit.value_document import ValuePlansPart

SCHEMA_VERSION: Literal[1] = 1

RedactionLevel = Literal["none", "default", "all"]


def _about(text: str) -> Meta:
    return Meta(description=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPart:
    """The server that was looked at."""

    database: str
    version: Annotated[str, _about("As server_version gives it.")]
    version_num: Annotated[int, _about("As server_version_num gives it: 180004 is 18.4.")]
    collected_at: Annotated[
        str | None, _about("ISO 8601, by the server's clock; null when it is not known.")
    ]
    service: Annotated[
        str | None, _about("The managed service that runs it; null: none that is known.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPart:
    """The time that counters cover."""

    days: Annotated[float | None, _about("Null: nobody knows.")]
    note: Annotated[str, _about("Where that comes from.")]
    since: Annotated[str | None, _about("ISO 8601: its beginning; null: nobody knows.")]
    is_lower_bound: Annotated[bool, _about("They cover at least that long.")]
    is_difference: Annotated[
        bool, _about("It begins with the earlier snapshot (--since), and not with a reset.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPart:
    """The earlier snapshot since which all was counted."""

    collected_at: Annotated[str, _about("ISO 8601, by the server's clock.")]
    counters: Annotated[
        str, _about("Of tables and indexes, in between: continued, reset, lost or unclear.")
    ]
    statements: Annotated[str, _about("The same for those of statements.")]
    notes: Annotated[tuple[str, ...], _about("What happened in between, in sentences.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyPart:
    """A standby whose counters were added to those of the analysed primary."""

    name: str
    collected_at: Annotated[str, _about("ISO 8601, by its own clock.")]
    counted_since: Annotated[str | None, _about("ISO 8601; null: nobody knows.")]
    note: Annotated[str, _about("Where that comes from.")]
    statements: Annotated[int, _about("Counted there.")]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePart:
    """A precondition of many rules: whether the statistics can carry a judgement."""

    id: str
    state: Literal["open", "closed", "unknown"]
    detail: Annotated[str, _about("A clause with the figure and the limit.")]
    is_limit_lowered: Annotated[bool, _about("The user set its limit below the default.")]
    skipped_rules: Annotated[tuple[str, ...], _about("Rules that it kept from judging at all.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferencePart:
    """A statement that the planner twin plans otherwise than the original does."""

    statement_id: str
    is_same_plan: Annotated[bool, _about("The same plan shape; only the cost differs.")]
    original_cost: Annotated[float | None, _about("Planner units; null with the twin's.")]
    twin_cost: Annotated[float | None, _about("Null: the twin cannot plan it.")]
    reason: Annotated[str, _about("Why, where that can be known; else empty.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FidelityPart:
    """How well the planner twin plans like the original."""

    compared_statements: int
    not_compared_statements: Annotated[int, _about("Without a plan of the original.")]
    same_plan_ratio: Annotated[
        float | None, _about("Share of the compared ones with the same plan shape, 0 to 1.")
    ]
    median_cost_error_ratio: Annotated[
        float | None, _about("Median of |twin - original| / original.")
    ]
    planner: Annotated[str, _about("planner twin, or HypoPG with its version.")]
    twin_version: Annotated[str, _about("Of PostgreSQL in what planned.")]
    original_version: str
    planned_by: Annotated[
        str,
        _about("PostgreSQL that planned, and why that one; empty where there was no choice."),
    ]
    notes: Annotated[tuple[str, ...], _about("What the twin could not rebuild.")]
    differing: Annotated[tuple[DifferencePart, ...], _about("The worst first.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RewritePart:
    """A change of the application's own SQL."""

    before: str
    after: str
    condition: Annotated[str, _about("On what the equivalence depends; empty: on nothing.")]
    cost_before: Annotated[float | None, _about("Planner cost; null: not costed.")] = None
    cost_after: float | None = None
    cost_after_with_indexes: Annotated[
        float | None, _about("With the indexes of the same advice; null: there are none.")
    ] = None
    cost_note: Annotated[str, _about("Why it is not costed, where it is not.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualPart:
    """Work to be done by hand."""

    title: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationPart:
    """A change to make."""

    title: str
    severity: Level
    confidence: Sureness
    provenance: Basis
    is_in_migration: bool
    review_reason: Annotated[str, _about("Why it is left out of the migration, where it is.")]
    finding_keys: Annotated[tuple[str, ...], _about("The findings that it settles.")]
    impact: ImpactPart
    effects: Annotated[tuple[EffectPart, ...], _about("The greatest gain first.")]
    up_sql: Annotated[tuple[str, ...], _about("Its statements, without semicolons.")]
    down_sql: Annotated[tuple[str, ...], _about("What takes it back, in order.")]
    settings: Annotated[tuple[SettingPart, ...], _about("Settings that it changes.")]
    rewrites: tuple[RewritePart, ...]
    manual: tuple[ManualPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedPart:
    """An index that might have been."""

    table: Annotated[str, _about("schema.name, not quoted.")]
    definition: Annotated[str, _about("What follows the table's name in CREATE INDEX.")]
    size_bytes: Annotated[int, _about("Predicted; 0: not known.")]
    statement_ids: tuple[str, ...]
    code: Annotated[
        str,
        _about(
            "not-built, not-used, too-little, over-budget, too-many, covered, regression, "
            "write-cost, forbidden or build-time; others may come."
        ),
    ]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedPart:
    """A rule that could not judge; that is not the same as having found nothing."""

    rule_id: str
    reason: str
    subject: Annotated[str, _about("Empty: the whole rule.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedPart:
    """A finding that the user has chosen not to see."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineEntryPart:
    """A finding that was known before."""

    key: str
    reason: str
    since: Annotated[str | None, _about("The day on which it became known, ISO 8601.")]
    expires: Annotated[str | None, _about("From this day on it counts as new; null: never.")]
    unjudged_reason: Annotated[str, _about("Why its rule did not judge; else empty.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselinePart:
    """How the findings compare with a baseline."""

    is_only_new: Annotated[bool, _about("Known findings were left out of the report.")]
    new_keys: Annotated[tuple[str, ...], _about("What --fail-on counts.")]
    known: tuple[BaselineEntryPart, ...]
    expired: Annotated[tuple[BaselineEntryPart, ...], _about("Found, and new again.")]
    gone: Annotated[tuple[BaselineEntryPart, ...], _about("No longer found: to be removed.")]
    unjudged: Annotated[tuple[BaselineEntryPart, ...], _about("Nobody knows: not judged.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailablePart:
    """Something that could not be read."""

    what: str
    reason: str
    consequence: str
    remedy: str
    is_failure: Annotated[bool, _about("True: a collector broke off, and the run is partial.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPart:
    """A statement of the workload, most expensive first."""

    id: str
    text: Annotated[str, _about("Normalised: $n for literals.")]
    source: Annotated[str, _about("pg_stat_statements, or workload for a file.")]
    calls: Annotated[float, _about("Counted; of a workload file, its weight.")]
    total_time_ms: float
    mean_time_ms: float
    saved_ms_per_day: Annotated[
        float | None, _about("By all chosen indexes together; null: not costed or not measured.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePart:
    """A remark on one statement."""

    statement_id: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePart:
    """How much of the workload the choice of indexes rests on."""

    costed_statements: int
    total_statements: int
    covered_time_ratio: Annotated[float | None, _about("Share of the measured time, 0 to 1.")]
    uncosted: tuple[NotePart, ...]
    assumed: Annotated[tuple[NotePart, ...], _about("Costed for particular values.")]
    calibrated: Annotated[
        tuple[NotePart, ...], _about("With executed plans, and what these were good for.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file of the migration."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationPart:
    """The migration and its way back."""

    format: str
    is_empty: bool
    up_sql: Annotated[str, _about("A script for psql -X -v ON_ERROR_STOP=1 -f.")]
    down_sql: str
    files: tuple[FilePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsPart:
    """How much was looked at."""

    statements: int
    tables: int
    indexes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report of pgadvisor."""

    schema_version: Literal[1]
    tool_version: str
    server: ServerPart
    counts: CountsPart
    window: Annotated[WindowPart, _about("Of statements.")]
    counter_window: Annotated[WindowPart, _about("Of tables and indexes.")]
    earlier: Annotated[EarlierPart | None, _about("Null: totals since a reset were judged.")]
    standbys: tuple[StandbyPart, ...]
    is_partial: Annotated[bool, _about("A collector or a rule failed; something is missing.")]
    lowered_limits: Annotated[tuple[str, ...], _about("Limits below their defaults, in words.")]
    redaction: Annotated[RedactionLevel, _about("What was done to values of rows.")]
    gates: tuple[GatePart, ...]
    fidelity: Annotated[FidelityPart | None, _about("Null: no twin was used.")]
    coverage: CoveragePart
    choice: ChoicePart
    recommendations: Annotated[tuple[RecommendationPart, ...], _about("The most profitable first.")]
    findings: tuple[FindingPart, ...]
    statements: tuple[StatementPart, ...]
    plans_by_value: Annotated[
        tuple[ValuePlansPart, ...], _about("Statements whose plan depends on a value.")
    ]
    rejected: tuple[RejectedPart, ...]
    skipped: tuple[SkippedPart, ...]
    broken_rules: Annotated[tuple[SkippedPart, ...], _about("Rules that raised an error.")]
    clear: Annotated[tuple[str, ...], _about("Rules that looked and found nothing.")]
    suppressed: tuple[SuppressedPart, ...]
    idle_suppressions: Annotated[
        tuple[str, ...], _about("Keys of suppressions that match nothing that was found.")
    ]
    baseline: Annotated[BaselinePart | None, _about("Null: none was given.")]
    unavailable: tuple[UnavailablePart, ...]
    migration: MigrationPart
