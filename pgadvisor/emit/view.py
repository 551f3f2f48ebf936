"""What every report shows, in words, before any of them escapes and lays it out.

Texts here are raw: names and statements may hold anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.emit.baseline_view import BaselineView, view_baseline
from pgadvisor.emit.choice_view import ChoiceView, view_choice
from pgadvisor.emit.fidelity import describe_differences, describe_fidelity, planner_names
from pgadvisor.emit.judged_on import describe_judgement, describe_nodes, gate_warnings
from pgadvisor.emit.plaintext import shortened
from pgadvisor.emit.recommendation_view import (
    FindingView,
    RecommendationView,
    view_finding,
    view_recommendation,
)
from pgadvisor.emit.rejected_view import RejectedView, view_rejected
from pgadvisor.emit.value_view import ValuePlansView, more_value_plans, view_value_plans
from pgadvisor.emit.words import plural
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.finding import Severity, Skipped
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.units import format_count, format_ms, format_ratio

_STATEMENT_LENGTH = 100
_TOP_STATEMENTS = 10
_MOST_RULES = 5
"""More of them that could not judge for one reason are counted, not named."""
_DIFFERENCES = 5
"""Statements named that the twin plans otherwise; JSON has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedView:
    """A rule that could not judge some objects, or rules that could judge none, for one reason."""

    rule_id: str
    """Several are separated by commas."""
    reason: str
    subjects: tuple[str, ...]
    """Empty: it could not judge anything."""

    @property
    def rules(self) -> str:
        """The same, or how many they are where they are many."""
        count = self.rule_id.count(", ") + 1
        return plural(count, "rule") if count > _MOST_RULES else self.rule_id

    @property
    def scope(self) -> str:
        """What it could not judge: ``public.orders and 3 more``; empty: all."""
        if not self.subjects:
            return ""
        more = len(self.subjects) - 1
        return self.subjects[0] + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementView:
    """A row of the table of the most expensive statements."""

    id: str
    text: str
    calls: str
    mean_time: str
    total_time: str
    share: str
    saved: str
    """A day; empty where nothing was costed on it, or nothing is saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A whole report in words."""

    title: str
    facts: tuple[tuple[str, str], ...]
    """Label and text, in order."""
    warnings: tuple[str, ...]
    """What makes the whole advice less than usual: limits lowered, parts missing."""
    counts: str
    """How many recommendations and findings of which severity there are."""
    recommendations: tuple[RecommendationView, ...]
    """Those in the migration first; numbered throughout."""
    findings: tuple[FindingView, ...]
    """Findings that no recommendation settles."""
    statements: tuple[StatementView, ...]
    by_value: tuple[ValuePlansView, ...]
    """Statements whose plan depends on the value."""
    more_by_value: int
    """Such statements beyond those."""
    choice: ChoiceView | None
    """None: there was nothing to choose from."""
    rejected: tuple[RejectedView, ...]
    skipped: tuple[SkippedView, ...]
    broken: tuple[Skipped, ...]
    unavailable: tuple[Unavailable, ...]
    assumed: tuple[tuple[str, str], ...]
    calibrated: tuple[tuple[str, str], ...]
    uncosted: tuple[tuple[str, str], ...]
    clear: tuple[str, ...]
    suppressed: tuple[tuple[str, str], ...]
    """Key and reason."""
    idle_suppressions: tuple[str, ...]
    """Keys that match nothing."""
    baseline: BaselineView | None
    """None: there was none to compare with."""
    migration_note: str
    closing: str

    @property
    def in_migration(self) -> tuple[RecommendationView, ...]:
        """What the migration carries out."""
        return tuple(made for made in self.recommendations if made.is_in_migration)

    @property
    def by_hand(self) -> tuple[RecommendationView, ...]:
        """What is left to be done or decided by hand."""
        return tuple(made for made in self.recommendations if not made.is_in_migration)


def view(advice: AdviceData, *, explain_choice: bool = False) -> ReportView:
    """Put an advice into words.

    Args:
        advice: What was found out.
        explain_choice: Tell at length why each index was chosen, or was not.
    """
    choice = view_choice(advice, explain=explain_choice)
    ordered = sorted(advice.recommendations, key=lambda made: not made.is_in_migration)
    settled = {key for made in ordered for key in made.finding_keys}
    return ReportView(
        title=f"{advice.server.database} on PostgreSQL {advice.server.version}",
        facts=tuple(_facts(advice, choice)),
        warnings=tuple(_warnings(advice)),
        counts=_counts(advice),
        recommendations=tuple(
            view_recommendation(number, made, advice, explain_choice=explain_choice)
            for number, made in enumerate(ordered, 1)
        ),
        findings=tuple(view_finding(f) for f in advice.findings if f.key not in settled),
        statements=tuple(_statements(advice)),
        by_value=view_value_plans(advice),
        more_by_value=more_value_plans(advice),
        choice=choice,
        rejected=tuple(view_rejected(advice, is_whole=explain_choice)),
        skipped=view_skipped(advice.skipped),
        broken=advice.broken_rules,
        unavailable=advice.unavailable,
        assumed=advice.choice.assumed,
        calibrated=advice.choice.calibrated,
        uncosted=advice.choice.uncosted,
        clear=advice.clear,
        suppressed=tuple((hidden.finding.key, hidden.reason) for hidden in advice.suppressed),
        idle_suppressions=advice.idle_suppressions,
        baseline=view_baseline(advice.baseline) if advice.baseline else None,
        migration_note=_migration_note(advice),
        closing=_closing(advice),
    )


def _facts(advice: AdviceData, choice: ChoiceView | None) -> Iterator[tuple[str, str]]:
    yield "Database", advice.server.database
    yield "Server", f"PostgreSQL {advice.server.version}"
    if advice.server.service is not None:
        yield "Service", f"{advice.server.service}, told by: {advice.server.service_mark}"
    looked_at = (
        plural(advice.table_count, "table"),
        plural(advice.index_count, "index", "indexes"),
        plural(advice.statement_count, "statement"),
    )
    yield "Looked at", ", ".join(looked_at)
    yield "Judged on", describe_judgement(advice)
    yield from describe_nodes(advice)
    if advice.fidelity is not None:
        names = planner_names(advice.fidelity)
        yield names.label, describe_fidelity(advice.fidelity)
        yield from ((names.note, note) for note in advice.fidelity.notes)
        differences = tuple(describe_differences(advice.fidelity))
        yield from ((names.differs, text) for text in differences[:_DIFFERENCES])
        if (more := len(differences) - _DIFFERENCES) > 0:
            yield names.differs, f"and {plural(more, 'more statement')}"
    if advice.choice.costed_statements:
        yield "Costed", _costed(advice)
    if choice is not None:
        yield "Index choice", choice.summary
    if advice.baseline is not None:
        yield "Baseline", view_baseline(advice.baseline).summary
    if advice.redaction.level != "none":
        yield "Redaction", f"{advice.redaction.level}; values of rows were replaced or left out"
    if advice.collected_at is not None:
        yield "Collected", advice.collected_at.isoformat(sep=" ", timespec="seconds")


def _costed(advice: AdviceData) -> str:
    choice = advice.choice
    total = plural(choice.total_statements, "statement")
    text = f"{format_count(choice.costed_statements)} of {total}"
    if choice.covered_time_ratio is not None:
        text += f", {format_ratio(choice.covered_time_ratio)} of the time"
    return f"{text}, with {format_count(choice.what_if_calls)} plans"


def _warnings(advice: AdviceData) -> Iterator[str]:
    if advice.is_partial:
        yield "This analysis is partial: something failed, see what could not be read or judged."
    for clause in advice.lowered_limits:
        yield f"A limit was lowered: {clause}."
    yield from gate_warnings(advice)


def _counts(advice: AdviceData) -> str:
    found = Counter(finding.severity for finding in advice.findings if finding.severity)
    parts = [
        f"{found[severity]} {severity.value}" for severity in reversed(Severity) if found[severity]
    ]
    findings = plural(len(advice.findings), "finding")
    made = plural(len(advice.recommendations), "recommendation")
    return f"{made}, {findings}" + (f" ({', '.join(parts)})" if parts else "")


def _statements(advice: AdviceData) -> Iterator[StatementView]:
    effects = {effect.statement_id: effect for effect in advice.choice.effects}
    ranked = sorted(advice.statements, key=lambda s: (-s.total_time_ms, s.id))
    total_ms = sum(statement.total_time_ms for statement in ranked)
    for statement in ranked[:_TOP_STATEMENTS]:
        effect = effects.get(statement.id)
        saved_ms = effect.saved_ms_per_day if effect else None
        is_timed = statement.calls > 0
        yield StatementView(
            id=statement.id,
            text=shortened(statement.text, _STATEMENT_LENGTH),
            calls=format_count(statement.calls_or_weight),
            mean_time=format_ms(statement.mean_time_ms) if is_timed else "",
            total_time=format_ms(statement.total_time_ms) if is_timed else "",
            share=format_ratio(statement.total_time_ms / total_ms) if total_ms > 0 else "",
            saved=format_ms(saved_ms) if saved_ms and saved_ms > 0 else "",
        )


def view_skipped(skipped: tuple[Skipped, ...]) -> tuple[SkippedView, ...]:
    """Rules that could not judge anything by their reason; those that could, each by its own."""
    whole: dict[str, list[str]] = {}
    partly: dict[tuple[str, str], list[str]] = {}
    for item in skipped:
        if item.subject:
            partly.setdefault((item.rule_id, item.reason), []).append(item.subject)
        else:
            whole.setdefault(item.reason, []).append(item.rule_id)
    return (
        *(
            SkippedView(rule_id=", ".join(ids), reason=reason, subjects=())
            for reason, ids in whole.items()
        ),
        *(
            SkippedView(rule_id=rule_id, reason=reason, subjects=tuple(subjects))
            for (rule_id, reason), subjects in partly.items()
        ),
    )


def _migration_note(advice: AdviceData) -> str:
    if advice.migration.is_empty:
        return "There is nothing to migrate."
    return f"The migration has {plural(len(advice.migration.run_steps), 'step')} and a way back."


def _closing(advice: AdviceData) -> str:
    saved = [
        made.impact.saved_ms_per_day
        for made in advice.recommendations
        if made.is_in_migration and made.impact.saved_ms_per_day
    ]
    if not advice.recommendations and not advice.findings:
        return (
            f"Nothing to change was found by the {plural(len(advice.clear), 'rule')} "
            "that could judge everything."
        )
    if not saved and any(made.is_in_migration and made.effects for made in advice.recommendations):
        return (
            f"{_migration_note(advice)} What it saves is told in planner costs, not in time: "
            "no time was measured for the statements that it serves."
        )
    if not saved:
        return _migration_note(advice)
    return (
        f"{_migration_note(advice)} It should save about {format_ms(sum(saved))} of "
        "execution time a day: measured times, scaled by the planner's costs."
    )
