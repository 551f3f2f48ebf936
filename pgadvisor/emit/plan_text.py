"""An executed plan as a tree for terminals, with what each node took beside it."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.emit.page import Page, Part
from pgadvisor.emit.plaintext import shortened
from pgadvisor.emit.plan_view import Measure, NodeView, PlanView
from pgadvisor.emit.tree_text import DRAWN, Signs, TreeLine, bar, heat_style, write_tree

BESIDE_WIDTH = 90
"""Columns from which on the figures fit beside the tree; below it they stand under each node."""
MAX_DETAIL = 300
"""Characters of a condition that are shown; JSON has all."""
_BAR = 6
_SHARE = 6
_FAR = 3
"""Characters of a factor that is ten or more."""


def write_plan(page: Page, plan: PlanView, signs: Signs = DRAWN) -> None:
    """Write the tree of a plan; it takes no more than the page's width."""
    is_beside = page.width >= BESIDE_WIDTH
    if is_beside:
        titles = (f"{title:>{width}}" for title, width in _columns(plan))
        page.row((Part(f"{' '.join(titles)} node", "dim"),))
    lines = [_line(plan, node, signs, is_beside=is_beside) for node in plan.nodes]
    write_tree(page, lines, signs)
    page.gap()
    page.paragraph(legend(plan), style="dim")


def legend(plan: PlanView) -> str:
    """What the figures mean."""
    if plan.measure is Measure.COST:
        return (
            "Cost: of the node with all below it, for one run. Own share: without what is below "
            "it, which may be run many times. Planned: rows of one run."
        )
    blocks = " Blocks: visited by the node itself, 8 kB each as a rule." if plan.has_blocks else ""
    times = (
        "Own time: on the clock, over all runs, without what is below the node."
        if plan.measure is Measure.TIME
        else f"Of the whole: of the {'blocks' if plan.has_blocks else 'cost'}, by the node itself."
    )
    return (
        f"{times}{blocks} Rows and planned: over all runs. Off: x10 is ten times as many rows as "
        "planned, /10 a tenth."
    )


def node_title(node: NodeView) -> str:
    """``#5 InitPlan 1: Seq Scan on orders``."""
    label = f"{node.label}: " if node.label else ""
    return f"#{node.number} {label}{node.head}"


def _columns(plan: PlanView) -> Iterator[tuple[str, int]]:
    if plan.measure is Measure.COST:
        yield from (("cost", 8), ("own share", _BAR + _SHARE), ("planned", 7))
        return
    if plan.measure is Measure.TIME:
        yield "own time", 8
    yield "of the whole", _BAR + _SHARE
    if plan.has_blocks:
        yield "blocks", 7
    yield from (("rows", 7), ("planned", 7), ("off", 6))


def _cells(plan: PlanView, node: NodeView, signs: Signs) -> Iterator[Part]:
    drawn = f"{bar(node.share, _BAR, signs)}{node.share_text:>{_SHARE}}"
    heat = Part(" " * len(drawn) if node.is_never_run else drawn, heat_style(node.share))
    if plan.measure is Measure.COST:
        yield from (Part(f"{node.own:>8}"), heat, Part(f"{node.planned_rows:>7}"))
        return
    if plan.measure is Measure.TIME:
        yield Part(f"{node.own:>8}", heat_style(node.share))
    yield heat
    if plan.has_blocks:
        yield Part(f"{node.blocks:>7}")
    yield Part(f"{'never' if node.is_never_run else node.rows:>7}")
    yield Part(f"{'' if node.is_never_run else node.planned_rows:>7}")
    yield Part(f"{node.factor:>6}", "yellow" if len(node.factor) >= _FAR else "")


def _line(plan: PlanView, node: NodeView, signs: Signs, *, is_beside: bool) -> TreeLine:
    return TreeLine(
        depth=node.depth,
        title=node_title(node),
        style="dim" if node.is_never_run else "bold",
        cells=tuple(_cells(plan, node, signs)) if is_beside else (),
        below=tuple(_below(plan, node, signs, is_beside=is_beside)),
    )


def _below(
    plan: PlanView, node: NodeView, signs: Signs, *, is_beside: bool
) -> Iterator[tuple[str, str]]:
    if not is_beside and not node.is_never_run:
        yield _figures(plan, node, signs), heat_style(node.share)
    for detail in node.details:
        yield shortened(detail, MAX_DETAIL), ""
    if node.notes and not (is_beside and node.is_never_run):  # a column says that
        yield "; ".join(node.notes), "cyan"
    if node.finding_numbers:
        word = "finding" if len(node.finding_numbers) == 1 else "findings"
        yield f"{word} {', '.join(map(str, node.finding_numbers))}", "yellow"


def _figures(plan: PlanView, node: NodeView, signs: Signs) -> str:
    """The columns in words, where there is no room for them."""
    drawn = bar(node.share, _BAR, signs).rstrip()
    share = f"{drawn} {node.share_text}".lstrip()
    if plan.measure is Measure.COST:
        return f"{share}, cost {node.own}, {node.planned_rows} rows planned"
    took = f", {node.own}" if node.own else ""
    off = f" ({node.factor})" if node.factor else ""
    rows = f", rows {node.rows} of {node.planned_rows} planned{off}" if node.rows else ""
    blocks = f", {node.blocks} blocks" if node.blocks else ""
    return f"{share}{took}{rows}{blocks}"
