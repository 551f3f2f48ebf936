"""A short report, ready to be posted on a pull request."""

from __future__ import annotations

from pgadvisor.emit.template import render_template
from pgadvisor.emit.view import view
from pgadvisor.model.advice import AdviceData

MAX_CHARACTERS = 65_535
"""GitHub refuses longer ones."""
_ROWS = (50, 10, 0)
_TEXT_LENGTH = 300


def render_pr_comment(advice: AdviceData) -> str:
    """Render the comment; what would make it too long is left to the report, and said so."""
    report = view(advice)
    text = ""
    for rows in _ROWS:
        for with_sql in (True, False):
            text = render_template(
                "pr-comment.md.j2",
                report=report,
                migration=advice.migration,
                with_sql=with_sql,
                rows=rows,
                length=_TEXT_LENGTH,
            )
            if len(text) <= MAX_CHARACTERS:
                return text
    return text[:MAX_CHARACTERS]
