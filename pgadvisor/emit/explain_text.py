"""Explained plans for terminals: each with its tree, and what was found in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.emit.page import Page
from pgadvisor.emit.plaintext import one_line, shortened
from pgadvisor.emit.plan_finding_view import (
    PlanFindingView,
    view_plan_findings,
    view_plan_skips,
)
from pgadvisor.emit.plan_text import write_plan
from pgadvisor.emit.plan_view import ExplainedPlan, PlanView, view_plan
from pgadvisor.emit.recommendation_view import sentence
from pgadvisor.emit.remedy_text import severity_style, why, write_remedies
from pgadvisor.emit.tree_text import DRAWN, Signs
from pgadvisor.emit.words import plural
from pgadvisor.model.finding import Diagnosis

DEFAULT_WIDTH = 100
MIN_WIDTH = 40
_STATEMENT_LENGTH = 600
_MANY = 10


def render_explained_text(
    plans: Sequence[ExplainedPlan],
    *,
    width: int | None = None,
    color: bool = False,
    signs: Signs = DRAWN,
) -> str:
    """Render plans one after the other.

    Args:
        plans: The plans.
        width: Columns, 40 at least; None: 100.
        color: Use ANSI colours.
        signs: What bars and trees are drawn with.
    """
    page = Page(width=max(width or DEFAULT_WIDTH, MIN_WIDTH), color=color)
    for number, explained in enumerate(plans):
        if number:
            page.gap()
            page.lines.append("")
        write_explained(page, explained, signs)
    return page.text()


def write_explained(page: Page, explained: ExplainedPlan, signs: Signs = DRAWN) -> None:
    """Write one plan: what it is, its tree, its findings, and what could not be judged."""
    plan = view_plan(explained)
    write_head(page, plan)
    page.gap()
    write_plan(page, plan, signs)
    write_findings(page, explained)


def write_head(page: Page, plan: PlanView) -> None:
    """Write what a plan is a plan of, and what it came to."""
    page.heading(plan.name)
    if plan.statement:
        page.paragraph(shortened(plan.statement, _STATEMENT_LENGTH), style="cyan")
    for label, text in plan.facts:
        page.labelled(label, text)
    for note in plan.notes:
        page.paragraph(f"! {note}", style="yellow", hanging=2)


def write_findings(page: Page, explained: ExplainedPlan) -> None:
    """Write the findings of a plan, those first that can bring most."""
    found = view_plan_findings(explained)
    page.heading("Findings" if found else "No finding")
    if not found:
        page.paragraph(_nothing(explained.diagnosis))
    for finding in found:
        _finding(page, finding)
    _not_judged(page, explained)


def _nothing(diagnosis: Diagnosis) -> str:
    looked = plural(len(diagnosis.clear), "rule")
    return (
        f"{looked} looked at the plan and found nothing."
        if diagnosis.clear
        else ("No rule could judge the plan.")
    )


def _finding(page: Page, made: PlanFindingView) -> None:
    finding = made.finding
    page.gap()
    page.paragraph(f"{made.number}. {finding.summary}", style="bold", hanging=3)
    with page.indented(3):
        page.paragraph(
            f"{finding.severity.upper()}, {finding.confidence} confidence, {finding.provenance}",
            style=severity_style(finding.severity),
        )
        if made.bound:
            page.paragraph(f"saves {made.bound}", style="green")
        if made.places:
            page.paragraph(f"node {made.places}", hanging=2)
        if finding.risk:
            page.paragraph(f"If nothing is done: {sentence(finding.risk)}")
        if reasons := " ".join(_reasons(made)):
            page.paragraph(reasons)
        for name, value, source in finding.evidence:
            page.paragraph(f"- {name}: {value} ({source})", hanging=2, style="dim")
        write_remedies(page, made)
        page.verbatim(f"key: {one_line(finding.key)}", style="dim")


def _reasons(made: PlanFindingView) -> Iterator[str]:
    _, *rest = why(made.finding)  # the summary stands above
    yield from rest


def _not_judged(page: Page, explained: ExplainedPlan) -> None:
    diagnosis, skipped = explained.diagnosis, view_plan_skips(explained)
    if diagnosis.broken or skipped:
        page.gap()
    for broken in diagnosis.broken:
        text = f"- {broken.rule_id} failed: {broken.reason}"
        page.paragraph(text, hanging=2, style="red")
    for item in skipped[:_MANY]:
        scope = f", for {item.scope}" if item.scope else ""
        page.paragraph(f"Not judged: {item.rules}{scope}: {item.reason}", hanging=2, style="dim")
    if len(skipped) > _MANY:
        page.paragraph(f"and {len(skipped) - _MANY} more; JSON has all", style="dim")
    for hidden in diagnosis.suppressed:
        page.paragraph(f"Suppressed: {hidden.finding.key} ({hidden.reason})", style="dim")
