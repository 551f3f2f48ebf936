"""Recommendations and findings in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.emit.effect_view import EffectView, EffectWriter
from pgadvisor.emit.index_view import IndexView, view_index
from pgadvisor.emit.one_line import one_line
from pgadvisor.emit.rewrite_view import RewriteView, view_rewrite
from pgadvisor.model.action import (
    Action,
    ChangeSetting,
    CreateIndex,
    ManualSteps,
    RewriteStatement,
)
from pgadvisor.model.advice import AdviceData, Recommendation
from pgadvisor.model.finding import Evidence, Finding, Impact, Provenance
from pgadvisor.sqltext.actions import all_steps_of
from pgadvisor.sqltext.settings import setting_step
from pgadvisor.units import format_count, format_ms, format_ratio, format_size

_EFFECTS = 3
_PARTS = 5
_PROVENANCE = {
    Provenance.ESTIMATED: "estimated from statistics",
    Provenance.STATISTICS: "from the server's counters",
    Provenance.CATALOG: "from the catalog",
    Provenance.SIMULATED: "costed by the planner",
    Provenance.MEASURED: "measured",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding in words."""

    key: str
    subject: str
    severity: str
    confidence: str
    provenance: str
    summary: str
    detail: str
    guards: tuple[str, ...]
    evidence: tuple[tuple[str, str, str], ...]
    """Name, value and source."""
    parts: str
    """The schemas that it is about, where they are several, as a sentence."""
    gains: tuple[str, ...]
    risk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingView:
    """A change of a setting in words."""

    title: str
    note: str
    """The old value, where it is from, and what it takes until the new one is in force."""
    reason: str
    """Why it is done by hand, as a clause; empty: the SQL above does it."""
    by_hand: tuple[str, ...]
    """SQL or commands that nothing runs for the user."""
    way_back: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationView:
    """A recommendation in words."""

    number: int
    title: str
    severity: str
    confidence: str
    provenance: str
    is_in_migration: bool
    review_reason: str
    gains: tuple[str, ...]
    """``saves 4.2 h of execution time a day``, ``adds 12 MB``: short clauses."""
    risk: str
    """What goes wrong otherwise, where there is such a thing."""
    findings: tuple[FindingView, ...]
    indexes: tuple[IndexView, ...]
    """Those of the chosen set that it creates."""
    effects: tuple[EffectView, ...]
    more_effects: int
    """Statements beyond those."""
    is_explained: bool
    """Its indexes are to be told of at length."""
    sql: tuple[str, ...]
    """Statements with their semicolons."""
    settings: tuple[SettingView, ...]
    rewrites: tuple[RewriteView, ...]
    manual: tuple[ManualSteps, ...]
    keys: tuple[str, ...]


def view_recommendation(
    number: int, made: Recommendation, advice: AdviceData, *, explain_choice: bool = False
) -> RecommendationView:
    """Put a recommendation into words, with the findings that it settles.

    Args:
        number: What it is called by.
        made: The recommendation.
        advice: What it is a part of.
        explain_choice: Tell at length why its indexes were chosen, with all their statements.
    """
    by_key = {finding.key: finding for finding in advice.findings}
    writer = EffectWriter.of(advice)
    shown = made.effects if explain_choice else made.effects[:_EFFECTS]
    return RecommendationView(
        number=number,
        title=made.title,
        severity=made.severity.value,
        confidence=made.confidence.value,
        provenance=_PROVENANCE[made.provenance],
        is_in_migration=made.is_in_migration,
        review_reason=made.review_reason,
        gains=tuple(_gains(made.impact)),
        risk=made.impact.risk,
        findings=tuple(view_finding(by_key[key]) for key in made.finding_keys if key in by_key),
        indexes=tuple(_indexes(made, advice, writer)),
        effects=tuple(map(writer.view, shown)),
        more_effects=len(made.effects) - len(shown),
        is_explained=explain_choice,
        sql=tuple(sql_of(made.actions)),
        settings=tuple(settings_of(made.actions)),
        rewrites=tuple(view_rewrite(a) for a in made.actions if isinstance(a, RewriteStatement)),
        manual=tuple(a for a in made.actions if isinstance(a, ManualSteps)),
        keys=made.finding_keys,
    )


def view_finding(finding: Finding) -> FindingView:
    """Put a finding into words."""
    return FindingView(
        key=finding.key,
        subject=finding.subject,
        severity=finding.severity.value if finding.severity else "",
        confidence=finding.confidence.value,
        provenance=_PROVENANCE[finding.provenance],
        summary=sentence(finding.summary),
        detail=sentence(finding.detail),
        guards=finding.guards,
        evidence=tuple((e.name, format_evidence(e), e.source) for e in finding.evidence),
        parts=_parts(finding),
        gains=tuple(_gains(finding.impact)),
        risk=finding.impact.risk,
    )


def _parts(finding: Finding) -> str:
    shown = [
        f"{part.subject} ({format_ms(part.total_time_ms)} in {format_count(part.calls)} calls"
        + (f", by {', '.join(part.roles)})" if part.roles else ")")
        for part in finding.parts[:_PARTS]
    ]
    more = len(finding.parts) - len(shown)
    if more > 0:
        shown.append(f"and {format_count(more)} more")
    return f"By schema: {', '.join(shown)}." if shown else ""


def sentence(text: str) -> str:
    """With a full stop at its end; empty stays empty."""
    return text if not text or text.endswith((".", "!", "?", ":")) else f"{text}."


def format_evidence(evidence: Evidence) -> str:
    """Print a figure with its unit."""
    value = evidence.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    match evidence.unit:
        case "bytes":
            return format_size(value)
        case "ms":
            return format_ms(value)
        case "ratio":
            return format_ratio(value)
        case unit:
            number = format_count(value) if isinstance(value, int) else f"{value:,.2f}"
            return f"{number} {unit.removesuffix('s') if value == 1 else unit}".rstrip()


def _gains(impact: Impact) -> Iterator[str]:
    if impact.saved_ms_per_day:
        word = "saves" if impact.saved_ms_per_day > 0 else "costs"
        share = f" ({format_ratio(impact.saved_ratio)} of all)" if impact.saved_ratio else ""
        yield f"{word} {format_ms(abs(impact.saved_ms_per_day))} of execution time a day{share}"
    if impact.bound_ms:
        yield f"saves at most {format_ms(impact.bound_ms)} of one execution"
    if impact.freed_bytes:
        yield f"frees {format_size(impact.freed_bytes)}"
    if impact.added_bytes:
        yield f"adds {format_size(impact.added_bytes)}"
    if entries := round(impact.written_entries_per_day or 0.0):
        word = "more" if entries > 0 else "fewer"
        yield f"{format_count(abs(entries))} {word} index entries written a day"


def _indexes(made: Recommendation, advice: AdviceData, writer: EffectWriter) -> Iterator[IndexView]:
    chosen = {index.candidate.definition: index for index in advice.choice.chosen}
    for action in made.actions:
        if isinstance(action, CreateIndex) and action.index in chosen:
            yield view_index(chosen[action.index], advice.choice, writer)


def sql_of(actions: Sequence[Action]) -> Iterator[str]:
    """The statements that carry actions out, with their semicolons."""
    for step in all_steps_of(actions):
        yield from (f"{one_line(statement)};" for statement in step.up)


def settings_of(actions: Sequence[Action]) -> Iterator[SettingView]:
    """Changes of settings in words."""
    steps = (setting_step(action) for action in actions if isinstance(action, ChangeSetting))
    for step in steps:
        yield SettingView(
            title=step.title,
            note=step.note,
            reason=step.review_reason,
            by_hand=tuple(map(one_line, step.by_hand)),
            way_back=tuple(map(one_line, step.down_by_hand or step.down)),
        )
