"""All that an analysis writes into a directory."""

from __future__ import annotations

from pgadvisor.emit.pr_comment import render_pr_comment
from pgadvisor.emit.report import render
from pgadvisor.emit.script import DOWN_FILE, UP_FILE
from pgadvisor.model.advice import AdviceData

REPORT_FILES = ("report.md", "report.html", "report.json", "pr-comment.md")
POSSIBLE_FILES = frozenset({*REPORT_FILES, UP_FILE, DOWN_FILE})
"""Whose names are known before the analysis; a migration in another format is named after its
content."""


def output_files(advice: AdviceData, *, explain_choice: bool = False) -> dict[str, str]:
    """The text of each file by its name.

    Args:
        advice: What to report.
        explain_choice: Let the reports tell at length why each index was chosen, or was not.
    """
    texts = (
        render(advice, "markdown", explain_choice=explain_choice),
        render(advice, "html", explain_choice=explain_choice),
        render(advice, "json"),
        render_pr_comment(advice),
    )
    files = dict(zip(REPORT_FILES, texts, strict=True))
    return files | {file.name: file.text for file in advice.migration.files}
