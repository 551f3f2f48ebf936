"""The report as Markdown."""

from __future__ import annotations

from pgadvisor.emit.template import render_template
from pgadvisor.emit.view import view
from pgadvisor.model.advice import AdviceData


def render_markdown(advice: AdviceData, *, explain_choice: bool = False) -> str:
    """Render the whole report as Markdown, with tables as GitHub has them.

    Args:
        advice: What to report.
        explain_choice: Tell at length why each index was chosen, or was not.
    """
    report = view(advice, explain_choice=explain_choice)
    return render_template("report.md.j2", report=report, migration=advice.migration)
