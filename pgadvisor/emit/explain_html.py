"""Explained plans as one HTML page that works offline, with each plan as a picture.

The picture is drawn by pev2, Dalibo's viewer, whose code is in the page.  The page's policy lets
that code run and nothing else: what a plan holds is data, wherever it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pgadvisor.emit.comparison_view import view_comparison
from pgadvisor.emit.pev2 import Viewer, viewer
from pgadvisor.emit.plaintext import printable
from pgadvisor.emit.plan_finding_view import (
    PlanFindingView,
    view_plan_findings,
    view_plan_skips,
)
from pgadvisor.emit.plan_text import legend, node_title
from pgadvisor.emit.plan_view import ExplainedPlan, PlanView, view_plan
from pgadvisor.emit.template import render_template, style_sheet
from pgadvisor.emit.view import SkippedView
from pgadvisor.model.finding import Skipped
from pgadvisor.parse.plans.write import plan_document


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """What a page shows of one plan."""

    number: int
    plan: PlanView
    legend: str
    findings: tuple[PlanFindingView, ...]
    skipped: tuple[SkippedView, ...]
    broken: tuple[Skipped, ...]
    clear: tuple[str, ...]
    source: Markup
    """The plan as EXPLAIN prints it in JSON, for the picture."""
    query: Markup


def render_explained_html(
    plans: Sequence[ExplainedPlan],
    compared: Sequence[tuple[int, int]] = (),
    *,
    indexes: Collection[str] | None = None,
) -> str:
    """Render plans as one page.

    Args:
        plans: The plans.
        compared: Positions of those that are compared, before and after.
        indexes: Names of all indexes that there are now; None: not known.
    """
    drawn = viewer()
    style, _ = style_sheet()
    sections = tuple(_section(number, plan) for number, plan in enumerate(plans, 1))
    return render_template(
        "explain.html.j2",
        title=", ".join(dict.fromkeys(plan.execution.source for plan in plans)),
        sections=sections,
        comparisons=tuple(
            view_comparison(plans[before], plans[after], indexes=indexes)
            for before, after in compared
        ),
        node_title=node_title,
        style=Markup(style),  # noqa: S704  (a file of ours, with nothing put into it)
        viewer=_marked(drawn),
        policy=Markup(drawn.policy),  # noqa: S704  (ours, with nothing put into it)
    )


def _marked(drawn: Viewer) -> dict[str, object]:
    return {
        "version": drawn.version,
        "styles": tuple(Markup(text) for text in drawn.styles),  # noqa: S704  (files of ours)
        "scripts": tuple(Markup(text) for text in drawn.scripts),  # noqa: S704
        "licences": drawn.licences,
    }


def _section(number: int, explained: ExplainedPlan) -> _Section:
    plan, diagnosis = view_plan(explained), explained.diagnosis
    return _Section(
        number=number,
        plan=plan,
        legend=legend(plan),
        findings=view_plan_findings(explained),
        skipped=view_plan_skips(explained),
        broken=diagnosis.broken,
        clear=diagnosis.clear,
        source=_data([plan_document(explained.plan)]),
        query=_data(explained.plan.query_text or ""),
    )


def _data(value: object) -> Markup:
    """Write a value as JSON that may stand within an element of the page."""
    text = json.dumps(_printable(value), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  (nothing in it ends the element)


def _printable(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {printable(key): _printable(item) for key, item in value.items()}
    return value
