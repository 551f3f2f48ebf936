"""One report in any of its formats."""

from __future__ import annotations

from typing import Literal, assert_never

from pgadvisor.emit.html import render_html
from pgadvisor.emit.json import render_json
from pgadvisor.emit.markdown import render_markdown
from pgadvisor.emit.text import render_text
from pgadvisor.model.advice import AdviceData

ReportFormat = Literal["text", "json", "markdown", "html"]


def render(advice: AdviceData, format: ReportFormat) -> str:  # noqa: A002  (the option's name)
    """Render the report.

    Args:
        advice: What to report.
        format: ``text`` (for a terminal of 100 columns, without colours), ``json``,
            ``markdown`` or ``html``.
    """
    match format:
        case "text":
            return render_text(advice)
        case "json":
            return render_json(advice)
        case "markdown":
            return render_markdown(advice)
        case "html":
            return render_html(advice)
        case _:
            assert_never(format)
