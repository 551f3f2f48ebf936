"""The report for terminals."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable

from pgadvisor.emit.choice_text import write_choice, write_effect, write_losses, write_worth
from pgadvisor.emit.page import Page
from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.recommendation_view import RecommendationView, sentence
from pgadvisor.emit.remedy_text import severity_style, why, write_remedies
from pgadvisor.emit.view import ReportView, view
from pgadvisor.emit.words import plural
from pgadvisor.model.advice import AdviceData

DEFAULT_WIDTH = 100
_MIN_WIDTH = 40
_FEW = 5
_MANY = 20


def render_text(
    advice: AdviceData,
    *,
    width: int | None = None,
    color: bool = False,
    explain_choice: bool = False,
) -> str:
    """Render the report for a terminal.

    Args:
        advice: What to report.
        width: Columns, 40 at least; None: 100.  SQL is never broken.
        color: Use ANSI colours.
        explain_choice: Tell at length why each index was chosen, or was not.
    """
    page = Page(width=max(width or DEFAULT_WIDTH, _MIN_WIDTH), color=color)
    report = view(advice, explain_choice=explain_choice)
    _head(page, report)
    _recommendations(page, "To be changed, in the migration", report.in_migration)
    _recommendations(page, "To be done or decided by hand", report.by_hand)
    if report.choice is not None:
        write_choice(page, report.choice)
    _findings(page, report)
    _statements(page, report)
    _by_value(page, report)
    _rejected(page, report)
    _not_judged(page, report)
    _unavailable(page, report)
    page.gap()
    page.paragraph(report.closing, style="bold")
    return page.text()


def print_report(
    advice: AdviceData,
    write: Callable[[str], object] | None = None,
    *,
    explain_choice: bool = False,
) -> None:
    """Print the report, in colour where it goes to a terminal that wants it.

    Args:
        advice: What to report.
        write: Takes the whole text; None: standard output as it is.
        explain_choice: Tell at length why each index was chosen, or was not.
    """
    is_terminal = sys.stdout.isatty()
    wants_color = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = min(shutil.get_terminal_size().columns, DEFAULT_WIDTH) if is_terminal else None
    color = is_terminal and wants_color
    text = render_text(advice, width=width, color=color, explain_choice=explain_choice)
    (write or sys.stdout.write)(text)


def _head(page: Page, report: ReportView) -> None:
    page.paragraph(f"pgadvisor: {report.title}", style="bold")
    for label, text in report.facts[2:]:
        page.labelled(label, text)
    for warning in report.warnings:
        page.paragraph(f"! {warning}", style="yellow", hanging=2)
    page.gap()
    page.paragraph(f"{report.counts}.")


def _recommendations(page: Page, title: str, made: tuple[RecommendationView, ...]) -> None:
    if not made:
        return
    page.heading(title)
    for recommendation in made:
        _recommendation(page, recommendation)


def _recommendation(page: Page, made: RecommendationView) -> None:
    page.gap()
    page.paragraph(f"{made.number}. {made.title}", style="bold", hanging=3)
    with page.indented(3):
        page.paragraph(
            f"{made.severity.upper()}, {made.confidence} confidence, {made.provenance}",
            style=severity_style(made.severity),
        )
        if made.gains:
            page.paragraph("; ".join(made.gains), style="green")
        if made.risk:
            page.paragraph(f"If nothing is done: {sentence(made.risk)}")
        if made.review_reason:
            page.paragraph(f"Not in the migration: {made.review_reason}", style="yellow")
        for finding in made.findings:
            page.paragraph(" ".join(why(finding)))
        write_worth(page, made)
        _effects(page, made)
        write_losses(page, made)
        write_remedies(page, made)
        for key in made.keys:
            page.verbatim(f"key: {one_line(key)}", style="dim")


def _effects(page: Page, made: RecommendationView) -> None:
    for effect in made.effects:
        write_effect(page, effect, is_long=made.is_explained)
    if made.more_effects:
        page.paragraph(f"and {plural(made.more_effects, 'more statement')}")


def _findings(page: Page, report: ReportView) -> None:
    if not report.findings:
        return
    page.heading("Found, without a remedy of ours")
    for finding in report.findings:
        page.paragraph(
            f"- {finding.severity.upper()}, {finding.confidence} confidence: "
            + " ".join(why(finding)),
            hanging=2,
        )
        with page.indented(2):
            page.verbatim(f"key: {one_line(finding.key)}", style="dim")


def _statements(page: Page, report: ReportView) -> None:
    if not report.statements:
        return
    page.heading("Most expensive statements")
    for row in report.statements:
        calls = "1 call" if row.calls == "1" else f"{row.calls} calls"
        parts = [f"{calls} a day"]
        if row.total_time:
            parts = [f"{row.share} of their time", f"{calls} of {row.mean_time}"]
        if row.saved:
            parts.append(f"would save {row.saved} a day")
        page.paragraph(f"- {', '.join(parts)}: {row.text}", hanging=2)


def _by_value(page: Page, report: ReportView) -> None:
    if not report.by_value:
        return
    page.heading("Plans that depend on a value")
    for found in report.by_value:
        page.gap()
        share = f"{found.share} of their time: " if found.share else ""
        page.paragraph(f"- {share}{found.text or found.statement_id}", hanging=2)
        with page.indented(2):
            for variant in found.variants:
                page.paragraph(
                    f"- {variant.nodes}, cost {variant.cost}, {variant.share} of the calls as"
                    f" assumed: {variant.asked}",
                    hanging=2,
                )
                for literals in variant.literals:
                    with page.indented(2):
                        page.paragraph(literals, hanging=2)
            page.paragraph(f"{found.generic} {found.assumed}".strip())
    if report.more_by_value:
        page.gap()
        page.paragraph(f"- and {plural(report.more_by_value, 'more statement')}; JSON has all")


def _rejected(page: Page, report: ReportView) -> None:
    if not report.rejected:
        return
    count = sum(group.count for group in report.rejected)
    page.heading(f"Left out: {plural(count, 'index', 'indexes')} that might have been")
    for group in report.rejected:
        page.paragraph(f"- {group.count} {group.reason}", hanging=2)
        with page.indented(2):
            for index, reason in group.examples:
                page.paragraph(f"- {index}: {reason}", hanging=2)


def _not_judged(page: Page, report: ReportView) -> None:
    if report.skipped or report.broken:
        page.heading("Not judged")
    for broken in report.broken:
        page.paragraph(f"- {broken.rule_id} failed: {broken.reason}", hanging=2, style="red")
    for skipped in report.skipped[:_MANY]:
        scope = f", for {skipped.scope}" if skipped.scope else ""
        page.paragraph(f"- {skipped.rules}{scope}: {skipped.reason}", hanging=2)
    if len(report.skipped) > _MANY:
        page.paragraph(f"- and {len(report.skipped) - _MANY} more; the other formats list all")
    _remarks(page, report)
    if report.clear:
        page.gap()
        page.paragraph(f"Found nothing: {', '.join(report.clear)}")
    if report.suppressed:
        page.gap()
        page.paragraph(f"Suppressed: {plural(len(report.suppressed), 'finding')}")
    for key in report.idle_suppressions:
        page.paragraph(f"- a suppression that matches nothing: {key}", hanging=2)
    _baseline(page, report)


def _baseline(page: Page, report: ReportView) -> None:
    if report.baseline is None or report.baseline.is_empty:
        return
    page.heading("Baseline")
    for key in report.baseline.gone:
        page.paragraph(f"- no longer found, remove it from the baseline: {key}", hanging=2)
    for key in report.baseline.expired:
        page.paragraph(f"- new again, its entry has run out: {key}", hanging=2)
    for key, reason in report.baseline.unjudged[:_MANY]:
        page.paragraph(f"- not judged, so perhaps still there: {key} ({reason})", hanging=2)
    for key, reason in report.baseline.known[:_MANY]:
        page.paragraph(f"- known, left out: {key} ({reason})", hanging=2)
    more = len(report.baseline.unjudged[_MANY:]) + len(report.baseline.known[_MANY:])
    if more:
        page.paragraph(f"- and {more} more; the other formats list all")


def _remarks(page: Page, report: ReportView) -> None:
    """On single statements."""
    for title, rows in (
        ("Not costed", report.uncosted),
        ("Costed for particular values", report.assumed),
        ("Corrected by executed plans", report.calibrated),
    ):
        if rows:
            page.gap()
            page.paragraph(f"{title}: {plural(len(rows), 'statement')}")
        for statement_id, reason in rows[:_FEW]:
            page.paragraph(f"- {statement_id}: {reason}", hanging=2)
        if len(rows) > _FEW:
            page.paragraph(f"- and {len(rows) - _FEW} more")


def _unavailable(page: Page, report: ReportView) -> None:
    if not report.unavailable:
        return
    page.heading("Not read")
    for item in report.unavailable:
        clauses = "; ".join(text for text in (item.reason, item.consequence) if text)
        page.paragraph(f"- {item.what}: {sentence(clauses)}", hanging=2)
        if item.remedy:
            with page.indented(2):
                page.paragraph(f"Remedy: {item.remedy}", hanging=2)
