"""Findings of an executed plan in words: where, how much it can bring, what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pgadvisor.emit.plan_tree import head_of
from pgadvisor.emit.plan_view import ExplainedPlan
from pgadvisor.emit.recommendation_view import (
    FindingView,
    SettingView,
    settings_of,
    sql_of,
    view_finding,
)
from pgadvisor.emit.rewrite_view import RewriteView, view_rewrite
from pgadvisor.emit.view import SkippedView, view_skipped
from pgadvisor.model.action import ManualSteps, RewriteStatement
from pgadvisor.model.finding import Finding
from pgadvisor.units import format_ms, format_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFindingView:
    """A finding of a plan, and what is to be done."""

    number: int
    finding: FindingView
    nodes: tuple[tuple[int, str], ...]
    """Number and first line of each node that it is about."""
    bound: str
    """``at most 75 ms (61 %) of the execution``; empty: nobody knows."""
    title: str
    sql: tuple[str, ...]
    settings: tuple[SettingView, ...]
    rewrites: tuple[RewriteView, ...]
    manual: tuple[ManualSteps, ...]

    @property
    def places(self) -> str:
        """``#5 Seq Scan on orders``."""
        return ", ".join(f"#{number} {head}" for number, head in self.nodes)


def view_plan_findings(explained: ExplainedPlan) -> tuple[PlanFindingView, ...]:
    """Put the findings of a plan into words, numbered from 1 in their order."""
    findings = explained.diagnosis.findings
    return tuple(_view(number, finding, explained) for number, finding in enumerate(findings, 1))


def view_plan_skips(explained: ExplainedPlan) -> tuple[SkippedView, ...]:
    """What rules could not judge; those that could not judge the plan at all by their reason."""
    source = explained.execution.source
    skipped = explained.diagnosis.skipped
    return view_skipped(
        tuple(replace(item, subject="") if item.subject == source else item for item in skipped)
    )


def _view(number: int, finding: Finding, explained: ExplainedPlan) -> PlanFindingView:
    nodes = explained.use.nodes
    actions = finding.remedies
    return PlanFindingView(
        number=number,
        finding=view_finding(finding),
        nodes=tuple(
            (position + 1, head_of(nodes[position].node))
            for position in finding.nodes
            if position < len(nodes)
        ),
        bound=_bound(finding, explained),
        title=finding.summary,
        sql=tuple(sql_of(actions)),
        settings=tuple(settings_of(actions)),
        rewrites=tuple(view_rewrite(a) for a in actions if isinstance(a, RewriteStatement)),
        manual=tuple(a for a in actions if isinstance(a, ManualSteps)),
    )


def _bound(finding: Finding, explained: ExplainedPlan) -> str:
    bound_ms = finding.impact.bound_ms
    if bound_ms is None:
        return ""
    total_ms = explained.plan.execution_time_ms or explained.use.total_time_ms
    share = f" ({format_ratio(min(bound_ms / total_ms, 1.0))})" if total_ms else ""
    return f"at most {format_ms(bound_ms)}{share} of the execution"
