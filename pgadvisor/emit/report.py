"""One report in any of its formats."""

from __future__ import annotations

from typing import Literal, assert_never

from pgadvisor.emit.html import render_html
from pgadvisor.emit.json import render_json
from pgadvisor.emit.markdown import render_markdown
from pgadvisor.emit.text import render_text
from pgadvisor.model.advice import AdviceData

ReportFormat = Literal["text", "json", "markdown", "html"]


def render(
    advice: AdviceData,
    format: ReportFormat,  # noqa: A002  (the option's name)
    *,
    explain_choice: bool = False,
) -> str:
    """Render the report.

    Args:
        advice: What to report.
        format: ``text`` (for a terminal of 100 columns, without colours), ``json``,
            ``markdown`` or ``html``.
        explain_choice: Tell at length why each index was chosen, or was not; JSON always does.
    """
    match format:
        case "text":
            return render_text(advice, explain_choice=explain_choice)
        case "json":
            return render_json(advice)
        case "markdown":
            return render_markdown(advice, explain_choice=explain_choice)
        case "html":
            return render_html(advice, explain_choice=explain_choice)
        case _:
            assert_never(format)
