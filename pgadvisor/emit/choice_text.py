"""The choice of indexes on a page of text."""

from __future__ import annotations

from pgadvisor.emit.choice_view import ChoiceView, FrontierRow
from pgadvisor.emit.effect_view import EffectView
from pgadvisor.emit.page import Page
from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.recommendation_view import RecommendationView
from pgadvisor.emit.words import plural

_MARK = "*"


def write_choice(page: Page, choice: ChoiceView) -> None:
    """Write the section on the whole set."""
    page.heading("The choice of indexes")
    for text in choice.sentences:
        page.paragraph(text)
    if choice.superseded:
        page.gap()
        count = len(choice.superseded)
        become = plural(count, "existing index becomes", "existing indexes become")
        page.paragraph(f"{become} useless beside the new ones:")
        for index in choice.superseded:
            page.paragraph(f"- {index.name}: dropping it {index.text}", hanging=2)
            with page.indented(2):
                for name in index.by:
                    page.verbatim(f"instead: {one_line(name)}")
    if choice.frontier:
        page.gap()
        page.paragraph(f"Other budgets; {_MARK} is the advised set:")
        for line in _table(choice.frontier, choice.saved_label):
            page.verbatim(line)


def write_worth(page: Page, made: RecommendationView) -> None:
    """Write what the chosen indexes of a recommendation are worth, and why, if that is asked."""
    for index in made.indexes:
        if made.is_explained or len(made.indexes) > 1:
            page.verbatim(f"index: {one_line(index.name)}")
        if index.worth:
            page.paragraph(index.worth)
        if made.is_explained:
            for label, text in index.facts:
                page.paragraph(f"- {label}: {text}", hanging=2)
    if made.is_explained and made.effects:
        page.paragraph("Now -> with all chosen indexes; times after a change follow the costs:")


def write_losses(page: Page, made: RecommendationView) -> None:
    """Write what statements would cost without each index, if that is asked."""
    for index in made.indexes:
        if made.is_explained and index.losses:
            page.paragraph("With all chosen indexes -> with all but this one:")
            page.verbatim(f"index: {one_line(index.name)}")
            for effect in index.losses:
                write_effect(page, effect, is_long=True)


def write_effect(page: Page, effect: EffectView, *, is_long: bool) -> None:
    """Write what becomes of one statement.

    Args:
        page: Where to write.
        effect: The statement.
        is_long: Tell how often it runs, and its time.
    """
    parts = [f"cost {effect.before} -> {effect.after} ({effect.change})"]
    if is_long and effect.time_before:
        parts.append(f"time {effect.time_before} -> {effect.time_after}")
    if is_long:
        parts += [f"{effect.calls} calls a day", effect.saving]
    page.paragraph(f"{', '.join(parts)}: {effect.text or effect.statement_id}", hanging=2)


def _table(rows: tuple[FrontierRow, ...], saved_label: str) -> list[str]:
    """Columns as wide as they need to be; they fit on the narrowest page."""
    cells = [("budget", "indexes", saved_label)]
    cells += [(row.budget, row.indexes, row.saved) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    marks = ["", *(_MARK if row.is_chosen else "" for row in rows)]
    return [
        f"{mark:1} " + "  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True))
        for mark, row in zip(marks, cells, strict=True)
    ]
