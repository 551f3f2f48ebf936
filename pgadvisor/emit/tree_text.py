"""Trees for terminals: lines with guides before them, and cells in columns beside them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.emit.page import Page, Part

_MIN_TEXT = 16
"""Columns that are left for the text, however deep it stands."""
_STEP = 3
_HOT, _WARM = 0.5, 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What bars and trees are drawn with."""

    bar: str
    """From nothing to a full column."""
    branch: str
    last: str
    down: str
    cut: str
    """Where a tree is deeper than there is room."""


DRAWN = Signs(bar=" ▏▎▍▌▋▊▉█", branch="├─ ", last="└─ ", down="│  ", cut="…  ")
PLAIN = Signs(bar=" #", branch="|- ", last="`- ", down="|  ", cut=".. ")
"""For outputs that have no more than ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLine:
    """One node of a tree, with what stands beside and below it."""

    depth: int
    title: str
    style: str = ""
    cells: tuple[Part, ...] = ()
    """Each as wide as its column; empty: there are no columns."""
    below: tuple[tuple[str, str], ...] = ()
    """Texts with their styles."""


def write_tree(page: Page, lines: Sequence[TreeLine], signs: Signs = DRAWN) -> None:
    """Write a tree; it takes no more than the page's width.

    Args:
        page: Where to write.
        lines: From the top, left to right.
        signs: What it is drawn with.
    """
    going_on = _levels_that_go_on(lines)
    for position, line in enumerate(lines):
        left = sum(len(cell.text) + 1 for cell in line.cells)
        is_parent = position + 1 < len(lines) and lines[position + 1].depth > line.depth
        texts = _texts(line, going_on[position], page.width - left, signs, is_parent=is_parent)
        for number, (guide, text, style) in enumerate(texts):
            cells = _spaced(line.cells) if number == 0 else (Part(" " * left),)
            page.row((*cells, Part(guide, "dim"), Part(text, style)))


def bar(share: float, width: int, signs: Signs = DRAWN) -> str:
    """Draw a share as a bar: whole columns, and where there are signs for it a part of one."""
    steps = len(signs.bar) - 1
    filled = round(min(max(share, 0.0), 1.0) * width * steps)
    whole, part = divmod(filled, steps)
    drawn = signs.bar[-1] * whole + (signs.bar[part] if part else "")
    return f"{drawn:<{width}}"


def heat_style(share: float) -> str:
    """The colour of a share."""
    return "red" if share >= _HOT else "yellow" if share >= _WARM else ""


def _levels_that_go_on(lines: Sequence[TreeLine]) -> list[frozenset[int]]:
    """For each node the levels, its own included, at which another node follows further down."""
    found: list[frozenset[int]] = []
    below: frozenset[int] = frozenset()
    for line in reversed(lines):
        found.append(frozenset(level for level in below if level <= line.depth))
        below = found[-1] | {line.depth}
    return found[::-1]


def _texts(
    line: TreeLine, going_on: frozenset[int], width: int, signs: Signs, *, is_parent: bool
) -> Iterator[tuple[str, str, str]]:
    """Yield the lines of a node: guides, text, style."""
    guides = "".join(
        signs.down if level in going_on else " " * _STEP for level in range(1, line.depth)
    )
    above = _fitted(guides, width - 2 * _STEP - _MIN_TEXT, signs)
    own = below = ""
    if line.depth:
        own = signs.branch if line.depth in going_on else signs.last
        below = signs.down if line.depth in going_on else " " * _STEP
    below += signs.down if is_parent else " " * _STEP
    room = width - len(above)
    for number, text in enumerate(_wrapped(line.title, room - max(len(own), len(below)))):
        yield above + (below if number else own), text, line.style
    for told, style in line.below:
        for text in _wrapped(told, room - len(below)):
            yield above + below, text, style


def _fitted(guides: str, room: int, signs: Signs) -> str:
    """The guides of a node; those on the left are cut off where there are too many."""
    if len(guides) <= max(room, 0):
        return guides
    kept = max(room // _STEP - 1, 0) * _STEP
    return signs.cut + guides[len(guides) - kept :] if kept else signs.cut


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, max(width, _MIN_TEXT), subsequent_indent="  ", break_on_hyphens=False
    ) or [""]


def _spaced(cells: Sequence[Part]) -> Iterator[Part]:
    for cell in cells:
        yield cell
        yield Part(" ")
