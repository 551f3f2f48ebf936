"""From findings to one coherent plan: nothing twice, nothing against anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pgadvisor.model.action import (
    Action,
    CreateIndex,
    DropIndex,
    IndexDefinition,
    ManualSteps,
    RewriteStatement,
)
from pgadvisor.model.advice import Recommendation
from pgadvisor.model.choice import Choice
from pgadvisor.model.finding import Confidence, Finding, Impact, Provenance
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.propose.existing import covers
from pgadvisor.snapshotfile import mentions_pseudonym
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.sqltext.index import definition_sql

_REDACTED = (
    "the snapshot is redacted, and the index's definition holds a pseudonym; "
    "analyse the database itself, or a snapshot that is not redacted"
)


@dataclass(slots=True)
class _Group:
    """Findings that the same actions settle."""

    actions: list[Action]
    findings: list[Finding] = field(default_factory=list)
    review_reason: str = ""


def recommend(
    findings: Sequence[Finding], choice: Choice, refused_drops: Mapping[tuple[str, str], str]
) -> tuple[Recommendation, ...]:
    """Merge the findings' remedies into recommendations, the most profitable first.

    An index that two findings ask for, or that another new one begins with, is created once.
    An index that several findings drop is dropped once.  A drop that the planner refuses is
    shown with the reason and left out of the migration.

    Args:
        findings: Of all rules, the costed ones included.
        choice: The chosen indexes with what they do to which statements.
        refused_drops: By schema and name, why an index must stay.
    """
    groups: list[_Group] = []
    for finding in sorted(findings, key=_width_first):
        if finding.remedies:
            _place(finding, groups, choice)
    for group in groups:
        reasons = (_refusal(action, refused_drops) for action in group.actions)
        group.review_reason = next((reason for reason in reasons if reason), "")
    made = [_recommendation(group, choice) for group in groups]
    return tuple(sorted(made, key=_rank))


def redacted_definitions(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    """Indexes that could not be made again as they were, by schema and name, with the reason."""
    changed = snapshot.redaction.changed_index_oids
    return {(i.schema, i.name): _REDACTED for i in snapshot.indexes if i.oid in changed}


def _refusal(action: Action, refused_drops: Mapping[tuple[str, str], str]) -> str:
    """Why an action is not to go into a migration; empty: it may."""
    if isinstance(action, DropIndex):
        return refused_drops.get((action.schema, action.name), "")
    if isinstance(action, CreateIndex) and mentions_pseudonym(definition_sql(action.index)):
        return _REDACTED
    return ""


def _width_first(finding: Finding) -> tuple[bool, int, str]:
    """Costed findings first, then wide indexes, so that narrow ones find what covers them."""
    widths = [len(a.index.keys) for a in finding.remedies if isinstance(a, CreateIndex)]
    return (finding.rule_id != "missing-index", -max(widths, default=0), finding.key)


def _place(finding: Finding, groups: list[_Group], choice: Choice) -> None:
    """Add a finding to the group that settles it already, or to a new one."""
    left: list[Action] = []
    joined: _Group | None = None
    for action in finding.remedies:
        home = _home(action, finding, groups, choice)
        if home is None:
            left.append(action)
        elif joined is None:
            joined = home
    if joined is not None:
        joined.findings.append(finding)
        joined.actions += left
    else:
        groups.append(_Group(actions=left, findings=[finding]))


def _home(action: Action, finding: Finding, groups: list[_Group], choice: Choice) -> _Group | None:
    """The group whose actions make this one needless."""
    for group in groups:
        for present in group.actions:
            if present == action or _makes_needless(present, action):
                return group
            if isinstance(present, CreateIndex) and isinstance(action, CreateIndex):
                served = _served_statements(choice, present.index)
                if finding.statement_ids and set(finding.statement_ids) <= served:
                    return group
    return None


def _makes_needless(present: Action, action: Action) -> bool:
    if isinstance(present, CreateIndex) and isinstance(action, CreateIndex):
        return covers(present.index, action.index)
    if isinstance(present, DropIndex) and isinstance(action, DropIndex):
        return (present.schema, present.name) == (action.schema, action.name)
    return False


def _served_statements(choice: Choice, definition: IndexDefinition) -> set[str]:
    """Statements whose plan uses a chosen index."""
    return {
        effect.statement_id
        for chosen in choice.chosen
        if chosen.candidate.definition == definition
        for effect in chosen.effects
    }


def _recommendation(group: _Group, choice: Choice) -> Recommendation:
    findings = group.findings
    chosen = {c.candidate.definition: c for c in choice.chosen}
    effects = tuple(
        effect
        for action in group.actions
        if isinstance(action, CreateIndex) and action.index in chosen
        for effect in chosen[action.index].effects
    )
    confidence = _confidence(findings)
    has_steps = any(steps_of(action) for action in group.actions)
    reason = group.review_reason
    if has_steps and not reason and confidence is Confidence.LOW:
        reason = "the evidence is too thin to act on without a look of your own"
    return Recommendation(
        title=_title(group),
        actions=tuple(group.actions),
        finding_keys=tuple(finding.key for finding in findings),
        severity=max((f.severity for f in findings if f.severity), key=lambda s: s.rank),
        confidence=confidence,
        provenance=max((f.provenance for f in findings), key=list(Provenance).index),
        impact=_impact(findings),
        effects=effects,
        is_in_migration=has_steps and not reason,
        review_reason=reason,
    )


def _confidence(findings: Sequence[Finding]) -> Confidence:
    """Of the finding that was costed, where there is one; else of the surest."""
    costed = [f.confidence for f in findings if f.provenance is Provenance.SIMULATED]
    return max(costed or [f.confidence for f in findings], key=lambda c: c.rank)


def _impact(findings: Sequence[Finding]) -> Impact:
    """Of the finding that says most; several on one change do not add up."""
    impacts = [finding.impact for finding in findings]
    known = [i for i in impacts if i.saved_ms_per_day is not None]
    best = max(known, key=lambda i: i.saved_ms_per_day or 0.0) if known else impacts[0]
    risks = dict.fromkeys(impact.risk for impact in impacts if impact.risk)
    freed = max((i.freed_bytes for i in impacts if i.freed_bytes is not None), default=None)
    return replace(best, risk="; ".join(risks), freed_bytes=freed)


def _title(group: _Group) -> str:
    for action in group.actions:
        steps = steps_of(action)
        if steps:
            return steps[0].title.split(": the parent")[0]
    for action in group.actions:
        if isinstance(action, ManualSteps):
            return action.title
        if isinstance(action, RewriteStatement):
            return f"Rewrite a statement: {group.findings[0].summary}"
    return group.findings[0].summary


def _rank(recommendation: Recommendation) -> tuple[float, int, str]:
    saved = recommendation.impact.saved_ms_per_day
    return (-(saved or 0.0), -recommendation.severity.rank, recommendation.title)
