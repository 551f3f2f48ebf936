"""Findings in JSON documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from pgadvisor.model.finding import Finding, Impact, Severity

Value = int | float | str | bool
Level = Literal["info", "warning", "critical"]
Sureness = Literal["low", "medium", "high"]
Basis = Literal["estimated", "statistics", "catalog", "simulated", "measured"]


def _about(text: str) -> Meta:
    return Meta(description=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePart:
    """One figure that a finding rests on."""

    name: str
    value: Value | None
    unit: Annotated[str, _about("bytes, rows, ms, scans, ratio, days, ...; empty for texts.")]
    source: Annotated[str, _about("Where the same figure can be read on the server.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactPart:
    """What acting brings and costs; null where nothing sound can be said."""

    saved_ms_per_day: Annotated[
        float | None,
        _about("Execution time: calls a day x measured mean time x share of the cost saved."),
    ]
    saved_ratio: Annotated[
        float | None, _about("The same as a share of all time that statements take, 0 to 1.")
    ]
    freed_bytes: int | None
    added_bytes: int | None
    written_entries_per_day: Annotated[
        float | None, _about("Index entries more (negative: fewer) that writes make.")
    ]
    bound_ms: Annotated[
        float | None,
        _about("At most so much of one execution: what the nodes of the plan took, or less."),
    ]
    risk: Annotated[str, _about("What goes wrong if nothing is done; may be empty.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaPart:
    """One of several schemas in which a finding is true of the same statement."""

    subject: str
    statement_ids: tuple[str, ...]
    calls: int
    total_time_ms: float
    roles: Annotated[tuple[str, ...], _about("Who ran its statements.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPart:
    """Something that should change."""

    key: Annotated[str, _about("Stable as counters move: for suppressions and baselines.")]
    rule_id: str
    subject: Annotated[str, _about("What it is about, for people; names are not quoted.")]
    severity: Level
    confidence: Sureness
    provenance: Annotated[Basis, _about("What it rests on.")]
    summary: Annotated[str, _about("One sentence with the decisive figure.")]
    detail: str
    evidence: tuple[EvidencePart, ...]
    guards: Annotated[tuple[str, ...], _about("What was checked and does not speak against it.")]
    impact: ImpactPart
    statement_ids: tuple[str, ...]
    parts: Annotated[
        tuple[SchemaPart, ...], _about("The schemas that it is about, where they are several.")
    ] = ()


def impact_part(impact: Impact) -> ImpactPart:
    """What acting brings, as documents have it."""
    return ImpactPart(
        saved_ms_per_day=impact.saved_ms_per_day,
        saved_ratio=impact.saved_ratio,
        freed_bytes=impact.freed_bytes,
        added_bytes=impact.added_bytes,
        written_entries_per_day=impact.written_entries_per_day,
        bound_ms=impact.bound_ms,
        risk=impact.risk,
    )


def finding_part(finding: Finding) -> FindingPart:
    """A finding, as documents have it."""
    return FindingPart(
        key=finding.key,
        rule_id=finding.rule_id,
        subject=finding.subject,
        severity=(finding.severity or Severity.INFO).value,
        confidence=finding.confidence.value,
        provenance=finding.provenance.value,
        summary=finding.summary,
        detail=finding.detail,
        evidence=tuple(
            EvidencePart(name=item.name, value=item.value, unit=item.unit, source=item.source)
            for item in finding.evidence
        ),
        guards=finding.guards,
        impact=impact_part(finding.impact),
        statement_ids=finding.statement_ids,
        parts=tuple(
            SchemaPart(
                subject=part.subject,
                statement_ids=part.statement_ids,
                calls=part.calls,
                total_time_ms=part.total_time_ms,
                roles=part.roles,
            )
            for part in finding.parts
        ),
    )
