"""Candidates that were left out, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.model.advice import AdviceData
from pgadvisor.model.candidate import Rejected
from pgadvisor.sqltext.index import describe_index
from pgadvisor.units import format_size

_EXAMPLES = 3
_REJECTIONS = {
    "not-built": "could not be built for the planner",
    "not-used": "used by no plan",
    "too-little": "saves too little",
    "over-budget": "over the storage budget",
    "too-many": "over the number of indexes",
    "covered": "covered by another index",
    "regression": "makes a statement worse",
    "write-cost": "costs more on writes than it saves",
    "forbidden": "on a table that is to get no new index",
    "build-time": "over the time to build indexes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedView:
    """Candidates that were left out for one reason."""

    reason: str
    count: int
    examples: tuple[tuple[str, str], ...]
    """The index and one sentence: for a few of them, or, where that was asked for, for all."""


def view_rejected(advice: AdviceData, *, is_whole: bool) -> Iterator[RejectedView]:
    """Put what was left out into words, the most frequent reason first.

    Args:
        advice: What holds it.
        is_whole: Name all candidates, with their sizes, and not just a few.
    """
    codes = Counter(rejected.code for rejected in advice.rejected)
    for code, count in sorted(codes.items(), key=lambda item: (-item[1], item[0])):
        those = [rejected for rejected in advice.rejected if rejected.code == code]
        shown = those if is_whole else those[:_EXAMPLES]
        yield RejectedView(
            reason=_REJECTIONS.get(code, code),
            count=count,
            examples=tuple(
                (
                    describe_index(rejected.candidate.definition),
                    _sized(rejected) if is_whole else rejected.reason,
                )
                for rejected in shown
            ),
        )


def _sized(rejected: Rejected) -> str:
    size_bytes = rejected.candidate.size_bytes
    return f"{format_size(size_bytes)}; {rejected.reason}" if size_bytes else rejected.reason
