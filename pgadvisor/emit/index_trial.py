"""New indexes for one statement as text: its plan before and after, and the SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.what_if import WhatIf, render_what_if
from pgadvisor.model.choice import Choice
from pgadvisor.sqltext.index import describe_index

_REJECTED_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTrial:
    """The best set of new indexes for one statement."""

    tried: WhatIf
    """Its plans on the twin, without the indexes and with them."""
    choice: Choice
    """How it was come by: what else was tried, and why it was not taken."""
    sql: tuple[str, ...] = ()
    """Statements that create the indexes without blocking writes, without a semicolon."""


def render_index_trial(trial: IndexTrial, *, width: int, color: bool = False) -> str:
    """Render the plans, what the indexes come to, and their SQL.

    Args:
        trial: What was tried.
        width: Columns; from 120 on the plans stand beside each other.
        color: Use ANSI colours.
    """
    plans = render_what_if(trial.tried, width=width, color=color)
    return "\n".join([plans, "", *_verdict(trial)])


def _verdict(trial: IndexTrial) -> Iterator[str]:
    if trial.choice.unavailable_reason:
        yield f"no index was tried: {one_line(trial.choice.unavailable_reason)}"
        return
    if trial.tried.created:
        yield from (f"{one_line(statement)};" for statement in trial.sql)
        return
    if not trial.choice.rejected:
        yield "no new index is worth trying: its tables are small, or the indexes there are do"
        return
    yield "no new index makes it cheaper"
    for rejected in trial.choice.rejected[:_REJECTED_SHOWN]:
        index = describe_index(rejected.candidate.definition)
        yield f"- {one_line(index)}: {one_line(rejected.reason)}"
