"""Findings and what is to be done about them, for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from pgadvisor.emit.page import Page
from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.recommendation_view import FindingView, SettingView, sentence
from pgadvisor.emit.rewrite_view import RewriteView
from pgadvisor.model.action import ManualSteps


class Remedies(Protocol):
    """What is to be done, in words."""

    @property
    def title(self) -> str:
        """What stands above it."""
        ...

    @property
    def sql(self) -> Sequence[str]:
        """Statements with their semicolons."""
        ...

    @property
    def settings(self) -> Sequence[SettingView]:
        """Changes of settings."""
        ...

    @property
    def rewrites(self) -> Sequence[RewriteView]:
        """Changes of the application's statements."""
        ...

    @property
    def manual(self) -> Sequence[ManualSteps]:
        """Work that no statement does."""
        ...


def why(finding: FindingView) -> Iterator[str]:
    """What a finding says, sentence by sentence."""
    yield finding.summary
    if finding.detail:
        yield finding.detail
    if finding.parts:
        yield finding.parts
    if finding.guards:
        yield f"Checked: {'; '.join(finding.guards)}."


def severity_style(severity: str) -> str:
    """The style of a severity."""
    return {"critical": "red", "warning": "yellow"}.get(severity, "cyan")


def write_remedies(page: Page, made: Remedies) -> None:
    """Write what is to be done."""
    for statement in made.sql:
        page.verbatim(statement, style="cyan")
    _settings(page, made)
    _by_hand(page, made)


def _settings(page: Page, made: Remedies) -> None:
    for setting in made.settings:
        title = "" if setting.title == made.title else f"{setting.title}. "
        page.paragraph(f"{title}{setting.note}")
        if setting.by_hand:
            page.paragraph(f"By hand: {sentence(setting.reason)}")
        for command in setting.by_hand:
            page.verbatim(one_line(command), style="cyan")
        if setting.way_back:
            page.paragraph("The way back:")
        for command in setting.way_back:
            page.verbatim(one_line(command), style="dim")


def _by_hand(page: Page, made: Remedies) -> None:
    for rewrite in made.rewrites:
        page.paragraph("before:", style="dim")
        page.verbatim(rewrite.before)
        page.paragraph("after:", style="dim")
        page.verbatim(rewrite.after, style="cyan")
        if rewrite.condition:
            page.paragraph(f"Equivalent where {rewrite.condition}.")
        if rewrite.cost:
            page.paragraph(rewrite.cost)
    for manual in made.manual:
        if manual.title != made.title:
            page.paragraph(f"{manual.title}:")
        for number, step in enumerate(manual.steps, 1):
            page.paragraph(f"{number}) {step}", hanging=3)
