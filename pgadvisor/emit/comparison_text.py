"""Two plans of one statement for terminals: what changed, why it matters, node by node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from pgadvisor.emit.comparison_view import ChangeView, ComparedNode, ComparisonView, view_comparison
from pgadvisor.emit.explain_text import (
    DEFAULT_WIDTH,
    MIN_WIDTH,
    write_explained,
    write_head,
)
from pgadvisor.emit.page import Page, Part
from pgadvisor.emit.plan_text import BESIDE_WIDTH
from pgadvisor.emit.plan_view import ExplainedPlan, view_plan
from pgadvisor.emit.regression_view import RegressionView
from pgadvisor.emit.tree_text import DRAWN, Signs, TreeLine, write_tree
from pgadvisor.emit.words import plural

_TOP_CHANGES = 15
_BETTER = {True: "green", False: "red", None: ""}
_STYLES = {"+": "green", "-": "red", "~": "yellow"}
_TIME, _COUNT = 8, 7


def render_comparison_text(
    pairs: Sequence[tuple[ExplainedPlan, ExplainedPlan]],
    *,
    indexes: Collection[str] | None = None,
    width: int | None = None,
    color: bool = False,
    signs: Signs = DRAWN,
) -> str:
    """Render what changed between plans, and the second of each pair with its findings.

    Args:
        pairs: Plans before and after.
        indexes: Names of all indexes that there are now; None: not known.
        width: Columns, 40 at least; None: 100.
        color: Use ANSI colours.
        signs: What bars and trees are drawn with.
    """
    page = Page(width=max(width or DEFAULT_WIDTH, MIN_WIDTH), color=color)
    for number, (before, after) in enumerate(pairs):
        if number:
            page.gap()
            page.lines.append("")
        _comparison(page, view_comparison(before, after, indexes=indexes), signs)
        page.gap()
        write_head(page, view_plan(before))
        page.gap()
        write_explained(page, after, signs)
    return page.text()


def _comparison(page: Page, compared: ComparisonView, signs: Signs) -> None:
    page.heading(compared.title)
    page.paragraph(compared.verdict, style=_BETTER[compared.is_better] or "bold")
    if compared.regression is not None:
        _regression(page, compared.regression)
    page.heading("What changed")
    if not compared.changes:
        page.paragraph("Nothing but small differences, which two runs of one plan have as well.")
    _changes(page, compared.changes[:_TOP_CHANGES])
    if (more := len(compared.changes) - _TOP_CHANGES) > 0:
        page.paragraph(f"and {plural(more, 'more change')}; JSON has all")
    page.heading("Node by node")
    _nodes(page, compared, signs)


def _regression(page: Page, regression: RegressionView) -> None:
    page.heading("Why it is slower")
    page.paragraph(regression.lost)
    for number, cause in enumerate(regression.causes, 1):
        page.paragraph(f"{number}. {cause.told}", style="red", hanging=3)
        if cause.places:
            with page.indented(3):
                page.paragraph(f"node {', '.join(cause.places)}", hanging=2)


def _changes(page: Page, changes: Sequence[ChangeView]) -> None:
    """Write changes node by node; why a kind of them matters stands at the first of its kind."""
    told: set[str] = set()
    for place, of_place in groupby(changes, key=lambda view: view.place):
        page.paragraph(place, style="bold", hanging=2)
        with page.indented(2):
            for view in of_place:
                page.paragraph(f"- {view.what}", hanging=2, style=_BETTER[view.is_better])
                if view.reason and view.reason not in told:
                    told.add(view.reason)
                    with page.indented(2):
                        page.paragraph(view.reason, style="dim")


def _nodes(page: Page, compared: ComparisonView, signs: Signs) -> None:
    is_beside = page.width >= BESIDE_WIDTH
    if is_beside:
        titles = (f"{title:>{width}}" for title, width in _columns(compared))
        page.row((Part(f"{' '.join(titles)} node", "dim"),))
    write_tree(page, [_line(node, compared, is_beside=is_beside) for node in compared.nodes], signs)
    page.gap()
    what = "Own time" if compared.is_timed else "Cost, with all below,"
    page.paragraph(
        f"{what} and rows before and after. = is the same, ~ does the same work otherwise, "
        "- is gone, + is new.",
        style="dim",
    )


def _columns(compared: ComparisonView) -> Iterator[tuple[str, int]]:
    what = "time" if compared.is_timed else "cost"
    yield from ((" ", 1), (f"{what} was", _TIME), ("now", _TIME))
    yield from (("rows was", _COUNT + 1), ("now", _COUNT))


def _line(node: ComparedNode, compared: ComparisonView, *, is_beside: bool) -> TreeLine:
    style = _STYLES.get(node.mark, "")
    cells = (
        Part(node.mark, style),
        Part(f"{node.was:>{_TIME}}"),
        Part(f"{node.now:>{_TIME}}"),
        Part(f"{node.rows_was:>{_COUNT + 1}}"),
        Part(f"{node.rows_now:>{_COUNT}}"),
    )
    if is_beside:
        return TreeLine(depth=node.depth, title=node.title, style=style, cells=cells)
    what = "" if compared.is_timed else "cost "
    figures = (
        f"{what}{node.was or '-'} -> {node.now or '-'}, "
        f"rows {node.rows_was or '-'} -> {node.rows_now or '-'}"
    )
    return TreeLine(
        depth=node.depth, title=f"{node.mark} {node.title}", style=style, below=((figures, ""),)
    )
