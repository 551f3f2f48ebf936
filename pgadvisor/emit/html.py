"""The report as one HTML page, which loads nothing from anywhere."""

from __future__ import annotations

from markupsafe import Markup

from pgadvisor.emit.template import render_template, style_sheet
from pgadvisor.emit.view import view
from pgadvisor.model.advice import AdviceData


def render_html(advice: AdviceData, *, explain_choice: bool = False) -> str:
    """Render the whole report as one page; its policy allows its own style and nothing else.

    Args:
        advice: What to report.
        explain_choice: Tell at length why each index was chosen, or was not.
    """
    style, style_hash = style_sheet()
    return render_template(
        "report.html.j2",
        report=view(advice, explain_choice=explain_choice),
        migration=advice.migration,
        style=Markup(style),  # noqa: S704  (a file of ours, with nothing put into it)
        style_hash=style_hash,
    )
