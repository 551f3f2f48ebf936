"""The report as Markdown."""

from __future__ import annotations

from pgadvisor.emit.template import render_template
from pgadvisor.emit.view import view
from pgadvisor.model.advice import AdviceData


def render_markdown(advice: AdviceData) -> str:
    """Render the whole report as Markdown, with tables as GitHub has them."""
    return render_template("report.md.j2", report=view(advice), migration=advice.migration)
