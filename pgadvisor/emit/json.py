"""The report as JSON, after the schema that ``schema_text`` gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import msgspec

from pgadvisor.emit import document as doc
from pgadvisor.emit.choice_document import choice_part, effect_part
from pgadvisor.emit.finding_document import finding_part, impact_part
from pgadvisor.emit.judged_on import skipped_by
from pgadvisor.emit.setting_document import setting_part
from pgadvisor.emit.value_document import value_plans_parts
from pgadvisor.emit.window_document import earlier_part, standby_part, window_part
from pgadvisor.model.action import ChangeSetting, ManualSteps, RewriteStatement
from pgadvisor.model.advice import AdviceData, MigrationStep, Recommendation
from pgadvisor.model.baseline import BaselineComparison, BaselineEntry
from pgadvisor.model.candidate import Rejected
from pgadvisor.model.estimate import Fidelity
from pgadvisor.model.finding import Skipped
from pgadvisor.sqltext.actions import all_steps_of
from pgadvisor.sqltext.index import definition_sql

_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What JSON allows as it stands, but a terminal acts upon; it can only be within a string."""


def render_json(advice: AdviceData) -> str:
    """Render the report as JSON; what is no number becomes null."""
    return json_text(build_document(advice))


def json_text(document: object) -> str:
    """Write a document as JSON that a terminal shows as it is."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def schema_text() -> str:
    """The JSON schema of the report."""
    schema = msgspec.json.schema(doc.Document)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, allow_nan=False) + "\n"


def build_document(advice: AdviceData) -> doc.Document:
    """Put an advice into the values of the JSON report."""
    return doc.Document(
        schema_version=doc.SCHEMA_VERSION,
        tool_version=advice.tool_version,
        server=_server(advice),
        counts=doc.CountsPart(
            statements=advice.statement_count,
            tables=advice.table_count,
            indexes=advice.index_count,
        ),
        window=window_part(advice.statement_window),
        counter_window=window_part(advice.counter_window),
        earlier=earlier_part(advice.earlier) if advice.earlier else None,
        standbys=tuple(standby_part(standby) for standby in advice.standbys),
        is_partial=advice.is_partial,
        lowered_limits=advice.lowered_limits,
        redaction=msgspec.convert(advice.redaction.level, type=doc.RedactionLevel),
        gates=tuple(_gates(advice)),
        fidelity=_fidelity(advice.fidelity) if advice.fidelity else None,
        coverage=_coverage(advice),
        choice=choice_part(advice),
        recommendations=tuple(_recommendation(made) for made in advice.recommendations),
        findings=tuple(finding_part(finding) for finding in advice.findings),
        statements=tuple(_statements(advice)),
        plans_by_value=tuple(value_plans_parts(advice)),
        rejected=tuple(_rejected(rejected) for rejected in advice.rejected),
        skipped=tuple(_skipped(item) for item in advice.skipped),
        broken_rules=tuple(_skipped(item) for item in advice.broken_rules),
        clear=advice.clear,
        suppressed=tuple(
            doc.SuppressedPart(key=hidden.finding.key, reason=hidden.reason)
            for hidden in advice.suppressed
        ),
        idle_suppressions=advice.idle_suppressions,
        baseline=_baseline(advice.baseline) if advice.baseline else None,
        unavailable=tuple(
            doc.UnavailablePart(
                what=item.what,
                reason=item.reason,
                consequence=item.consequence,
                remedy=item.remedy,
                is_failure=item.is_failure,
            )
            for item in advice.unavailable
        ),
        migration=_migration(advice),
    )


def _baseline(comparison: BaselineComparison) -> doc.BaselinePart:
    return doc.BaselinePart(
        is_only_new=comparison.is_only_new,
        new_keys=comparison.new_keys,
        known=tuple(_baseline_entry(entry) for entry in comparison.known),
        expired=tuple(_baseline_entry(entry) for entry in comparison.expired),
        gone=tuple(_baseline_entry(entry) for entry in comparison.gone),
        unjudged=tuple(_baseline_entry(each.entry, each.reason) for each in comparison.unjudged),
    )


def _baseline_entry(entry: BaselineEntry, unjudged_reason: str = "") -> doc.BaselineEntryPart:
    return doc.BaselineEntryPart(
        key=entry.key,
        reason=entry.reason,
        since=entry.since.isoformat() if entry.since else None,
        expires=entry.expires.isoformat() if entry.expires else None,
        unjudged_reason=unjudged_reason,
    )


def _server(advice: AdviceData) -> doc.ServerPart:
    return doc.ServerPart(
        database=advice.server.database,
        version=advice.server.version,
        version_num=advice.server.version_num,
        collected_at=advice.collected_at.isoformat() if advice.collected_at else None,
        service=advice.server.service,
    )


def _gates(advice: AdviceData) -> Iterator[doc.GatePart]:
    for gate in advice.gates.rows:
        yield doc.GatePart(
            id=gate.id,
            state=gate.state.value,
            detail=gate.detail,
            is_limit_lowered=gate.is_limit_lowered,
            skipped_rules=skipped_by(gate, advice),
        )


def _fidelity(fidelity: Fidelity) -> doc.FidelityPart:
    return doc.FidelityPart(
        compared_statements=len(fidelity.statements),
        not_compared_statements=fidelity.not_compared,
        same_plan_ratio=fidelity.same_shape_ratio,
        median_cost_error_ratio=fidelity.median_cost_error_ratio,
        planner=fidelity.planner,
        twin_version=fidelity.twin_version,
        original_version=fidelity.original_version,
        planned_by=fidelity.binaries,
        notes=fidelity.notes,
        differing=tuple(_differing(fidelity)),
    )


def _differing(fidelity: Fidelity) -> Iterator[doc.DifferencePart]:
    for statement_id, reason in fidelity.not_planned:
        yield doc.DifferencePart(
            statement_id=statement_id,
            is_same_plan=False,
            original_cost=None,
            twin_cost=None,
            reason=reason,
        )
    for row in fidelity.differing:
        yield doc.DifferencePart(
            statement_id=row.statement_id,
            is_same_plan=row.is_same_shape,
            original_cost=row.original_cost,
            twin_cost=row.twin_cost,
            reason=row.reason,
        )


def _coverage(advice: AdviceData) -> doc.CoveragePart:
    choice = advice.choice
    return doc.CoveragePart(
        costed_statements=choice.costed_statements,
        total_statements=choice.total_statements,
        covered_time_ratio=choice.covered_time_ratio,
        uncosted=tuple(doc.NotePart(statement_id=i, note=note) for i, note in choice.uncosted),
        assumed=tuple(doc.NotePart(statement_id=i, note=note) for i, note in choice.assumed),
        calibrated=tuple(doc.NotePart(statement_id=i, note=note) for i, note in choice.calibrated),
    )


def _recommendation(made: Recommendation) -> doc.RecommendationPart:
    steps = all_steps_of(made.actions)
    return doc.RecommendationPart(
        title=made.title,
        severity=made.severity.value,
        confidence=made.confidence.value,
        provenance=made.provenance.value,
        is_in_migration=made.is_in_migration,
        review_reason=made.review_reason,
        finding_keys=made.finding_keys,
        impact=impact_part(made.impact),
        effects=tuple(map(effect_part, made.effects)),
        up_sql=tuple(sql for step in steps for sql in step.up),
        down_sql=_down(steps),
        settings=tuple(setting_part(a) for a in made.actions if isinstance(a, ChangeSetting)),
        rewrites=tuple(_rewrite(a) for a in made.actions if isinstance(a, RewriteStatement)),
        manual=tuple(
            doc.ManualPart(title=a.title, steps=a.steps)
            for a in made.actions
            if isinstance(a, ManualSteps)
        ),
    )


def _rewrite(rewrite: RewriteStatement) -> doc.RewritePart:
    cost = rewrite.cost
    return doc.RewritePart(
        before=rewrite.before,
        after=rewrite.after,
        condition=rewrite.condition,
        cost_before=cost.before if cost else None,
        cost_after=cost.after if cost else None,
        cost_after_with_indexes=cost.after_with_indexes if cost else None,
        cost_note=rewrite.cost_note,
    )


def _down(steps: tuple[MigrationStep, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sql for step in reversed(steps) for sql in step.down))


def _statements(advice: AdviceData) -> Iterator[doc.StatementPart]:
    effects = {effect.statement_id: effect for effect in advice.choice.effects}
    for statement in sorted(advice.statements, key=lambda s: (-s.total_time_ms, s.id)):
        effect = effects.get(statement.id)
        yield doc.StatementPart(
            id=statement.id,
            text=statement.text,
            source=statement.source,
            calls=statement.calls_or_weight,
            total_time_ms=statement.total_time_ms,
            mean_time_ms=statement.mean_time_ms,
            saved_ms_per_day=effect.saved_ms_per_day if effect else None,
        )


def _rejected(rejected: Rejected) -> doc.RejectedPart:
    candidate = rejected.candidate
    definition = candidate.definition
    return doc.RejectedPart(
        table=f"{definition.schema}.{definition.table}",
        definition=definition_sql(definition),
        size_bytes=candidate.size_bytes,
        statement_ids=candidate.statement_ids,
        code=rejected.code,
        reason=rejected.reason,
    )


def _skipped(item: Skipped) -> doc.SkippedPart:
    return doc.SkippedPart(rule_id=item.rule_id, reason=item.reason, subject=item.subject)


def _migration(advice: AdviceData) -> doc.MigrationPart:
    migration = advice.migration
    return doc.MigrationPart(
        format=migration.format,
        is_empty=migration.is_empty,
        up_sql=migration.up_sql,
        down_sql=migration.down_sql,
        files=tuple(doc.FilePart(name=file.name, text=file.text) for file in migration.files),
    )
