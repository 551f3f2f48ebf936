"""Two plans beside each other: what is the same in the same rows, what differs marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from pgadvisor.emit.plan_tree import NodeText, tree_of
from pgadvisor.model.plan import Plan

MIN_WIDTH = 120
"""Columns from which on two plans fit beside each other."""
_BETWEEN = " | "
_MARK_WIDTH = 2
_COLORS = {"-": 31, "+": 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A part of both plans: one node that is in both, or nodes that are in one of them alone."""

    before: tuple[NodeText, ...]
    after: tuple[NodeText, ...]
    is_same: bool


def rows_of(before: Plan, after: Plan) -> tuple[Row, ...]:
    """Find the nodes that two plans share, in the order of both."""
    left, right = tree_of(before), tree_of(after)
    keys = [node.identity for node in left], [node.identity for node in right]
    matcher = SequenceMatcher(None, *keys, autojunk=False)
    rows: list[Row] = []
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        mine, other = left[start:end], right[other_start:other_end]
        if kind == "equal":
            pairs = zip(mine, other, strict=True)
            rows += [Row(before=(a,), after=(b,), is_same=True) for a, b in pairs]
        else:
            rows.append(Row(before=mine, after=other, is_same=False))
    return tuple(rows)


def render_plans(
    before: Plan,
    after: Plan,
    *,
    width: int,
    titles: tuple[str, str] = ("before", "after"),
    color: bool = False,
) -> str:
    """Render two plans: beside each other from 120 columns on, else one after the other.

    Nodes that only the first has are marked with ``-``, nodes that only the second has with
    ``+``.  Figures alone make no difference: they are there to be read.

    Args:
        before: The first plan.
        after: The second plan.
        width: Columns.
        titles: What stands above them.
        color: Use ANSI colours.
    """
    rows = rows_of(before, after)
    if width >= MIN_WIDTH:
        return "\n".join(_beside(rows, width, titles, color=color))
    text = width - _MARK_WIDTH
    first = [line for row in rows for line in _marked(row.before, row.is_same, "-", text)]
    second = [line for row in rows for line in _marked(row.after, row.is_same, "+", text)]
    parts = (titles[0], *_colored(first, color), "", titles[1], *_colored(second, color))
    return "\n".join(parts)


def _beside(
    rows: Sequence[Row], width: int, titles: tuple[str, str], *, color: bool
) -> Iterator[str]:
    column = (width - len(_BETWEEN)) // 2
    text = column - _MARK_WIDTH
    yield f"{titles[0]:<{column}}{_BETWEEN}{titles[1]}"
    yield f"{'-' * column}-+-{'-' * column}"
    for row in rows:
        left = _marked(row.before, row.is_same, "-", text)
        right = _marked(row.after, row.is_same, "+", text)
        for one, other in zip_longest(left, right, fillvalue=""):
            [shown] = _colored([f"{one:<{column}}"], color)
            [beside] = _colored([other], color)
            yield f"{shown}{_BETWEEN}{beside}".rstrip()


def _marked(nodes: Sequence[NodeText], is_same: bool, mark: str, width: int) -> list[str]:  # noqa: FBT001  (one of two marks)
    start = " " if is_same else mark
    return [f"{start} {line}" for node in nodes for line in node.lines(width)]


def _colored(lines: Sequence[str], color: bool) -> list[str]:  # noqa: FBT001  (passed on)
    if not color:
        return list(lines)
    return [
        f"\x1b[{_COLORS[line[0]]}m{line}\x1b[0m" if line[:1] in _COLORS else line for line in lines
    ]
