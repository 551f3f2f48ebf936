"""The report as one HTML page, which loads nothing from anywhere."""

from __future__ import annotations

from markupsafe import Markup

from pgadvisor.emit.template import render_template, style_sheet
from pgadvisor.emit.view import view
from pgadvisor.model.advice import AdviceData


def render_html(advice: AdviceData) -> str:
    """Render the whole report as one page; its policy allows its own style and nothing else."""
    style, style_hash = style_sheet()
    return render_template(
        "report.html.j2",
        report=view(advice),
        migration=advice.migration,
        style=Markup(style),  # noqa: S704  (a file of ours, with nothing put into it)
        style_hash=style_hash,
    )
