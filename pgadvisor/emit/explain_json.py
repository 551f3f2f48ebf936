"""Explained plans and their comparisons as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

import msgspec

from pgadvisor.emit import explain_document as doc
from pgadvisor.emit.comparison_view import ComparisonView, view_comparison
from pgadvisor.emit.document import ManualPart, SuppressedPart
from pgadvisor.emit.finding_document import finding_part
from pgadvisor.emit.index_trial import StatementTrial
from pgadvisor.emit.index_trial_document import index_trial_part
from pgadvisor.emit.json import json_text, rewrite_part, skipped_part
from pgadvisor.emit.node_notes import notes_of
from pgadvisor.emit.plan_tree import details_of, head_of
from pgadvisor.emit.plan_view import ExplainedPlan, is_cut_short, row_factor
from pgadvisor.emit.recommendation_view import sql_of
from pgadvisor.emit.regression_view import RegressionView
from pgadvisor.emit.setting_document import setting_part
from pgadvisor.history.plan_changes import spilled_bytes
from pgadvisor.model.action import ChangeSetting, ManualSteps, RewriteStatement
from pgadvisor.model.executed_plan import PlanTrigger
from pgadvisor.model.finding import Finding
from pgadvisor.model.node_use import NodeUse, PlanUse
from pgadvisor.model.plan_use import NO_BUFFERS, Buffers
from pgadvisor.version import VERSION


def render_explained_json(
    plans: Sequence[ExplainedPlan],
    compared: Sequence[tuple[int, int]] = (),
    indexes: Collection[str] | None = None,
    tried: Sequence[StatementTrial] = (),
    *,
    show_literals: bool = False,
) -> str:
    """Render plans as JSON.

    Args:
        plans: The plans.
        compared: Positions of those that are compared, before and after.
        indexes: Names of all indexes that there are now; None: not known.
        tried: New indexes for the statements, as they may be shown.
        show_literals: Whether the plans still have the literals of their statements.
    """
    return json_text(
        doc.ExplainDocument(
            schema_version=doc.EXPLAIN_SCHEMA_VERSION,
            tool_version=VERSION,
            shows_literals=show_literals,
            plans=tuple(_plan(explained) for explained in plans),
            comparisons=tuple(
                _comparison(
                    before, after, view_comparison(plans[before], plans[after], indexes=indexes)
                )
                for before, after in compared
            ),
            index_trials=tuple(map(index_trial_part, tried)),
        )
    )


def explain_schema_text() -> str:
    """The JSON schema of that."""
    schema = msgspec.json.schema(doc.ExplainDocument)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, allow_nan=False) + "\n"


def _plan(explained: ExplainedPlan) -> doc.ExplainedPlanPart:
    plan, use, diagnosis = explained.plan, explained.use, explained.diagnosis
    return doc.ExplainedPlanPart(
        source=explained.execution.source,
        is_executed=plan.was_executed,
        query_text=plan.query_text,
        query_parameters=plan.query_parameters,
        query_identifier=plan.query_identifier,
        fingerprint=explained.execution.fingerprint or None,
        settings=tuple(doc.NamedTextPart(name=name, text=text) for name, text in plan.settings),
        total_cost=plan.total_cost,
        total_time_ms=use.total_time_ms,
        execution_time_ms=plan.execution_time_ms,
        planning_time_ms=plan.planning_time_ms,
        jit_time_ms=plan.jit.total_time_ms if plan.jit is not None else None,
        blocks=_blocks(plan.root.buffers),
        triggers=tuple(map(_trigger, plan.triggers)),
        nodes=tuple(_node(use, position) for position in range(len(use.nodes))),
        findings=tuple(_finding(n, found) for n, found in enumerate(diagnosis.findings, 1)),
        clear=diagnosis.clear,
        skipped=tuple(map(skipped_part, diagnosis.skipped)),
        broken_rules=tuple(map(skipped_part, diagnosis.broken)),
        suppressed=tuple(
            SuppressedPart(key=hidden.finding.key, reason=hidden.reason)
            for hidden in diagnosis.suppressed
        ),
    )


def _node(whole: PlanUse, position: int) -> doc.PlanNodePart:
    use = whole.nodes[position]
    node = use.node
    return doc.PlanNodePart(
        number=position + 1,
        parent=None if use.parent is None else use.parent + 1,
        depth=use.depth,
        node_type=node.node_type,
        title=head_of(node),
        subplan=node.subplan_name,
        join_type=node.join_type,
        schema=node.schema,
        relation=node.relation,
        alias=node.alias,
        index=node.index_name,
        conditions=tuple(_conditions(use)),
        output=node.output,
        startup_cost=node.startup_cost,
        total_cost=node.total_cost,
        planned_rows=node.rows,
        width_bytes=node.width_bytes,
        is_executed=use.loops > 0,
        loops=use.loops,
        processes=use.processes,
        rows=use.rows if node.actual is not None else None,
        row_factor=row_factor(use),
        is_cut_short=is_cut_short(whole, position),
        removed_rows=use.removed_rows,
        inclusive_time_ms=use.inclusive_time_ms,
        exclusive_time_ms=use.exclusive_time_ms,
        excess_time_ms=use.excess_time_ms,
        exclusive_blocks=_blocks(use.exclusive_buffers),
        spilled_bytes=spilled_bytes(use),
        workers_planned=node.workers_planned,
        workers_launched=node.workers_launched,
        notes=notes_of(use),
    )


def _conditions(use: NodeUse) -> Iterator[doc.NamedTextPart]:
    for detail in details_of(use.node):
        name, _, text = detail.partition(": ")
        yield doc.NamedTextPart(name=name, text=text)


def _blocks(buffers: Buffers) -> doc.BlocksPart | None:
    if buffers == NO_BUFFERS:
        return None
    return doc.BlocksPart(
        shared_hit=buffers.shared_hit_blocks,
        shared_read=buffers.shared_read_blocks,
        shared_dirtied=buffers.shared_dirtied_blocks,
        shared_written=buffers.shared_written_blocks,
        local_hit=buffers.local_hit_blocks,
        local_read=buffers.local_read_blocks,
        local_dirtied=buffers.local_dirtied_blocks,
        local_written=buffers.local_written_blocks,
        temp_read=buffers.temp_read_blocks,
        temp_written=buffers.temp_written_blocks,
        read_time_ms=buffers.read_time_ms + buffers.local_read_time_ms,
        write_time_ms=buffers.write_time_ms + buffers.local_write_time_ms,
        temp_read_time_ms=buffers.temp_read_time_ms,
        temp_write_time_ms=buffers.temp_write_time_ms,
    )


def _trigger(trigger: PlanTrigger) -> doc.TriggerPart:
    return doc.TriggerPart(
        name=trigger.name,
        constraint=trigger.constraint,
        relation=trigger.relation,
        time_ms=trigger.time_ms,
        calls=trigger.calls,
    )


def _finding(number: int, finding: Finding) -> doc.PlanFindingPart:
    actions = finding.remedies
    return doc.PlanFindingPart(
        number=number,
        nodes=tuple(position + 1 for position in finding.nodes),
        finding=finding_part(finding),
        sql=tuple(sql_of(actions)),
        settings=tuple(setting_part(a) for a in actions if isinstance(a, ChangeSetting)),
        rewrites=tuple(rewrite_part(a) for a in actions if isinstance(a, RewriteStatement)),
        manual=tuple(
            ManualPart(title=a.title, steps=a.steps) for a in actions if isinstance(a, ManualSteps)
        ),
    )


def _comparison(before: int, after: int, view: ComparisonView) -> doc.PlanComparisonPart:
    compared = view.comparison
    return doc.PlanComparisonPart(
        before=before,
        after=after,
        was_ms=compared.was_ms,
        now_ms=compared.now_ms,
        time_ratio=compared.time_ratio,
        regression=_regression(view.regression),
        pairs=tuple(
            doc.NodePairPart(before=_number(pair.before), after=_number(pair.after))
            for pair in compared.pairs
        ),
        changes=tuple(
            doc.PlanChangePart(
                kind=msgspec.convert(each.change.kind.value, type=doc.Kind),
                before=_number(each.change.before),
                after=_number(each.change.after),
                subject=each.change.subject,
                was=each.change.was,
                now=each.change.now,
                summary=each.summary,
                reason=each.reason,
            )
            for each in view.changes
        ),
    )


def _regression(view: RegressionView | None) -> doc.RegressionPart | None:
    if view is None:
        return None
    first = view.causes[0].regression
    return doc.RegressionPart(
        lost_ms=first.lost_ms,
        block_ratio=first.block_ratio,
        summary=view.lost,
        causes=tuple(
            doc.RegressionCausePart(
                cause=msgspec.convert(each.regression.cause.value, type=doc.Cause),
                told=each.told,
                nodes=tuple(position + 1 for position in each.regression.nodes),
            )
            for each in view.causes
        ),
    )


def _number(position: int | None) -> int | None:
    return None if position is None else position + 1
